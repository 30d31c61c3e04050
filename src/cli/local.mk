libleakwatch_a_SOURCES += \
	src/cli/flags.c src/cli/flags.h \
	src/cli/types.c src/cli/types.h \
	src/cli/types_print.c src/cli/types_print.h \
	src/cli/types_rows.c src/cli/types_rows.h
