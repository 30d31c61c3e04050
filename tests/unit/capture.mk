check_PROGRAMS += tests/unit/test_capture tests/unit/test_capture_budget
TESTS += tests/unit/test_capture tests/unit/test_capture_budget

tests_unit_test_capture_SOURCES = tests/unit/test_capture.c
tests_unit_test_capture_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_capture_LDADD = $(UNIT_LIBS)

tests_unit_test_capture_budget_SOURCES = tests/unit/test_capture_budget.c
tests_unit_test_capture_budget_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_capture_budget_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/test_capture_cmdline
TESTS += tests/unit/test_capture_cmdline
tests_unit_test_capture_cmdline_SOURCES = tests/unit/test_capture_cmdline.c
tests_unit_test_capture_cmdline_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_capture_cmdline_LDADD = $(UNIT_LIBS)
