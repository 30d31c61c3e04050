# `make bench-fleet`: 10,000 targets on this machine for three minutes.
.PHONY: bench-fleet
bench-fleet: leakwatchd$(EXEEXT)
	$(srcdir)/tests/bench/fleet/run ./leakwatchd$(EXEEXT) $(abs_top_srcdir)

EXTRA_DIST += tests/bench/fleet/run tests/bench/fleet/targets/go.mod \
	tests/bench/fleet/targets/main.go
