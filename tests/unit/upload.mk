check_PROGRAMS += tests/unit/test_upload
TESTS += tests/unit/test_upload
tests_unit_test_upload_SOURCES = tests/unit/test_upload.c
tests_unit_test_upload_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_upload_LDADD = $(UNIT_LIBS)
