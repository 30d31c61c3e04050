/* The numbers of Go's runtime.MemStats, as the text form of a heap profile carries them at its end.
 * Pure. Format: Go's src/runtime/pprof/pprof.go (writeHeapInternal), pprof_rusage.go; what the
 * numbers mean: src/runtime/mstats.go. */
#ifndef LW_PROFILE_MEMSTATS_H
#define LW_PROFILE_MEMSTATS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Bytes, at most INT64_MAX, but for the last three. */
struct profile_memstats {
    int64_t sys;        /* got from the system in all, address space and not all of it resident */
    int64_t heap_alloc; /* of objects, dead ones that were not swept yet included */
    int64_t heap_sys;   /* heap_inuse + heap_idle */
    int64_t heap_inuse; /* spans with an object in them */
    int64_t heap_idle;  /* spans without one; heap_released of it is back with the system */
    int64_t heap_released;
    int64_t stack_inuse; /* of goroutines */
    int64_t stack_sys;   /* … and of threads of the system */
    int64_t mspan_sys;
    int64_t mcache_sys;
    int64_t buck_hash_sys; /* the memory profile itself */
    int64_t gc_sys;
    int64_t other_sys;
    int64_t next_gc;        /* heap size at which the next cycle ends */
    int64_t max_rss;        /* the peak, not now; 0 where the system does not say */
    int64_t num_gc;         /* cycles of the collector that the process has ended */
    int64_t num_forced_gc;  /* thereof those that runtime.GC asked for */
    double gc_cpu_fraction; /* of the CPU available since the start, 0..1 */
};

/* The members before gc_cpu_fraction, for whoever writes all of them down. */
#define PROFILE_MEMSTATS_COUNTS 17
static inline int64_t *profile_memstats_count_at(struct profile_memstats *stats, size_t i)
{
    return &stats->sys + i;
}

/* Reads the end of an answer of GET /debug/pprof/heap?debug=1. Errors: LW_NOT_PROFILE (no MemStats
 * in it; a number that is none; or one of sys, heap_* and stack_* is missing, with its name). */
int profile_memstats_parse(
    const char *text, size_t len, struct profile_memstats *stats, struct lw_err *err) LW_MUST_CHECK;

/* What the process has of the system's memory at most, by its own account: sys less what it gave
 * back. Thereof nothing says how much is resident. */
int64_t profile_memstats_held_bytes(const struct profile_memstats *stats);

#endif
