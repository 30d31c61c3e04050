#include "engine/rounds.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/strbuf.h"

#define URL_BYTES_MAX    ((size_t)4096)
#define AFTER_FAIL_TIMES 6 /* intervals to the next round, after one that failed */

static void unlink_round(struct round *round)
{
    if (!round->link)
        return;
    *round->link = round->next;
    if (round->next)
        round->next->link = round->link;
    round->link = NULL;
}

static void link_round(struct round *round)
{
    struct engine *engine = round->engine;
    round->next = engine->rounds;
    round->link = &engine->rounds;
    if (round->next)
        round->next->link = &round->next;
    engine->rounds = round;
}

static void round_free(struct round *round)
{
    unlink_round(round);
    if (round->result)
        round->plan->drop(round->result);
    config_unref(&round->config);
    free(round->url);
    free(round->address);
    free(round->body);
    free(round);
}

static void set_due(const struct round *round, int times)
{
    struct engine *engine = round->engine;
    int64_t wait_ns = round->plan->interval_ns(round->request.job) * times;
    round->plan->set_due(
        engine->store, round->target_id, lw_mono_add(loop_now(engine->loop), wait_ns));
}

/* No trouble: what would have been learnt stays as it was. */
static void fail(struct round *round, const struct lw_err *err)
{
    lw_debug("scrape", "nothing learnt of %s: %s", round->url, err->msg);
    set_due(round, AFTER_FAIL_TIMES);
    round_free(round);
}

static void run(struct loop_job *job)
{
    struct round *round = (struct round *)job;
    lw_err_clear(&round->err);
    round->result = round->plan->read(round, &round->err);
}

static void done(struct loop_job *job)
{
    struct round *round = (struct round *)job;
    round->is_with_worker = false;
    if (round->is_cancelled) {
        round_free(round);
        return;
    }
    if (!round->result) {
        fail(round, &round->err);
        return;
    }
    const struct store_target *target = store_target_find(round->engine->store, round->target_id);
    if (target && target->restarts == round->process)
        round->plan->learn(round, round->result);
    round_free(round);
}

static void got_body(
    struct scrape_request *request, const struct lw_err *err, char *body, size_t len)
{
    struct round *round = request->ctx;
    struct lw_err busy;
    if (err->code != LW_OK) {
        fail(round, err);
        return;
    }
    round->body = body;
    round->len = len;
    round->job = (struct loop_job){.run = run, .done = done};
    if (loop_job_submit(round->engine->loop, &round->job, &busy) < 0)
        fail(round, &busy);
    else
        round->is_with_worker = true;
}

static bool has_room(const struct engine *engine, const struct round_plan *plan)
{
    size_t count = 0;
    for (const struct round *round = engine->rounds; round; round = round->next)
        count += round->plan == plan;
    return count < plan->most;
}

/* Not while the engine is taken apart, nor of a target that is slow as it is. */
static bool may_look(
    const struct engine *engine, const struct store_target *target, struct lw_mono due)
{
    return engine->binaries && target->health == STORE_UP &&
           target->last_duration_ns <= target->timeout_ns / 2 &&
           lw_mono_sub(due, loop_now(engine->loop)) <= 0;
}

static void fetch(struct round *round, const struct store_target *target)
{
    struct scrape_fetcher *fetcher = round->engine->fetcher;
    const struct config_job *job = round->request.job;
    size_t job_limit = (size_t)job->compressed_size_limit_bytes;
    size_t limit = round->plan->limit_bytes;
    struct lw_strbuf url;
    lw_strbuf_init(&url, URL_BYTES_MAX);
    lw_strbuf_add(&url, target->url, strlen(target->url) - strlen("heap"));
    lw_strbuf_adds(&url, round->plan->path);
    round->url = lw_strbuf_take(&url, NULL);
    round->request = (struct scrape_request){
        .url = round->url ? round->url : target->url,
        .job = job,
        .timeout_ns = job->scrape_timeout_ns,
        .limit_bytes = limit < job_limit ? limit : job_limit,
        .done = got_body,
        .ctx = round,
    };
    lw_strbuf_fini(&url);
    link_round(round);
    fetcher->start(fetcher, &round->request);
}

void engine_round_start(struct engine *engine, const struct round_plan *plan,
    const struct store_target *target, const struct profile *profile, struct lw_mono due)
{
    const struct config_job *job = engine_job_find(engine, target->job_name);
    if (!job || plan->interval_ns(job) == 0 || strlen(target->url) > URL_BYTES_MAX / 2 ||
        !may_look(engine, target, due) || !has_room(engine, plan))
        return;
    struct round *round = LW_NEW(struct round);
    round->plan = plan;
    round->engine = engine;
    round->target_id = target->id;
    round->process = target->restarts;
    round->config = config_ref(engine->config);
    round->request.job = job;
    round->limits = profile_limits_for((size_t)job->body_size_limit_bytes);
    round->at = loop_wall_now(engine->loop);
    round->address = lw_strdup(lw_labels_get(target->discovered, "__address__"));
    if (profile->mapping_count) {
        round->mapping_start = profile->mappings[0].start;
        round->mapping_limit = profile->mappings[0].limit;
    }
    set_due(round, 1);
    fetch(round, target);
}

void engine_rounds_stop(struct engine *engine)
{
    while (engine->rounds) {
        struct round *round = engine->rounds;
        unlink_round(round);
        if (round->is_with_worker) {
            round->is_cancelled = true;
            continue;
        }
        engine->fetcher->cancel(engine->fetcher, &round->request);
        round_free(round);
    }
}
