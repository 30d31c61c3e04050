# One cmocka program a room. Data files lie in tests/data and are found by $LW_SRCDIR.
UNIT_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
UNIT_LIBS = libleakwatch.a libprofilepb.a $(DEPS_LIBS) $(SYSTEMD_LIBS) $(CMOCKA_LIBS) -lm -lpthread

include tests/unit/base.mk
include tests/unit/loop.mk
include tests/unit/profile.mk
include tests/unit/trend.mk
include tests/unit/config.mk
include tests/unit/discovery.mk
include tests/unit/gate.mk
include tests/unit/gotypes.mk
include tests/unit/scrape.mk
include tests/unit/capture.mk
include tests/unit/http.mk
include tests/unit/binaries.mk
include tests/unit/expo.mk
include tests/unit/report.mk
include tests/unit/store.mk
include tests/unit/alert.mk
include tests/unit/upload.mk
include tests/unit/evidence.mk
include tests/unit/api.mk
include tests/unit/metrics.mk
include tests/unit/engine.mk
include tests/unit/cli.mk
