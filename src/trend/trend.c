#include "trend/trend.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "trend/series.h"

#define BLOCK_JITTER     .1 /* of a base block: points come a little early */
#define LEVEL_BLOCKS     24
#define ALLOC_SLACK_BYTE 1 /* sums of scaled counts may round down by this much */

void trend_config_init(struct trend_config *config, double base_s)
{
    *config = (struct trend_config){
        .base_s = base_s,
        .confirm_s = 60 * base_s,
        .young_s = 96 * base_s,
        .age_s = 60 * base_s,
        .lifetime_max_s = 90 * base_s,
        .gap_s = 24 * base_s,
        .min_growth_bytes = 4 << 20,
        .noise_z = 4.5,
        .turnover_z = 3.5,
        .young_turnover_z = 4.3,
        .urgent_bytes = 14 << 20,
        .urgent_z = 4.5,
        .max_share = .34,
        .still_min = .45,
        .curve_min = .55,
        .young_curve_z = 1.4,
        .old_curve_z = 1.0,
        .late_max = 1.9,
        .older_max = 1.5,
        .new_high_min = .3,
        .load_growth_max = 1.4,
        .churn_growth_max = 1.4,
        .load_r2 = .43,
        .settle_s = 90 * base_s,
    };
}

/* Everything of an epoch; what outlives it is carried over by the caller. */
static void clear(struct trend_series *series, double t_s)
{
    *series =
        (struct trend_series){.last_s = t_s, .age_s = -1, .verdict = trend_verdict_warming(t_s)};
}

struct trend_series *trend_series_new(void)
{
    struct trend_series *series = LW_NEW(struct trend_series);
    clear(series, -INFINITY);
    series->verdict.class_since_s = 0;
    return series;
}

void trend_series_free(struct trend_series **series)
{
    free(*series);
    *series = NULL;
}

/* Where the series stands. A life too short to warm up says no more than the one before. */
static float level_of(const struct trend_series *series)
{
    const struct trend_ring *ring = &series->rings[0];
    int count = ring->count < LEVEL_BLOCKS ? ring->count : LEVEL_BLOCKS;
    float bytes = 0;
    for (int i = ring->count - count; i < ring->count; i++)
        bytes += ring->blocks[i].mean_bytes / (float)count;
    return count < LEVEL_BLOCKS ? fmaxf(bytes, series->known_bytes) : bytes;
}

void trend_series_restart(struct trend_series *series)
{
    if (!series->started)
        return;
    struct trend_conviction conviction = series->conviction;
    bool recurring = series->verdict.recurring || series->verdict.class == TREND_LEAK;
    int restarts = series->verdict.restarts + (series->verdict.restarts < INT_MAX);
    float known_bytes = recurring ? 0 : level_of(series);
    clear(series, series->last_s);
    series->known_bytes = known_bytes;
    series->conviction = conviction;
    series->verdict.recurring = recurring;
    series->verdict.restarts = restarts;
}

void trend_series_set_back(struct trend_series *series, int64_t seconds)
{
    struct trend_verdict *v = &series->verdict;
    double *const times[] = {&series->epoch_s, &series->last_s, &v->class_since_s,
        &v->window_start_s, &v->window_end_s, &v->growing_since_s};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        if (*times[i] != 0) /* which says that there is none */
            *times[i] -= (double)seconds;
    }
}

static void begin_epoch(struct trend_series *series, const struct trend_point *point)
{
    series->started = true;
    series->epoch_s = point->t_s;
    series->first_alloc_bytes = point->alloc_bytes;
    series->last_alloc_bytes = point->alloc_bytes;
    series->verdict.class_since_s = point->t_s;
    for (int level = 0; level < TREND_LEVELS; level++)
        series->rings[level].start_alloc_bytes = point->alloc_bytes;
}

static bool is_size(double bytes)
{
    return bytes >= 0 && bytes <= TREND_BYTES_MAX;
}

static bool is_usable(const struct trend_series *series, const struct trend_point *point)
{
    return fabs(point->t_s) <= TREND_TIME_MAX && point->t_s > series->last_s &&
           is_size(point->inuse_bytes) && is_size(point->alloc_bytes) &&
           is_size(point->noise_bytes);
}

