# Everything but main.c is one convenience library, so that unit tests, simulations, fuzzers and the
# daemon link the same objects.
noinst_LIBRARIES += libleakwatch.a
libleakwatch_a_SOURCES =

include src/base/local.mk
include src/profile/local.mk
include src/trend/local.mk
include src/expo/local.mk
include src/config/local.mk
include src/gate/local.mk
include src/gotypes/local.mk
include src/report/local.mk
include src/store/local.mk
include src/evidence/local.mk
include src/loop/local.mk
include src/discovery/local.mk
include src/scrape/local.mk
include src/capture/local.mk
include src/http/local.mk
include src/alert/local.mk
include src/upload/local.mk
include src/binaries/local.mk
include src/api/local.mk
include src/metrics/local.mk
include src/web/local.mk
include src/engine/local.mk
include src/cli/local.mk

# protoc-c's output is not ours to warn about: a library of its own, without our warnings.
noinst_LIBRARIES += libprofilepb.a
libprofilepb_a_SOURCES = src/profile/profile.proto
nodist_libprofilepb_a_SOURCES = src/profile/profile.pb-c.c src/profile/profile.pb-c.h
libprofilepb_a_CFLAGS = -std=gnu11 -w $(SANITIZE_CFLAGS) $(DEPS_CFLAGS)
BUILT_SOURCES += src/profile/profile.pb-c.h
CLEANFILES += src/profile/profile.pb-c.c src/profile/profile.pb-c.h
src/profile/profile.pb-c.c: src/profile/profile.pb-c.h
src/profile/profile.pb-c.h: src/profile/profile.proto
	$(AM_V_GEN)$(MKDIR_P) src/profile && \
	$(PROTOC_C) --proto_path=$(srcdir)/src/profile --c_out=src/profile profile.proto

bin_PROGRAMS += leakwatchd
leakwatchd_SOURCES = src/main.c
leakwatchd_LDADD = libleakwatch.a libprofilepb.a $(DEPS_LIBS) $(SYSTEMD_LIBS) -lm -lpthread

EXTRA_DIST += src/DEPS
