libleakwatch_a_SOURCES += \
	src/report/diagnosis.c \
	src/report/encode_json.c \
	src/report/encode_markdown.c \
	src/report/facts.c \
	src/report/report.h
