check_PROGRAMS += tests/fuzz/fuzz_profile tests/fuzz/fuzz_stacks \
	tests/fuzz/fuzz_goroutines tests/fuzz/fuzz_memstats tests/fuzz/fuzz_reader
TESTS += tests/fuzz/fuzz_profile tests/fuzz/fuzz_stacks \
	tests/fuzz/fuzz_goroutines tests/fuzz/fuzz_memstats tests/fuzz/fuzz_reader
tests_fuzz_fuzz_profile_SOURCES = tests/fuzz/fuzz_profile.c $(FUZZ_MAIN)
tests_fuzz_fuzz_profile_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_profile_LDFLAGS = $(FUZZ_LINK)

tests_fuzz_fuzz_reader_SOURCES = tests/fuzz/fuzz_reader.c \
	tests/unit/profile_same.c tests/unit/profile_same.h $(FUZZ_MAIN)
tests_fuzz_fuzz_reader_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_reader_LDFLAGS = $(FUZZ_LINK)

tests_fuzz_fuzz_stacks_SOURCES = tests/fuzz/fuzz_stacks.c $(FUZZ_MAIN)
tests_fuzz_fuzz_stacks_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_stacks_LDFLAGS = $(FUZZ_LINK)

tests_fuzz_fuzz_goroutines_SOURCES = tests/fuzz/fuzz_goroutines.c $(FUZZ_MAIN)
tests_fuzz_fuzz_goroutines_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_goroutines_LDFLAGS = $(FUZZ_LINK)

tests_fuzz_fuzz_memstats_SOURCES = tests/fuzz/fuzz_memstats.c $(FUZZ_MAIN)
tests_fuzz_fuzz_memstats_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_memstats_LDFLAGS = $(FUZZ_LINK)

EXTRA_DIST += tests/fuzz/corpus/profile tests/fuzz/corpus/stacks \
	tests/fuzz/corpus/goroutines tests/fuzz/corpus/memstats tests/fuzz/corpus/reader
