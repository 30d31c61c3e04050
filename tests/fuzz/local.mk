# Each parser of foreign bytes has a fuzz target. Built plainly, a target runs its committed corpus as
# a test; built with --enable-fuzzers CC=clang, it is a libFuzzer program:
#   tests/fuzz/fuzz_profile -max_total_time=600 tests/fuzz/corpus/profile
FUZZ_LIBS = libleakwatch.a libprofilepb.a $(DEPS_LIBS) -lm -lpthread
if FUZZERS
FUZZ_LINK = $(AM_LDFLAGS) -fsanitize=fuzzer
FUZZ_MAIN =
else
FUZZ_LINK = $(AM_LDFLAGS)
FUZZ_MAIN = tests/fuzz/run_corpus.c
endif

include tests/fuzz/profile.mk
include tests/fuzz/report.mk
include tests/fuzz/trend.mk
include tests/fuzz/store.mk
include tests/fuzz/binaries.mk
include tests/fuzz/capture.mk
include tests/fuzz/config.mk
include tests/fuzz/discovery.mk
include tests/fuzz/gotypes.mk
include tests/fuzz/gate.mk
include tests/fuzz/http.mk
include tests/fuzz/alert.mk
include tests/fuzz/evidence.mk
include tests/fuzz/upload.mk
