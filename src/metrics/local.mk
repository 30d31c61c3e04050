libleakwatch_a_SOURCES += \
	src/metrics/daemon.c \
	src/metrics/families.h \
	src/metrics/labels.c src/metrics/labels.h \
	src/metrics/metrics.c src/metrics/metrics.h \
	src/metrics/outlook.c \
	src/metrics/process.c \
	src/metrics/rows.c \
	src/metrics/targets.c
