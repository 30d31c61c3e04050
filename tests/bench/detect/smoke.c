/* The benchmark in little: that it simulates what it says, that scoring counts what it should, and
 * that the engine is better than what it is compared with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mix.h"
#include "simulate.h"

#define SEED   7
#define SERIES 90

static void test_a_seed_is_a_series(void **state)
{
    (void)state;
    struct series first, again, other;
    simulate_number(SEED, 3, FAMILY_RANGES_SAME, &first);
    simulate_number(SEED, 3, FAMILY_RANGES_SAME, &again);
    simulate_number(SEED, 4, FAMILY_RANGES_SAME, &other);
    assert_int_equal(first.count, again.count);
    assert_memory_equal(first.points, again.points, first.count * sizeof *first.points);
    assert_true(first.count != other.count ||
                memcmp(first.points, other.points, first.count * sizeof *first.points) != 0);
    series_fini(&first);
    series_fini(&again);
    series_fini(&other);
}

/* What is held for good is seen with Go's noise and without bias: n samples of N objects give
 * N ± sqrt(N / p). */
static void test_sampling_is_go_s(void **state)
{
    (void)state;
    double sum = 0, squares = 0, bytes = 64e6;
    const int runs = 200;
    for (int i = 0; i < runs; i++) {
        struct prng r = prng_of(SEED, (uint64_t)i);
        struct heap_plan plan = {.part_count = 1, .duration_s = 600, .interval_s = 60, .gc_s = 10};
        plan.parts[0] = (struct heap_part){.object_bytes = 1024, .flow = bytes / 30, .to_s = 30};
        size_t count;
        struct heap_sample *samples = heap_run(&plan, &r, &count);
        double off = samples[count - 1].inuse_bytes / bytes - 1;
        sum += off;
        squares += off * off;
        free(samples);
    }
    double expected = sqrt(series_noise_bytes(1024, HEAP_PERIOD_BYTES) / bytes);
    double deviation = sqrt(squares / runs);
    assert_true(fabs(sum / runs) < 4 * expected / sqrt(runs));
    assert_true(deviation > .85 * expected && deviation < 1.15 * expected);
}

static void check_builds(const struct family *family, enum family_ranges ranges, uint64_t stream)
{
    struct prng r = prng_of(SEED, stream);
    struct family_case c;
    struct series series;
    family_build(family, ranges, 0, &r, &c);
    assert_in_range(c.plan.part_count, 1, HEAP_PARTS_MAX);
    assert_int_equal(c.leak_rate > 0, family->is_leak);
    assert_true(c.leak_start_s < c.plan.duration_s);
    simulate_case(&c, "x", family->name, &r, &series);
    assert_true((double)series.count > .9 * c.plan.duration_s / 60);
    for (size_t k = 1; k < series.count; k++)
        assert_true(series.points[k].t_s > series.points[k - 1].t_s);
    series_fini(&series);
}

static void test_every_family_builds(void **state)
{
    (void)state;
    for (int i = 0; i < family_count; i++) {
        check_builds(&families[i], FAMILY_RANGES_SAME, (uint64_t)i);
        check_builds(&families[i], FAMILY_RANGES_SHIFTED, (uint64_t)i);
    }
    for (int i = 0; i < stranger_count; i++)
        check_builds(&strangers[i], FAMILY_RANGES_SAME, (uint64_t)i);
}

/* Written and read again, a series is the same. */
static void test_files_round_trip(void **state)
{
    (void)state;
    char path[] = "/tmp/leakwatchd-detect-XXXXXX";
    FILE *f = fdopen(mkstemp(path), "w");
    simulate_write(f, SEED, 5, FAMILY_RANGES_SAME);
    fclose(f);
    struct lw_err err;
    struct series written, read;
    simulate_number(SEED, 5, FAMILY_RANGES_SAME, &written);
    struct series_file *file = series_file_open(path, &err);
    assert_int_equal(series_file_next(file, &read, &err), 1);
    assert_string_equal(read.id, written.id);
    assert_string_equal(read.family, written.family);
    assert_int_equal(read.label, written.label);
    assert_int_equal(read.count, written.count);
    for (size_t i = 0; i < read.count; i++) {
        assert_true(fabs(read.points[i].t_s - written.points[i].t_s) < .06);
        assert_true(read.points[i].inuse_bytes == written.points[i].inuse_bytes);
        assert_true(read.points[i].alloc_bytes == written.points[i].alloc_bytes);
    }
    series_fini(&read);
    series_fini(&written);
    series_file_close(&file);
    unlink(path);
}

