check_PROGRAMS += tests/unit/test_api
TESTS += tests/unit/test_api
tests_unit_test_api_SOURCES = tests/unit/test_api.c $(FLEET)
tests_unit_test_api_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_api_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/test_api_diff
TESTS += tests/unit/test_api_diff
tests_unit_test_api_diff_SOURCES = tests/unit/test_api_diff.c $(FLEET) \
	tests/unit/evidence_room.c tests/unit/evidence_room.h
tests_unit_test_api_diff_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_api_diff_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/test_api_process
TESTS += tests/unit/test_api_process
tests_unit_test_api_process_SOURCES = tests/unit/test_api_process.c $(FLEET)
tests_unit_test_api_process_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_api_process_LDADD = $(UNIT_LIBS)
