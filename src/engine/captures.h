/* Captures and what leads to them: requests, the watch over verdicts and memory, baselines. Private
 * to engine/.
 *
 *   verdict, memory, API, webhook ─► budget ─► capture ─bundle─► (worker: report, evidence) ─►
 * catalogue a scrape's body, now and then ─► (worker: baseline)
 */
#ifndef LW_ENGINE_CAPTURES_H
#define LW_ENGINE_CAPTURES_H

#include "base/map.h"
#include "capture/budget.h"
#include "capture/capture.h"
#include "engine/engine_priv.h"

/* What is remembered of a target between captures. */
struct watch {
    bool is_told;               /* the leak it has now was captured */
    bool is_short;              /* its memory was, and that was captured */
    struct lw_wall retry_at;    /* not to be asked for again before then */
    unsigned missing;           /* of capture_bundle */
    uint64_t process;           /* … of the process with that many `restarts` */
    struct lw_wall baseline_at; /* when the last rolling one was taken; 0: never */
    char *last;                 /* owned; body of its newest scrape while it grows, or NULL */
    size_t last_len;
    struct lw_wall last_at;
};

enum capture_outcome { CAPTURE_WHOLE, CAPTURE_PARTIAL, CAPTURE_NOTHING, CAPTURE_OUTCOME_COUNT };

struct captures {
    struct capture_budget *budget; /* owned */
    struct lw_map runs;            /* by target id: owned struct run; at most capture.concurrent */
    struct lw_map watches;         /* by target id: owned struct watch; one a target */
    size_t kept_bytes;             /* of all watches' `last` */
    bool is_putting;               /* a baseline is with a worker */
    uint64_t outcomes[CAPTURE_OUTCOME_COUNT];
    uint64_t incidents[CAPTURE_TRIGGER_COUNT]; /* finished, by what asked for them */
    uint64_t baselines_failed;
};

/* ---- capture.c ---- */

void engine_captures_start(struct engine *engine);
/* Cancels captures; bundles that a worker has are still written. */
void engine_captures_stop(struct engine *engine);
/* After the last job has finished. */
void engine_captures_free(struct engine *engine);

/* The routes of captures; what /metrics shows of them. */
void engine_captures_routes_add(struct engine *engine);
void engine_captures_describe(const struct engine *engine, struct metrics_daemon *d);

/* ---- watch.c ---- */

/* The record of a target that is in the store; made when there is none. */
struct watch *engine_watch_of(struct engine *engine, const struct store_target *target);

/* Lets go of targets that are in the store no more, and keeps the last heap of those that grew. */
void engine_watches_sweep(struct engine *engine);

/* After each scrape: asks for a capture when the target is a leak, or its memory will not last. */
void engine_watch_scraped(struct engine *engine, const struct store_target *target);

/* ---- baselines.c ---- */

/* A body as it was scraped. */
struct baseline_body {
    char *bytes; /* taken over, NULL then, if it is to be kept */
    size_t len;
    struct lw_wall at;
};

/* After a good scrape; `restarted`: the process is another one than before. */
void engine_baselines_scraped(struct engine *engine, const struct store_target *target,
    struct baseline_body *body, bool restarted);

/* The target answers no more, or is gone: its last good heap is kept. */
void engine_baselines_lost(struct engine *engine, uint64_t target_id, struct watch *watch);

#endif
