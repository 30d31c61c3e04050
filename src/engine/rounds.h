/* Looks at a target besides its scrapes, at a slow cadence: one GET under the target's prefix, its
 * body through a worker, what came out of it into the store. A round is the engine's while its
 * fetch is under way and the worker's in between. Private to engine/. */
#ifndef LW_ENGINE_ROUNDS_H
#define LW_ENGINE_ROUNDS_H

#include "engine/engine_priv.h"

struct round;

/* What to fetch, and what to make of it. */
struct round_plan {
    const char *path;   /* after the prefix: "goroutine" */
    size_t most;        /* at once; who comes later is asked at a later scrape */
    size_t limit_bytes; /* of the body; the job's limit holds, too */
    int64_t (*interval_ns)(const struct config_job *job);
    void (*set_due)(struct store *store, uint64_t target_id, struct lw_mono due);
    /* On a worker: reads round->body. Returns what learn() and drop() are given, or NULL and err.
     */
    void *(*read)(struct round *round, struct lw_err *err);
    /* On the loop, with the target as it was when the round began. */
    void (*learn)(struct round *round, void *result);
    void (*drop)(void *result);
};

struct round {
    struct loop_job job;
    const struct round_plan *plan;
    struct engine *engine; /* outlives the round: engine_free waits for all jobs */
    struct round *next, **link;
    bool is_with_worker;
    bool is_cancelled; /* while with the worker: whoever gets it back frees it */
    uint64_t target_id;
    uint64_t process;      /* the target's `restarts`: of another one nothing is learnt */
    struct config *config; /* a reference; owns request.job */
    struct scrape_request request;
    struct profile_limits limits;
    struct lw_wall at;                     /* when the request went out */
    char *url;                             /* owned */
    char *address;                         /* owned; host:port of the target */
    uint64_t mapping_start, mapping_limit; /* of the newest profile's main mapping */
    char *body;                            /* owned; the worker's input */
    size_t len;
    void *result; /* what read() gave */
    struct lw_err err;
};

/* Starts a round of that plan, unless too many are under way. `due`: when the target is to be
 * looked at again; before that nothing happens. */
void engine_round_start(struct engine *engine, const struct round_plan *plan,
    const struct store_target *target, const struct profile *profile, struct lw_mono due);

#endif
