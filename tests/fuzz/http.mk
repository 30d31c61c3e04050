check_PROGRAMS += tests/fuzz/fuzz_http
TESTS += tests/fuzz/fuzz_http
tests_fuzz_fuzz_http_SOURCES = tests/fuzz/fuzz_http.c $(FUZZ_MAIN)
tests_fuzz_fuzz_http_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_http_LDFLAGS = $(FUZZ_LINK)
EXTRA_DIST += \
	tests/fuzz/corpus/http/bad-escapes \
	tests/fuzz/corpus/http/delete \
	tests/fuzz/corpus/http/get \
	tests/fuzz/corpus/http/head-id \
	tests/fuzz/corpus/http/many-params \
	tests/fuzz/corpus/http/put-body \
	tests/fuzz/corpus/http/range
