#include "trend/gates.h"

#include <math.h>
#include <string.h>

#include "trend/growth.h"
#include "trend/quiet.h"
#include "trend/shape.h"

#define RISING_MIN     5   /* of seven steps */
#define WINDOW_JITTER  .98 /* scrapes come a little early or late */
#define LOOK_BACK      2   /* levels: twice and four times as far */
#define LOOK_BACK_SPAN .25 /* of the window must lie before it to look back at */
#define LOOK_BACK_MIN  4   /* blocks, of which the oldest quarter is averaged, … */
#define LOOK_BACK_MOST 6   /* … or this many */
#define BEGAN_MAX      .3  /* older rate over the window's: less, and the growth is new */
#define FULL_MIN       .75 /* of an even share in the first two steps: full of growth, … */
#define FULL_OLDER_MIN .5  /* … as growth is that was at least half as fast before */
#define BLIND_MAX      .12 /* of the window that may lie before it and not be looked back at */
#define LASTED         4   /* times as long as new growth is watched: long, however it began */
#define WARM_UP_CURVE  .5  /* of the filling of a map of rare keys; of other caches it is less */
#define BEGUN_CURVE    .75 /* of a cache that began to fill in the first quarter of the window */
#define STEP_NOISE     .5  /* deviations by which noise may make the largest step larger */
#define KEPT_MIN       .3  /* of the growth convicted for: less, and it was released */
#define GOING_MIN      .2  /* of the rate convicted for: less, and it has levelled off */
#define FILLED_STILL   .05 /* of an even share at the end, and … */
#define FILLED_LATE    .2  /* … second half over first: what grew less than that has stopped */

/* A window is judged from 24 blocks on. The limit is in seconds: what 24 blocks take at the pace
 * they come, and never less than half the shortest convicting window. */
static void judge_window(
    const struct trend_config *config, const struct trend_window *w, struct trend_gate *gate)
{
    double blocks_s = TREND_WINDOW_BLOCKS_MIN * TREND_RING_BASE_BLOCKS * config->base_s;
    if (w->blocks > 0)
        blocks_s = w->length_s * ((double)TREND_WINDOW_BLOCKS_MIN / w->blocks);
    trend_gate_at_least(gate, w->length_s, fmax(blocks_s, config->confirm_s / 2));
}

/* Growth must be real before its shape is looked at. What stays of a growth G was sampled with
 * variance Re G. One byte more keeps a series without sampling noise finite. */
static void judge_growth(const struct trend_config *config, double growth_bytes, double noise_bytes,
    struct trend_gate gates[TREND_GATE_COUNT])
{
    double deviation = sqrt(noise_bytes * fmax(growth_bytes, 0)) + 1;
    trend_gate_at_least(&gates[TREND_GATE_GROWTH], growth_bytes, fmax(config->min_growth_bytes, 1));
    trend_gate_at_least(&gates[TREND_GATE_NOISE], growth_bytes / deviation, config->noise_z);
}

/* The window begins in the youth of the process. */
static bool is_young(const struct trend_config *config, const struct trend_window *w)
{
    return w->start_s + w->ring->judged_age_s < config->age_s;
}

static void judge_turnover(const struct trend_config *config, const struct trend_window *w,
    double growth_bytes, struct trend_gate *gate)
{
    double noise_bytes = w->ring->judged_noise_bytes;
    double variance = noise_bytes * growth_bytes +
                      trend_growth_turnover_variance(w, growth_bytes, noise_bytes, 1);
    trend_gate_at_least(gate, growth_bytes / (sqrt(variance) + 1),
        is_young(config, w) ? config->young_turnover_z : config->turnover_z);
}

static double still_growing(const struct trend_shape *shape)
{
    return fmin(shape->last_two, shape->last_one);
}

/* Noise alone makes some step the largest: how much one varies by it, over the growth. */
static double step_deviation(const struct trend_window *w, double growth_bytes)
{
    double noise_bytes = w->ring->judged_noise_bytes, span = 1.0 / TREND_SEGMENTS;
    double variance = noise_bytes * growth_bytes * span +
                      trend_growth_turnover_variance(w, growth_bytes, noise_bytes, span);
    return sqrt(variance) / growth_bytes;
}

