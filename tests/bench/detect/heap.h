/* A Go heap as its profile shows it: objects arrive, each is sampled with chance 1 -
 * exp(-size/rate) as Go's allocator does, and lives until its part of the program lets go of it.
 * Time goes in bins of 10 s; everything comes from the seed. */
#ifndef LW_BENCH_HEAP_H
#define LW_BENCH_HEAP_H

#include <stddef.h>

#include "prng.h"

#define HEAP_BIN_S        10.0
#define HEAP_PERIOD_BYTES 524288.0
#define HEAP_PARTS_MAX    12
#define HEAP_RESTARTS_MAX 3

/* How long objects live. */
enum heap_life {
    HEAP_FOREVER,
    HEAP_EXPONENTIAL, /* mean life_s */
    HEAP_LOGNORMAL,   /* mean life_s, sigma 1 */
    HEAP_FIXED,       /* life_s: a cache with a time to live */
    HEAP_FLUSH,       /* until the next multiple of life_s, when all are let go of */
    HEAP_FIFO,        /* until there are more than cap_bytes: a full cache */
    HEAP_REPLACED,    /* each is replaced by a new one after life_s on average */
};

/* One kind of allocation: what the program does with objects of one size. Times are of the process,
 * which begins anew when it restarts. */
struct heap_part {
    double object_bytes;
    double flow;         /* bytes/s that arrive */
    double from_s, to_s; /* when they do; to_s 0: for ever */
    double load_share;   /* of the flow that follows the load, 0..1 */
    double power;        /* grows as t^power where not 0 or 1; flow is that at span_s */
    double span_s;       /* … */
    double fade_s;       /* the flow falls as exp(-t/fade_s) where not 0, … */
    bool fades_slowly;   /* … or as 1/(1 + t/fade_s), which never ends: a map of rare keys */
    double every_s;      /* comes in lumps, one each every_s on average, where not 0; … */
    double irregular;    /* … 0: regular, 1: at any time; sizes vary likewise */
    bool high_water;     /* a pool: as much as was ever needed for life_s of the flow under load */
    enum heap_life life;
    double life_s;
    double cap_bytes;
};

/* The traffic on the process: 1 on average. */
struct heap_load {
    double wander, wander_s;              /* deviation and correlation time of its logarithm */
    double wave, wave_s, wave_from;       /* a sine of this amplitude, period and phase (0..1) */
    double ramp_to;                       /* grows to this many times over … */
    double ramp_from_s, ramp_to_s;        /* … this time; 0: no ramp */
    double burst, burst_every_s, burst_s; /* times as much for burst_s, at irregular intervals */
};

struct heap_plan {
    struct heap_part parts[HEAP_PARTS_MAX];
    int part_count;
    struct heap_load load;
    double restarts_s[HEAP_RESTARTS_MAX]; /* since the program began */
    int restart_count;
    double attach_s;   /* when the first profile is taken */
    double duration_s; /* from then on */
    double interval_s;
    double gc_s; /* period of the garbage collector, which publishes the profile */
};

struct heap_sample {
    double t_s; /* since attach_s */
    double inuse_bytes, inuse_objects, alloc_bytes, alloc_objects;
};

/* The samples of a plan, which the caller frees; *count of them. */
struct heap_sample *heap_run(const struct heap_plan *plan, struct prng *r, size_t *count);

#endif
