check_PROGRAMS += tests/fuzz/fuzz_profile tests/fuzz/fuzz_stacks
TESTS += tests/fuzz/fuzz_profile tests/fuzz/fuzz_stacks
tests_fuzz_fuzz_profile_SOURCES = tests/fuzz/fuzz_profile.c $(FUZZ_MAIN)
tests_fuzz_fuzz_profile_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_profile_LDFLAGS = $(FUZZ_LINK)

tests_fuzz_fuzz_stacks_SOURCES = tests/fuzz/fuzz_stacks.c $(FUZZ_MAIN)
tests_fuzz_fuzz_stacks_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_stacks_LDFLAGS = $(FUZZ_LINK)

EXTRA_DIST += tests/fuzz/corpus/profile tests/fuzz/corpus/stacks
