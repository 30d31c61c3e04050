# The types that are read from binaries, held against the compiler's listing. It takes minutes for
# each Go release, so make check leaves it out; releases that cannot be had are skipped by name.
GO_RELEASES = go1.18.10 go1.19.13 go1.20.14 go1.21.13 go1.22.12 go1.23.12 go1.24.11 go1.25.5

check-types: leakwatchd$(EXEEXT)
	python3 $(srcdir)/tests/gotypes/truth.py --leakwatchd ./leakwatchd$(EXEEXT) \
		--go go --go /usr/lib/go/bin/go $(GO_RELEASES:%=--go=%)
.PHONY: check-types

# make bench-types BINARY=program [PROFILE=heap.pb.gz]: how long the index and each site take.
EXTRA_PROGRAMS += tests/gotypes/timing
tests_gotypes_timing_SOURCES = tests/gotypes/timing.c
tests_gotypes_timing_LDADD = $(UNIT_LIBS)

bench-types: tests/gotypes/timing$(EXEEXT)
	tests/gotypes/timing$(EXEEXT) $(BINARY) $(PROFILE)
.PHONY: bench-types
CLEANFILES += tests/gotypes/timing$(EXEEXT)

EXTRA_DIST += \
	tests/gotypes/elf.py \
	tests/gotypes/foreign.py \
	tests/gotypes/heap.py \
	tests/gotypes/listing.py \
	tests/gotypes/truth.py \
	tests/gotypes/corpus/generic.go \
	tests/gotypes/corpus/go.mod \
	tests/gotypes/corpus/internal/shop/shop.go \
	tests/gotypes/corpus/library.go \
	tests/gotypes/corpus/main.go \
	tests/gotypes/corpus/plain.go
