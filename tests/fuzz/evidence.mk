check_PROGRAMS += tests/fuzz/fuzz_evidence
TESTS += tests/fuzz/fuzz_evidence
tests_fuzz_fuzz_evidence_SOURCES = tests/fuzz/fuzz_evidence.c $(FUZZ_MAIN)
tests_fuzz_fuzz_evidence_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_evidence_LDFLAGS = $(FUZZ_LINK)
EXTRA_DIST += \
	tests/fuzz/corpus/evidence/bad-name \
	tests/fuzz/corpus/evidence/least \
	tests/fuzz/corpus/evidence/nested \
	tests/fuzz/corpus/evidence/newer \
	tests/fuzz/corpus/evidence/twice \
	tests/fuzz/corpus/evidence/whole
