libleakwatch_a_SOURCES += \
	src/report/blame.c \
	src/report/diagnosis.c \
	src/report/encode_json.c \
	src/report/encode_markdown.c \
	src/report/facts.c \
	src/report/patterns.h src/report/patterns_runtime.c src/report/patterns_values.c \
	src/report/report.h \
	src/report/signs.c src/report/signs.h \
	src/report/tables.c src/report/tables.h \
	src/report/words.c src/report/words.h
