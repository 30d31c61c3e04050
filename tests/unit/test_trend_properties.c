/* What holds of trend/ for every series, however odd: tried on thousands of seeded ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "trend/target.h"
#include "trend/trend.h"

#include "trend_walk.h"

#define MIB          1048576.0
#define IMAGE_MAX    65536
#define ODD_SERIES   2000
#define ODD_POINTS   400
#define WALKS        12
#define WALK_POINTS  1500
#define SCALE        8.0 /* a power of two, so that all arithmetic scales exactly */
#define PACE         64.0
#define TARGET_CASES 20000

/* ---- what a caller is told ---- */

static bool is_ratio_or_nan(double value)
{
    return isnan(value) || (value >= 0 && value <= 1);
}

/* NaN and the infinities are where the header has them, and nowhere else. */
static void check_verdict(const struct trend_verdict *v)
{
    bool is_bounded = isfinite(v->rate_lo) && isfinite(v->rate_hi);
    assert_in_range(v->class, 0, TREND_CLASS_COUNT - 1);
    assert_true(is_bounded || (v->rate_lo == -INFINITY && v->rate_hi == INFINITY));
    assert_true(is_bounded || v->class == TREND_WARMING);
    assert_true(isfinite(v->rate) && v->rate_lo <= v->rate && v->rate <= v->rate_hi);
    assert_true(isfinite(v->growth_bytes) && isfinite(v->class_since_s));
    assert_true(isfinite(v->window_start_s) && v->window_end_s >= v->window_start_s);
    assert_true(isfinite(v->growing_since_s));
    assert_true(is_ratio_or_nan(v->retention) && is_ratio_or_nan(v->load_r2));
    assert_false(isnan(v->load_r2));
    assert_true(isfinite(v->alloc_rate) && v->alloc_rate >= 0);
    assert_true(isnan(v->mean_age_s) || (isfinite(v->mean_age_s) && v->mean_age_s >= 0));
    assert_true(isfinite(v->resolvable_rate) && v->resolvable_rate >= 0);
    assert_true((v->class == TREND_LEAK) == (v->level >= 0));
    assert_true(!v->provisional || (v->class == TREND_GROWING && !v->recurring));
}

static void check_gates(const struct trend_series *series, const struct trend_config *config)
{
    struct trend_gate gates[TREND_GATE_COUNT];
    trend_series_gates(series, config, gates);
    for (int id = 0; id < TREND_GATE_COUNT; id++) {
        const struct trend_gate *gate = &gates[id];
        assert_true(isfinite(gate->value) && isfinite(gate->limit));
        bool holds = gate->at_most ? gate->value <= gate->limit : gate->value >= gate->limit;
        assert_true(gate->passed == (gate->judged && holds));
    }
}

static void check_blocks(const struct trend_series *series)
{
    struct trend_block blocks[TREND_BLOCKS_MAX];
    size_t count = trend_series_blocks(series, blocks, TREND_BLOCKS_MAX);
    for (size_t i = 0; i < count; i++) {
        const struct trend_block *b = &blocks[i];
        assert_true(isfinite(b->inuse_mean_bytes) && isfinite(b->alloc_bytes));
        assert_true(b->inuse_min_bytes >= 0 && b->inuse_min_bytes <= b->inuse_mean_bytes);
        assert_true(isfinite(b->start_s) && b->start_s <= b->end_s);
        assert_true(i == 0 || b->start_s >= blocks[i - 1].end_s);
    }
}

static void check(const struct trend_series *series, const struct trend_config *config)
{
    check_verdict(trend_series_verdict(series));
    check_gates(series, config);
    check_blocks(series);
    double period = trend_series_period_bytes(series, config);
    assert_true(isnan(period) || (period >= 1 && isfinite(period)));
}

/* ---- put away and taken out ---- */

static void encode(const struct trend_series *series, struct lw_strbuf *image)
{
    lw_strbuf_init(image, IMAGE_MAX);
    trend_series_encode(series, image);
    assert_false(image->failed);
}

