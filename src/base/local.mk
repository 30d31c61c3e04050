libleakwatch_a_SOURCES += \
	src/base/arena.c src/base/arena.h \
	src/base/cursor.c src/base/cursor.h \
	src/base/err.c src/base/err.h \
	src/base/file.c src/base/file.h \
	src/base/hash.c src/base/hash.h \
	src/base/json.c src/base/json.h \
	src/base/labels.c src/base/labels.h \
	src/base/log.c src/base/log.h \
	src/base/map.c src/base/map.h \
	src/base/mem.c src/base/mem.h \
	src/base/strbuf.c src/base/strbuf.h \
	src/base/time.c src/base/time.h \
	src/base/utf8.c src/base/utf8.h
