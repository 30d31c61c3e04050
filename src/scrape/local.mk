libleakwatch_a_SOURCES += \
	src/scrape/auth.c src/scrape/auth.h \
	src/scrape/body.c src/scrape/body.h \
	src/scrape/fetch_curl.c \
	src/scrape/multi.c src/scrape/multi.h \
	src/scrape/outcome.c src/scrape/outcome.h \
	src/scrape/pool.c \
	src/scrape/scrape.h
