/* trend/ as its callers see it: series of points in, verdicts and gates out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trend/trend.h"

#include "trend_checks.h"
#include "trend_walk.h"

#define MIB     1048576.0
#define START_S 1.7e9 /* some Unix time */
#define NEVER   (-1)

/* ---- the series under test ---- */

struct fixture {
    struct trend_config config;
    struct trend_series *series;
    double t_s;
    double alloc_bytes;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    trend_config_init(&f->config, 60);
    f->series = trend_series_new();
    f->t_s = START_S;
    f->alloc_bytes = 1e9;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    trend_series_free(&f->series);
    assert_null(f->series);
    trend_series_free(&f->series);
    free(f);
    return 0;
}

static const struct trend_verdict *verdict(const struct fixture *f)
{
    return trend_series_verdict(f->series);
}

/* One minute later. Allocation goes on at 1 MiB a minute, which says that the process is old. */
static bool push(struct fixture *f, double inuse_bytes)
{
    f->t_s += 60;
    f->alloc_bytes += MIB;
    struct trend_point point = {.t_s = f->t_s,
        .inuse_bytes = inuse_bytes,
        .alloc_bytes = f->alloc_bytes,
        .noise_bytes = 1000};
    return trend_series_push(f->series, &f->config, &point);
}

/* `count` points on a line; returns the number of the first that found a leak, or NEVER. */
static int push_line(struct fixture *f, double from_bytes, double step_bytes, int count)
{
    int found = NEVER;
    for (int i = 0; i < count; i++) {
        push(f, from_bytes + step_bytes * i);
        if (found == NEVER && verdict(f)->class == TREND_LEAK)
            found = i;
    }
    return found;
}

/* ---- classes ---- */

static void test_nothing_seen_yet(void **state)
{
    struct fixture *f = *state;
    struct trend_gate gates[TREND_GATE_COUNT];
    struct trend_block block;
    assert_int_equal(verdict(f)->class, TREND_WARMING);
    assert_int_equal(verdict(f)->level, -1);
    assert_true(isinf(verdict(f)->rate_lo) && isinf(verdict(f)->rate_hi));
    trend_series_gates(f->series, &f->config, gates);
    assert_int_equal(trend_check_first_stop(gates), TREND_GATE_WINDOW);
    assert_int_equal(trend_series_blocks(f->series, &block, 1), 0);
    trend_series_restart(f->series);
    assert_int_equal(verdict(f)->restarts, 0);
    push(f, 1e6);
    assert_int_equal(verdict(f)->class, TREND_WARMING);
    assert_int_equal(trend_series_blocks(f->series, &block, 1), 1);
    assert_int_equal(trend_series_blocks(f->series, &block, 0), 0);
}

static void test_constant_warms_then_is_healthy(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i <= 47; i++)
        assert_false(push(f, 64 * MIB));
    assert_int_equal(verdict(f)->class, TREND_WARMING);
    assert_true(push(f, 64 * MIB)); /* 24 blocks of two minutes */
    assert_int_equal(verdict(f)->class, TREND_HEALTHY);
    assert_true(verdict(f)->class_since_s == f->t_s);
    for (int i = 0; i < 3000; i++)
        assert_false(push(f, 64 * MIB));
    assert_true(verdict(f)->rate == 0 && verdict(f)->rate_lo == 0 && verdict(f)->rate_hi == 0);
    assert_true(verdict(f)->growing_since_s == 0);
}

static void test_line_is_a_leak(void **state)
{
    struct fixture *f = *state;
    int found = push_line(f, 32 * MIB, MIB / 2, 400);
    assert_in_range(found, 60, 75); /* an old process: convicted once an hour was seen */
    const struct trend_verdict *v = verdict(f);
    assert_true(fabs(v->rate - MIB / 120) < 1);
    assert_true(v->rate_lo <= MIB / 120 && MIB / 120 <= v->rate_hi);
    assert_true(fabs(v->retention - .5) < .01);
    assert_true(fabs(v->alloc_rate - MIB / 60) < 1);
    assert_true(fabs(v->growing_since_s - START_S) < 300); /* followed back to the start */
    struct trend_gate gates[TREND_GATE_COUNT];
    trend_series_gates(f->series, &f->config, gates);
    assert_int_equal(trend_check_first_stop(gates), TREND_GATE_COUNT);
}