/* A cache that fills slows down, and noise bends the curve of either: how straight growth must be
 * depends on what is known of the time before it. Where it went on like this, it need only not slow
 * down much. Where nothing is known it must lie above a warm-up's by what noise can do, and where
 * there was no growth more so, since a window that begins with rest looks straighter than it is. */
static double curve_min(const struct trend_config *config, const struct trend_window *w,
    const struct trend_gate *older, const struct trend_gate *turnover)
{
    if (older->judged && older->value >= BEGAN_MAX)
        return config->curve_min;
    double noise =
        (is_young(config, w) ? config->young_curve_z : config->old_curve_z) / turnover->value;
    double warm_up = older->judged ? BEGUN_CURVE : WARM_UP_CURVE;
    return fmax(config->curve_min, warm_up + noise);
}

/* Both the series and what is left of it without load must have the shape of a leak: taking the
 * load out makes a cache's filling look straight. Where load explains most, it alone is asked. */
static void judge_shape(const struct trend_config *config, const struct trend_window *w,
    const struct trend_shape *adjusted, const struct trend_shape *raw,
    struct trend_gate gates[TREND_GATE_COUNT])
{
    if (w->load_r2 > config->load_r2)
        raw = adjusted;
    trend_gate_at_most(&gates[TREND_GATE_SHARE], fmax(adjusted->largest_share, raw->largest_share),
        config->max_share + STEP_NOISE * step_deviation(w, adjusted->growth_bytes));
    trend_gate_at_least(&gates[TREND_GATE_RISING], fmin(adjusted->rising, raw->rising), RISING_MIN);
    trend_gate_at_least(&gates[TREND_GATE_STILL], fmin(still_growing(adjusted), still_growing(raw)),
        config->still_min);
    trend_gate_at_most(&gates[TREND_GATE_LATE], fmax(adjusted->late, raw->late), config->late_max);
    trend_gate_at_least(&gates[TREND_GATE_CURVE],
        fmin(trend_shape_curve(w, w->adjusted), trend_shape_curve(w, w->raw)),
        curve_min(config, w, &gates[TREND_GATE_OLDER], &gates[TREND_GATE_TURNOVER]));
}

/* The rate from the oldest quarter of what `ring` knows from before the window to the window's
 * first segment. False when it knows too little. */
static bool rate_before(const struct trend_ring *ring, const struct trend_window *w, double *rate)
{
    int before = trend_ring_count_until(ring, w->start_s);
    if (before < LOOK_BACK_MIN || w->start_s - ring->start_s < w->length_s * LOOK_BACK_SPAN)
        return false;
    int oldest = before / 4 < LOOK_BACK_MOST ? before / 4 : LOOK_BACK_MOST;
    double bytes = 0, points = 0, center_s = 0;
    for (int i = 0; i < oldest; i++) {
        bytes += (double)ring->blocks[i].mean_bytes * ring->blocks[i].points;
        points += ring->blocks[i].points;
        center_s += trend_ring_center_s(ring, i) / oldest;
    }
    *rate = (w->raw_means[0] - bytes / points) / (w->segment_s[0] - center_s);
    return true;
}

/* Growth that was faster before is slowing down, however straight it looks from near. */
static void judge_older(const struct trend_series *series, const struct trend_config *config,
    int level, const struct trend_window *w, double growth_bytes, struct trend_gate *gate)
{
    double rate = growth_bytes / w->length_s * TREND_SEGMENTS / (TREND_SEGMENTS - 1);
    for (int back = 1; back <= LOOK_BACK && level + back < TREND_LEVELS; back++) {
        double older;
        if (!rate_before(&series->rings[level + back], w, &older))
            continue;
        if (!gate->judged || older / rate > gate->value)
            trend_gate_at_most(gate, older / rate, config->older_max);
    }
}

/* A ramp that recurs comes back to where it was, and so does a process that warms up again after a
 * restart; a leak is always higher than ever. */
