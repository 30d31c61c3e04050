#include "trend/urgent.h"

#include <math.h>

#include "trend/gates.h"

#define PARTS         5 /* of the newest blocks, of two each */
#define BLOCKS        (2 * PARTS)
#define BEFORE_BLOCKS 12 /* what the allocation rate is held against */
#define STEP_MIN      .2 /* each step over an even share */
#define SLOWING_MIN   .6 /* last two steps over the first two */
#define LOAD_SHARE    3  /* growth over what load may have added */
#define EARLIER       7  /* blocks before the newest, or at least … */
#define EARLIER_LEAST 3  /* … so many, that growth must have been seen in already, … */
#define EARLIER_MIN   .3 /* … at this much of its rate */
#define EARLIER_MOST  100
#define HIGH_MIN      .5 /* of the growth must be above all that was ever seen before */
#define KEPT_MIN      .5 /* of the growth flagged for: less, and the flag is taken back */
#define GOING_MIN     .3 /* of the rate flagged for: less, and the growth is over */
#define WIDTH         1.96

/* The newest blocks of the finest level, in five parts. */
struct recent {
    const struct trend_ring *ring;
    int first; /* block */
    double means[PARTS];
    double length_s;
    double growth_bytes; /* from the middle of the first part to that of the last */
    double alloc_bytes;
};

static bool look(const struct trend_ring *ring, struct recent *r)
{
    if (ring->count < BLOCKS)
        return false;
    *r = (struct recent){.ring = ring, .first = ring->count - BLOCKS};
    for (int i = 0; i < BLOCKS; i++)
        r->means[i / 2] += ring->blocks[r->first + i].mean_bytes / 2;
    r->length_s = trend_ring_end_s(ring) - trend_ring_start_s(ring, r->first);
    r->growth_bytes = r->means[PARTS - 1] - r->means[0];
    r->alloc_bytes =
        trend_ring_start_alloc(ring, ring->count) - trend_ring_start_alloc(ring, r->first);
    return true;
}

static double rate_of(const struct recent *r)
{
    return r->growth_bytes / r->length_s * PARTS / (PARTS - 1);
}

/* Sampling variance of the growth: of what stayed, and of what was replaced meanwhile (as in
 * gates.c, without its averaging). */
static double variance_of(const struct recent *r, double noise_bytes)
{
    double freed = fmax(r->alloc_bytes - r->growth_bytes, 0);
    double inuse = fmax(r->means[0], 1);
    double walk =
        2 * inuse * noise_bytes * -expm1(-freed / inuse) / (1 + freed / inuse / PARTS / 2);
    return noise_bytes * r->growth_bytes + walk;
}

/* Bytes that are allocated and freed again, a second, between two blocks. */
static double churn_rate(const struct trend_ring *ring, int from, int to)
{
    double alloc = trend_ring_start_alloc(ring, to) - trend_ring_start_alloc(ring, from);
    double grown = ring->blocks[to - 1].mean_bytes - ring->blocks[from].mean_bytes;
    double time_s = trend_ring_start_s(ring, to) - trend_ring_start_s(ring, from);
    return fmax(alloc - fmax(grown, 0), 0) / time_s;
}

/* By how much churn went up, less what sampling alone may have made of it: a rate measured over
 * `seconds` varies by Re over the bytes it is of. */
static double increase(double before, double after, double seconds, double noise_bytes)
{
    if (before <= 0 || after <= 0)
        return 0;
    double noise = sqrt(noise_bytes / (before * seconds) + noise_bytes / (after * seconds));
    return fmax(after / before - 1 - noise, 0);
}

