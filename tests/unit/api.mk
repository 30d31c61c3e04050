API_ROOM = $(FLEET) \
	tests/unit/api_room.c tests/unit/api_room.h \
	tests/unit/json_at.c tests/unit/json_at.h

check_PROGRAMS += tests/unit/test_api
TESTS += tests/unit/test_api
tests_unit_test_api_SOURCES = tests/unit/test_api.c $(API_ROOM)
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

check_PROGRAMS += tests/unit/test_api_gate
TESTS += tests/unit/test_api_gate
tests_unit_test_api_gate_SOURCES = tests/unit/test_api_gate.c $(API_ROOM)
tests_unit_test_api_gate_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_api_gate_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/test_api_webhook
TESTS += tests/unit/test_api_webhook
tests_unit_test_api_webhook_SOURCES = tests/unit/test_api_webhook.c $(API_ROOM)
tests_unit_test_api_webhook_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_api_webhook_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/test_api_targets
TESTS += tests/unit/test_api_targets
tests_unit_test_api_targets_SOURCES = tests/unit/test_api_targets.c $(API_ROOM)
tests_unit_test_api_targets_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_api_targets_LDADD = $(UNIT_LIBS)