static struct trend_series *copy_of(const struct trend_series *series)
{
    struct lw_strbuf image;
    struct lw_err err;
    encode(series, &image);
    struct lw_cursor in = lw_cursor_on(image.data, image.len);
    struct trend_series *copy = trend_series_decode(&in, &err);
    if (!copy)
        fail_msg("%s", err.msg);
    assert_int_equal(lw_cursor_left(&in), 0);
    lw_strbuf_fini(&image);
    return copy;
}

static void assert_same(const struct trend_series *a, const struct trend_series *b)
{
    struct lw_strbuf image_a, image_b;
    encode(a, &image_a);
    encode(b, &image_b);
    assert_int_equal(image_a.len, image_b.len);
    assert_memory_equal(image_a.data, image_b.data, image_a.len);
    lw_strbuf_fini(&image_a);
    lw_strbuf_fini(&image_b);
}

/* ---- series that no heap has ---- */

/* The values that arithmetic is least ready for, and some that it is. */
static double odd_value(uint64_t *prng)
{
    static const double values[] = {0, -0.0, 1, -1, -64 * MIB, 1e-300, 5e-324, .5, 4 * MIB,
        64 * MIB, 64 * MIB + 1, 9223372036854775807.0, 1e19, 1.0001e19, 1e300, INFINITY, -INFINITY,
        NAN};
    double u = trend_walk_uniform(prng);
    return values[(size_t)(u * (sizeof values / sizeof *values))];
}

/* The same series is odd in one way for long, so that windows fill with it. */
struct odd {
    uint64_t prng;
    double chance;  /* of an odd value in any field */
    double every_s; /* 0: the same time again and again */
    double rise_bytes;
    struct trend_point point;
};

static struct odd odd_of(uint64_t seed)
{
    static const double paces[] = {0, 1e-3, 1, 60, 60, 60, 600, 1e5, 1e9};
    static const double levels[] = {0, 1, 5e-324, MIB, 64 * MIB, 1e18, 1e19};
    static const double rises[] = {0, 0, 1, MIB, -MIB, 64 * MIB, 1e16, -1e16};
    static const double noises[] = {0, 1e-9, 1000, 524288, 1e12, 1e19};
    struct odd o = {.prng = seed};
#define ANY_OF(list) list[(size_t)(trend_walk_uniform(&o.prng) * (sizeof list / sizeof *list))]
    o.chance = trend_walk_uniform(&o.prng) < .5 ? 0 : .02;
    o.every_s = ANY_OF(paces);
    o.rise_bytes = ANY_OF(rises);
    o.point = (struct trend_point){.t_s = TREND_WALK_START_S,
        .inuse_bytes = ANY_OF(levels),
        .alloc_bytes = ANY_OF(levels),
        .noise_bytes = ANY_OF(noises)};
#undef ANY_OF
    return o;
}

static struct trend_point odd_step(struct odd *o)
{
    o->point.t_s += o->every_s;
    o->point.inuse_bytes += o->rise_bytes;
    o->point.alloc_bytes += fabs(o->rise_bytes);
    struct trend_point point = o->point;
    double *const fields[] = {
        &point.t_s, &point.inuse_bytes, &point.alloc_bytes, &point.noise_bytes};
    for (int i = 0; i < 4; i++) {
        if (trend_walk_uniform(&o->prng) < o->chance)
            *fields[i] = odd_value(&o->prng);
    }
    return point;
}

