check_PROGRAMS += tests/fuzz/fuzz_cgroup
TESTS += tests/fuzz/fuzz_cgroup
tests_fuzz_fuzz_cgroup_SOURCES = tests/fuzz/fuzz_cgroup.c $(FUZZ_MAIN)
tests_fuzz_fuzz_cgroup_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_cgroup_LDFLAGS = $(FUZZ_LINK)
EXTRA_DIST += \
	tests/fuzz/corpus/cgroup/both.txt \
	tests/fuzz/corpus/cgroup/edges.txt \
	tests/fuzz/corpus/cgroup/limit.txt \
	tests/fuzz/corpus/cgroup/overflow.txt
