libleakwatch_a_SOURCES += \
	src/store/batch.c \
	src/store/db.c src/store/db.h \
	src/store/image.c src/store/image.h \
	src/store/ingest.c \
	src/store/sites.c src/store/sites.h \
	src/store/store.c src/store/store.h src/store/store_priv.h
