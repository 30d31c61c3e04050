check_PROGRAMS += tests/unit/test_alert
TESTS += tests/unit/test_alert
tests_unit_test_alert_SOURCES = tests/unit/test_alert.c
tests_unit_test_alert_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_alert_LDADD = $(UNIT_LIBS)
