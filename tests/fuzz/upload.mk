check_PROGRAMS += tests/fuzz/fuzz_upload
TESTS += tests/fuzz/fuzz_upload
tests_fuzz_fuzz_upload_SOURCES = tests/fuzz/fuzz_upload.c $(FUZZ_MAIN)
tests_fuzz_fuzz_upload_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_upload_LDFLAGS = $(FUZZ_LINK)
EXTRA_DIST += \
	tests/fuzz/corpus/upload/cut \
	tests/fuzz/corpus/upload/profiles \
	tests/fuzz/corpus/upload/redirect \
	tests/fuzz/corpus/upload/skewed
