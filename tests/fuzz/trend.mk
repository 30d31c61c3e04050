check_PROGRAMS += tests/fuzz/fuzz_trend
TESTS += tests/fuzz/fuzz_trend
tests_fuzz_fuzz_trend_SOURCES = tests/fuzz/fuzz_trend.c $(FUZZ_MAIN)
tests_fuzz_fuzz_trend_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_trend_LDFLAGS = $(FUZZ_LINK)
EXTRA_DIST += tests/fuzz/corpus/trend/empty tests/fuzz/corpus/trend/young \
	tests/fuzz/corpus/trend/leak tests/fuzz/corpus/trend/recurring
