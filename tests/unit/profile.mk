check_PROGRAMS += tests/unit/test_profile tests/unit/test_profile_refusal \
	tests/unit/test_profile_frames tests/unit/test_profile_stacks \
	tests/unit/test_profile_goroutines tests/unit/test_profile_memstats \
	tests/unit/test_profile_diff tests/unit/test_profile_tree tests/unit/test_profile_reader
TESTS += tests/unit/test_profile tests/unit/test_profile_refusal tests/unit/test_profile_frames \
	tests/unit/test_profile_stacks tests/unit/test_profile_goroutines \
	tests/unit/test_profile_memstats tests/unit/test_profile_diff tests/unit/test_profile_tree tests/unit/test_profile_reader

tests_unit_test_profile_SOURCES = tests/unit/test_profile.c \
	tests/unit/profile_sketch.c tests/unit/profile_sketch.h
tests_unit_test_profile_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_profile_LDADD = $(UNIT_LIBS)

tests_unit_test_profile_refusal_SOURCES = tests/unit/test_profile_refusal.c \
	tests/unit/profile_sketch.c tests/unit/profile_sketch.h
tests_unit_test_profile_refusal_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_profile_refusal_LDADD = $(UNIT_LIBS)

tests_unit_test_profile_frames_SOURCES = tests/unit/test_profile_frames.c
tests_unit_test_profile_frames_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_profile_frames_LDADD = $(UNIT_LIBS)

tests_unit_test_profile_stacks_SOURCES = tests/unit/test_profile_stacks.c
tests_unit_test_profile_stacks_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_profile_stacks_LDADD = $(UNIT_LIBS)

tests_unit_test_profile_goroutines_SOURCES = tests/unit/test_profile_goroutines.c \
	tests/unit/profile_sketch.c tests/unit/profile_sketch.h
tests_unit_test_profile_goroutines_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_profile_goroutines_LDADD = $(UNIT_LIBS)

tests_unit_test_profile_memstats_SOURCES = tests/unit/test_profile_memstats.c
tests_unit_test_profile_memstats_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_profile_memstats_LDADD = $(UNIT_LIBS)

tests_unit_test_profile_diff_SOURCES = tests/unit/test_profile_diff.c \
	tests/unit/profile_sketch.c tests/unit/profile_sketch.h
tests_unit_test_profile_diff_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_profile_diff_LDADD = $(UNIT_LIBS)

tests_unit_test_profile_reader_SOURCES = tests/unit/test_profile_reader.c \
	tests/unit/profile_same.c tests/unit/profile_same.h \
	tests/unit/profile_sketch.c tests/unit/profile_sketch.h
tests_unit_test_profile_reader_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_profile_reader_LDADD = $(UNIT_LIBS)

tests_unit_test_profile_tree_SOURCES = tests/unit/test_profile_tree.c
tests_unit_test_profile_tree_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_profile_tree_LDADD = $(UNIT_LIBS)

EXTRA_DIST += \
	tests/data/profiles/README.md \
	tests/data/profiles/blackbox-2.pb.gz \
	tests/data/profiles/goroutines.pb.gz \
	tests/data/profiles/nats-2.pb.gz \
	tests/data/profiles/node-exporter-2.pb.gz \
	tests/data/profiles/pushgateway-2.pb.gz
