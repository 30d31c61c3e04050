libleakwatch_a_SOURCES += \
	src/trend/beginning.c src/trend/beginning.h \
	src/trend/gates.c src/trend/gates.h \
	src/trend/growth.c src/trend/growth.h \
	src/trend/image.c \
	src/trend/quiet.c src/trend/quiet.h \
	src/trend/ring.c src/trend/ring.h \
	src/trend/series.h \
	src/trend/shape.c src/trend/shape.h \
	src/trend/target.c src/trend/target.h \
	src/trend/trend.c src/trend/trend.h \
	src/trend/urgent.c src/trend/urgent.h \
	src/trend/verdict.c \
	src/trend/window.c src/trend/window.h
