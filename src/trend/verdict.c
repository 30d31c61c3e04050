#include <math.h>

#include "trend/beginning.h"
#include "trend/gates.h"
#include "trend/growth.h"
#include "trend/series.h"

#define ACQUIT_WINDOWS \
    2 /* a restarted leak is watched for this many of the windows that convicted it */

struct trend_verdict trend_verdict_warming(double since_s)
{
    return (struct trend_verdict){.class = TREND_WARMING,
        .class_since_s = since_s,
        .rate_lo = -INFINITY,
        .rate_hi = INFINITY,
        .retention = NAN,
        .level = -1};
}

/* Judges the newest window of a level. What the gates are told from outside the rings is kept with
 * the ring, so that trend_series_gates sees the same at any later time. */
static void judge(struct trend_series *series, const struct trend_config *config, int level)
{
    struct trend_ring *ring = &series->rings[level];
    ring->judged_noise_bytes = series->noise_bytes;
    ring->judged_age_s = fmaxf(series->age_s, 0);
    if (series->verdict.recurring)
        ring->judged_age_s = INFINITY; /* it need not prove twice that it does not just warm up */

    struct trend_window window;
    struct trend_gate gates[TREND_GATE_COUNT];
    trend_window_cut(&window, ring, config->lifetime_max_s);
    ring->history = (uint8_t)(ring->history << 1 | 1);
    trend_gates_judge(series, config, level, &window, gates);
    if (!trend_gates_open(gates, TREND_GATE_AGE))
        ring->history &= 0xfe;
    ring->judged_class = (uint8_t)trend_gates_class(gates);
}

/* The most worrying class of all levels, and who speaks for it: of several that find a leak the
 * coarsest, which has the most evidence; else the finest, which is nearest to now. */
static enum trend_class hear_levels(const struct trend_series *series, uint8_t *speaker)
{
    enum trend_class class = TREND_WARMING;
    *speaker = 0;
    for (uint8_t level = 0; level < TREND_LEVELS; level++) {
        enum trend_class said = series->rings[level].judged_class;
        if (said > class || (said == class && said == TREND_LEAK)) {
            class = said;
            *speaker = level;
        }
    }
    return class;
}

static bool is_acquitted(const struct trend_series *series)
{
    struct trend_gate gates[TREND_GATE_COUNT] = {0};
    trend_gates_judge_held(series, gates);
    return trend_gate_stops(&gates[TREND_GATE_KEPT]) ||
           trend_gate_stops(&gates[TREND_GATE_GOING_ON]);
}

/* The first answer to when a growth began comes from the finest blocks. A coarser window that sees
 * more of the past is believed only where it differs by more than it errs. */
static void tell_beginning(
    const struct trend_series *series, const struct trend_window *w, struct trend_verdict *v)
{
    double known_s = v->growing_since_s;
    v->growing_since_s = 0;
    if (v->class < TREND_SATURATING)
        return;
    double found_s =
        series->epoch_s + trend_beginning_find(series->rings, series->speaker, w, v->rate);
    bool goes_on = known_s > 0 && v->class >= TREND_GROWING;
    v->growing_since_s = goes_on && found_s > known_s - w->length_s / 4 ? known_s : found_s;
}

/* Writes the figures of a window into the verdict. */
static void tell_window(
    const struct trend_series *series, const struct trend_config *config, struct trend_verdict *v)
{
    const struct trend_ring *ring = &series->rings[series->speaker];
    struct trend_window w;
    trend_window_cut(&w, ring, config->lifetime_max_s);
    struct trend_growth growth = trend_growth_estimate(
        &w, trend_window_means(&w, config->load_r2), ring->judged_noise_bytes);
    double alloc_bytes = trend_window_alloc_bytes(&w);

    v->rate = growth.rate;
    v->rate_lo = growth.lo;
    v->rate_hi = growth.hi;
    v->growth_bytes = growth.rate * w.length_s;
    v->window_start_s = series->epoch_s + w.start_s;
    v->window_end_s = v->window_start_s + w.length_s;
    v->alloc_rate = alloc_bytes / w.length_s;
    v->retention = alloc_bytes > 0 ? fmin(fmax(v->growth_bytes / alloc_bytes, 0), 1) : NAN;
    v->load_r2 = w.load_r2;
    tell_beginning(series, &w, v);
}

/* Notes what the speaking level convicted for. */
static void convict(struct trend_series *series, const struct trend_config *config)
{
    struct trend_window w;
    struct trend_gate gates[TREND_GATE_COUNT];
    trend_window_cut(&w, &series->rings[series->speaker], config->lifetime_max_s);
    trend_gates_judge(series, config, series->speaker, &w, gates);
    double growth_bytes = gates[TREND_GATE_GROWTH].value;
    series->conviction = (struct trend_conviction){
        .level_bytes = w.raw_means[0],
        .growth_bytes = growth_bytes,
        .rate = growth_bytes / w.length_s,
        .window_s = (float)w.length_s,
        .level = series->speaker,
    };
}

/* A leak from before the restart that has not come back in twice the time it took to be found. */
static bool stays_away(const struct trend_series *series)
{
    return series->verdict.class < TREND_GROWING &&
           trend_ring_end_s(&series->rings[0]) > ACQUIT_WINDOWS * series->conviction.window_s;
}

void trend_verdict_update(
    struct trend_series *series, const struct trend_config *config, int closed)
{
    for (int level = 0; level < closed; level++)
        judge(series, config, level);

    struct trend_verdict *v = &series->verdict;
    uint8_t spoke = series->speaker;
    enum trend_class was = v->class;
    v->class = hear_levels(series, &series->speaker);
    bool is_held = was == TREND_LEAK && v->class != TREND_LEAK && !is_acquitted(series);
    if (is_held) {
        v->class = TREND_LEAK;
        series->speaker = series->conviction.level;
    }
    bool is_news = series->speaker < closed || series->speaker != spoke || v->class != was;
    if (v->class == TREND_LEAK && !is_held && is_news)
        convict(series, config);
    if (v->class != TREND_LEAK && (was == TREND_LEAK || stays_away(series)))
        v->recurring = false;

    v->level = v->class == TREND_LEAK ? series->speaker : -1;
    if (v->class != was)
        v->class_since_s = series->last_s;
    if (v->class != TREND_WARMING && is_news)
        tell_window(series, config, v);
}

const struct trend_verdict *trend_series_verdict(const struct trend_series *series)
{
    return &series->verdict;
}

void trend_series_gates(const struct trend_series *series, const struct trend_config *config,
    struct trend_gate gates[TREND_GATE_COUNT])
{
    struct trend_window window;
    trend_window_cut(&window, &series->rings[series->speaker], config->lifetime_max_s);
    trend_gates_judge(series, config, series->speaker, &window, gates);
    if (series->verdict.class == TREND_LEAK)
        trend_gates_judge_held(series, gates);
}

const char *trend_class_word(enum trend_class c)
{
    static const char *const words[] = {
#define CLASS_WORD(name, word) [name] = word,
        TREND_CLASSES(CLASS_WORD)
#undef CLASS_WORD
    };
    return words[c];
}
