# The Go services that quickstart and the end-to-end tests watch; built by tests/targets/build.
EXTRA_DIST += \
	tests/targets/build \
	tests/targets/go.mod \
	tests/targets/fleet/main.go \
	tests/targets/fleet/profile.go \
	tests/targets/internal/pace/pace.go \
	tests/targets/internal/service/service.go \
	tests/targets/internal/traffic/traffic.go \
	tests/targets/leaks/any_map.go \
	tests/targets/leaks/cache_unbounded.go \
	tests/targets/leaks/closure_map.go \
	tests/targets/leaks/error_chain.go \
	tests/targets/leaks/finalizer_cycle.go \
	tests/targets/leaks/generic_registry.go \
	tests/targets/leaks/goroutine.go \
	tests/targets/leaks/http_body.go \
	tests/targets/leaks/main.go \
	tests/targets/leaks/reflect_types.go \
	tests/targets/leaks/slow.go \
	tests/targets/leaks/subslice.go \
	tests/targets/leaks/syncmap_keys.go \
	tests/targets/leaks/ticker.go \
	tests/targets/plain/main.go \
	tests/targets/sessionleak/main.go \
	tests/targets/sessionlru/main.go \
	tests/targets/twins/main.go
