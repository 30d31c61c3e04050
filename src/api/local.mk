libleakwatch_a_SOURCES += \
	src/api/api.c src/api/api.h \
	src/api/binaries.c \
	src/api/comparison.c src/api/comparison.h \
	src/api/diff.c \
	src/api/body.c src/api/body.h \
	src/api/capture.c \
	src/api/endpoints.h \
	src/api/files.c \
	src/api/flame.c src/api/flame.h \
	src/api/incident_changes.c \
	src/api/incident.c \
	src/api/incidents.c src/api/incidents.h \
	src/api/gate.c \
	src/api/json.c src/api/json.h \
	src/api/openapi.c src/api/openapi_bytes.S \
	src/api/process.c \
	src/api/query.c src/api/query.h \
	src/api/render.c src/api/render.h \
	src/api/suspects.c src/api/suspects.h \
	src/api/target_list.c \
	src/api/targets.c \
	src/api/webhook.c

# What .incbin takes in: an edit of the document is an edit of the binary.
EXTRA_DIST += src/api/openapi.json
src/api/openapi_bytes.$(OBJEXT): $(top_srcdir)/src/api/openapi.json
