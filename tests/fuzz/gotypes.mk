check_PROGRAMS += tests/fuzz/fuzz_gotypes
TESTS += tests/fuzz/fuzz_gotypes
tests_fuzz_fuzz_gotypes_SOURCES = tests/fuzz/fuzz_gotypes.c $(FUZZ_MAIN)
tests_fuzz_fuzz_gotypes_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_gotypes_LDFLAGS = $(FUZZ_LINK)

EXTRA_DIST += tests/fuzz/corpus/gotypes
