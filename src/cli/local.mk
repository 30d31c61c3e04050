libleakwatch_a_SOURCES += \
	src/cli/flags.c src/cli/flags.h
