/* What makes the daemon ask for a capture by itself: a verdict that became leak, memory that will
 * not last. Judged anew at every scrape, so that what was refused is asked for again, and one
 * incident is enough for as long as a target leaks, whatever number of its series do. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "engine/captures.h"

#define AGAIN_CONCURRENT_NS (10 * LW_NS_PER_S)
#define AGAIN_NS            (600 * LW_NS_PER_S)

/* How far memory must be from being short again before it is worth another capture. */
#define SHORT_SLACK 1.25

/* Whether a series is what a capture is for: a leak, or growth too urgent to wait for that word. */
static bool is_alarming(const struct trend_verdict *v)
{
    return v->class == TREND_LEAK || v->provisional;
}

static double earlier(double since_s, const struct trend_series *series)
{
    const struct trend_verdict *v = series ? trend_series_verdict(series) : NULL;
    if (!v || !is_alarming(v) || (since_s > 0 && v->growing_since_s >= since_s))
        return since_s;
    return v->growing_since_s;
}

/* When the first of what is alarming began to grow; 0: nothing is, or it is not known. */
static struct lw_wall grows_since(const struct store_target *target)
{
    double since_s = earlier(0, target->series);
    const struct store_rows *both[] = {&target->sites, &target->types};
    for (size_t k = 0; k < 2; k++) {
        for (size_t i = 0; i < both[k]->count; i++)
            since_s = earlier(since_s, both[k]->list[i].series);
    }
    return (struct lw_wall){(int64_t)(since_s * 1e9)};
}

/* Whether an incident from before the daemon was restarted tells the leak there is. */
static bool was_told(const struct engine *engine, const struct store_target *target)
{
    const struct evidence_incident *newest =
        evidence_catalogue_newest(engine->incidents, target->id);
    struct lw_wall since = grows_since(target);
    return newest && since.ns && newest->state == EVIDENCE_READY && newest->opened.ns >= since.ns;
}

struct watch *engine_watch_of(struct engine *engine, const struct store_target *target)
{
    struct watch *watch = lw_map_find(&engine->captures->watches, target->id);
    if (!watch) {
        watch = LW_NEW(struct watch);
        watch->is_told = was_told(engine, target);
        lw_map_put(&engine->captures->watches, target->id, watch);
    }
    return watch;
}

void engine_watches_sweep(struct engine *engine)
{
    struct captures *captures = engine->captures;
    struct lw_map kept = {0};
    size_t at = 0;
    uint64_t id;
    void *value;
    while (lw_map_next(&captures->watches, &at, &id, &value)) {
        struct watch *watch = value;
        if (store_target_find(engine->store, id)) {
            lw_map_put(&kept, id, watch);
            continue;
        }
        engine_baselines_lost(engine, id, watch);
        free(watch);
    }
    lw_map_fini(&captures->watches);
    captures->watches = kept;
}

/* Not before the rule that refused may have changed its mind. */
static int64_t again_ns(const struct capture_judgement *why)
{
    switch (why->rule) {
    case CAPTURE_RULE_COOLDOWN:
        return (int64_t)(why->value * 1e9);
    case CAPTURE_RULE_CONCURRENT:
        return AGAIN_CONCURRENT_NS;
    default:
        return AGAIN_NS;
    }
}

/* *told: whether one has begun for this reason, and is enough. */
static void request(
    struct engine *engine, struct watch *watch, bool *told, const struct engine_capture_wish *wish)
{
    struct lw_wall now = loop_wall_now(engine->loop);
    struct engine_capture_answer answer;
    if (*told || now.ns < watch->retry_at.ns)
        return;
    engine_capture_request(engine, wish, &answer);
    if (answer.result == ENGINE_CAPTURE_ACCEPTED)
        *told = true;
    else if (answer.result == ENGINE_CAPTURE_REFUSED)
        watch->retry_at.ns = now.ns + again_ns(&answer.why);
}

/* ---- a leak ---- */

static void watch_verdict(
    struct engine *engine, const struct store_target *target, struct watch *watch)
{
    const struct trend_verdict *v = trend_series_verdict(store_target_worst(target));
    char reason[128];
    if (!is_alarming(v)) {
        watch->is_told = false;
        return;
    }
    const double per_min = 60. / (1 << 20); /* of MiB */
    snprintf(reason, sizeof reason, "%s of %.3g MiB/min (95 %% interval %.3g to %.3g)",
        v->class == TREND_LEAK ? "a leak" : "urgent growth", v->rate * per_min,
        v->rate_lo * per_min, v->rate_hi * per_min);
    request(engine, watch, &watch->is_told,
        &(struct engine_capture_wish){target->id, CAPTURE_BY_VERDICT, reason});
}

/* ---- memory ---- */

/* Of the limit, in use: resident memory, taken to go with the live heap where their proportion was
 * measured. Up to GOMEMLIMIT Go fills memory with garbage on purpose, so there the live heap alone
 * says how near it is. */
static double used_percent(const struct store_target *target)
{
    const struct store_outlook *o = &target->outlook;
    double kappa = o->kappa > 0 && o->limit != STORE_LIMIT_GO ? o->kappa : 1;
    return 100 * kappa * (double)target->total.inuse_bytes / o->limit_bytes;
}

/* Writes why its memory is short, if it is. What was short stays so until it is clearly not. */
static bool is_short(const struct store_target *target, const struct config_capture *config,
    bool was_short, char reason[128])
{
    const struct store_outlook *o = &target->outlook;
    double slack = was_short ? SHORT_SLACK : 1;
    if (o->limit == STORE_LIMIT_NONE || o->limit_bytes <= 0)
        return false;
    double percent = used_percent(target);
    if (percent * slack >= (double)config->memory_percent)
        snprintf(reason, 128, "%.0f %% of its memory limit of %.0f bytes in use (%s)", percent,
            o->limit_bytes, store_limit_word(o->limit));
    else if (o->has_forecast && o->left.seconds < slack * (double)config->time_to_limit_ns / 1e9)
        snprintf(reason, 128, "%.0f s until its memory limit of %.0f bytes (%s)", o->left.seconds,
            o->limit_bytes, store_limit_word(o->limit));
    else
        return false;
    return true;
}

static void watch_memory(
    struct engine *engine, const struct store_target *target, struct watch *watch)
{
    char reason[128];
    if (is_short(target, &engine->config->capture, watch->is_short, reason))
        request(engine, watch, &watch->is_short,
            &(struct engine_capture_wish){target->id, CAPTURE_BY_MEMORY, reason});
    else
        watch->is_short = false;
}

void engine_watch_scraped(struct engine *engine, const struct store_target *target)
{
    if (!engine->binaries)
        return; /* the engine is being taken apart */
    struct watch *watch = engine_watch_of(engine, target);
    watch_verdict(engine, target, watch);
    watch_memory(engine, target, watch);
}
