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

check_PROGRAMS += tests/unit/test_api_openapi
TESTS += tests/unit/test_api_openapi
tests_unit_test_api_openapi_SOURCES = tests/unit/test_api_openapi.c \
	tests/sim/world.c tests/sim/world.h \
	tests/unit/profile_sketch.c tests/unit/profile_sketch.h
tests_unit_test_api_openapi_CPPFLAGS = $(UNIT_CPPFLAGS) -I$(top_srcdir)/tests/sim \
	-I$(top_srcdir)/tests/unit
tests_unit_test_api_openapi_LDADD = $(UNIT_LIBS)
