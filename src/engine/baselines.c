/* Heaps kept to be compared with later: of every target one now and then, and of one that grows the
 * newest, in memory, so that its last good heap is there when it is killed. No fetch is made for
 * it: they are the bodies of scrapes. */
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "engine/captures.h"

#define KEPT_BYTES_MAX ((size_t)64 << 20) /* of newest bodies, over all targets that grow */

struct baseline_job {
    struct loop_job job;
    struct engine *engine; /* outlives the job: engine_free waits for all */
    const struct evidence *evidence;
    uint64_t target_id;
    struct evidence_baseline baseline; /* owned; without bytes: the newest rolling one becomes the
                                          last */
    bool is_rolling;                   /* of which only one is under way */
    bool failed;
    struct lw_err err;
};

static void run(struct loop_job *job)
{
    struct baseline_job *b = (struct baseline_job *)job;
    if (b->baseline.bytes)
        b->failed = evidence_baseline_put(b->evidence, b->target_id, &b->baseline, &b->err) < 0;
    else
        b->failed = evidence_baseline_keep_last(b->evidence, b->target_id, &b->err) < 0 &&
                    b->err.code != LW_NOT_FOUND;
}

static void done(struct loop_job *job)
{
    struct baseline_job *b = (struct baseline_job *)job;
    struct captures *captures = b->engine->captures;
    if (b->is_rolling)
        captures->is_putting = false;
    if (b->failed && captures->baselines_failed++ == 0)
        lw_error("capture", "cannot keep a baseline: %s", b->err.msg);
    evidence_baseline_fini(&b->baseline);
    free(b);
}

/* Takes the bytes over; when the workers are busy they are lost, and a later scrape brings others.
 */
static void put(struct engine *engine, uint64_t target_id, struct evidence_baseline baseline)
{
    struct baseline_job *b = LW_NEW(struct baseline_job);
    *b = (struct baseline_job){
        .job = {.run = run, .done = done},
        .engine = engine,
        .evidence = engine->evidence,
        .target_id = target_id,
        .baseline = baseline,
        .is_rolling = baseline.bytes && baseline.kind == EVIDENCE_BASELINE_ROLLING,
    };
    struct lw_err busy;
    if (loop_job_submit(engine->loop, &b->job, &busy) == 0) {
        engine->captures->is_putting |= b->is_rolling;
        return;
    }
    evidence_baseline_fini(&b->baseline);
    free(b);
}

static void drop_last(struct engine *engine, struct watch *watch)
{
    engine->captures->kept_bytes -= watch->last ? watch->last_len : 0;
    free(watch->last);
    watch->last = NULL;
    watch->last_len = 0;
}

void engine_baselines_lost(struct engine *engine, uint64_t target_id, struct watch *watch)
{
    if (!engine->evidence) {
        drop_last(engine, watch);
        return;
    }
    if (!watch->last && !watch->baseline_at.ns)
        return; /* nothing of it was ever kept */
    struct evidence_baseline last = {
        .kind = EVIDENCE_BASELINE_LAST, .taken = watch->last_at, .bytes = watch->last};
    last.len = watch->last_len;
    engine->captures->kept_bytes -= watch->last_len;
    watch->last = NULL;
    watch->last_len = 0;
    put(engine, target_id, last);
}

/* Whether the newest body of a target is worth its memory: it grows, so it may be killed. */
static bool is_kept(const struct engine *engine, const struct store_target *target, size_t len)
{
    return store_target_class(target) >= TREND_GROWING &&
           len <= KEPT_BYTES_MAX - engine->captures->kept_bytes;
}

/* One at a time over the fleet, so that a start does not write all targets' at once: who finds one
 * under way comes again with the next scrape. */
static bool is_due(const struct engine *engine, const struct watch *watch, struct lw_wall at)
{
    return !engine->captures->is_putting &&
           (watch->baseline_at.ns == 0 ||
               at.ns - watch->baseline_at.ns >= engine->config->capture.baseline_interval_ns);
}

void engine_baselines_scraped(struct engine *engine, const struct store_target *target,
    struct baseline_body *body, bool restarted)
{
    struct watch *watch = engine_watch_of(engine, target);
    if (!engine->evidence)
        return;
    if (restarted) {
        /* The body is of the new process; its turn comes with the next scrape, when the last one of
         * the old process is where it belongs. */
        engine_baselines_lost(engine, target->id, watch);
        watch->baseline_at.ns = 0;
        return;
    }
    drop_last(engine, watch);
    if (is_due(engine, watch, body->at)) {
        watch->baseline_at = body->at;
        struct evidence_baseline rolling = {
            .kind = EVIDENCE_BASELINE_ROLLING, .taken = body->at, .bytes = body->bytes};
        rolling.len = body->len;
        put(engine, target->id, rolling);
    } else if (is_kept(engine, target, body->len)) {
        watch->last = body->bytes;
        watch->last_len = body->len;
        watch->last_at = body->at;
        engine->captures->kept_bytes += body->len;
    } else {
        return;
    }
    body->bytes = NULL;
}
