check_PROGRAMS += tests/fuzz/fuzz_gate
TESTS += tests/fuzz/fuzz_gate
tests_fuzz_fuzz_gate_SOURCES = tests/fuzz/fuzz_gate.c $(FUZZ_MAIN)
tests_fuzz_fuzz_gate_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_gate_LDFLAGS = $(FUZZ_LINK)

EXTRA_DIST += \
	tests/fuzz/corpus/gate/week