static void test_young_process_is_watched_for_longer(void **state)
{
    struct fixture *f = *state;
    f->alloc_bytes = 0;
    int found = push_line(f, 0, MIB / 2, 200);
    assert_in_range(found, 96, 110);
}

static void test_growing_before_it_is_a_leak(void **state)
{
    struct fixture *f = *state;
    f->alloc_bytes = 0;
    push_line(f, 0, MIB / 2, 80);
    assert_int_equal(verdict(f)->class, TREND_GROWING);
    struct trend_gate gates[TREND_GATE_COUNT];
    trend_series_gates(f->series, &f->config, gates);
    assert_int_equal(trend_check_first_stop(gates), TREND_GATE_AGE);
    assert_true(gates[TREND_GATE_AGE].limit > gates[TREND_GATE_AGE].value);
}

static void test_filling_cache_is_saturating_then_healthy(void **state)
{
    struct fixture *f = *state;
    bool saturated = false;
    for (int i = 0; i < 3000; i++) {
        push(f, 256 * MIB * -expm1(-i / 60.0));
        assert_int_not_equal(verdict(f)->class, TREND_LEAK);
        saturated = saturated || verdict(f)->class == TREND_SATURATING;
    }
    assert_true(saturated);
    assert_int_equal(verdict(f)->class, TREND_HEALTHY);
}

static const struct trend_gate *gates_of(const struct fixture *f)
{
    static struct trend_gate gates[TREND_GATE_COUNT];
    trend_series_gates(f->series, &f->config, gates);
    return gates;
}

static void test_step_is_named_and_no_leak(void **state)
{
    struct fixture *f = *state;
    push_line(f, 32 * MIB, 0, 200);
    bool stepped = false;
    for (int i = 0; i < 4000; i++) {
        push(f, 96 * MIB);
        assert_true(verdict(f)->class < TREND_SATURATING);
        stepped = stepped || verdict(f)->class == TREND_STEP;
        if (verdict(f)->class == TREND_STEP && verdict(f)->class_since_s == f->t_s)
            assert_true(gates_of(f)[TREND_GATE_STEP].passed);
    }
    assert_true(stepped);
    assert_int_equal(verdict(f)->class, TREND_HEALTHY); /* long ago, nobody sees it any more */
}

static void test_sawtooth_is_named(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 600; i++) {
        push(f, 32 * MIB + i % 30 * 2 * MIB);
        assert_true(verdict(f)->class < TREND_GROWING || i < 60); /* one tooth is no saw */
    }
    assert_int_equal(verdict(f)->class, TREND_SAWTOOTH);
    assert_true(gates_of(f)[TREND_GATE_FALLS].value >= 2);
    assert_true(gates_of(f)[TREND_GATE_SWING].passed);
}

/* A load that goes up and down: objects live for five minutes. */
static void test_load_coupled_is_named(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 600; i++) {
        double rate = 8 * MIB * (1 + .5 * sin(i / 20.0));
        f->t_s += 60;
        f->alloc_bytes += rate;
        struct trend_point point = {f->t_s, 5 * rate, f->alloc_bytes, 1000, false};
        trend_series_push(f->series, &f->config, &point);
        assert_true(verdict(f)->class < TREND_GROWING);
    }
    assert_int_equal(verdict(f)->class, TREND_LOAD_COUPLED);
    assert_true(gates_of(f)[TREND_GATE_LOAD].value > .9);
}

static void test_churn_is_named(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 200; i++) {
        f->alloc_bytes += 256 * MIB;
        push(f, 64 * MIB);
    }
    assert_int_equal(verdict(f)->class, TREND_CHURN);
    assert_true(fabs(gates_of(f)[TREND_GATE_CHURN].value - 64 / 257.0 * 60) < 1);
    assert_true(fabs(verdict(f)->mean_age_s - 64 / 257.0 * 60) < 1);
}

