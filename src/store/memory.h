/* What a target's runtime and its host say of its memory, besides the heap. */
#ifndef LW_STORE_MEMORY_H
#define LW_STORE_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "base/time.h"
#include "profile/memstats.h"

/* Bytes; 0 where it is not known. */
struct store_memory_look {
    struct lw_wall at;
    struct profile_memstats stats;
    int64_t rss_bytes;      /* of the process, where it runs on this host */
    int64_t cgroup_bytes;   /* the limit of its cgroup, the same */
    int64_t go_limit_bytes; /* GOMEMLIMIT of its environment, the same */
};

/* One look of the past. */
struct store_memory_point {
    struct lw_wall at;
    int64_t resident_bytes; /* rss, or what the runtime holds where that is not known */
    int64_t inuse_bytes;    /* heap spans in use */
    int64_t live_bytes;     /* in use at the end of the last collection, as the profile has it */
};

#define STORE_MEMORY_PAST 48

/* Zero: nobody has looked yet. */
struct store_memory {
    struct store_memory_look newest;
    struct store_memory_point past[STORE_MEMORY_PAST]; /* oldest first */
    size_t past_count;
};

/* What a process' memory is made of. X(name, word); all but rss sum to what the runtime holds. */
#define STORE_MEMORY(X) \
    X(STORE_MEMORY_RSS, "rss")       /* resident, by the host; 0 where it is not on this one */ \
    X(STORE_MEMORY_INUSE, "inuse")   /* heap spans with objects */ \
    X(STORE_MEMORY_IDLE, "idle")     /* heap spans without, that were not given back */ \
    X(STORE_MEMORY_STACKS, "stacks") /* of goroutines and threads */ \
    X(STORE_MEMORY_RUNTIME, \
        "runtime") /* the collector's, the allocator's and the profiler's own */ \
    X(STORE_MEMORY_OTHER, "other")

enum store_memory_part {
#define STORE_MEMORY_ENUM(name, word) name,
    STORE_MEMORY(STORE_MEMORY_ENUM)
#undef STORE_MEMORY_ENUM
        STORE_MEMORY_PARTS
};

const char *store_memory_part_word(int part);
int64_t store_memory_part_bytes(const struct store_memory_look *look, int part);

/* Resident bytes of a look: rss, or else what the runtime has not given back. */
int64_t store_memory_resident_bytes(const struct store_memory_look *look);

/* Cycles of the collector a minute between two looks at one process, NAN where one of them does not
 * tell. Those that runtime.GC asked for do not count, and among them those of our captures: how
 * often the collector finds itself something to do is what a build is compared by. */
double store_memory_gc_frequency(
    const struct store_memory_look *before, const struct store_memory_look *now);

/* Resident bytes per byte of live heap: the median of the last hour's looks, of the newest one
 * where they are further apart; 0 where there is none. */
double store_memory_kappa(const struct store_memory *memory);

#endif
