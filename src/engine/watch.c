/* What makes the daemon ask for a capture by itself: a verdict that became leak, memory that will
 * not last. Judged anew at every scrape, so that what was refused is asked for again, and one
 * incident is enough for as long as a target leaks, whatever number of its series do. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "engine/captures.h"

#define AGAIN_CONCURRENT_NS (10 * LW_NS_PER_S)
#define AGAIN_NS            (600 * LW_NS_PER_S)

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

static void request(
    struct engine *engine, struct watch *watch, const struct engine_capture_wish *wish)
{
    struct lw_wall now = loop_wall_now(engine->loop);
    struct engine_capture_answer answer;
    if (now.ns < watch->retry_at.ns)
        return;
    engine_capture_request(engine, wish, &answer);
    if (answer.result == ENGINE_CAPTURE_ACCEPTED)
        watch->is_told = true;
    else if (answer.result == ENGINE_CAPTURE_REFUSED)
        watch->retry_at.ns = now.ns + again_ns(&answer.why);
}

void engine_watch_scraped(struct engine *engine, const struct store_target *target)
{
    if (!engine->binaries)
        return; /* the engine is being taken apart */
    struct watch *watch = engine_watch_of(engine, target);
    const struct trend_series *worst = store_target_worst(target);
    const struct trend_verdict *v = trend_series_verdict(worst);
    if (!is_alarming(v)) {
        watch->is_told = false;
        return;
    }
    if (watch->is_told)
        return;
    char reason[128];
    snprintf(reason, sizeof reason, "%s at %.0f bytes/s (95 %% interval %.0f to %.0f)",
        v->class == TREND_LEAK ? "a leak" : "urgent growth", v->rate, v->rate_lo, v->rate_hi);
    request(engine, watch, &(struct engine_capture_wish){target->id, CAPTURE_BY_VERDICT, reason});
}
