check_PROGRAMS += tests/fuzz/fuzz_alert
TESTS += tests/fuzz/fuzz_alert
tests_fuzz_fuzz_alert_SOURCES = tests/fuzz/fuzz_alert.c $(FUZZ_MAIN)
tests_fuzz_fuzz_alert_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_alert_LDFLAGS = $(FUZZ_LINK)

EXTRA_DIST += \
	tests/fuzz/corpus/alert/firing.json \
	tests/fuzz/corpus/alert/hostile.json \
	tests/fuzz/corpus/alert/resolved.json
