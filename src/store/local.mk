libleakwatch_a_SOURCES += \
	src/store/batch.c \
	src/store/db.c src/store/db.h \
	src/store/goroutines.c src/store/goroutines.h \
	src/store/image.c src/store/image.h \
	src/store/ingest.c \
	src/store/learn.c \
	src/store/memory.c src/store/memory.h \
	src/store/outlook.c src/store/outlook.h \
	src/store/past.c src/store/past.h \
	src/store/restore.c \
	src/store/rows.c src/store/rows.h \
	src/store/sightings.c src/store/sightings.h \
	src/store/sites.c src/store/sites.h \
	src/store/store.c src/store/store.h src/store/store_priv.h \
	src/store/sweep.c src/store/sweep.h \
	src/store/types.c src/store/types.h \
	src/store/usage.c src/store/usage.h
