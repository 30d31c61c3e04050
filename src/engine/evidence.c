/* The store of evidence on the loop: opened at the start, changed by jobs, thinned now and then. */
#include <assert.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/engine_priv.h"

#define RETENTION_EVERY_NS (600 * LW_NS_PER_S)

/* ---- what people say of an incident ---- */

struct change_job {
    struct loop_job job;
    struct engine *engine;
    uint64_t id;
    struct evidence_change change;
    char *by, *text; /* owned; the change borrows them */
    api_incident_answer *answer;
    void *answer_ctx;
    struct evidence_incident *changed; /* NULL: err says why */
    struct lw_err err;
};

static void free_change(struct change_job *c)
{
    free(c->by);
    free(c->text);
    free(c);
}

static void run_change(struct loop_job *job)
{
    struct change_job *c = (struct change_job *)job;
    if (evidence_incident_change(c->engine->evidence, c->id, &c->change, &c->changed, &c->err) < 0)
        assert(!c->changed);
}

static void change_done(struct loop_job *job)
{
    struct change_job *c = (struct change_job *)job;
    if (!c->changed) {
        c->answer(c->answer_ctx, NULL, &c->err);
    } else {
        evidence_catalogue_put(c->engine->incidents, &c->changed);
        c->answer(c->answer_ctx, evidence_catalogue_find(c->engine->incidents, c->id), NULL);
    }
    free_change(c);
}

static void change(void *ctx, uint64_t id, const struct evidence_change *change,
    api_incident_answer *answer, void *answer_ctx)
{
    struct engine *engine = ctx;
    struct change_job *c = LW_NEW(struct change_job);
    c->job.run = run_change;
    c->job.done = change_done;
    c->engine = engine;
    c->id = id;
    c->change = *change;
    c->change.by = c->by = lw_strdup(change->by);
    c->change.text = c->text = lw_strdup(change->text);
    c->answer = answer;
    c->answer_ctx = answer_ctx;
    struct lw_err err;
    if (loop_job_submit(engine->loop, &c->job, &err) < 0) {
        answer(answer_ctx, NULL, &err);
        free_change(c);
    }
}

/* ---- retention ---- */

struct retention_job {
    struct loop_job job;
    struct engine *engine;
    struct evidence_limits limits;
    struct lw_wall now;
    struct evidence_thinned thinned;
    bool failed;
    struct lw_err err;
};

static void run_retention(struct loop_job *job)
{
    struct retention_job *r = (struct retention_job *)job;
    r->failed =
        evidence_retention_run(r->engine->evidence, &r->limits, r->now, &r->thinned, &r->err) < 0;
}

static void report_retention(const struct retention_job *r)
{
    if (r->failed)
        lw_error("evidence", "what should go cannot be removed: %s", r->err.msg);
    if (r->thinned.bytes_freed)
        lw_info("evidence", "%zu incidents removed, %zu thinned, %lld bytes freed, %lld are left",
            r->thinned.removed_count, r->thinned.changed_count, (long long)r->thinned.bytes_freed,
            (long long)r->thinned.bytes);
    if (r->thinned.bytes > r->limits.max_bytes && !r->failed)
        lw_warn("evidence",
            "%lld bytes of evidence are left, more than the %lld of evidence.max_bytes: the rest is "
            "pinned or in use; unpin incidents or raise the limit",
            (long long)r->thinned.bytes, (long long)r->limits.max_bytes);
}

static void retention_done(struct loop_job *job)
{
    struct retention_job *r = (struct retention_job *)job;
    struct engine *engine = r->engine;
    engine->retention_under_way = false;
    report_retention(r);
    for (size_t i = 0; i < r->thinned.removed_count; i++)
        evidence_catalogue_remove(engine->incidents, r->thinned.removed[i]);
    for (size_t i = 0; i < r->thinned.changed_count; i++)
        evidence_catalogue_put(engine->incidents, &r->thinned.changed[i]);
    evidence_thinned_fini(&r->thinned);
    free(r);
}

void engine_evidence_thin(struct engine *engine)
{
    if (!engine->evidence || engine->retention_under_way)
        return;
    struct retention_job *r = LW_NEW(struct retention_job);
    r->job.run = run_retention;
    r->job.done = retention_done;
    r->engine = engine;
    r->limits = (struct evidence_limits){.max_bytes = engine->config->evidence.max_bytes,
        .max_age_ns = engine->config->evidence.max_age_ns,
        .keep_waiting = engine->config->upload.present};
    r->now = loop_wall_now(engine->loop);
    struct lw_err busy; /* the next tick tries again */
    engine->retention_under_way = loop_job_submit(engine->loop, &r->job, &busy) == 0;
    if (!engine->retention_under_way)
        free(r);
}

static void tick(void *ctx)
{
    struct engine *engine = ctx;
    engine_evidence_thin(engine);
    loop_timer_arm(
        engine->loop, &engine->retention, lw_mono_add(loop_now(engine->loop), RETENTION_EVERY_NS));
}

/* ---- start and stop ---- */

static struct lw_wall now(void *ctx)
{
    const struct engine *engine = ctx;
    return loop_wall_now(engine->loop);
}

int engine_evidence_start(struct engine *engine, const char *storage_path, struct lw_err *err)
{
    engine->incidents = evidence_catalogue_new();
    if (storage_path) {
        size_t damaged;
        engine->evidence = evidence_open(storage_path, engine->incidents, &damaged, err);
        if (!engine->evidence)
            return -1;
        engine->files_set_aside += damaged;
    }
    engine->api_incidents = (struct api_incidents){
        .loop = engine->loop,
        .evidence = engine->evidence,
        .catalogue = engine->incidents,
        .change = change,
        .now = now,
        .ctx = engine,
    };
    engine->api_profiles = (struct api_profiles){
        .loop = engine->loop,
        .store = engine->store,
        .config = &engine->config,
        .evidence = engine->evidence,
        .catalogue = engine->incidents,
    };
    engine->retention.fire = tick;
    engine->retention.ctx = engine;
    if (engine->evidence)
        loop_timer_arm(engine->loop, &engine->retention, loop_now(engine->loop));
    return 0;
}

void engine_evidence_stop(struct engine *engine)
{
    loop_timer_disarm(engine->loop, &engine->retention);
    evidence_close(&engine->evidence);
    evidence_catalogue_free(&engine->incidents);
}
