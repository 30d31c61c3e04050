check_PROGRAMS += tests/unit/test_api
TESTS += tests/unit/test_api
tests_unit_test_api_SOURCES = tests/unit/test_api.c $(FLEET)
tests_unit_test_api_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_api_LDADD = $(UNIT_LIBS)