static void test_few_samples_are_unresolvable(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 200; i++) {
        f->t_s += 60;
        struct trend_point point = {f->t_s, 3 * MIB, f->alloc_bytes, 524288, false};
        trend_series_push(f->series, &f->config, &point);
    }
    assert_int_equal(verdict(f)->class, TREND_UNRESOLVABLE);
    assert_true(fabs(gates_of(f)[TREND_GATE_SAMPLES].value - 6) < .1);
    /* Nothing is replaced here, so 4.5² samples of 512 KiB, 10.125 MiB, within the window. */
    double window_s = verdict(f)->window_end_s - verdict(f)->window_start_s;
    assert_true(fabs(verdict(f)->resolvable_rate - 10.125 * MIB / window_s) < 1);
    /* The least that is looked at, 1 MiB, has then 16 samples of the 12 asked for. */
    assert_true(trend_series_period_bytes(f->series, &f->config) == 65536);
}

/* ---- the urgent path ---- */

static void test_fast_growth_is_provisional_soon(void **state)
{
    struct fixture *f = *state;
    push_line(f, 32 * MIB, 0, 120);
    int minutes = 0;
    for (; minutes < 60 && !verdict(f)->provisional; minutes++)
        push(f, (32 + 2 * minutes) * MIB);
    assert_in_range(minutes, 15, 25);
    assert_int_equal(verdict(f)->class, TREND_GROWING);
    assert_true(verdict(f)->rate_lo <= 2 * MIB / 60 && 2 * MIB / 60 <= verdict(f)->rate_hi);
    for (int id = TREND_GATE_URGENT_GROWTH; id <= TREND_GATE_URGENT_AGE; id++)
        assert_true(gates_of(f)[id].judged && gates_of(f)[id].passed);
    for (; minutes < 200 && verdict(f)->class != TREND_LEAK; minutes++)
        push(f, (32 + 2 * minutes) * MIB);
    assert_int_equal(verdict(f)->class, TREND_LEAK);
    assert_false(verdict(f)->provisional); /* not any more: it is one */
}

/* The process is old, and grows from the first point on: there is no window to tell of yet. */
static void test_provisional_while_warming(void **state)
{
    struct fixture *f = *state;
    push_line(f, 32 * MIB, 2 * MIB, 30);
    assert_true(verdict(f)->provisional);
    assert_int_equal(verdict(f)->class, TREND_GROWING);
    trend_check_verdict(verdict(f));
    for (int i = 0; i < 12; i++)
        push(f, 32 * MIB); /* it was let go of */
    assert_false(verdict(f)->provisional);
    assert_int_equal(verdict(f)->class, TREND_WARMING);
    trend_check_verdict(verdict(f));
}

static void test_young_process_is_not_urgent(void **state)
{
    struct fixture *f = *state;
    f->alloc_bytes = 0;
    for (int i = 0; i < 50; i++) {
        push(f, (32 + 2 * i) * MIB);
        assert_false(verdict(f)->provisional);
    }
}

static void test_load_is_not_urgent(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 200; i++) { /* 40 % more load within 20 minutes, objects live 10 min */
        double rate = 16 * MIB * (1 + .4 * fmin(fmax(i - 120, 0) / 20.0, 1));
        f->t_s += 60;
        f->alloc_bytes += rate;
        struct trend_point point = {f->t_s, 10 * rate, f->alloc_bytes, 1000, false};
        trend_series_push(f->series, &f->config, &point);
        assert_false(verdict(f)->provisional);
    }
}

static void test_filled_cache_is_not_urgent_for_long(void **state)
{
    struct fixture *f = *state;
    push_line(f, 32 * MIB, 0, 120);
    int flagged = 0;
    for (int i = 0; i < 120; i++) {
        push(f, (32 + fmin(2 * i, 60)) * MIB);
        flagged += verdict(f)->provisional;
    }
    assert_in_range(flagged, 1, 30);
}

