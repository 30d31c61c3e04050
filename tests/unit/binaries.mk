check_PROGRAMS += tests/unit/test_binaries tests/unit/test_binaries_upload \
	tests/unit/test_binaries_memory
TESTS += tests/unit/test_binaries tests/unit/test_binaries_upload tests/unit/test_binaries_memory
EXTRA_DIST += tests/data/checkout/go.mod tests/data/checkout/main.go tests/data/checkout/changed.go

tests_unit_test_binaries_SOURCES = tests/unit/test_binaries.c \
	tests/unit/binaries_room.c tests/unit/binaries_room.h
tests_unit_test_binaries_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_binaries_LDADD = $(UNIT_LIBS)

tests_unit_test_binaries_upload_SOURCES = tests/unit/test_binaries_upload.c \
	tests/unit/binaries_room.c tests/unit/binaries_room.h
tests_unit_test_binaries_upload_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_binaries_upload_LDADD = $(UNIT_LIBS)

tests_unit_test_binaries_memory_SOURCES = tests/unit/test_binaries_memory.c
tests_unit_test_binaries_memory_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_binaries_memory_LDADD = $(UNIT_LIBS)
