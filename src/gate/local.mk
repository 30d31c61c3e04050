libleakwatch_a_SOURCES += \
	src/gate/gate.c src/gate/gate.h \
	src/gate/history.c src/gate/history.h
