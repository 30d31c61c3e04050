libleakwatch_a_SOURCES += \
	src/alert/index.c src/alert/index.h \
	src/alert/push.c src/alert/push.h \
	src/alert/seen.c src/alert/seen.h \
	src/alert/webhook.c src/alert/webhook.h