static void judge_high(const struct trend_series *series, const struct trend_config *config,
    int level, const struct trend_window *w, double growth_bytes, struct trend_gate *gate)
{
    double earlier = -1;
    for (int q = level; q < TREND_LEVELS; q++) {
        int before = trend_ring_count_until(&series->rings[q], w->start_s);
        for (int i = 0; i < before; i++)
            earlier = fmax(earlier, series->rings[q].blocks[i].min_bytes);
    }
    if (is_young(config, w) && series->known_bytes > 0)
        earlier = fmax(earlier, series->known_bytes);
    if (earlier < 0)
        return;
    double floor = INFINITY;
    for (int k = w->cuts[TREND_SEGMENTS - 1]; k < w->blocks; k++)
        floor = fmin(floor, w->ring->blocks[w->first + k].min_bytes);
    trend_gate_at_least(gate, (floor - earlier) / growth_bytes, config->new_high_min);
}

/* Growth that load may explain is no leak's. Most of it must be left when what the allocation
 * rate explains is taken out; and where more is replaced than stays, no more may be replaced in the
 * second half of the window than a little more than in the first: what serves a rising load (a
 * pool, buffers, a cache whose entries expire) grows with it, if not in proportion. */
static void judge_load(const struct trend_config *config, const struct trend_window *w,
    const struct trend_shape *adjusted, const struct trend_shape *raw,
    struct trend_gate gates[TREND_GATE_COUNT])
{
    trend_gate_at_most(&gates[TREND_GATE_LOAD_GROWTH],
        fmin(raw->growth_bytes / adjusted->growth_bytes, TREND_RATIO_MAX), config->load_growth_max);
    if (trend_window_alloc_bytes(w) > 2 * raw->growth_bytes)
        trend_gate_at_most(&gates[TREND_GATE_CHURN_GROWTH], trend_window_churn_growth(w),
            config->churn_growth_max);
}

/* Whether the window shows growth from its very beginning on. Growth that is known to have begun in
 * view must fill it. Where nothing can be looked back at, growth must fill it as far as noise lets
 * one see, unless it has lasted so long that how it began is nothing to it. */
static bool is_full(const struct trend_config *config, const struct trend_window *w,
    const struct trend_shape *shape, const struct trend_gate *older)
{
    if (older->judged)
        return older->value >= FULL_OLDER_MIN || shape->first_two >= FULL_MIN;
    double noise = step_deviation(w, shape->growth_bytes) * (TREND_SEGMENTS - 1) * M_SQRT1_2;
    return shape->first_two >= FULL_MIN - noise || w->length_s >= LASTED * config->young_s;
}

/* A warm-up is steepest where it begins: a window that has left the beginning of what is known
 * behind, but not far enough to look back at it, sees the one part of it that looks straight. */
static bool is_blind(int level, const struct trend_window *w, const struct trend_gate *older)
{
    return !older->judged && level + 1 < TREND_LEVELS && w->start_s > BLIND_MAX * w->length_s;
}

/* A process that warms up and a cache that comes into use grow like a leak, so growth whose
 * beginning was seen is watched for longer than growth that was there before us. */
static void judge_age(const struct trend_config *config, const struct trend_window *w,
    double seen_s, const struct trend_gate *older, struct trend_gate *gate)
{
    bool wait = (older->judged && older->value < BEGAN_MAX) || is_young(config, w);
    trend_gate_at_least(gate, seen_s, (wait ? config->young_s : config->confirm_s) * WINDOW_JITTER);
}

void trend_gates_judge(const struct trend_series *series, const struct trend_config *config,
    int level, const struct trend_window *w, struct trend_gate gates[TREND_GATE_COUNT])
{
    memset(gates, 0, sizeof *gates * TREND_GATE_COUNT);
    judge_window(config, w, &gates[TREND_GATE_WINDOW]);
    if (trend_gate_stops(&gates[TREND_GATE_WINDOW]))
        return;
    struct trend_shape adjusted = trend_shape_of(w->adjusted_means);
    judge_growth(config, adjusted.growth_bytes, w->ring->judged_noise_bytes, gates);
    if (!trend_gates_open(gates, TREND_GATE_TURNOVER))
        return;
    judge_turnover(config, w, adjusted.growth_bytes, &gates[TREND_GATE_TURNOVER]);
    judge_older(series, config, level, w, adjusted.growth_bytes, &gates[TREND_GATE_OLDER]);
    struct trend_shape raw = trend_shape_of(w->raw_means);
    judge_shape(config, w, &adjusted, &raw, gates);
    judge_high(series, config, level, w, adjusted.growth_bytes, &gates[TREND_GATE_HIGH]);
    judge_load(config, w, &adjusted, &raw, gates);
    const struct trend_gate *older = &gates[TREND_GATE_OLDER];
    bool counts = !is_blind(level, w, older) && is_full(config, w, &adjusted, older);
    judge_age(config, w, counts ? w->length_s : 0, older, &gates[TREND_GATE_AGE]);
}