static void test_odd_series_stay_finite(void **state)
{
    (void)state;
    struct trend_config config;
    trend_config_init(&config, 60);
    int judged = 0;
    for (uint64_t seed = 1; seed <= ODD_SERIES; seed++) {
        struct odd o = odd_of(seed * 7919);
        struct trend_series *series = trend_series_new();
        check(series, &config);
        for (int i = 0; i < ODD_POINTS; i++) {
            struct trend_point point = odd_step(&o);
            trend_series_push(series, &config, &point);
            if (i < 2 || i % 40 == 0)
                check(series, &config);
        }
        check(series, &config);
        judged += trend_series_verdict(series)->class > TREND_WARMING;
        struct trend_series *copy = copy_of(series);
        assert_same(series, copy);
        trend_series_free(&copy);
        trend_series_free(&series);
    }
    assert_in_range(judged, ODD_SERIES / 5, ODD_SERIES); /* else little was tried */
}

/* ---- series of every kind ---- */

static void test_copies_go_on_alike(void **state)
{
    (void)state;
    struct trend_config config;
    trend_config_init(&config, 60);
    for (uint64_t seed = 1; seed <= WALKS; seed++) {
        struct trend_walk w = trend_walk_of(seed);
        struct trend_series *series = trend_series_new(), *copy = trend_series_new();
        for (int i = 0; i < WALK_POINTS; i++) {
            trend_walk_step(&w);
            bool changed = trend_series_push(series, &config, &w.point);
            assert_int_equal(trend_series_push(copy, &config, &w.point), changed);
            check(series, &config);
            if (trend_walk_uniform(&w.prng) < .03) {
                trend_series_free(&copy);
                copy = copy_of(series);
            }
        }
        assert_same(series, copy);
        trend_series_free(&copy);
        trend_series_free(&series);
    }
}

static bool has_interval(const struct trend_verdict *v)
{
    return isfinite(v->rate_lo);
}

static void assert_scaled(
    const struct trend_verdict *a, const struct trend_verdict *b, double bytes, double seconds)
{
    assert_int_equal(a->class, b->class);
    assert_int_equal(a->provisional, b->provisional);
    assert_true(b->rate == a->rate * bytes / seconds);
    assert_int_equal(has_interval(a), has_interval(b));
    if (!has_interval(a))
        return;
    assert_true(b->rate_lo == a->rate_lo * bytes / seconds);
    assert_true(b->rate_hi == a->rate_hi * bytes / seconds);
    assert_true(b->growth_bytes == a->growth_bytes * bytes);
    assert_true(b->retention == a->retention || (isnan(a->retention) && isnan(b->retention)));
    assert_true(
        b->mean_age_s == a->mean_age_s * seconds || (isnan(a->mean_age_s) && isnan(b->mean_age_s)));
}

/* Everything takes 64 times as long. */
static void test_time_scales(void **state)
{
    (void)state;
    struct trend_config fast_config, slow_config;
    trend_config_init(&fast_config, 60);
    trend_config_init(&slow_config, 60 * PACE);
    int seen[TREND_CLASS_COUNT] = {0};
    for (uint64_t seed = 1; seed <= WALKS; seed++) {
        struct trend_walk w = trend_walk_of(seed);
        struct trend_series *fast = trend_series_new(), *slow = trend_series_new();
        for (int i = 0; i < WALK_POINTS; i++) {
            trend_walk_step(&w);
            struct trend_point later = w.point;
            later.t_s *= PACE;
            assert_int_equal(trend_series_push(fast, &fast_config, &w.point),
                trend_series_push(slow, &slow_config, &later));
            const struct trend_verdict *v = trend_series_verdict(fast);
            assert_scaled(v, trend_series_verdict(slow), 1, PACE);
            seen[v->class]++;
        }
        trend_series_free(&fast);
        trend_series_free(&slow);
    }
    assert_true(seen[TREND_LEAK] > 0 && seen[TREND_GROWING] > 0 && seen[TREND_HEALTHY] > 0);
}

/* A heap eight times as large whose objects are, too, where nothing is sampled. Bounds in bytes
 * grow with it; those against rounding (a byte) stay, so that the names of what is quiet may
 * differ. */
