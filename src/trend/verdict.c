#include <math.h>

#include "trend/beginning.h"
#include "trend/gates.h"
#include "trend/growth.h"
#include "trend/quiet.h"
#include "trend/series.h"
#include "trend/shape.h"
#include "trend/urgent.h"

/* A restarted leak is watched for this many of the windows that convicted it. */
#define ACQUIT_WINDOWS 2
/* A class that was not heard for so many times what it takes to replace it is gone. */
#define FORGOTTEN 3
/* What no longer grows need not wait as long to say so. */
#define GROWING_SHARE (1 / 6.)

struct trend_verdict trend_verdict_warming(double since_s)
{
    return (struct trend_verdict){.class = TREND_WARMING,
        .class_since_s = since_s,
        .rate_lo = -INFINITY,
        .rate_hi = INFINITY,
        .retention = NAN,
        .mean_age_s = NAN,
        .level = -1};
}

/* Judges the newest window of a level, which is cut into *window. What the gates are told from
 * outside the rings is kept with the ring, so that trend_series_gates sees the same at any later
 * time. */
static void judge(struct trend_series *series, const struct trend_config *config, int level,
    struct trend_window *window)
{
    struct trend_ring *ring = &series->rings[level];
    ring->judged_noise_bytes = series->noise_bytes;
    ring->judged_age_s = fmaxf(series->age_s, 0);
    if (series->verdict.recurring)
        ring->judged_age_s = INFINITY; /* it need not prove twice that it does not just warm up */

