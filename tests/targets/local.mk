# The Go services that quickstart and the end-to-end tests watch; built by tests/targets/build.
EXTRA_DIST += \
	tests/targets/build \
	tests/targets/go.mod \
	tests/targets/fleet/main.go \
	tests/targets/fleet/profile.go \
	tests/targets/internal/service/service.go \
	tests/targets/internal/traffic/traffic.go \
	tests/targets/plain/main.go \
	tests/targets/sessionleak/main.go \
	tests/targets/sessionlru/main.go
