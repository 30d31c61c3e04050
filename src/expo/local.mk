libleakwatch_a_SOURCES += \
	src/expo/expo.h \
	src/expo/negotiate.c \
	src/expo/writer.c
