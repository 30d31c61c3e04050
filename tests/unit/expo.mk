check_PROGRAMS += tests/unit/test_expo
TESTS += tests/unit/test_expo
tests_unit_test_expo_SOURCES = tests/unit/test_expo.c
tests_unit_test_expo_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_expo_LDADD = $(UNIT_LIBS)
