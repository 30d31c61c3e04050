EVIDENCE_ROOM = tests/unit/evidence_room.c tests/unit/evidence_room.h

check_PROGRAMS += tests/unit/test_evidence
TESTS += tests/unit/test_evidence

tests_unit_test_evidence_SOURCES = tests/unit/test_evidence.c $(EVIDENCE_ROOM)
tests_unit_test_evidence_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_evidence_LDADD = $(UNIT_LIBS)
