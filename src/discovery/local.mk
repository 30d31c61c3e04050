libleakwatch_a_SOURCES += \
	src/discovery/discovery.c src/discovery/discovery.h \
	src/discovery/files.c src/discovery/files.h \
	src/discovery/targets.c src/discovery/targets.h \
	src/discovery/watch.c src/discovery/watch.h