/* In use under a load is in proportion to it (Little's law), so rising churn explains growth. */
static double load_bytes(const struct recent *r, double noise_bytes)
{
    int middle = r->first + BLOCKS / 2, end = r->first + BLOCKS;
    double first = churn_rate(r->ring, r->first, middle);
    double second = churn_rate(r->ring, middle, end);
    double more = 2 * increase(first, second, r->length_s / 2, noise_bytes);
    int before = r->first < BEFORE_BLOCKS ? r->first : BEFORE_BLOCKS;
    if (before >= BLOCKS / 2) {
        double past = churn_rate(r->ring, r->first - before, r->first);
        more = fmax(more, increase(past, (first + second) / 2, r->length_s / 2, noise_bytes));
    }
    return more * r->means[0];
}

/* The least of what makes growth steady: each step, and the last two over the first two. */
static double steadiness(const struct recent *r)
{
    double even = r->growth_bytes / (PARTS - 1), least = INFINITY;
    for (int i = 0; i + 1 < PARTS; i++)
        least = fmin(least, (r->means[i + 1] - r->means[i]) / even / STEP_MIN);
    double first = r->means[2] - r->means[0], last = r->means[4] - r->means[2];
    return first > 0 ? fmin(least, last / first / SLOWING_MIN) : -1;
}

/* What came into use in one go, a cache or a table that is loaded, grows like a leak for as long as
 * that takes: growth whose beginning was seen has to last a little longer. False: not enough was
 * seen of the time before. */
static bool earlier_rate(const struct recent *r, double *rate)
{
    int count = r->first < EARLIER ? r->first : EARLIER;
    if (count < EARLIER_LEAST)
        return false;
    const struct trend_ring_block *oldest = &r->ring->blocks[r->first - count];
    double bytes = ((double)oldest[0].mean_bytes + oldest[1].mean_bytes) / 2;
    double center_s = oldest[0].end_s;
    double first_center_s = trend_ring_start_s(r->ring, r->first) + r->length_s / PARTS / 2;
    *rate = (r->means[0] - bytes) / (first_center_s - center_s);
    return true;
}

/* How far the newest block lies above everything before, over the growth. */
static double new_high(const struct trend_series *series, const struct recent *r)
{
    double highest = -INFINITY;
    double start_s = trend_ring_start_s(r->ring, r->first);
    for (int level = 0; level < TREND_LEVELS; level++) {
        const struct trend_ring *ring = &series->rings[level];
        int before = trend_ring_count_until(ring, start_s);
        for (int i = 0; i < before; i++)
            highest = fmax(highest, ring->blocks[i].mean_bytes);
    }
    return fmin((r->means[PARTS - 1] - highest) / r->growth_bytes, 1);
}

/* The age of the process, a first guess of which is to be had before gates are told one. */
static double age_s(const struct trend_series *series)
{
    double seen_s = series->last_s - series->epoch_s;
    if (series->age_s >= 0)
        return series->age_s + seen_s;
    double grown = series->last_alloc_bytes - series->first_alloc_bytes;
    return grown > 0 ? seen_s * (1 + series->first_alloc_bytes / grown) : 0;
}

static void judge(const struct trend_series *series, const struct trend_config *config,
    const struct recent *r, struct trend_gate gates[TREND_GATE_COUNT])
{
    trend_gate_at_least(&gates[TREND_GATE_URGENT_GROWTH], r->growth_bytes, config->urgent_bytes);
    if (!gates[TREND_GATE_URGENT_GROWTH].passed)
        return;
    double deviation = sqrt(variance_of(r, series->noise_bytes)) + 1;
    trend_gate_at_least(
        &gates[TREND_GATE_URGENT_NOISE], r->growth_bytes / deviation, config->urgent_z);
    trend_gate_at_least(&gates[TREND_GATE_URGENT_STEADY], steadiness(r), 1);
    trend_gate_at_least(&gates[TREND_GATE_URGENT_LOAD],
        fmin(r->growth_bytes / fmax(load_bytes(r, series->noise_bytes), 1), 100 * LOAD_SHARE),
        LOAD_SHARE);
    double earlier;
    if (earlier_rate(r, &earlier))
        trend_gate_at_least(&gates[TREND_GATE_URGENT_EARLIER],
            fmin(fmax(earlier / rate_of(r), -EARLIER_MOST), EARLIER_MOST), EARLIER_MIN);
    trend_gate_at_least(&gates[TREND_GATE_URGENT_HIGH], new_high(series, r), HIGH_MIN);
    trend_gate_at_least(&gates[TREND_GATE_URGENT_AGE], age_s(series), config->age_s);
}

