libleakwatch_a_SOURCES += \
	src/capture/budget.c src/capture/budget.h \
	src/capture/cmdline.c src/capture/cmdline.h \
	src/capture/capture.c src/capture/capture.h \
	src/capture/rules.c src/capture/rules.h \
	src/capture/steps.c src/capture/steps.h
