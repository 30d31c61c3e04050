#include "store/outlook.h"

#include <math.h>

#include "store/sightings.h"
#include "store/store_priv.h"

const char *store_limit_word(enum store_limit limit)
{
    static const char *const words[] = {
#define STORE_LIMIT_WORD(name, word) word,
        STORE_LIMITS(STORE_LIMIT_WORD)
#undef STORE_LIMIT_WORD
    };
    return words[limit];
}

/* ---- the limit ---- */

/* What of the process counts against GOMEMLIMIT and is not heap (Go's runtime.SetMemoryLimit): all
 * it holds but the heap's spans in use and the free ones it keeps for them. */
static double non_heap_bytes(const struct profile_memstats *stats)
{
    int64_t held = profile_memstats_held_bytes(stats);
    int64_t heap = stats->heap_sys - stats->heap_released;
    return held > heap ? (double)(held - heap) : 0;
}

/* Sets limit, limit_bytes and kappa; returns how many bytes more may become live. */
static double find_room(const struct store_target *target, struct store_outlook *outlook)
{
    const struct store_memory_look *look = &target->memory.newest;
    outlook->kappa = store_memory_kappa(&target->memory);
    int64_t killed = target->memory_limit_bytes ? target->memory_limit_bytes : look->cgroup_bytes;
    struct trend_room room = {
        .limit_bytes = (double)killed,
        .go_limit_bytes = (double)look->go_limit_bytes,
        .non_heap_bytes = non_heap_bytes(&look->stats),
        .kappa = outlook->kappa,
    };
    bool by_go_limit;
    double live_bytes = trend_room_live_bytes(&room, &by_go_limit);
    outlook->limit_bytes = by_go_limit ? room.go_limit_bytes : room.limit_bytes;
    if (by_go_limit)
        outlook->limit = STORE_LIMIT_GO;
    else if (killed)
        outlook->limit = target->memory_limit_bytes ? STORE_LIMIT_CONFIG : STORE_LIMIT_CGROUP;
    return live_bytes - (double)target->total.inuse_bytes;
}

/* ---- what leaks ---- */

/* Gathers over the leaking rows of a target. */
struct gathering {
    const struct store *store;
    struct store_outlook *outlook;
    double worst_rate;
    double step_bytes; /* largest single step where growth comes by steps */
};

static double step_bytes(const struct store *store, const struct trend_series *series)
{
    struct trend_gate gates[TREND_GATE_COUNT];
    trend_series_gates(series, &store->trend, gates);
    const struct trend_gate *share = &gates[TREND_GATE_SHARE];
    bool comes_by_steps = share->judged && share->value > TREND_STEP_SHARE_MIN;
    return comes_by_steps ? share->value * trend_series_verdict(series)->growth_bytes : 0;
}

/* row NULL: the total. */
static void take(
    struct gathering *g, const struct trend_series *series, const struct store_row *row)
{
    const struct trend_verdict *v = trend_series_verdict(series);
    struct store_outlook *o = g->outlook;
    o->rate = trend_rate_sum(o->rate, trend_rate_of(v));
    g->step_bytes = fmax(g->step_bytes, step_bytes(g->store, series));
    if (v->rate <= g->worst_rate)
        return;
    g->worst_rate = v->rate;
    o->worst_lineage = row ? sightings_key(row) : 0;
    double from_s, to_s;
    if (!trend_target_onset(&g->store->trend, v, &from_s, &to_s))
        return;
    o->onset_from.ns = from_s > 0 ? (int64_t)(from_s * 1e9) : 0;
    o->onset_to.ns = (int64_t)(fmin(to_s, v->window_end_s) * 1e9);
}

static bool leaks(const struct trend_series *series)
{
    return trend_series_verdict(series)->class == TREND_LEAK;
}

static void take_sites(struct gathering *g, const struct store_target *target)
{
    for (size_t i = 0; i < target->sites.count; i++) {
        const struct store_row *row = &target->sites.list[i];
        if (!store_row_is_suspect(target, row) || !leaks(row->series))
            continue;
        take(g, row->series, row);
        g->outlook->leaking_sites++;
    }
}

/* Growth that is spread over sites too small to be told: of the total, which has all of it, or of
 * the type that grows fastest. */
static void take_diffuse(struct gathering *g, const struct store_target *target)
{
    const struct store_row *worst = NULL;
    for (size_t i = 0; i < target->types.count; i++) {
        const struct store_row *row = &target->types.list[i];
        bool is_one = store_row_is_suspect(target, row) && leaks(row->series);
        if (is_one && (!worst || trend_series_verdict(row->series)->rate >
                                     trend_series_verdict(worst->series)->rate))
            worst = row;
    }
    g->outlook->is_diffuse = worst || leaks(target->series);
    if (worst)
        take(g, worst->series, worst);
    else if (g->outlook->is_diffuse)
        take(g, target->series, NULL);
}

void outlook_update(const struct store *store, struct store_target *target)
{
    struct store_outlook o = {0};
    struct gathering g = {.store = store, .outlook = &o, .worst_rate = -HUGE_VAL};
    target->counted_growth_bytes =
        trend_target_counted_bytes(&store->trend, (double)target->total.inuse_bytes);
    double room_bytes = find_room(target, &o);
    take_sites(&g, target);
    if (!o.leaking_sites)
        take_diffuse(&g, target);
    if (o.leaking_sites || o.is_diffuse) {
        struct trend_rate total = trend_rate_of(trend_series_verdict(target->series));
        o.has_rest = trend_rate_unattributed(total, o.rate, &o.rest);
        o.has_forecast = o.limit != STORE_LIMIT_NONE;
        o.left = trend_forecast_of(room_bytes, o.rate, g.step_bytes);
    }
    target->outlook = o;
}