    struct trend_gate gates[TREND_GATE_COUNT];
    trend_window_cut(window, ring, config->lifetime_max_s);
    trend_gates_judge(series, config, level, window, gates);
    bool grows = trend_gates_open(gates, TREND_GATE_AGE);
    if (!grows && !trend_gate_stops(&gates[TREND_GATE_WINDOW]))
        trend_quiet_judge(config, window, gates);
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

/* Who stays quiet in another way, or no longer grows, is given time to stay so: what noise alone
 * says changes all the time. A class that is not heard of any more gives way in the end to whatever
 * is. */
static enum trend_class settle(
    struct trend_series *series, const struct trend_config *config, enum trend_class heard)
{
    enum trend_class is = series->verdict.class;
    float now_s = trend_ring_end_s(&series->rings[0]);
    double wait_s = is == TREND_GROWING ? config->settle_s * GROWING_SHARE : config->settle_s;
    bool at_once =
        is == TREND_WARMING || is == TREND_LEAK || heard == TREND_WARMING || heard >= TREND_GROWING;
    if (heard == is)
        series->heard_s = now_s;
    if (heard == is || heard != series->candidate) {
        series->candidate = (uint8_t)heard;
        series->candidate_s = now_s;
    }
    if (!at_once && now_s - series->candidate_s < wait_s &&
        now_s - series->heard_s < FORGOTTEN * wait_s)
        return is;
    series->heard_s = now_s;
    return heard;
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

double trend_verdict_mean_age_s(double inuse_bytes, double alloc_rate)
{
    return alloc_rate > 0 ? fmin(inuse_bytes / alloc_rate, TREND_TIME_MAX) : (double)NAN;
}

/* Writes the figures of the speaker's window into the verdict. */
static void tell_window(const struct trend_series *series, const struct trend_config *config,
    const struct trend_window *w, struct trend_verdict *v)
{
    struct trend_growth growth = trend_growth_estimate(
        w, trend_window_means(w, config->load_r2), w->ring->judged_noise_bytes);
    double alloc_bytes = trend_window_alloc_bytes(w);

    v->rate = growth.rate;
    v->rate_lo = growth.lo;
    v->rate_hi = growth.hi;
    v->growth_bytes = growth.rate * w->length_s;
    v->window_start_s = series->epoch_s + w->start_s;
    v->window_end_s = v->window_start_s + w->length_s;
    v->alloc_rate = alloc_bytes / w->length_s;
    v->retention = alloc_bytes > 0 ? fmin(fmax(v->growth_bytes / alloc_bytes, 0), 1) : (double)NAN;
    v->mean_age_s = trend_verdict_mean_age_s(w->raw_means[TREND_SEGMENTS - 1], v->alloc_rate);
    v->load_r2 = w->load_r2;
    v->resolvable_rate = trend_quiet_resolvable_rate(config, w);
    tell_beginning(series, w, v);
}

/* Notes what the speaking level convicted for. */
static void convict(struct trend_series *series, const struct trend_window *w)
{
    double growth_bytes = trend_shape_of(w->adjusted_means).growth_bytes;
    series->conviction = (struct trend_conviction){
        .level_bytes = w->raw_means[0],
        .growth_bytes = growth_bytes,
        .rate = growth_bytes / w->length_s,
        .window_s = (float)w->length_s,
        .level = series->speaker,
    };
}

/* A leak from before the restart that has not come back in twice the time it took to be found. */
static bool stays_away(const struct trend_series *series)
{
    return series->verdict.class < TREND_GROWING &&
           trend_ring_end_s(&series->rings[0]) > ACQUIT_WINDOWS * series->conviction.window_s;
}

/* What the series is now, by all levels. True when the speaker has something new to tell. */
static bool settle_class(
    struct trend_series *series, const struct trend_config *config, int closed, bool *is_held)
{
    struct trend_verdict *v = &series->verdict;
    uint8_t spoke = series->speaker;
    enum trend_class was = v->class;
    enum trend_class heard = hear_levels(series, &series->speaker);
    *is_held = was == TREND_LEAK && heard != TREND_LEAK && !is_acquitted(series);
    if (*is_held)
        series->speaker = series->conviction.level;
    else
        v->class = settle(series, config, heard);
    if (v->class != TREND_LEAK && (was == TREND_LEAK || stays_away(series)))
        v->recurring = false;
    return series->speaker < closed || series->speaker != spoke || v->class != was;
}

/* The speaker's window: one that was just judged, or cut anew. */
static const struct trend_window *speakers_window(const struct trend_series *series,
    const struct trend_config *config, int closed, struct trend_window windows[TREND_LEVELS])
{
    struct trend_window *w = &windows[series->speaker];
    if (series->speaker >= closed)
        trend_window_cut(w, &series->rings[series->speaker], config->lifetime_max_s);
    return w;
}

/* What the urgent path told is taken back before there was a window to tell of. */
static void forget_figures(struct trend_verdict *v)
{
    struct trend_verdict warming = trend_verdict_warming(v->class_since_s);
    warming.restarts = v->restarts;
    warming.recurring = v->recurring;
    *v = warming;
}

void trend_verdict_update(
    struct trend_series *series, const struct trend_config *config, int closed)
{
    struct trend_window windows[TREND_LEVELS];
    for (int level = 0; level < closed; level++)
        judge(series, config, level, &windows[level]);

    struct trend_verdict *v = &series->verdict;
    enum trend_class was = v->class;
    bool is_held;
    bool is_news = settle_class(series, config, closed, &is_held);
    v->level = v->class == TREND_LEAK ? series->speaker : -1;
    if (is_news && series->rings[series->speaker].count >= TREND_WINDOW_BLOCKS_MIN) {
        const struct trend_window *w = speakers_window(series, config, closed, windows);
        if (v->class == TREND_LEAK && !is_held)
            convict(series, w);
        tell_window(series, config, w, v);
    }
    trend_urgent_settle(series, config);
    if (v->class == TREND_WARMING && was != TREND_WARMING)
        forget_figures(v);
    if (v->class != was)
        v->class_since_s = series->last_s;
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
    if (!trend_gate_stops(&gates[TREND_GATE_WINDOW]))
        trend_quiet_judge(config, &window, gates);
    trend_urgent_judge(series, config, gates);
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
