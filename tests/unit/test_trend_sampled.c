/* Verdicts on heaps as Go's profile tells them: of the objects in use only a few are sampled. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "trend/trend.h"

#include "trend_checks.h"
#include "trend_walk.h"

#define MIB     1048576.0
#define START_S 1.7e9 /* some Unix time */
#define NEVER   (-1)

/* ---- a heap as Go's profile tells it ---- */

#define PERIOD_BYTES 524288.0
#define OBJECT_BYTES 1024.0

struct heap {
    uint64_t prng;
    double sampled; /* objects of OBJECT_BYTES in use that were sampled */
    double alloc_bytes;
};

static double sampling_chance(void)
{
    return -expm1(-OBJECT_BYTES / PERIOD_BYTES);
}

/* Of many objects, each sampled with a small chance, the number that are: Poisson (Knuth's method).
 */
static double sample(struct heap *heap, double bytes)
{
    double limit = exp(-bytes / OBJECT_BYTES * sampling_chance());
    double product = trend_walk_uniform(&heap->prng);
    int count = 0;
    for (; product > limit; count++)
        product *= trend_walk_uniform(&heap->prng);
    heap->alloc_bytes += bytes;
    return count;
}

static struct trend_point point_at(const struct heap *heap, double t_s)
{
    double chance = sampling_chance();
    return (struct trend_point){.t_s = t_s,
        .inuse_bytes = floor(heap->sampled / chance) * OBJECT_BYTES,
        .alloc_bytes = heap->alloc_bytes,
        .noise_bytes = OBJECT_BYTES * (1 - chance) / chance};
}

/* Growth that passes for noise, then for some, then none: one class for all of it. */
static void test_quiet_classes_do_not_flap(void **state)
{
    (void)state;
    struct trend_config config;
    trend_config_init(&config, 60);
    struct trend_series *series = trend_series_new();
    struct heap heap = {.prng = 11, .alloc_bytes = 1e9};
    int changes = 0;
    for (int i = 1; i <= 7 * 1440; i++) {
        heap.sampled = 0;
        for (int k = 0; k < 4; k++) /* 256 MiB, sampled anew every minute */
            heap.sampled += sample(&heap, 64 * MIB);
        struct trend_point point = point_at(&heap, START_S + 60 * i);
        enum trend_class was = trend_series_verdict(series)->class;
        changes += trend_series_push(series, &config, &point) && was != TREND_WARMING;
    }
    trend_series_free(&series);
    assert_in_range(changes, 0, 7);
}

/* ---- time compressed ---- */

/* A linear leak of 256 KiB/s, met at an age of a few seconds, seen every 2 s with a base of 1 s. */
static int points_to_leak(uint64_t seed, int count)
{
    struct trend_config config;
    trend_config_init(&config, 1);
    struct trend_series *series = trend_series_new();
    struct heap heap = {.prng = seed};
    heap.sampled = sample(&heap, 5 * 262144.0);
    int found = NEVER;
    for (int i = 0; i < count && found == NEVER; i++) {
        struct trend_point point = point_at(&heap, START_S + 2 * i);
        trend_series_push(series, &config, &point);
        trend_check_gates(series, &config);
        if (trend_series_verdict(series)->class == TREND_LEAK)
            found = i + 1;
        heap.sampled += sample(&heap, 2 * 262144.0);
    }
    trend_series_free(&series);
    return found;
}

static void test_demo_leak_is_found_within_60_points(void **state)
{
    (void)state;
    int in_time = 0;
    for (uint64_t seed = 1; seed <= 40; seed++)
        in_time += points_to_leak(seed, 60) != NEVER;
    assert_in_range(in_time, 36, 40); /* 87 % of 400 when measured */
}

/* A cache of 32 MiB that is full after 10 s and then replaces an entry for each that comes. */
static void run_cache(uint64_t seed, int count)
{
    enum { BINS = 5 };
    struct trend_config config;
    trend_config_init(&config, 1);
    struct trend_series *series = trend_series_new();
    struct heap heap = {.prng = seed};
    double bins[BINS] = {0};
    for (int i = 0; i < count; i++) {
        heap.sampled -= bins[i % BINS];
        bins[i % BINS] = sample(&heap, 32 * MIB / BINS);
        heap.sampled += bins[i % BINS];
        struct trend_point point = point_at(&heap, START_S + 2 * i);
        trend_series_push(series, &config, &point);
        assert_true(trend_series_verdict(series)->class < TREND_GROWING);
    }
    trend_series_free(&series);
}

static void test_demo_cache_never_looks_like_a_leak(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++)
        run_cache(seed, 600);
}

/* A cache of 128 MiB that takes 80 s to fill, nearly as long as growth in youth is watched for, and
 * then replaces an entry for each that comes. */
static bool slow_cache_is_a_leak(uint64_t seed)
{
    enum { BINS = 40 };
    struct trend_config config;
    trend_config_init(&config, 1);
    struct trend_series *series = trend_series_new();
    struct heap heap = {.prng = seed};
    double bins[BINS] = {0};
    bool found = false;
    for (int i = 0; i < 400 && !found; i++) {
        heap.sampled -= bins[i % BINS];
        bins[i % BINS] = sample(&heap, 128 * MIB / BINS);
        heap.sampled += bins[i % BINS];
        struct trend_point point = point_at(&heap, START_S + 2 * i);
        trend_series_push(series, &config, &point);
        found = trend_series_verdict(series)->class == TREND_LEAK;
    }
    trend_series_free(&series);
    return found;
}

static void test_slow_large_cache_is_seldom_a_leak(void **state)
{
    (void)state;
    int leaks = 0;
    for (uint64_t seed = 1; seed <= 100; seed++)
        leaks += slow_cache_is_a_leak(seed);
    assert_in_range(leaks, 0, 8); /* 5 % of 300 when measured */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quiet_classes_do_not_flap),
        cmocka_unit_test(test_demo_leak_is_found_within_60_points),
        cmocka_unit_test(test_demo_cache_never_looks_like_a_leak),
        cmocka_unit_test(test_slow_large_cache_is_seldom_a_leak),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
