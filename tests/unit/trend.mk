check_PROGRAMS += tests/unit/test_trend_target
TESTS += tests/unit/test_trend_target
tests_unit_test_trend_target_SOURCES = tests/unit/test_trend_target.c
tests_unit_test_trend_target_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_trend_target_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/test_trend tests/unit/test_trend_gates \
	tests/unit/test_trend_image tests/unit/test_trend_parts \
	tests/unit/test_trend_properties tests/unit/test_trend_sampled
TESTS += tests/unit/test_trend tests/unit/test_trend_gates \
	tests/unit/test_trend_image tests/unit/test_trend_parts \
	tests/unit/test_trend_properties tests/unit/test_trend_sampled

tests_unit_test_trend_SOURCES = tests/unit/test_trend.c \
	tests/unit/trend_checks.c tests/unit/trend_checks.h \
	tests/unit/trend_walk.c tests/unit/trend_walk.h
tests_unit_test_trend_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_trend_LDADD = $(UNIT_LIBS)

tests_unit_test_trend_gates_SOURCES = tests/unit/test_trend_gates.c
tests_unit_test_trend_gates_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_trend_gates_LDADD = $(UNIT_LIBS)

tests_unit_test_trend_image_SOURCES = tests/unit/test_trend_image.c \
	tests/unit/trend_walk.c tests/unit/trend_walk.h
tests_unit_test_trend_image_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_trend_image_LDADD = $(UNIT_LIBS)

tests_unit_test_trend_parts_SOURCES = tests/unit/test_trend_parts.c
tests_unit_test_trend_parts_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_trend_parts_LDADD = $(UNIT_LIBS)

tests_unit_test_trend_properties_SOURCES = tests/unit/test_trend_properties.c \
	tests/unit/trend_walk.c tests/unit/trend_walk.h
tests_unit_test_trend_properties_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_trend_properties_LDADD = $(UNIT_LIBS)

tests_unit_test_trend_sampled_SOURCES = tests/unit/test_trend_sampled.c \
	tests/unit/trend_checks.c tests/unit/trend_checks.h \
	tests/unit/trend_walk.c tests/unit/trend_walk.h
tests_unit_test_trend_sampled_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_trend_sampled_LDADD = $(UNIT_LIBS)
