# `make bench`: what decoding costs, in ratios. The profiles are made here and now, by whichever of
# Debian's Go daemons are installed and by the Go compiler itself; nothing of them is in the tree.
EXTRA_PROGRAMS += tests/bench/decode/decode
tests_bench_decode_decode_SOURCES = tests/bench/decode/decode.c \
	tests/bench/decode/heap.c tests/bench/decode/heap.h
tests_bench_decode_decode_CPPFLAGS = $(UNIT_CPPFLAGS) -I$(top_srcdir)/tests/bench/decode
tests_bench_decode_decode_LDADD = $(UNIT_LIBS)
tests_bench_decode_decode_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free

.PHONY: bench
bench: tests/bench/decode/decode$(EXEEXT)
	$(srcdir)/tests/bench/decode/run $(abs_top_srcdir) tests/bench/decode

CLEANFILES += tests/bench/decode/decode$(EXEEXT)
EXTRA_DIST += tests/bench/decode/run tests/bench/decode/collect \
	tests/bench/decode/parse/go.mod tests/bench/decode/parse/go.sum \
	tests/bench/decode/parse/main.go
