check_PROGRAMS += tests/unit/test_engine_types
TESTS += tests/unit/test_engine_types
tests_unit_test_engine_types_SOURCES = tests/unit/test_engine_types.c $(FLEET)
tests_unit_test_engine_types_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_engine_types_LDADD = $(UNIT_LIBS)
