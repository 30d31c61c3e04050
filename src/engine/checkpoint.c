/* The store's batches: put together on the loop's thread, written by a worker, one at a time. */
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "engine/engine_priv.h"
#include "store/db.h"

#define CHECKPOINT_TICK_NS LW_NS_PER_S

struct checkpoint_job {
    struct loop_job job;
    struct engine *engine;
    struct store_batch *batch; /* owned */
    bool written;
    struct lw_err err;
};

static void run(struct loop_job *job)
{
    struct checkpoint_job *c = (struct checkpoint_job *)job;
    c->written = store_batch_write(c->batch, &c->err) == 0;
}

/* Once in the daemon's life: where it happens again, a new file would be no better. */
static bool begin_anew(struct engine *engine)
{
    char set_aside[STORE_PATH_BYTES];
    struct lw_err err;
    if (engine->store_begun_anew)
        return false;
    engine->store_begun_anew = true;
    if (store_begin_anew(engine->store, loop_wall_now(engine->loop), set_aside, &err) < 0) {
        lw_error("store", "the store's file is damaged, and no new one can be begun: %s", err.msg);
        return false;
    }
    engine->files_set_aside++;
    lw_error("store",
        "the store's file is damaged; it is now %s, and what is known is written to a new one",
        set_aside);
    return true;
}

static void done(struct loop_job *job)
{
    struct checkpoint_job *c = (struct checkpoint_job *)job;
    struct engine *engine = c->engine;
    store_batch_done(engine->store, &c->batch, c->written);
    bool failed = !c->written;
    if (failed && c->err.code == LW_CORRUPT && begin_anew(engine))
        failed = false;
    if (failed && !engine->checkpoint_failing)
        lw_error("store", "cannot write down what was seen, will try again: %s", c->err.msg);
    if (c->written && engine->checkpoint_failing)
        lw_info("store", "what was seen is being written down again");
    engine->checkpoint_failing = failed;
    free(c);
}

static void submit(struct engine *engine, int64_t interval_ns)
{
    struct store_batch *batch =
        store_batch_new(engine->store, interval_ns, loop_wall_now(engine->loop));
    if (!batch)
        return;
    struct checkpoint_job *c = LW_NEW(struct checkpoint_job);
    c->job.run = run;
    c->job.done = done;
    c->engine = engine;
    c->batch = batch;
    struct lw_err busy; /* the workers have too much to do: the next tick tries again */
    if (loop_job_submit(engine->loop, &c->job, &busy) < 0) {
        store_batch_done(engine->store, &batch, false);
        free(c);
    }
}

/* Each tick takes the targets whose turn has come, so that the work is spread over the interval. */
static void tick(void *ctx)
{
    struct engine *engine = ctx;
    submit(engine, engine->config->storage.checkpoint_interval_ns);
    loop_timer_arm(
        engine->loop, &engine->checkpoint, lw_mono_add(loop_now(engine->loop), CHECKPOINT_TICK_NS));
}

void engine_checkpoint_start(struct engine *engine)
{
    engine->checkpoint.fire = tick;
    engine->checkpoint.ctx = engine;
    loop_timer_arm(
        engine->loop, &engine->checkpoint, lw_mono_add(loop_now(engine->loop), CHECKPOINT_TICK_NS));
}

void engine_checkpoint_stop(struct engine *engine)
{
    loop_timer_disarm(engine->loop, &engine->checkpoint);
    loop_jobs_finish(engine->loop);
    /* A batch is bounded, so a large fleet takes several; a failing file ends it. */
    do {
        submit(engine, 0);
        loop_jobs_finish(engine->loop);
    } while (!engine->checkpoint_failing && store_is_dirty(engine->store));
}
