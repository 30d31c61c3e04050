libleakwatch_a_SOURCES += \
	src/http/deadline.c src/http/deadline.h \
	src/http/http.h \
	src/http/listen.c src/http/listen.h \
	src/http/range.c src/http/range.h \
	src/http/request.c src/http/request.h \
	src/http/response.c src/http/response.h \
	src/http/router.c src/http/router.h \
	src/http/server.c \
	src/http/stream.c src/http/stream.h
