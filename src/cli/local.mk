libleakwatch_a_SOURCES += \
	src/cli/analysis.c src/cli/analysis.h \
	src/cli/analyze.c src/cli/analyze.h \
	src/cli/analyze_files.c src/cli/analyze_files.h \
	src/cli/analyze_json.c \
	src/cli/analyze_print.c src/cli/analyze_print.h \
	src/cli/analyze_rows.c src/cli/analyze_rows.h \
	src/cli/analyze_url.c src/cli/analyze_url.h \
	src/cli/command.c src/cli/command.h \
	src/cli/flags.c src/cli/flags.h \
	src/cli/profile_file.c src/cli/profile_file.h \
	src/cli/replay.c src/cli/replay.h \
	src/cli/replay_print.c src/cli/replay_print.h \
	src/cli/series_file.c src/cli/series_file.h \
	src/cli/table.c src/cli/table.h \
	src/cli/types.c src/cli/types.h \
	src/cli/types_print.c src/cli/types_print.h \
	src/cli/types_rows.c src/cli/types_rows.h
