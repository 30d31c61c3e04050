/* A series as bytes: a version, the fields in the order of the structs, then the blocks in use. */
#include <float.h>
#include <math.h>

#include "base/mem.h"
#include "trend/series.h"

#define VERSION 3

#define HAS_STARTED    1u
#define IS_RECURRING   2u
#define IS_PROVISIONAL 4u
#define FLAGS          (HAS_STARTED | IS_RECURRING | IS_PROVISIONAL)

static void put_block(struct lw_strbuf *out, const struct trend_ring_block *block)
{
    lw_strbuf_add_f64(out, block->alloc_bytes);
    lw_strbuf_add_f32(out, block->end_s);
    lw_strbuf_add_f32(out, block->mean_bytes);
    lw_strbuf_add_f32(out, block->min_bytes);
    lw_strbuf_add_f32(out, block->points);
}

static struct trend_ring_block get_block(struct lw_cursor *in)
{
    struct trend_ring_block block;
    block.alloc_bytes = lw_cursor_f64(in);
    block.end_s = lw_cursor_f32(in);
    block.mean_bytes = lw_cursor_f32(in);
    block.min_bytes = lw_cursor_f32(in);
    block.points = lw_cursor_f32(in);
    return block;
}

static void put_ring(struct lw_strbuf *out, const struct trend_ring *ring)
{
    lw_strbuf_add_u8(out, ring->count);
    lw_strbuf_add_u8(out, ring->odd);
    lw_strbuf_add_u8(out, 0); /* once told what earlier evaluations said */
    lw_strbuf_add_u8(out, ring->judged_class);
    lw_strbuf_add_f64(out, ring->start_alloc_bytes);
    lw_strbuf_add_f32(out, ring->start_s);
    lw_strbuf_add_f32(out, ring->judged_noise_bytes);
    lw_strbuf_add_f32(out, ring->judged_age_s);
    for (int i = 0; i < ring->count; i++)
        put_block(out, &ring->blocks[i]);
}

static void put_verdict(struct lw_strbuf *out, const struct trend_verdict *v)
{
    lw_strbuf_add_u8(out, (uint8_t)v->class);
    lw_strbuf_add_u8(out, (uint8_t)(v->level + 1));
    lw_strbuf_add_u32(out, (uint32_t)v->restarts);
    lw_strbuf_add_f64(out, v->class_since_s);
    lw_strbuf_add_f64(out, v->rate);
    lw_strbuf_add_f64(out, v->rate_lo);
    lw_strbuf_add_f64(out, v->rate_hi);
    lw_strbuf_add_f64(out, v->growth_bytes);
    lw_strbuf_add_f64(out, v->window_start_s);
    lw_strbuf_add_f64(out, v->window_end_s);
    lw_strbuf_add_f64(out, v->growing_since_s);
    lw_strbuf_add_f64(out, v->retention);
    lw_strbuf_add_f64(out, v->alloc_rate);
    lw_strbuf_add_f64(out, v->load_r2);
    lw_strbuf_add_f64(out, v->mean_age_s);
    lw_strbuf_add_f64(out, v->resolvable_rate);
}

static void get_verdict(struct lw_cursor *in, struct trend_verdict *v)
{
    v->class = lw_cursor_u8(in);
    v->level = lw_cursor_u8(in) - 1;
    v->restarts = (int32_t)lw_cursor_u32(in);
    v->class_since_s = lw_cursor_f64(in);
    v->rate = lw_cursor_f64(in);
    v->rate_lo = lw_cursor_f64(in);
    v->rate_hi = lw_cursor_f64(in);
    v->growth_bytes = lw_cursor_f64(in);
    v->window_start_s = lw_cursor_f64(in);
    v->window_end_s = lw_cursor_f64(in);
    v->growing_since_s = lw_cursor_f64(in);
    v->retention = lw_cursor_f64(in);
    v->alloc_rate = lw_cursor_f64(in);
    v->load_r2 = lw_cursor_f64(in);
    v->mean_age_s = lw_cursor_f64(in);
    v->resolvable_rate = lw_cursor_f64(in);
}

void trend_series_encode(const struct trend_series *series, struct lw_strbuf *out)
{
    const struct trend_conviction *c = &series->conviction;
    unsigned flags = series->started ? HAS_STARTED : 0;
    if (series->verdict.recurring)
        flags |= IS_RECURRING;
    if (series->verdict.provisional)
        flags |= IS_PROVISIONAL;
    lw_strbuf_add_u8(out, VERSION);
    lw_strbuf_add_u8(out, (uint8_t)flags);
    lw_strbuf_add_u8(out, series->speaker);
    lw_strbuf_add_u8(out, series->candidate);
    lw_strbuf_add_f32(out, series->candidate_s);
    lw_strbuf_add_f32(out, series->heard_s);
    lw_strbuf_add_f64(out, series->epoch_s);
    lw_strbuf_add_f64(out, series->first_alloc_bytes);
    lw_strbuf_add_f64(out, series->last_alloc_bytes);
    lw_strbuf_add_f64(out, series->last_s);
    lw_strbuf_add_f32(out, series->noise_bytes);
    lw_strbuf_add_f32(out, series->age_s);
    lw_strbuf_add_f32(out, series->known_bytes);
    lw_strbuf_add_u8(out, c->level);
    lw_strbuf_add_f64(out, c->level_bytes);
    lw_strbuf_add_f64(out, c->growth_bytes);
    lw_strbuf_add_f64(out, c->rate);
    lw_strbuf_add_f32(out, c->window_s);
    put_verdict(out, &series->verdict);
    put_block(out, &series->open);
    for (int level = 0; level < TREND_LEVELS; level++)
        put_ring(out, &series->rings[level]);
}