/* A table that is loaded within 16 minutes by a process at rest. */
static void test_what_is_loaded_at_once_is_not_urgent(void **state)
{
    struct fixture *f = *state;
    push_line(f, 32 * MIB, 0, 120);
    for (int i = 0; i < 120; i++) {
        push(f, (32 + fmin(3 * i, 48)) * MIB);
        assert_false(verdict(f)->provisional);
    }
}

static void test_growth_below_the_floor_is_not_looked_at(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(push_line(f, 1 * MIB, MIB / 1024, 3000), NEVER); /* 3 MiB in two days */
    assert_int_equal(verdict(f)->class, TREND_CHURN); /* it allocates as much every minute */
    assert_true(verdict(f)->rate > 0);
}

static void test_load_is_no_leak(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 600;
         i++) { /* a rate that doubles over hours, of objects that live 10 min */
        double rate = MIB * (1 + i / 300.0);
        f->t_s += 60;
        f->alloc_bytes += rate;
        struct trend_point point = {f->t_s, 10 * rate, f->alloc_bytes, 1000, false};
        trend_series_push(f->series, &f->config, &point);
        assert_int_not_equal(verdict(f)->class, TREND_LEAK);
    }
    assert_true(verdict(f)->load_r2 > .9);
}

/* ---- the life of a leak ---- */

static void test_released_leak_is_acquitted(void **state)
{
    struct fixture *f = *state;
    assert_int_not_equal(push_line(f, 32 * MIB, MIB, 200), NEVER);
    push(f, 32 * MIB);
    for (int i = 0; i < 40; i++)
        push(f, 32 * MIB);
    assert_int_not_equal(verdict(f)->class, TREND_LEAK);
    assert_false(verdict(f)->recurring);
}

static void test_leak_that_levels_off_is_held_then_acquitted(void **state)
{
    struct fixture *f = *state;
    assert_int_not_equal(push_line(f, 32 * MIB, MIB, 200), NEVER);
    push_line(f, 232 * MIB, 0, 30);
    assert_int_equal(verdict(f)->class, TREND_LEAK);
    push_line(f, 232 * MIB, 0, 400);
    assert_int_equal(verdict(f)->class, TREND_HEALTHY);
}

static void test_leak_recurs_after_a_restart(void **state)
{
    struct fixture *f = *state;
    push_line(f, 32 * MIB, MIB, 200);
    assert_int_equal(verdict(f)->class, TREND_LEAK);
    f->alloc_bytes = 0;
    assert_true(push(f, 1 * MIB));
    assert_int_equal(verdict(f)->class, TREND_WARMING);
    assert_true(verdict(f)->recurring);
    assert_int_equal(verdict(f)->restarts, 1);
    int found = push_line(f, 2 * MIB, MIB, 120);
    assert_in_range(found, 58, 75); /* sooner than the 96 minutes asked of a young process */
    assert_true(verdict(f)->recurring);
}

/* What a process came back to after its restart is not growth that nobody knew. */
static void test_warm_up_to_a_known_level_is_no_leak(void **state)
{
    struct fixture *f = *state;
    push_line(f, 232 * MIB, 0, 200);
    f->alloc_bytes = 0;
    for (int i = 0; i < 150; i++) {
        push(f, (32 + 1.3 * i) * MIB);
        assert_int_not_equal(verdict(f)->class, TREND_LEAK);
    }
    assert_int_equal(verdict(f)->restarts, 1);
}

/* … and growth beyond that is found all the same. */
static void test_leak_beyond_a_known_level_is_found(void **state)
{
    struct fixture *f = *state;
    push_line(f, 64 * MIB, 0, 200);
    f->alloc_bytes = 0;
    int found = push_line(f, 32 * MIB, 1.3 * MIB, 200);
    assert_in_range(found, 90, 120);
}

