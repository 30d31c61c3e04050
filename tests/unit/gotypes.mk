check_PROGRAMS += tests/unit/test_gotypes tests/unit/test_gotypes_code tests/unit/test_gotypes_go
TESTS += tests/unit/test_gotypes tests/unit/test_gotypes_code tests/unit/test_gotypes_go

tests_unit_test_gotypes_SOURCES = tests/unit/test_gotypes.c \
	tests/unit/gotypes_sketch.c tests/unit/gotypes_sketch.h
tests_unit_test_gotypes_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_gotypes_LDADD = $(UNIT_LIBS)

tests_unit_test_gotypes_code_SOURCES = tests/unit/test_gotypes_code.c
tests_unit_test_gotypes_code_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_gotypes_code_LDADD = $(UNIT_LIBS)

tests_unit_test_gotypes_go_SOURCES = tests/unit/test_gotypes_go.c
tests_unit_test_gotypes_go_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_gotypes_go_LDADD = $(UNIT_LIBS)

EXTRA_DIST += tests/data/gotypes/go.mod tests/data/gotypes/main.go
