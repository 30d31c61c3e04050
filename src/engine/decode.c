/* A scrape's body through a worker: inflate, decode, sum; then into the store. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "engine/captures.h"
#include "profile/reader.h"

/* Bodies that wait for a worker or are with one, in all: past it a scrape's outcome is `busy`. */
#define DECODE_BYTES_MAX ((size_t)256 << 20)

struct decode_job {
    struct loop_job job;
    struct engine *engine; /* outlives the job: engine_free waits for all */
    uint64_t target_id;
    struct lw_wall at;
    int64_t duration_ns;
    struct profile_limits limits;
    char *body; /* owned */
    size_t len;
    struct profile_reader *reader; /* owned; where none was to spare, run() makes one */
    const struct profile *profile; /* lies in the reader; what run() gives, or NULL and err */
    struct lw_err err;
};

static void run(struct loop_job *job)
{
    struct decode_job *d = (struct decode_job *)job;
    if (!d->reader)
        d->reader = profile_reader_new(true);
    if (d->reader)
        d->profile = profile_reader_decode(d->reader, d->body, d->len, &d->limits, &d->err);
    else
        lw_err_set(&d->err, LW_NO_MEMORY, "no memory for reading a profile");
}

/* ---- readers, on the loop's thread ---- */

static struct profile_reader *take_reader(struct engine *engine)
{
    return engine->reader_count ? engine->readers[--engine->reader_count] : NULL;
}

static void give_back_reader(struct engine *engine, struct profile_reader **reader)
{
    if (*reader && engine->reader_count < ENGINE_READERS_MAX) {
        profile_reader_rest(*reader);
        engine->readers[engine->reader_count++] = *reader;
    } else {
        profile_reader_free(reader);
    }
}

void engine_readers_free(struct engine *engine)
{
    while (engine->reader_count)
        profile_reader_free(&engine->readers[--engine->reader_count]);
    lw_map_fini(&engine->decoding);
}

/* ---- results ---- */

/* The log says when a target goes down, comes back, or fails in another way; not each time. */
static void log_edge(const struct store_target *target, enum store_health before, enum lw_code code)
{
    if (target->health == STORE_UP) {
        if (before == STORE_DOWN)
            lw_info("scrape", "target %s is up again", target->name);
        else if (before == STORE_UNKNOWN)
            lw_debug("scrape", "target %s is up", target->name);
    } else if (before != STORE_DOWN || code != target->last_code) {
        lw_warn("scrape", "target %s: %s (%s)", target->name, target->last_error,
            lw_code_word(target->last_code));
    }
}

static void fail(struct engine *engine, uint64_t target_id, const struct store_scrape *scrape)
{
    const struct store_target *target = store_target_find(engine->store, target_id);
    if (!target)
        return;
    enum store_health before = target->health;
    enum lw_code code = target->last_code;
    store_fail(engine->store, target_id, scrape);
    log_edge(target, before, code);
    if (before == STORE_UP && target->health == STORE_DOWN)
        engine_baselines_lost(engine, target_id, engine_watch_of(engine, target));
}

static void ingest(struct decode_job *d, const struct store_scrape *scrape)
{
    struct engine *engine = d->engine;
    const struct profile *profile = d->profile;
    uint64_t target_id = d->target_id;
    const struct store_target *target = store_target_find(engine->store, target_id);
    if (!target)
        return;
    enum store_health before = target->health;
    enum lw_code code = target->last_code;
    bool restarted;
    store_ingest(engine->store, target_id, scrape, profile, &restarted);
    log_edge(target, before, code);
    if (restarted)
        lw_info("store", "target %s: its process restarted; its series begin anew", target->name);
    engine_ask_types(engine, target, profile);
    engine_ask_kinds(engine, target, profile);
    engine_ask_memory(engine, target, profile);
    engine_ask_goroutines(engine, target, profile);
    struct baseline_body body = {d->body, d->len, d->at};
    engine_baselines_scraped(engine, target, &body, restarted);
    d->body = body.bytes;
    engine_watch_scraped(engine, target);
}

static void done(struct loop_job *job)
{
    struct decode_job *d = (struct decode_job *)job;
    struct engine *engine = d->engine;
    engine->decode_bytes -= d->len;
    lw_map_remove(&engine->decoding, d->target_id);
    struct store_scrape scrape = {d->at, d->duration_ns, &d->err};
    if (d->profile)
        ingest(d, &scrape);
    else
        fail(engine, d->target_id, &scrape);
    give_back_reader(engine, &d->reader);
    free(d->body);
    free(d);
}

/* Hands the body over to a worker; LW_BUSY when they are too far behind, or with this target: one
 * whose profiles take longer to decode than its interval must not fill the queue of all others. */
static int submit(struct engine *engine, struct scrape_result *result,
    const struct profile_limits *limits, struct lw_err *err)
{
    if (lw_map_find(&engine->decoding, result->id))
        return lw_err_set(err, LW_BUSY, "the target's profile before this one is still decoded");
    if (result->len > DECODE_BYTES_MAX - engine->decode_bytes)
        return lw_err_set(err, LW_BUSY,
            "the workers are behind: %zu bytes of profiles wait to be decoded (limit %zu)",
            engine->decode_bytes, DECODE_BYTES_MAX);
    struct decode_job *d = LW_NEW(struct decode_job);
    d->job.run = run;
    d->job.done = done;
    d->engine = engine;
    d->target_id = result->id;
    d->at = result->at;
    d->duration_ns = result->duration_ns;
    d->limits = *limits;
    d->body = result->body;
    d->len = result->len;
    d->reader = take_reader(engine);
    if (loop_job_submit(engine->loop, &d->job, err) < 0) {
        give_back_reader(engine, &d->reader);
        free(d);
        return -1;
    }
    engine->decode_bytes += result->len;
    lw_map_put(&engine->decoding, result->id, d);
    result->body = NULL;
    return 0;
}

const struct config_job *engine_job_find(const struct engine *engine, const char *name)
{
    const struct config *config = engine->config;
    for (size_t i = 0; i < config->scrape_config_count; i++) {
        if (strcmp(config->scrape_configs[i].job_name, name) == 0)
            return &config->scrape_configs[i];
    }
    return NULL;
}

/* The limits of the job a target belongs to. */
static struct profile_limits limits_of(const struct engine *engine, uint64_t target_id)
{
    const struct store_target *target = store_target_find(engine->store, target_id);
    const struct config_job *job = target ? engine_job_find(engine, target->job_name) : NULL;
    int64_t bytes = job ? job->body_size_limit_bytes : engine->config->global.body_size_limit_bytes;
    return profile_limits_for((size_t)bytes);
}

void engine_scraped(void *ctx, struct scrape_result *result)
{
    struct engine *engine = ctx;
    struct lw_err err = *result->err;
    if (err.code == LW_OK) {
        struct profile_limits limits = limits_of(engine, result->id);
        if (submit(engine, result, &limits, &err) == 0)
            return;
        engine->decode_refused++;
        free(result->body);
        result->body = NULL;
    }
    fail(engine, result->id, &(struct store_scrape){result->at, result->duration_ns, &err});
}
