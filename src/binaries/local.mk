libleakwatch_a_SOURCES += \
	src/binaries/ask.c src/binaries/ask.h \
	src/binaries/binaries.c src/binaries/binaries.h \
	src/binaries/cache.c src/binaries/cache.h \
	src/binaries/catalogue.c src/binaries/catalogue.h \
	src/binaries/check.c src/binaries/check.h \
	src/binaries/download.c src/binaries/download.h \
	src/binaries/guard.c src/binaries/guard.h \
	src/binaries/image.c src/binaries/image.h \
	src/binaries/memory.c src/binaries/memory.h \
	src/binaries/priv.h \
	src/binaries/process.c src/binaries/process.h \
	src/binaries/upload.c
