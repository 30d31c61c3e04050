EVIDENCE_ROOM = tests/unit/evidence_room.c tests/unit/evidence_room.h

check_PROGRAMS += tests/unit/test_evidence tests/unit/test_evidence_keep \
	tests/unit/test_evidence_kill
TESTS += tests/unit/test_evidence tests/unit/test_evidence_keep tests/unit/test_evidence_kill

tests_unit_test_evidence_SOURCES = tests/unit/test_evidence.c $(EVIDENCE_ROOM)
tests_unit_test_evidence_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_evidence_LDADD = $(UNIT_LIBS)

tests_unit_test_evidence_keep_SOURCES = tests/unit/test_evidence_keep.c $(EVIDENCE_ROOM)
tests_unit_test_evidence_keep_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_evidence_keep_LDADD = $(UNIT_LIBS)

tests_unit_test_evidence_kill_SOURCES = tests/unit/test_evidence_kill.c $(EVIDENCE_ROOM)
tests_unit_test_evidence_kill_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_evidence_kill_LDADD = $(UNIT_LIBS)