static void test_leak_that_stays_away_is_acquitted(void **state)
{
    struct fixture *f = *state;
    push_line(f, 32 * MIB, MIB, 200);
    trend_series_restart(f->series);
    trend_series_restart(f->series); /* nothing was seen in between: one restart */
    assert_int_equal(verdict(f)->restarts, 1);
    f->alloc_bytes = 0;
    push_line(f, 32 * MIB, 0, 250); /* convicted within 192 minutes: watched for twice as many */
    assert_int_equal(verdict(f)->restarts, 1);
    assert_true(verdict(f)->recurring);
    push_line(f, 32 * MIB, 0, 150);
    assert_false(verdict(f)->recurring);
    assert_int_equal(verdict(f)->class, TREND_HEALTHY);
}

static void test_gap_begins_a_new_epoch(void **state)
{
    struct fixture *f = *state;
    push_line(f, 32 * MIB, 0, 100);
    f->t_s += f->config.gap_s - 60;
    push(f, 32 * MIB);
    assert_int_equal(verdict(f)->restarts, 0);
    assert_int_equal(verdict(f)->class, TREND_HEALTHY);
    f->t_s += f->config.gap_s;
    assert_true(push(f, 32 * MIB));
    assert_int_equal(verdict(f)->restarts, 1);
    assert_int_equal(verdict(f)->class, TREND_WARMING);
    assert_false(verdict(f)->recurring);
}

static void test_lost_scrapes_do_not_hide_a_leak(void **state)
{
    struct fixture *f = *state;
    uint64_t prng = 7;
    for (int i = 0; i < 300; i++) {
        if (trend_walk_uniform(&prng) < .3) {
            f->t_s += 60;
            f->alloc_bytes += MIB;
        } else {
            push(f, 32 * MIB + i * MIB);
        }
    }
    assert_int_equal(verdict(f)->class, TREND_LEAK);
    assert_true(fabs(verdict(f)->rate / (MIB / 60) - 1) < .05);
}

/* ---- degenerate input ---- */

static void test_unusable_points_are_dropped(void **state)
{
    struct fixture *f = *state;
    push_line(f, 32 * MIB, 0, 20);
    struct trend_block before[TREND_BLOCKS_MAX], after[TREND_BLOCKS_MAX];
    size_t count = trend_series_blocks(f->series, before, TREND_BLOCKS_MAX);
    const struct trend_point good = {f->t_s + 60, 32 * MIB, f->alloc_bytes + 1, 1000, false};
    struct trend_point bad[14];
    for (size_t i = 0; i < 14; i++)
        bad[i] = good;
    bad[0].inuse_bytes = -1;
    bad[1].inuse_bytes = NAN;
    bad[2].inuse_bytes = INFINITY;
    bad[3].inuse_bytes = 1e300;
    bad[4].alloc_bytes = NAN;
    bad[5].alloc_bytes = -1;
    bad[6].alloc_bytes = INFINITY;
    bad[7].noise_bytes = NAN;
    bad[8].noise_bytes = -1;
    bad[9].t_s = NAN;
    bad[10].t_s = INFINITY;
    bad[11].t_s = -INFINITY;
    bad[12].t_s = f->t_s;
    bad[13].t_s = f->t_s - 3600;
    for (size_t i = 0; i < 14; i++)
        assert_false(trend_series_push(f->series, &f->config, &bad[i]));
    assert_int_equal(trend_series_blocks(f->series, after, TREND_BLOCKS_MAX), count);
    assert_memory_equal(after, before, count * sizeof *before);
    assert_int_equal(verdict(f)->restarts, 0);
}

static void test_sizes_of_the_largest_kind(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 300; i++) {
        f->t_s += 60;
        struct trend_point point = {f->t_s, 1e18 + 1e15 * i, 1e18 + 2e15 * i, 1e18, false};
        trend_series_push(f->series, &f->config, &point);
        trend_check_verdict(verdict(f));
        trend_check_gates(f->series, &f->config);
    }
}