/* The newest block against where the growth began. */
static void judge_kept(const struct trend_series *series, struct trend_gate *gate)
{
    const struct trend_conviction *c = &series->conviction;
    const struct trend_ring *finest = &series->rings[0];
    if (finest->count == 0)
        return;
    double kept = finest->blocks[finest->count - 1].mean_bytes - c->level_bytes;
    trend_gate_at_least(gate, kept / c->growth_bytes, KEPT_MIN);
}

/* The rate from the first half to the second of the ring that convicted. */
static void judge_going(const struct trend_series *series, struct trend_gate *gate)
{
    const struct trend_conviction *c = &series->conviction;
    const struct trend_ring *ring = &series->rings[c->level];
    if (ring->count < TREND_WINDOW_BLOCKS_MIN)
        return;
    int half = ring->count - ring->count / 2;
    double first = 0, second = 0;
    for (int i = 0; i < half; i++)
        first += ring->blocks[i].mean_bytes;
    for (int i = half; i < ring->count; i++)
        second += ring->blocks[i].mean_bytes;
    double rise_bytes = second / (ring->count - half) - first / half;
    double half_s = ((double)trend_ring_end_s(ring) - ring->start_s) / 2;
    trend_gate_at_least(gate, rise_bytes / half_s / c->rate, GOING_MIN);
}

void trend_gates_judge_held(
    const struct trend_series *series, struct trend_gate gates[TREND_GATE_COUNT])
{
    judge_kept(series, &gates[TREND_GATE_KEPT]);
    judge_going(series, &gates[TREND_GATE_GOING_ON]);
}

bool trend_gates_open(const struct trend_gate gates[TREND_GATE_COUNT], enum trend_gate_id end)
{
    for (int id = 0; id < (int)end; id++) {
        if (trend_gate_stops(&gates[id]))
            return false;
    }
    return true;
}

/* Real and steady growth that one of three gates finds to slow down, and that has not ended yet. */
static bool is_saturating(const struct trend_gate gates[TREND_GATE_COUNT])
{
    bool slows = trend_gate_stops(&gates[TREND_GATE_STILL]) ||
                 trend_gate_stops(&gates[TREND_GATE_CURVE]) ||
                 trend_gate_stops(&gates[TREND_GATE_OLDER]);
    return trend_gates_open(gates, TREND_GATE_SHARE) && gates[TREND_GATE_RISING].passed && slows &&
           gates[TREND_GATE_STILL].value > FILLED_STILL &&
           gates[TREND_GATE_LATE].value > FILLED_LATE;
}

enum trend_class trend_gates_class(const struct trend_gate gates[TREND_GATE_COUNT])
{
    if (trend_gate_stops(&gates[TREND_GATE_WINDOW]))
        return TREND_WARMING;
    if (trend_gates_open(gates, TREND_GATE_KEPT))
        return TREND_LEAK;
    if (trend_gates_open(gates, TREND_GATE_AGE))
        return TREND_GROWING;
    return is_saturating(gates) ? TREND_SATURATING : trend_quiet_class(gates);
}

const char *trend_gate_word(enum trend_gate_id id)
{
    static const char *const words[] = {
#define GATE_WORD(name, word, text) [name] = word,
        TREND_GATES(GATE_WORD)
#undef GATE_WORD
    };
    return words[id];
}

const char *trend_gate_text(enum trend_gate_id id)
{
    static const char *const texts[] = {
#define GATE_TEXT(name, word, text) [name] = text,
        TREND_GATES(GATE_TEXT)
#undef GATE_TEXT
    };
    return texts[id];
}
