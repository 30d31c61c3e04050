libleakwatch_a_SOURCES += \
	src/gotypes/buildinfo.c src/gotypes/buildinfo.h \
	src/gotypes/closure.c \
	src/gotypes/code.h \
	src/gotypes/dictionary.c \
	src/gotypes/effect_amd64.c \
	src/gotypes/effect_arm64.c \
	src/gotypes/elf.c src/gotypes/elf.h \
	src/gotypes/entries.c src/gotypes/entries.h \
	src/gotypes/finalizers.c \
	src/gotypes/flow.c src/gotypes/flow.h \
	src/gotypes/frame.c src/gotypes/frame.h \
	src/gotypes/gotypes.c src/gotypes/gotypes.h \
	src/gotypes/index.h \
	src/gotypes/kept.c \
	src/gotypes/moduledata.c src/gotypes/moduledata.h \
	src/gotypes/outline.c src/gotypes/outline.h \
	src/gotypes/pclntab.c src/gotypes/pclntab.h \
	src/gotypes/resolve.c \
	src/gotypes/scan_amd64.c \
	src/gotypes/scan_arm64.c \
	src/gotypes/trace.c src/gotypes/trace.h \
	src/gotypes/types.c src/gotypes/types.h \
	src/gotypes/uses.c
