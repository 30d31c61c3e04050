FETCH_TESTS = tests/unit/test_scrape_fetch tests/unit/test_scrape_fetch_access \
	tests/unit/test_scrape_fetch_many
check_PROGRAMS += tests/unit/test_scrape $(FETCH_TESTS)
TESTS += tests/unit/test_scrape $(FETCH_TESTS)

tests_unit_test_scrape_SOURCES = tests/unit/test_scrape.c
tests_unit_test_scrape_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_scrape_LDADD = $(UNIT_LIBS)

FETCH_WORLD = tests/unit/fetch_world.c tests/unit/fetch_world.h \
	tests/unit/hostile.c tests/unit/hostile.h

tests_unit_test_scrape_fetch_SOURCES = tests/unit/test_scrape_fetch.c $(FETCH_WORLD)
tests_unit_test_scrape_fetch_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_scrape_fetch_LDADD = $(UNIT_LIBS)

tests_unit_test_scrape_fetch_access_SOURCES = tests/unit/test_scrape_fetch_access.c $(FETCH_WORLD)
tests_unit_test_scrape_fetch_access_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_scrape_fetch_access_LDADD = $(UNIT_LIBS)

tests_unit_test_scrape_fetch_many_SOURCES = tests/unit/test_scrape_fetch_many.c $(FETCH_WORLD)
tests_unit_test_scrape_fetch_many_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_scrape_fetch_many_LDADD = $(UNIT_LIBS)
