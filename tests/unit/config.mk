CONFIG_ROOM = tests/unit/config_room.c tests/unit/config_room.h

check_PROGRAMS += tests/unit/test_config tests/unit/test_config_values tests/unit/test_config_print
TESTS += tests/unit/test_config tests/unit/test_config_values tests/unit/test_config_print

tests_unit_test_config_SOURCES = tests/unit/test_config.c $(CONFIG_ROOM)
tests_unit_test_config_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_config_LDADD = $(UNIT_LIBS)

tests_unit_test_config_values_SOURCES = tests/unit/test_config_values.c
tests_unit_test_config_values_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_config_values_LDADD = $(UNIT_LIBS)

tests_unit_test_config_print_SOURCES = tests/unit/test_config_print.c $(CONFIG_ROOM)
tests_unit_test_config_print_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_config_print_LDADD = $(UNIT_LIBS)
