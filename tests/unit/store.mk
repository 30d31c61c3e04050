FLEET = tests/unit/fleet.c tests/unit/fleet.h \
	tests/unit/profile_sketch.c tests/unit/profile_sketch.h

check_PROGRAMS += tests/unit/test_store tests/unit/test_store_types \
	tests/unit/test_store_outlook tests/unit/test_store_goroutines tests/unit/test_store_past \
	tests/unit/test_store_damage
TESTS += tests/unit/test_store tests/unit/test_store_types \
	tests/unit/test_store_outlook tests/unit/test_store_goroutines tests/unit/test_store_past \
	tests/unit/test_store_damage

tests_unit_test_store_SOURCES = tests/unit/test_store.c $(FLEET)
tests_unit_test_store_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_store_LDADD = $(UNIT_LIBS)

tests_unit_test_store_damage_SOURCES = tests/unit/test_store_damage.c $(FLEET)
tests_unit_test_store_damage_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_store_damage_LDADD = $(UNIT_LIBS)

tests_unit_test_store_types_SOURCES = tests/unit/test_store_types.c $(FLEET)
tests_unit_test_store_types_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_store_types_LDADD = $(UNIT_LIBS)

tests_unit_test_store_outlook_SOURCES = tests/unit/test_store_outlook.c $(FLEET)
tests_unit_test_store_outlook_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_store_outlook_LDADD = $(UNIT_LIBS)

tests_unit_test_store_goroutines_SOURCES = tests/unit/test_store_goroutines.c $(FLEET)
tests_unit_test_store_goroutines_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_store_goroutines_LDADD = $(UNIT_LIBS)

tests_unit_test_store_past_SOURCES = tests/unit/test_store_past.c $(FLEET)
tests_unit_test_store_past_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_store_past_LDADD = $(UNIT_LIBS)
