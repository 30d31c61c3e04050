libleakwatch_a_SOURCES += \
	src/engine/alerts.c \
	src/engine/baselines.c \
	src/engine/capture.c \
	src/engine/captures.h \
	src/engine/checkpoint.c \
	src/engine/decode.c \
	src/engine/engine.c src/engine/engine.h src/engine/engine_priv.h \
	src/engine/evidence.c \
	src/engine/facts.c src/engine/facts.h \
	src/engine/goroutines.c \
	src/engine/incident.c src/engine/incident.h \
	src/engine/kinds.c \
	src/engine/learn.c src/engine/learn.h \
	src/engine/lifecycle.c \
	src/engine/memory.c \
	src/engine/notify.c src/engine/notify.h \
	src/engine/push.c \
	src/engine/rounds.c src/engine/rounds.h \
	src/engine/types.c \
	src/engine/upload.c \
	src/engine/watch.c