/* A process that had allocated A when we met it and allocates as fast ever since has lived for A
 * over that rate. A large preload makes it look older than it is. */
static void estimate_age(struct trend_series *series, const struct trend_config *config)
{
    double seen_s = series->last_s - series->epoch_s;
    if (series->age_s >= 0 || seen_s < config->age_s)
        return;
    double grown = series->last_alloc_bytes - series->first_alloc_bytes;
    series->age_s = grown > 0 ? (float)(series->first_alloc_bytes / grown * seen_s) : 0;
}

static void take_point(struct trend_series *series, const struct trend_point *point)
{
    series->last_s = point->t_s;
    series->last_alloc_bytes = fmax(point->alloc_bytes, series->last_alloc_bytes);
    if (point->inuse_bytes > 0)
        series->noise_bytes = (float)point->noise_bytes;
    struct trend_ring_block seen = {
        .alloc_bytes = series->last_alloc_bytes,
        .end_s = (float)(point->t_s - series->epoch_s),
        .mean_bytes = (float)point->inuse_bytes,
        .min_bytes = (float)point->inuse_bytes,
        .points = 1,
    };
    trend_ring_block_merge(&series->open, &seen);
}

/* Whether the series' past does not go on with this point. */
static bool is_broken(const struct trend_series *series, const struct trend_config *config,
    const struct trend_point *point)
{
    bool fell = point->alloc_bytes < series->last_alloc_bytes - ALLOC_SLACK_BYTE;
    return (fell && !point->same_process) || point->t_s - series->last_s > config->gap_s;
}

bool trend_series_push(
    struct trend_series *series, const struct trend_config *config, const struct trend_point *point)
{
    if (!is_usable(series, point))
        return false;
    enum trend_class before = series->verdict.class;
    if (series->started && is_broken(series, config, point))
        trend_series_restart(series);
    if (!series->started)
        begin_epoch(series, point);
    take_point(series, point);

    float open_s = series->open.end_s - trend_ring_end_s(&series->rings[0]);
    if (open_s > 0 && open_s >= (TREND_RING_BASE_BLOCKS - BLOCK_JITTER) * config->base_s) {
        estimate_age(series, config);
        int closed = trend_ring_append(series->rings, &series->open);
        series->open = (struct trend_ring_block){0};
        trend_verdict_update(series, config, closed);
    }
    return series->verdict.class != before;
}

/* Collects blocks into the caller's array; of too many it keeps the newest. */
struct collector {
    const struct trend_series *series;
    struct trend_block *blocks;
    size_t max;
    size_t count;
    double end_s; /* of the newest block so far, since the epoch */
};

static void collect(struct collector *c, double start_s, const struct trend_ring_block *block)
{
    if (c->max == 0)
        return;
    if (c->count == c->max)
        memmove(c->blocks, c->blocks + 1, sizeof *c->blocks * --c->count);
    c->blocks[c->count++] = (struct trend_block){
        .start_s = c->series->epoch_s + start_s,
        .end_s = c->series->epoch_s + block->end_s,
        .inuse_mean_bytes = block->mean_bytes,
        .inuse_min_bytes = block->min_bytes,
        .alloc_bytes = block->alloc_bytes,
    };
    c->end_s = block->end_s;
}

size_t trend_series_blocks(
    const struct trend_series *series, struct trend_block *blocks, size_t max)
{
    struct collector c = {.series = series, .blocks = blocks, .max = max, .end_s = -1};
    for (int level = TREND_LEVELS - 1; level >= 0; level--) {
        const struct trend_ring *ring = &series->rings[level];
        double finer_s = level > 0 ? series->rings[level - 1].start_s : INFINITY;
        for (int i = 0; i < ring->count && trend_ring_start_s(ring, i) < finer_s; i++) {
            if (ring->blocks[i].end_s > c.end_s)
                collect(&c, trend_ring_start_s(ring, i), &ring->blocks[i]);
        }
    }
    if (series->open.points > 0)
        collect(&c, trend_ring_end_s(&series->rings[0]), &series->open);
    return c.count;
}