static void test_zero_and_repeats(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 200; i++) { /* nothing in use, nothing allocated */
        f->t_s += 60;
        struct trend_point point = {.t_s = f->t_s};
        trend_series_push(f->series, &f->config, &point);
    }
    assert_int_equal(verdict(f)->class, TREND_HEALTHY);
    assert_true(isnan(verdict(f)->retention));
    assert_true(verdict(f)->rate == 0 && verdict(f)->alloc_rate == 0);

    trend_series_restart(f->series);
    for (int i = 0; i < 200;
         i++) { /* each profile seen twice: two scrapes in a GC cycle, no noise */
        f->t_s += 60;
        double grown = i / 2 * 2 * MIB;
        struct trend_point point = {f->t_s, 32 * MIB + grown, 1e10 + grown, 0, false};
        trend_series_push(f->series, &f->config, &point);
        trend_check_gates(f->series, &f->config);
    }
    assert_int_equal(verdict(f)->class, TREND_LEAK);
}

static void test_points_far_apart_and_close_together(void **state)
{
    static const double intervals_s[] = {5, 15, 60, 120, 300, 600};
    struct fixture *f = *state;
    for (size_t k = 0; k < sizeof intervals_s / sizeof intervals_s[0]; k++) {
        trend_series_restart(f->series);
        int count = (int)(20 * 3600 / intervals_s[k]);
        for (int i = 0; i < count; i++) {
            f->t_s += intervals_s[k];
            struct trend_point point = {f->t_s, 1e7 + 5000 * intervals_s[k] * i,
                1e10 + 1e4 * intervals_s[k] * i, 1000, false};
            trend_series_push(f->series, &f->config, &point);
        }
        assert_int_equal(verdict(f)->class, TREND_LEAK);
        assert_true(fabs(verdict(f)->rate - 5000) < 5);
    }
}

/* ---- properties ---- */

static void test_verdict_and_gates_never_contradict(void **state)
{
    (void)state;
    int seen[TREND_CLASS_COUNT] = {0};
    for (uint64_t seed = 1; seed <= 12; seed++) {
        struct trend_config config;
        trend_config_init(&config, 60);
        struct trend_series *series = trend_series_new();
        struct trend_walk w = trend_walk_of(seed);
        enum trend_class was = TREND_WARMING;
        for (int i = 0; i < 3000; i++) {
            trend_walk_step(&w);
            bool changed = trend_series_push(series, &config, &w.point);
            const struct trend_verdict *v = trend_series_verdict(series);
            assert_int_equal(changed, v->class != was);
            assert_int_equal(changed, changed && v->class_since_s == w.point.t_s);
            trend_check_verdict(v);
            trend_check_gates(series, &config);
            if (i % 7 == 0)
                trend_check_blocks(series, START_S, w.point.t_s);
            was = v->class;
            seen[was]++;
        }
        trend_series_free(&series);
    }
    for (int c = 0; c < TREND_CLASS_COUNT; c++) /* walks are too large to be unresolvable */
        assert_true(
            seen[c] > 0 ||
            c == TREND_UNRESOLVABLE); /* else the property was tested of less than it says */
}

static void test_same_series_at_another_pace(void **state)
{
    (void)state;
    struct trend_config minutes, seconds;
    trend_config_init(&minutes, 64); /* powers of two, so that all arithmetic scales exactly */
    trend_config_init(&seconds, 1);
    struct trend_series *slow = trend_series_new();
    struct trend_series *fast = trend_series_new();
    uint64_t prng = 3;
    double inuse = 64 * MIB, alloc = 1e9;
    int leaks = 0;
    for (int i = 0; i < 2000; i++) {
        double step = 2 * MIB * (trend_walk_uniform(&prng) - (i / 300 % 2 ? .5 : .2));
        inuse = fmax(inuse + step, 0);
        alloc += fmax(step, 0) + MIB;
        struct trend_point a = {64.0 * i, inuse, alloc, 1e4, false};
        struct trend_point b = {1048576 + 1.0 * i, inuse, alloc, 1e4, false};
        trend_series_push(slow, &minutes, &a);
        trend_series_push(fast, &seconds, &b);
        assert_int_equal(trend_series_verdict(slow)->class, trend_series_verdict(fast)->class);
        assert_true(trend_series_verdict(fast)->rate == 64 * trend_series_verdict(slow)->rate);
        leaks += trend_series_verdict(slow)->class == TREND_LEAK;
    }
    assert_true(leaks > 0);
    trend_series_free(&slow);
    trend_series_free(&fast);
}