static bool is_between(double value, double lo, double hi)
{
    return value >= lo && value <= hi; /* NaN is not */
}

static bool is_size(double bytes)
{
    return is_between(bytes, 0, TREND_BYTES_MAX * (1 + 1e-6)); /* a float's rounding */
}

static bool is_time(double s)
{
    return is_between(
        s, -3 * TREND_TIME_MAX, 3 * TREND_TIME_MAX); /* epoch plus what passed since */
}

static bool is_block(const struct trend_ring_block *block)
{
    return is_size(block->alloc_bytes) && is_size(block->mean_bytes) && is_size(block->min_bytes) &&
           is_time(block->end_s) && is_between(block->points, 1, 1e9);
}

/* The block that is being filled: empty, or ending by newest_s. */
static bool is_open(const struct trend_ring_block *open, float newest_s)
{
    if (open->points == 0)
        return open->alloc_bytes == 0 && open->end_s == 0 && open->mean_bytes == 0 &&
               open->min_bytes == 0;
    return is_block(open) && open->end_s <= newest_s;
}

static bool is_ring_head(const struct trend_ring *ring, uint8_t odd)
{
    return ring->count <= TREND_RING_BLOCKS && odd <= (ring->count > 0) &&
           ring->judged_class < TREND_CLASS_COUNT && is_size(ring->start_alloc_bytes) &&
           is_between(ring->start_s, 0, 2 * TREND_TIME_MAX) && is_size(ring->judged_noise_bytes) &&
           (ring->judged_age_s >= 0) &&
           (ring->judged_class == TREND_WARMING || ring->count >= TREND_WINDOW_BLOCKS_MIN);
}

static bool get_ring(struct lw_cursor *in, struct trend_ring *ring)
{
    ring->count = lw_cursor_u8(in);
    uint8_t odd = lw_cursor_u8(in);
    ring->odd = odd;
    lw_cursor_u8(in);
    ring->judged_class = lw_cursor_u8(in);
    ring->start_alloc_bytes = lw_cursor_f64(in);
    ring->start_s = lw_cursor_f32(in);
    ring->judged_noise_bytes = lw_cursor_f32(in);
    ring->judged_age_s = lw_cursor_f32(in);
    if (!lw_cursor_ok(in) || !is_ring_head(ring, odd))
        return false;
    for (int i = 0; i < ring->count; i++) {
        struct trend_ring_block *block = &ring->blocks[i];
        *block = get_block(in);
        if (!lw_cursor_ok(in) || !is_block(block) || block->end_s <= trend_ring_start_s(ring, i) ||
            block->alloc_bytes < trend_ring_start_alloc(ring, i))
            return false;
    }
    return true;
}

/* Each level ends where the one below it does, or a block before while that waits for a second. */
static bool levels_agree(const struct trend_series *series)
{
    for (int level = 0; level + 1 < TREND_LEVELS; level++) {
        const struct trend_ring *fine = &series->rings[level];
        const struct trend_ring *coarse = &series->rings[level + 1];
        int paired = fine->count - fine->odd;
        if (trend_ring_start_s(coarse, coarse->count) != trend_ring_start_s(fine, paired) ||
            trend_ring_start_alloc(coarse, coarse->count) != trend_ring_start_alloc(fine, paired))
            return false;
    }
    return true;
}

static bool is_verdict(const struct trend_verdict *v)
{
    bool warming = v->class == TREND_WARMING;
    return (int)v->class < TREND_CLASS_COUNT && is_between(v->level, -1, TREND_LEVELS - 1) &&
           v->restarts >= 0 && (v->class == TREND_LEAK) == (v->level >= 0) &&
           is_time(v->class_since_s) && isfinite(v->rate) && v->rate_lo <= v->rate &&
           v->rate <= v->rate_hi && (warming || (isfinite(v->rate_lo) && isfinite(v->rate_hi))) &&
           isfinite(v->growth_bytes) && is_time(v->window_start_s) && is_time(v->window_end_s) &&
           is_time(v->growing_since_s) && (isnan(v->retention) || is_between(v->retention, 0, 1)) &&
           v->alloc_rate >= 0 && isfinite(v->alloc_rate) && is_between(v->load_r2, 0, 1) &&
           (isnan(v->mean_age_s) || is_between(v->mean_age_s, 0, DBL_MAX)) &&
           is_between(v->resolvable_rate, 0, DBL_MAX) &&
           (!v->provisional || (v->class == TREND_GROWING && !v->recurring));
}

