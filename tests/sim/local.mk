# The whole daemon on the virtual clock; scenarios are text files.
check_PROGRAMS += tests/sim/sim
TESTS += tests/sim/sim
tests_sim_sim_SOURCES = tests/sim/sim.c tests/sim/world.c tests/sim/world.h \
	tests/unit/profile_sketch.c tests/unit/profile_sketch.h
tests_sim_sim_CPPFLAGS = $(UNIT_CPPFLAGS) -I$(top_srcdir)/tests/sim -I$(top_srcdir)/tests/unit
tests_sim_sim_LDADD = $(UNIT_LIBS)

EXTRA_DIST += \
	tests/sim/scenarios/bad_targets.sim \
	tests/sim/scenarios/cache_fill.sim \
	tests/sim/scenarios/captures.sim \
	tests/sim/scenarios/daily_load.sim \
	tests/sim/scenarios/deploys.sim \
	tests/sim/scenarios/gap.sim \
	tests/sim/scenarios/kinds.sim \
	tests/sim/scenarios/leak_and_twins.sim \
	tests/sim/scenarios/lossy.sim \
	tests/sim/scenarios/outlook.sim \
	tests/sim/scenarios/profile_rate.sim \
	tests/sim/scenarios/memory.sim \
	tests/sim/scenarios/reload.sim \
	tests/sim/scenarios/restart_storm.sim \
	tests/sim/scenarios/restarts.sim \
	tests/sim/scenarios/scaled.sim \
	tests/sim/scenarios/store.sim \
	tests/sim/scenarios/unresolvable.sim