static void test_blocks_keep_the_newest(void **state)
{
    struct fixture *f = *state;
    push_line(f, 32 * MIB, MIB, 2001);
    struct trend_block all[TREND_BLOCKS_MAX], some[10];
    size_t count = trend_series_blocks(f->series, all, TREND_BLOCKS_MAX);
    assert_int_equal(trend_series_blocks(f->series, some, 10), 10);
    assert_memory_equal(some, all + count - 10, sizeof some);
    assert_true(all[0].start_s < START_S + 31 * 3600); /* the coarse past reaches back */
    for (size_t i = 1; i < count; i++)
        assert_true(all[i].inuse_mean_bytes > all[i - 1].inuse_mean_bytes);
}

static void test_push_allocates_nothing(void **state)
{
    struct fixture *f = *state;
    size_t before = mallinfo2().uordblks;
    push_line(f, 32 * MIB, MIB, 500);
    f->alloc_bytes = 0;
    push_line(f, 32 * MIB, MIB, 500);
    assert_int_equal(mallinfo2().uordblks, before); /* blind under ASan, which has its own malloc */
}

static void test_words(void **state)
{
    (void)state;
    assert_string_equal(trend_class_word(TREND_WARMING), "warming");
    assert_string_equal(trend_class_word(TREND_LEAK), "leak");
    assert_string_equal(trend_gate_word(TREND_GATE_OLDER), "older_rate");
    for (int id = 0; id < TREND_GATE_COUNT; id++)
        assert_true(strlen(trend_gate_text((enum trend_gate_id)id)) > 10);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_nothing_seen_yet),
        TEST(test_constant_warms_then_is_healthy),
        TEST(test_line_is_a_leak),
        TEST(test_young_process_is_watched_for_longer),
        TEST(test_growing_before_it_is_a_leak),
        TEST(test_filling_cache_is_saturating_then_healthy),
        TEST(test_step_is_named_and_no_leak),
        TEST(test_sawtooth_is_named),
        TEST(test_load_coupled_is_named),
        TEST(test_churn_is_named),
        TEST(test_few_samples_are_unresolvable),
        TEST(test_fast_growth_is_provisional_soon),
        TEST(test_provisional_while_warming),
        TEST(test_young_process_is_not_urgent),
        TEST(test_load_is_not_urgent),
        TEST(test_filled_cache_is_not_urgent_for_long),
        TEST(test_what_is_loaded_at_once_is_not_urgent),
        TEST(test_growth_below_the_floor_is_not_looked_at),
        TEST(test_load_is_no_leak),
        TEST(test_released_leak_is_acquitted),
        TEST(test_leak_that_levels_off_is_held_then_acquitted),
        TEST(test_leak_recurs_after_a_restart),
        TEST(test_warm_up_to_a_known_level_is_no_leak),
        TEST(test_leak_beyond_a_known_level_is_found),
        TEST(test_leak_that_stays_away_is_acquitted),
        TEST(test_gap_begins_a_new_epoch),
        TEST(test_lost_scrapes_do_not_hide_a_leak),
        TEST(test_unusable_points_are_dropped),
        TEST(test_sizes_of_the_largest_kind),
        TEST(test_zero_and_repeats),
        TEST(test_points_far_apart_and_close_together),
        TEST(test_blocks_keep_the_newest),
        TEST(test_push_allocates_nothing),
        cmocka_unit_test(test_verdict_and_gates_never_contradict),
        cmocka_unit_test(test_same_series_at_another_pace),
        cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
