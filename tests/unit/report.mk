check_PROGRAMS += tests/unit/test_report tests/unit/test_report_diagnosis
TESTS += tests/unit/test_report tests/unit/test_report_diagnosis

tests_unit_test_report_SOURCES = tests/unit/test_report.c \
	tests/unit/report_facts.c tests/unit/report_facts.h \
	tests/unit/profile_sketch.c tests/unit/profile_sketch.h
tests_unit_test_report_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_report_LDADD = $(UNIT_LIBS)

tests_unit_test_report_diagnosis_SOURCES = tests/unit/test_report_diagnosis.c \
	tests/unit/report_facts.c tests/unit/report_facts.h \
	tests/unit/profile_sketch.c tests/unit/profile_sketch.h
tests_unit_test_report_diagnosis_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_report_diagnosis_LDADD = $(UNIT_LIBS)
