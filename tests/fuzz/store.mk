check_PROGRAMS += tests/fuzz/fuzz_image
TESTS += tests/fuzz/fuzz_image
tests_fuzz_fuzz_image_SOURCES = tests/fuzz/fuzz_image.c $(FUZZ_MAIN)
tests_fuzz_fuzz_image_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_image_LDFLAGS = $(FUZZ_LINK)

EXTRA_DIST += \
	tests/fuzz/corpus/image/site tests/fuzz/corpus/image/target \
	tests/fuzz/corpus/image/target-1 tests/fuzz/corpus/image/target-2 \
	tests/fuzz/corpus/image/too-many
