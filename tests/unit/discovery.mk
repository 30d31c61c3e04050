check_PROGRAMS += tests/unit/test_discovery
TESTS += tests/unit/test_discovery
tests_unit_test_discovery_SOURCES = tests/unit/test_discovery.c
tests_unit_test_discovery_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_discovery_LDADD = $(UNIT_LIBS)
