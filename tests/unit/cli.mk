check_PROGRAMS += tests/unit/test_cli
TESTS += tests/unit/test_cli

tests_unit_test_cli_SOURCES = tests/unit/test_cli.c \
	tests/unit/profile_sketch.c tests/unit/profile_sketch.h
tests_unit_test_cli_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_cli_LDADD = $(UNIT_LIBS)
check_PROGRAMS += tests/unit/test_cli_replay
TESTS += tests/unit/test_cli_replay
tests_unit_test_cli_replay_SOURCES = tests/unit/test_cli_replay.c
tests_unit_test_cli_replay_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_cli_replay_LDADD = $(UNIT_LIBS)
check_PROGRAMS += tests/unit/test_cli_analyze
TESTS += tests/unit/test_cli_analyze
tests_unit_test_cli_analyze_SOURCES = tests/unit/test_cli_analyze.c \
	tests/unit/profile_sketch.c tests/unit/profile_sketch.h
tests_unit_test_cli_analyze_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_cli_analyze_LDADD = $(UNIT_LIBS)