static void test_size_scales(void **state)
{
    (void)state;
    struct trend_config small_config, large_config;
    trend_config_init(&small_config, 60);
    large_config = small_config;
    large_config.min_growth_bytes *= SCALE;
    large_config.urgent_bytes *= SCALE;
    int leaks = 0;
    for (uint64_t seed = 1; seed <= WALKS; seed++) {
        struct trend_walk w = trend_walk_of(seed);
        struct trend_series *small = trend_series_new(), *large = trend_series_new();
        for (int i = 0; i < WALK_POINTS; i++) {
            trend_walk_step(&w);
            struct trend_point point = w.point;
            point.noise_bytes = 0;
            trend_series_push(small, &small_config, &point);
            point.inuse_bytes *= SCALE;
            point.alloc_bytes *= SCALE;
            trend_series_push(large, &large_config, &point);
            const struct trend_verdict *a = trend_series_verdict(small);
            const struct trend_verdict *b = trend_series_verdict(large);
            assert_int_equal(a->class == TREND_LEAK, b->class == TREND_LEAK);
            if (a->class == TREND_LEAK)
                assert_scaled(a, b, SCALE, 1);
            leaks += a->class == TREND_LEAK;
        }
        trend_series_free(&small);
        trend_series_free(&large);
    }
    assert_true(leaks > 0);
}

/* ---- a target's formulas ---- */

static double any_size(uint64_t *prng)
{
    static const double sizes[] = {0, 1, 1e-9, 1e3, MIB, 1e9, 1e12, 1e19};
    double u = trend_walk_uniform(prng);
    return sizes[(size_t)(u * (sizeof sizes / sizeof *sizes))] * trend_walk_uniform(prng);
}

static struct trend_rate any_rate(uint64_t *prng)
{
    double sign = trend_walk_uniform(prng) < .3 ? -1 : 1;
    struct trend_rate rate = {.bytes_s = sign * any_size(prng), .se = any_size(prng)};
    if (trend_walk_uniform(prng) < .1)
        rate.se = INFINITY;
    return rate;
}

static void check_forecast(uint64_t *prng, struct trend_rate rate)
{
    struct trend_room room = {.limit_bytes = any_size(prng),
        .go_limit_bytes = any_size(prng),
        .non_heap_bytes = any_size(prng),
        .kappa = trend_walk_uniform(prng) < .3 ? 0 : 1 + trend_walk_uniform(prng)};
    bool by_go_limit;
    double live = trend_room_live_bytes(&room, &by_go_limit);
    assert_false(isnan(live));
    assert_true(live >= 0);
    double room_bytes = isfinite(live) ? live - any_size(prng) : live;
    struct trend_forecast f = trend_forecast_of(room_bytes, rate, any_size(prng));
    assert_false(isnan(f.seconds) || isnan(f.lo_s) || isnan(f.hi_s));
    assert_true(0 <= f.lo_s && f.lo_s <= f.seconds && f.seconds <= f.hi_s);
    double stake = trend_at_stake_bytes(rate.bytes_s, f.seconds);
    assert_true(stake >= 0 && isfinite(stake));
}

static void test_targets_formulas_stay_sane(void **state)
{
    (void)state;
    uint64_t prng = 17;
    for (int i = 0; i < TARGET_CASES; i++) {
        struct trend_rate a = any_rate(&prng), b = any_rate(&prng), rest;
        struct trend_rate sum = trend_rate_sum(a, b), other = trend_rate_sum(b, a);
        assert_true(sum.bytes_s == other.bytes_s && sum.se == other.se);
        assert_true(sum.se >= a.se && sum.se >= b.se);
        if (trend_rate_unattributed(a, b, &rest))
            assert_true(fabs(rest.bytes_s) > 2 * rest.se && isfinite(rest.se));
        check_forecast(&prng, a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_odd_series_stay_finite),
        cmocka_unit_test(test_copies_go_on_alike),
        cmocka_unit_test(test_time_scales),
        cmocka_unit_test(test_size_scales),
        cmocka_unit_test(test_targets_formulas_stay_sane),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
