libleakwatch_a_SOURCES += \
	src/trend/beginning.c src/trend/beginning.h \
	src/trend/gates.c src/trend/gates.h \
	src/trend/growth.c src/trend/growth.h \
	src/trend/image.c \
	src/trend/ring.c src/trend/ring.h \
	src/trend/series.h \
	src/trend/shape.c src/trend/shape.h \
	src/trend/trend.c src/trend/trend.h \
	src/trend/verdict.c \
	src/trend/window.c src/trend/window.h