static void test_tally_counts(void **state)
{
    (void)state;
    struct tally t = {0};
    tally_add(&t, true, &(struct finding){.first = 10, .at_end = true});
    tally_add(&t, true, &(struct finding){.first = 30});
    tally_add(&t, true, &(struct finding){.first = 5, .false_alarms = 1}); /* early: both */
    tally_add(&t, true, &(struct finding){0});
    tally_add(&t, false, &(struct finding){.false_alarms = 3, .healthy_days = 2});
    tally_add(&t, false, &(struct finding){.healthy_days = 2});
    assert_true(fabs(tally_precision(&t) - 2 / 4.0) < 1e-9);
    assert_true(fabs(tally_recall(&t) - 2 / 4.0) < 1e-9);
    assert_true(fabs(tally_f1(&t) - .5) < 1e-9);
    assert_true(tally_ttd(&t, 0) == 10 && tally_ttd(&t, 1) == 30);
    assert_int_equal(t.false_alarms, 4);
    assert_true(t.healthy_days == 4 && tally_end_recall(&t) == .25);
    tally_fini(&t);
    assert_true(isnan(tally_ttd(&t, .5)));
}

/* An alarm counts from the leak's start on; one that goes on from before does not make it early
 * twice. */
static void test_alarms_are_held_against_the_start(void **state)
{
    (void)state;
    struct trend_point points[400];
    for (int i = 0; i < 400; i++)
        points[i] = (struct trend_point){.t_s = 60 * (i + 1),
            .inuse_bytes = 1e6 * (i < 100 ? 50 : 50 + 3 * (i - 100)),
            .alloc_bytes = 1e9 + 5e6 * i};
    struct series series = {.label = SERIES_LEAK, .points = points, .count = 400};
    series.leak_start_s = 60 * 101;
    struct finding f = score_baseline(&series, &baselines[0]);
    assert_int_equal(f.false_alarms, 0);
    assert_in_range(f.first, 20, 31); /* 2 of its 3 MB/min over half an hour */
    assert_true(f.at_end);
    series.leak_start_s = 60 * 300;
    f = score_baseline(&series, &baselines[0]);
    assert_int_equal(f.false_alarms, 1);
    series.label = SERIES_HEALTHY;
    f = score_baseline(&series, &baselines[0]);
    assert_int_equal(f.first, 0);
    assert_int_equal(f.false_alarms, 1);
    assert_true(fabs(f.healthy_days - 399 / 1440.0) < 1e-9);
}

static void test_engine_beats_the_baselines(void **state)
{
    (void)state;
    struct mix mix;
    mix_init(&mix, true);
    mix_simulate(&mix, SEED, SERIES, FAMILY_RANGES_SAME);
    assert_true(mix.engine.found + mix.engine.missed > SERIES / 3);
    assert_true(tally_precision(&mix.engine) > .9 && tally_recall(&mix.engine) > .9);
    for (int i = 0; i < baseline_count; i++)
        assert_true(tally_f1(&mix.engine) > tally_f1(&mix.baselines[i]));
    assert_true(figures_mean(&mix.end_cover) > .8);
    mix_fini(&mix);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_seed_is_a_series),
        cmocka_unit_test(test_sampling_is_go_s),
        cmocka_unit_test(test_every_family_builds),
        cmocka_unit_test(test_files_round_trip),
        cmocka_unit_test(test_tally_counts),
        cmocka_unit_test(test_alarms_are_held_against_the_start),
        cmocka_unit_test(test_engine_beats_the_baselines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
