# The open benchmark of the trend engine. `make bench-detect` prints its tables in a few minutes;
# `make check` runs it in little.
DETECT_SOURCES = \
	tests/bench/detect/baselines.c tests/bench/detect/baselines.h \
	tests/bench/detect/families.c tests/bench/detect/families.h \
	tests/bench/detect/heap.c tests/bench/detect/heap.h \
	tests/bench/detect/mix.c tests/bench/detect/mix.h \
	tests/bench/detect/prng.c tests/bench/detect/prng.h \
	tests/bench/detect/score.c tests/bench/detect/score.h \
	tests/bench/detect/simulate.c tests/bench/detect/simulate.h
DETECT_CPPFLAGS = $(UNIT_CPPFLAGS) -I$(top_srcdir)/tests/bench/detect

EXTRA_PROGRAMS = tests/bench/detect/detect
tests_bench_detect_detect_SOURCES = tests/bench/detect/detect.c \
	tests/bench/detect/special.c tests/bench/detect/special.h $(DETECT_SOURCES)
tests_bench_detect_detect_CPPFLAGS = $(DETECT_CPPFLAGS)
tests_bench_detect_detect_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/bench/detect/smoke
TESTS += tests/bench/detect/smoke
tests_bench_detect_smoke_SOURCES = tests/bench/detect/smoke.c $(DETECT_SOURCES)
tests_bench_detect_smoke_CPPFLAGS = $(DETECT_CPPFLAGS)
tests_bench_detect_smoke_LDADD = $(UNIT_LIBS)

.PHONY: bench-detect
bench-detect: tests/bench/detect/detect$(EXEEXT)
	tests/bench/detect/detect$(EXEEXT)
CLEANFILES += tests/bench/detect/detect$(EXEEXT)
