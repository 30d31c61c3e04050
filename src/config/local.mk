libleakwatch_a_SOURCES += \
	src/config/config.c src/config/config.h \
	src/config/groups.c src/config/groups.h \
	src/config/groups_json.c src/config/groups_json.h \
	src/config/options.c src/config/options.h \
	src/config/options_alert.c \
	src/config/options_capture.c \
	src/config/options_evidence.c \
	src/config/options_upload.c \
	src/config/parse.c src/config/parse.h \
	src/config/print.c \
	src/config/reference.c \
	src/config/reload.c \
	src/config/rows.h \
	src/config/scalar.c src/config/scalar.h \
	src/config/suggest.c \
	src/config/yaml.c src/config/yaml.h
