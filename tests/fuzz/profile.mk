check_PROGRAMS += tests/fuzz/fuzz_profile
TESTS += tests/fuzz/fuzz_profile
tests_fuzz_fuzz_profile_SOURCES = tests/fuzz/fuzz_profile.c $(FUZZ_MAIN)
tests_fuzz_fuzz_profile_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_profile_LDFLAGS = $(FUZZ_LINK)

EXTRA_DIST += tests/fuzz/corpus/profile
