check_PROGRAMS += tests/fuzz/fuzz_diff tests/fuzz/fuzz_report
TESTS += tests/fuzz/fuzz_diff tests/fuzz/fuzz_report
tests_fuzz_fuzz_diff_SOURCES = tests/fuzz/fuzz_diff.c $(FUZZ_MAIN)
tests_fuzz_fuzz_diff_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_diff_LDFLAGS = $(FUZZ_LINK)

tests_fuzz_fuzz_report_SOURCES = tests/fuzz/fuzz_report.c $(FUZZ_MAIN)
tests_fuzz_fuzz_report_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_report_LDFLAGS = $(FUZZ_LINK)

EXTRA_DIST += tests/fuzz/corpus/diff tests/fuzz/corpus/report