void trend_urgent_judge(const struct trend_series *series, const struct trend_config *config,
    struct trend_gate gates[TREND_GATE_COUNT])
{
    struct recent r;
    if (look(&series->rings[0], &r))
        judge(series, config, &r, gates);
}

static bool is_urgent(const struct trend_gate gates[TREND_GATE_COUNT])
{
    for (int id = TREND_GATE_URGENT_GROWTH; id <= TREND_GATE_URGENT_AGE; id++) {
        if (trend_gate_stops(&gates[id]))
            return false;
    }
    return gates[TREND_GATE_URGENT_GROWTH].passed;
}

/* What it was raised for must still be there, and still be going on. */
static bool is_over(const struct trend_series *series, const struct recent *r)
{
    const struct trend_conviction *c = &series->conviction;
    return r->means[PARTS - 1] < c->level_bytes + KEPT_MIN * c->growth_bytes ||
           rate_of(r) < GOING_MIN * c->rate;
}

/* Sampling, and how much the steps differ from each other. */
static double rate_error(const struct recent *r, double noise_bytes)
{
    double least = INFINITY, most = -INFINITY;
    for (int i = 0; i + 1 < PARTS; i++) {
        least = fmin(least, r->means[i + 1] - r->means[i]);
        most = fmax(most, r->means[i + 1] - r->means[i]);
    }
    double sampling = WIDTH * sqrt(variance_of(r, noise_bytes)) / r->length_s;
    return hypot(sampling, (most - least) / 2 / (r->length_s / PARTS));
}

/* A verdict that has no window to tell of yet tells of these blocks. */
static void tell(struct trend_series *series, const struct recent *r)
{
    struct trend_verdict *v = &series->verdict;
    double error = rate_error(r, series->noise_bytes);
    v->rate = rate_of(r);
    v->rate_lo = v->rate - error;
    v->rate_hi = v->rate + error;
    v->growth_bytes = v->rate * r->length_s;
    v->window_start_s = series->epoch_s + trend_ring_start_s(r->ring, r->first);
    v->window_end_s = series->epoch_s + trend_ring_end_s(r->ring);
    v->alloc_rate = r->alloc_bytes / r->length_s;
    v->retention =
        r->alloc_bytes > 0 ? fmin(fmax(v->growth_bytes / r->alloc_bytes, 0), 1) : (double)NAN;
    v->mean_age_s = trend_verdict_mean_age_s(r->means[PARTS - 1], v->alloc_rate);
    if (v->growing_since_s == 0)
        v->growing_since_s = v->window_start_s;
}

static void raise_flag(struct trend_series *series, const struct recent *r)
{
    series->verdict.provisional = true;
    series->conviction = (struct trend_conviction){.level_bytes = r->means[0],
        .growth_bytes = r->growth_bytes,
        .rate = rate_of(r),
        .window_s = (float)r->length_s};
}

void trend_urgent_settle(struct trend_series *series, const struct trend_config *config)
{
    struct trend_verdict *v = &series->verdict;
    struct recent r;
    if (v->class == TREND_LEAK || v->recurring || !look(&series->rings[0], &r)) {
        v->provisional = false; /* it is known better, or was known before */
        return;
    }
    struct trend_gate gates[TREND_GATE_COUNT] = {0};
    judge(series, config, &r, gates);
    if (is_urgent(gates))
        raise_flag(series, &r);
    else if (v->provisional && is_over(series, &r))
        v->provisional = false;
    if (!v->provisional)
        return;
    if (series->candidate < TREND_GROWING) /* no level has heard of it yet */
        tell(series, &r);
    v->class = TREND_GROWING;
}
