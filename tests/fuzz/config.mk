check_PROGRAMS += tests/fuzz/fuzz_config
TESTS += tests/fuzz/fuzz_config
tests_fuzz_fuzz_config_SOURCES = tests/fuzz/fuzz_config.c $(FUZZ_MAIN)
tests_fuzz_fuzz_config_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_config_LDFLAGS = $(FUZZ_LINK)

EXTRA_DIST += \
	tests/fuzz/corpus/config/bomb.yml \
	tests/fuzz/corpus/config/errors.yml \
	tests/fuzz/corpus/config/escapes.yml \
	tests/fuzz/corpus/config/full.yml
