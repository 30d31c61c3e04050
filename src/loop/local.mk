libleakwatch_a_SOURCES += \
	src/loop/loop.c src/loop/loop.h \
	src/loop/timers.c src/loop/timers.h \
	src/loop/workers.c src/loop/workers.h
