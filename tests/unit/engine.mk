check_PROGRAMS += tests/unit/test_engine_types tests/unit/test_engine_kinds
TESTS += tests/unit/test_engine_types tests/unit/test_engine_kinds

tests_unit_test_engine_types_SOURCES = tests/unit/test_engine_types.c $(FLEET)
tests_unit_test_engine_types_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_engine_types_LDADD = $(UNIT_LIBS)

tests_unit_test_engine_kinds_SOURCES = tests/unit/test_engine_kinds.c $(FLEET)
tests_unit_test_engine_kinds_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_engine_kinds_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/test_engine_decode
TESTS += tests/unit/test_engine_decode
tests_unit_test_engine_decode_SOURCES = tests/unit/test_engine_decode.c $(FLEET)
tests_unit_test_engine_decode_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_engine_decode_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/test_engine_rounds
TESTS += tests/unit/test_engine_rounds
tests_unit_test_engine_rounds_SOURCES = tests/unit/test_engine_rounds.c $(FLEET)
tests_unit_test_engine_rounds_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_engine_rounds_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/test_engine_capture
TESTS += tests/unit/test_engine_capture
tests_unit_test_engine_capture_SOURCES = tests/unit/test_engine_capture.c \
	tests/sim/world.c tests/sim/world.h \
	tests/unit/profile_sketch.c tests/unit/profile_sketch.h
tests_unit_test_engine_capture_CPPFLAGS = $(UNIT_CPPFLAGS) -I$(top_srcdir)/tests/sim \
	-I$(top_srcdir)/tests/unit
tests_unit_test_engine_capture_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/test_engine_incident
TESTS += tests/unit/test_engine_incident
tests_unit_test_engine_incident_SOURCES = tests/unit/test_engine_incident.c \
	tests/sim/world.c tests/sim/world.h tests/unit/evidence_room.c tests/unit/evidence_room.h \
	tests/unit/profile_sketch.c tests/unit/profile_sketch.h
tests_unit_test_engine_incident_CPPFLAGS = $(UNIT_CPPFLAGS) -I$(top_srcdir)/tests/sim \
	-I$(top_srcdir)/tests/unit
tests_unit_test_engine_incident_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/test_engine_facts
TESTS += tests/unit/test_engine_facts
tests_unit_test_engine_facts_SOURCES = tests/unit/test_engine_facts.c $(FLEET)
tests_unit_test_engine_facts_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_engine_facts_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/test_engine_push
TESTS += tests/unit/test_engine_push
tests_unit_test_engine_push_SOURCES = tests/unit/test_engine_push.c $(FLEET)
tests_unit_test_engine_push_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_engine_push_LDADD = $(UNIT_LIBS)
