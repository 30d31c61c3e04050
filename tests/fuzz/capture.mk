check_PROGRAMS += tests/fuzz/fuzz_cmdline
TESTS += tests/fuzz/fuzz_cmdline
tests_fuzz_fuzz_cmdline_SOURCES = tests/fuzz/fuzz_cmdline.c $(FUZZ_MAIN)
tests_fuzz_fuzz_cmdline_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_cmdline_LDFLAGS = $(FUZZ_LINK)

EXTRA_DIST += \
	tests/fuzz/corpus/cmdline/flags \
	tests/fuzz/corpus/cmdline/twice \
	tests/fuzz/corpus/cmdline/urls
