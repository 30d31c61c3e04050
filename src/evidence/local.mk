libleakwatch_a_SOURCES += \
	src/evidence/baselines.c src/evidence/baselines.h \
	src/evidence/catalogue.c \
	src/evidence/change.c \
	src/evidence/draft.c \
	src/evidence/durable.c src/evidence/durable.h \
	src/evidence/evidence.h src/evidence/evidence_priv.h \
	src/evidence/held.c \
	src/evidence/incident.c src/evidence/incident.h \
	src/evidence/index.c src/evidence/index.h \
	src/evidence/manifest.c src/evidence/manifest.h \
	src/evidence/open.c \
	src/evidence/read.c \
	src/evidence/retention.c \
	src/evidence/sha256.c src/evidence/sha256.h
