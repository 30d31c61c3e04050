check_PROGRAMS += tests/fuzz/fuzz_discovery
TESTS += tests/fuzz/fuzz_discovery
tests_fuzz_fuzz_discovery_SOURCES = tests/fuzz/fuzz_discovery.c $(FUZZ_MAIN)
tests_fuzz_fuzz_discovery_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_discovery_LDFLAGS = $(FUZZ_LINK)

EXTRA_DIST += \
	tests/fuzz/corpus/discovery/bomb.yml \
	tests/fuzz/corpus/discovery/escapes.json \
	tests/fuzz/corpus/discovery/groups.json \
	tests/fuzz/corpus/discovery/groups.yml
