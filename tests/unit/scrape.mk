check_PROGRAMS += tests/unit/test_scrape tests/unit/test_scrape_fetch
TESTS += tests/unit/test_scrape tests/unit/test_scrape_fetch

tests_unit_test_scrape_SOURCES = tests/unit/test_scrape.c
tests_unit_test_scrape_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_scrape_LDADD = $(UNIT_LIBS)

tests_unit_test_scrape_fetch_SOURCES = tests/unit/test_scrape_fetch.c \
	tests/unit/hostile.c tests/unit/hostile.h
tests_unit_test_scrape_fetch_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_scrape_fetch_LDADD = $(UNIT_LIBS)