static bool is_conviction(const struct trend_conviction *c, bool in_force)
{
    return c->level < TREND_LEVELS && is_size(c->level_bytes) &&
           is_between(c->growth_bytes, 0, INFINITY) && isfinite(c->growth_bytes) && c->rate >= 0 &&
           isfinite(c->rate) && is_between(c->window_s, 0, 2 * TREND_TIME_MAX) &&
           (!in_force || (c->growth_bytes > 0 && c->rate > 0));
}

/* A series that has not started holds nothing but what outlives an epoch. */
static bool is_before_epoch(const struct trend_series *series)
{
    return trend_ring_end_s(&series->rings[0]) == 0 && series->rings[0].count == 0 &&
           series->open.points == 0 && is_open(&series->open, 0) && series->age_s == -1 &&
           series->verdict.class == TREND_WARMING &&
           (series->last_s == -INFINITY || fabs(series->last_s) <= TREND_TIME_MAX);
}

static bool is_epoch(const struct trend_series *series)
{
    const struct trend_ring *finest = &series->rings[0];
    float newest_s = (float)(series->last_s - series->epoch_s);
    return fabs(series->epoch_s) <= TREND_TIME_MAX && series->last_s >= series->epoch_s &&
           series->last_s <= TREND_TIME_MAX && trend_ring_end_s(finest) <= newest_s &&
           is_size(series->first_alloc_bytes) && is_size(series->last_alloc_bytes) &&
           series->last_alloc_bytes >= trend_ring_start_alloc(finest, finest->count) &&
           is_open(&series->open, newest_s);
}

/* Who speaks has a window to speak of; a leak is told by the level that convicted. */
static bool is_speaker(const struct trend_series *series)
{
    const struct trend_verdict *v = &series->verdict;
    if (series->speaker >= TREND_LEVELS)
        return false;
    if (v->class == TREND_LEAK &&
        (v->level != series->speaker || series->conviction.level != series->speaker))
        return false;
    return v->class == TREND_WARMING || v->provisional ||
           series->rings[series->speaker].count >= TREND_WINDOW_BLOCKS_MIN;
}

/* What waits to be the class, and since when. */
static bool is_settling(const struct trend_series *series)
{
    float newest_s = trend_ring_end_s(&series->rings[0]);
    return series->candidate < TREND_CLASS_COUNT && is_between(series->candidate_s, 0, newest_s) &&
           is_between(series->heard_s, 0, newest_s);
}

static bool is_series(const struct trend_series *series)
{
    const struct trend_verdict *v = &series->verdict;
    return is_size(series->noise_bytes) && (series->age_s == -1 || series->age_s >= 0) &&
           is_size(series->known_bytes) && is_verdict(v) &&
           is_conviction(&series->conviction, v->class == TREND_LEAK || v->provisional) &&
           is_settling(series) && is_speaker(series) && levels_agree(series) &&
           (series->started ? is_epoch(series) : is_before_epoch(series));
}

/* False when the bytes are not an image. */
static bool get_series(struct lw_cursor *in, struct trend_series *series)
{
    struct trend_conviction *c = &series->conviction;
    uint8_t version = lw_cursor_u8(in);
    uint8_t flags = lw_cursor_u8(in);
    if (version != VERSION || flags & ~FLAGS)
        return false;
    series->started = flags & HAS_STARTED;
    series->verdict.recurring = flags & IS_RECURRING;
    series->verdict.provisional = flags & IS_PROVISIONAL;
    series->speaker = lw_cursor_u8(in);
    series->candidate = lw_cursor_u8(in);
    series->candidate_s = lw_cursor_f32(in);
    series->heard_s = lw_cursor_f32(in);
    series->epoch_s = lw_cursor_f64(in);
    series->first_alloc_bytes = lw_cursor_f64(in);
    series->last_alloc_bytes = lw_cursor_f64(in);
    series->last_s = lw_cursor_f64(in);
    series->noise_bytes = lw_cursor_f32(in);
    series->age_s = lw_cursor_f32(in);
    series->known_bytes = lw_cursor_f32(in);
    c->level = lw_cursor_u8(in);
    c->level_bytes = lw_cursor_f64(in);
    c->growth_bytes = lw_cursor_f64(in);
    c->rate = lw_cursor_f64(in);
    c->window_s = lw_cursor_f32(in);
    get_verdict(in, &series->verdict);
    series->open = get_block(in);
    for (int level = 0; level < TREND_LEVELS; level++) {
        if (!get_ring(in, &series->rings[level]))
            return false;
    }
    return lw_cursor_ok(in) && is_series(series);
}

struct trend_series *trend_series_decode(struct lw_cursor *in, struct lw_err *err)
{
    struct trend_series *series = trend_series_new();
    if (!get_series(in, series)) {
        trend_series_free(&series);
        lw_err_set(
            err, LW_CORRUPT, "trend image: not one of version %d; the series starts anew", VERSION);
    }
    return series;
}
