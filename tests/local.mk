include tests/unit/local.mk
include tests/sim/local.mk
include tests/bench/detect/local.mk
include tests/bench/decode/local.mk
include tests/bench/fleet/local.mk
include tests/fuzz/local.mk
include tests/e2e/local.mk
include tests/targets/local.mk
include tests/gotypes/local.mk

dist_check_SCRIPTS = tests/arrows tests/manual
TESTS += tests/arrows tests/manual
# Tests find their data and the source tree by these.
AM_TESTS_ENVIRONMENT = LW_SRCDIR='$(abs_top_srcdir)'; export LW_SRCDIR; \
	LW_BUILDDIR='$(abs_top_builddir)'; export LW_BUILDDIR; \
	ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1; export ASAN_OPTIONS; \
	UBSAN_OPTIONS=print_stacktrace=1; export UBSAN_OPTIONS;
