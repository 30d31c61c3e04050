/* The formulas of trend/, each against a computation of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "trend/growth.h"
#include "trend/shape.h"
#include "trend/window.h"

#define LIFETIME_MAX_S 5400.0

static uint64_t prng_state;

static double prng_uniform(void)
{
    prng_state ^= prng_state << 13;
    prng_state ^= prng_state >> 7;
    prng_state ^= prng_state << 17;
    return (double)(prng_state >> 11) * 0x1p-53;
}

static int seed(void **state)
{
    (void)state;
    prng_state = 0x9e3779b97f4a7c15u;
    return 0;
}

static void assert_near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%.17g is not within %g of %.17g", value, tolerance, expected);
}

/* Rings fed with blocks of 100 s, whose in-use is values[i] and which allocate at rates[i]. */
static void fill(struct trend_ring *rings, const double *values, const double *rates, int count)
{
    memset(rings, 0, sizeof *rings * TREND_LEVELS);
    double alloc = 0;
    for (int i = 0; i < count; i++) {
        alloc += 100 * rates[i];
        struct trend_ring_block block = {.alloc_bytes = alloc,
            .end_s = (float)(100 * (i + 1)),
            .mean_bytes = (float)values[i],
            .min_bytes = (float)values[i],
            .points = 2};
        trend_ring_append(rings, &block);
    }
}

/* ---- rings ---- */

static void test_levels_hold_the_same_past(void **state)
{
    (void)state;
    enum { COUNT = 700 };
    struct trend_ring rings[TREND_LEVELS] = {0};
    double mean[COUNT], min[COUNT], points[COUNT];
    for (int i = 0; i < COUNT; i++) {
        points[i] = 1 + floor(4 * prng_uniform());
        mean[i] = floor(1e6 * prng_uniform());
        min[i] = mean[i] - floor(1000 * prng_uniform());
        struct trend_ring_block block = {.alloc_bytes = i + 1,
            .end_s = (float)(i + 1),
            .mean_bytes = (float)mean[i],
            .min_bytes = (float)min[i],
            .points = (float)points[i]};
        int levels = trend_ring_append(rings, &block);
        assert_int_equal(levels, 1 + (i % 2 == 1) + (i % 4 == 3) + (i % 8 == 7) + (i % 16 == 15));
    }
    for (int level = 0; level < TREND_LEVELS; level++) {
        const struct trend_ring *ring = &rings[level];
        int per_block = 1 << level;
        int made = COUNT / per_block;
        assert_int_equal(ring->count, made < TREND_RING_BLOCKS ? made : TREND_RING_BLOCKS);
        for (int k = 0; k < ring->count; k++) {
            int from = (made - ring->count + k) * per_block;
            double sum = 0, weight = 0, lowest = INFINITY;
            for (int i = from; i < from + per_block; i++) {
                sum += mean[i] * points[i];
                weight += points[i];
                lowest = fmin(lowest, min[i]);
            }
            assert_near(trend_ring_start_s(ring, k), from, 0);
            assert_near(trend_ring_start_alloc(ring, k), from, 0);
            assert_near(ring->blocks[k].end_s, from + per_block, 0);
            assert_near(ring->blocks[k].mean_bytes, sum / weight, 1);
            assert_near(ring->blocks[k].min_bytes, lowest, 0);
            assert_near(ring->blocks[k].points, weight, 0);
        }
    }
}

static void test_count_until(void **state)
{
    (void)state;
    struct trend_ring rings[TREND_LEVELS];
    double values[5] = {0}, rates[5] = {0};
    fill(rings, values, rates, 5);
    assert_int_equal(trend_ring_count_until(&rings[0], 99), 0);
    assert_int_equal(trend_ring_count_until(&rings[0], 100), 1);
    assert_int_equal(trend_ring_count_until(&rings[0], 499), 4);
    assert_int_equal(trend_ring_count_until(&rings[0], 1e9), 5);
}

/* ---- windows ---- */

static void test_window_takes_even_blocks_in_eight_segments(void **state)
{
    (void)state;
    double values[60], rates[60];
    for (int i = 0; i < 60; i++) {
        values[i] = i;
        rates[i] = 1;
    }
    for (int count = 0; count <= 60; count++) {
        struct trend_ring rings[TREND_LEVELS];
        fill(rings, values, rates, count);
        struct trend_window w;
        trend_window_cut(&w, &rings[0], LIFETIME_MAX_S);
        int expected = (count < 48 ? count : 48) & ~1;
        assert_int_equal(w.blocks, expected);
        assert_near(w.length_s, 100.0 * expected, 0);
        if (expected < TREND_WINDOW_BLOCKS_MIN)
            continue;
        assert_int_equal(w.cuts[0], 0);
        assert_int_equal(w.cuts[8], expected);
        for (int g = 0; g < 8; g++) {
            int blocks = w.cuts[g + 1] - w.cuts[g];
            assert_in_range(blocks, expected / 8, (expected + 7) / 8);
            double first = count - expected + w.cuts[g];
            assert_near(w.raw_means[g], first + (blocks - 1) / 2.0, 1e-9);
            assert_near(w.segment_s[g], 100 * (first + blocks / 2.0), 1e-9);
        }
    }
}

static void test_load_explains_what_follows_the_allocation_rate(void **state)
{
    (void)state;
    double values[48], rates[48];
    for (int i = 0; i < 48; i++) {
        rates[i] = 1e5 * (1 + .5 * sin(i / 5.0));
        values[i] = 600 * rates[i]; /* each object lives for 600 s */
    }
    struct trend_ring rings[TREND_LEVELS];
    struct trend_window w;
    fill(rings, values, rates, 48);
    trend_window_cut(&w, &rings[0], LIFETIME_MAX_S);
    assert_near(w.load_r2, 1, 1e-6);
    for (int g = 1; g < 8; g++)
        assert_near(w.adjusted_means[g], w.adjusted_means[0], 100);
    assert_ptr_equal(trend_window_means(&w, .5), w.adjusted_means);
}

static void test_load_lifetime_is_bounded(void **state)
{
    (void)state;
    double values[48], rates[48];
    for (int i = 0; i < 48; i++) {
        rates[i] = 1000 + i; /* explaining this would take objects that live for 1e6 s */
        values[i] = 1e9 + 1e6 * i;
    }
    struct trend_ring rings[TREND_LEVELS];
    struct trend_window w;
    fill(rings, values, rates, 48);
    trend_window_cut(&w, &rings[0], LIFETIME_MAX_S);
    double grown = w.raw_means[7] - w.raw_means[0];
    double left = w.adjusted_means[7] - w.adjusted_means[0];
    assert_true(left > .99 * grown && left < grown);
    assert_ptr_equal(trend_window_means(&w, .5), w.raw_means);
}

static void test_load_cannot_hold_more_than_is_there(void **state)
{
    (void)state;
    double values[48], rates[48];
    for (int i = 0; i < 48; i++) {
        rates[i] = 1e6 + 1e4 * i; /* 1000 s of this is a hundred times what is in use */
        values[i] = 1e7 + 1e7 * i;
    }
    struct trend_ring rings[TREND_LEVELS];
    struct trend_window w;
    fill(rings, values, rates, 48);
    trend_window_cut(&w, &rings[0], LIFETIME_MAX_S);
    double lifetime_max_s = 1.05 * w.raw_means[0] / (1e6 + 1e4 * 2.5);
    for (int k = 0; k < 48; k++)
        assert_true(fabs(w.raw[k] - w.adjusted[k]) <= lifetime_max_s * 1e4 * 24 * 1.01);
}

static void test_flat_load_explains_nothing(void **state)
{
    (void)state;
    double values[48], rates[48];
    for (int i = 0; i < 48; i++) {
        rates[i] = 1e5;
        values[i] = 1e6 * i;
    }
    struct trend_ring rings[TREND_LEVELS];
    struct trend_window w;
    fill(rings, values, rates, 48);
    trend_window_cut(&w, &rings[0], LIFETIME_MAX_S);
    assert_near(w.load_r2, 0, 1e-9);
    for (int g = 0; g < 8; g++)
        assert_near(w.adjusted_means[g], w.raw_means[g], 1e-3);
    assert_near(trend_window_alloc_bytes(&w), 48 * 100 * 1e5, 1);
}

/* ---- growth ---- */

/* A window of eight segments of 100 s. */
static struct trend_window even_window(void)
{
    struct trend_window w = {.blocks = 48, .length_s = 800};
    for (int g = 0; g < 8; g++)
        w.segment_s[g] = 50 + 100 * g;
    return w;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void test_slope_is_the_median_of_all_pairs(void **state)
{
    (void)state;
    struct trend_window w = even_window();
    for (int run = 0; run < 200; run++) {
        double means[8], slopes[28];
        for (int g = 0; g < 8; g++) {
            means[g] = 1e6 * prng_uniform();
            w.segment_s[g] = 100 * g + 50 * prng_uniform();
        }
        int n = 0;
        for (int j = 7; j > 0; j--) {
            for (int i = j - 1; i >= 0; i--)
                slopes[n++] = (means[i] - means[j]) / (w.segment_s[i] - w.segment_s[j]);
        }
        qsort(slopes, 28, sizeof slopes[0], by_value);
        struct trend_growth g = trend_growth_estimate(&w, means, 0);
        assert_near(g.rate, (slopes[13] + slopes[14]) / 2, 1e-9);
        /* n = 8: sd of Kendall's S is sqrt(8 * 7 * 21 / 18) = 8.083; (28 - 1.96 * 8.083)/2 = 6.08
         */
        assert_near(g.lo, g.rate - 1.8 * (g.rate - slopes[5]), 1e-9);
        assert_near(g.hi, g.rate + 1.8 * (slopes[22] - g.rate), 1e-9);
    }
}

static void test_slope_of_a_line_and_its_sampling_error(void **state)
{
    (void)state;
    struct trend_window w = even_window();
    double means[8];
    for (int g = 0; g < 8; g++)
        means[g] = 5e6 + 1000 * w.segment_s[g];
    struct trend_growth exact = trend_growth_estimate(&w, means, 0);
    assert_near(exact.rate, 1000, 1e-9);
    assert_near(exact.lo, 1000, 1e-9);
    assert_near(exact.hi, 1000, 1e-9);
    /* grown 8e5 bytes in 800 s: 1.96 * sqrt(1.2 * 1000 * 8e5) / 800 */
    struct trend_growth sampled = trend_growth_estimate(&w, means, 1000);
    assert_near(sampled.rate, 1000, 1e-9);
    assert_near(sampled.hi - 1000, 75.91, .01);
    assert_near(1000 - sampled.lo, 75.91, .01);
}

static void test_slope_shrugs_off_an_outlier(void **state)
{
    (void)state;
    struct trend_window w = even_window();
    double means[8];
    for (int g = 0; g < 8; g++)
        means[g] = 1000 * w.segment_s[g];
    means[3] += 1e9;
    assert_near(trend_growth_estimate(&w, means, 0).rate, 1000, 1e-6);
}

static void test_slope_turns_with_time_and_shifts_with_nothing(void **state)
{
    (void)state;
    struct trend_window w = even_window();
    for (int run = 0; run < 100; run++) {
        double means[8], reversed[8], moved[8];
        for (int g = 0; g < 8; g++)
            means[g] = 1e6 * prng_uniform();
        for (int g = 0; g < 8; g++) {
            reversed[g] = means[7 - g];
            moved[g] = 1e8 - 3 * means[g];
        }
        struct trend_growth a = trend_growth_estimate(&w, means, 100);
        struct trend_growth b = trend_growth_estimate(&w, reversed, 100);
        struct trend_growth c = trend_growth_estimate(&w, moved, 0);
        struct trend_growth d = trend_growth_estimate(&w, means, 0);
        assert_near(b.rate, -a.rate, 1e-9);
        assert_near(b.lo, -a.hi, 1e-9);
        assert_near(b.hi, -a.lo, 1e-9);
        assert_near(c.rate, -3 * d.rate, 1e-3);
        assert_near(c.lo, -3 * d.hi, 1e-3);
        assert_true(a.lo <= d.lo && d.lo <= d.rate && d.rate <= d.hi && d.hi <= a.hi);
    }
}

/* Sen's interval with nothing but independent noise around a line. */
static void test_interval_covers_the_true_slope(void **state)
{
    (void)state;
    struct trend_window w = even_window();
    int covered = 0;
    for (int run = 0; run < 2000; run++) {
        double means[8];
        for (int g = 0; g < 8; g++) {
            double noise = 0;
            for (int i = 0; i < 12; i++)
                noise += prng_uniform() - .5;
            means[g] = 500 * w.segment_s[g] + 1e5 * noise;
        }
        struct trend_growth g = trend_growth_estimate(&w, means, 0);
        covered += g.lo <= 500 && 500 <= g.hi;
    }
    assert_in_range(covered, 1900, 2000);
}

/* ---- shapes ---- */

static void test_shape_of_a_line(void **state)
{
    (void)state;
    double v[8] = {10, 20, 30, 40, 50, 60, 70, 80};
    struct trend_shape s = trend_shape_of(v);
    assert_near(s.growth_bytes, 70, 1e-9);
    assert_near(s.largest_share, 1 / 7.0, 1e-9);
    assert_int_equal(s.rising, 7);
    assert_near(s.last_two, 1, 1e-9);
    assert_near(s.last_one, 1, 1e-9);
    assert_near(s.late, 1, 1e-9);
}

static void test_shape_of_a_step_and_of_a_late_start(void **state)
{
    (void)state;
    double step[8] = {0, 0, 0, 0, 84, 84, 84, 84};
    struct trend_shape s = trend_shape_of(step);
    /* the slope is 84 (.5 + 1.5 + 2.5 + 3.5)/42 = 16 */
    assert_near(s.growth_bytes, 112, 1e-9);
    assert_near(s.largest_share, .75, 1e-9);
    assert_int_equal(s.rising, 1);
    assert_near(s.last_two, 0, 1e-9);

    double late[8] = {0, 0, 0, 0, 10, 20, 30, 40};
    s = trend_shape_of(late);
    assert_near(s.late, 6, 1e-9); /* (30 + 40 - 0 - 10)/2 over (0 + 10 - 0 - 0)/2 */
}

static void test_shape_of_nothing_stays_finite(void **state)
{
    (void)state;
    double flat[8] = {5, 5, 5, 5, 5, 5, 5, 5};
    double falling[8] = {8, 7, 6, 5, 4, 3, 2, 1};
    const double *all[] = {flat, falling};
    for (int i = 0; i < 2; i++) {
        struct trend_shape s = trend_shape_of(all[i]);
        assert_true(s.growth_bytes <= 0);
        assert_near(s.largest_share, TREND_RATIO_MAX, 0);
        assert_int_equal(s.rising, 0);
        assert_near(s.last_two, -TREND_RATIO_MAX, 0);
        assert_true(isfinite(s.last_one) && isfinite(s.late));
    }
}

static double determinant(double m[3][3])
{
    return m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) -
           m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0]) +
           m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0]);
}

/* Coefficient `column` of the parabola through the points, by Cramer's rule on the normal
 * equations. */
static double parabola_coefficient(const struct trend_window *w, const double *y, int column)
{
    double m[3][3] = {{0}}, right[3] = {0};
    for (int k = 0; k < w->blocks; k++) {
        for (int i = 0; i < 3; i++) {
            right[i] += y[k] * pow(w->place[k], i);
            for (int j = 0; j < 3; j++)
                m[i][j] += pow(w->place[k], i + j);
        }
    }
    double all = determinant(m);
    for (int i = 0; i < 3; i++)
        m[i][column] = right[i];
    return determinant(m) / all;
}

static void test_curve_is_that_of_the_fitted_parabola(void **state)
{
    (void)state;
    int rising = 0;
    for (int run = 0; run < 200; run++) {
        struct trend_window w = {.blocks = 24 + 2 * (run % 13)};
        double y[TREND_RING_BLOCKS];
        for (int k = 0; k < w.blocks; k++) {
            w.place[k] = 2 * (k + .2 + .6 * prng_uniform()) / w.blocks - 1;
            y[k] = 50 + 20 * w.place[k] - run % 7 * w.place[k] * w.place[k] + 5 * prng_uniform();
        }
        double b = parabola_coefficient(&w, y, 1), c = parabola_coefficient(&w, y, 2);
        double start = fmax(b - 4 * c / 3, .02 * b);
        double expected = b > 0 ? (b + 4 * c / 3) / start : -TREND_RATIO_MAX;
        assert_near(trend_shape_curve(&w, y), expected, 1e-6);
        rising += b > 0;
    }
    assert_true(rising > 150);
}

static void test_curve_of_growth_that_slows_and_of_none(void **state)
{
    (void)state;
    struct trend_window w = {.blocks = 48};
    double line[48], root[48], flat[48];
    for (int k = 0; k < 48; k++) {
        w.place[k] = (2 * k + 1) / 48.0 - 1;
        line[k] = 7 * w.place[k];
        root[k] = sqrt(1 + w.place[k]);
        flat[k] = 3;
    }
    assert_near(trend_shape_curve(&w, line), 1, 1e-9);
    assert_true(trend_shape_curve(&w, root) < .55);
    assert_near(trend_shape_curve(&w, flat), -TREND_RATIO_MAX, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_levels_hold_the_same_past, seed),
        cmocka_unit_test(test_count_until),
        cmocka_unit_test(test_window_takes_even_blocks_in_eight_segments),
        cmocka_unit_test(test_load_explains_what_follows_the_allocation_rate),
        cmocka_unit_test(test_load_lifetime_is_bounded),
        cmocka_unit_test(test_load_cannot_hold_more_than_is_there),
        cmocka_unit_test(test_flat_load_explains_nothing),
        cmocka_unit_test_setup(test_slope_is_the_median_of_all_pairs, seed),
        cmocka_unit_test(test_slope_of_a_line_and_its_sampling_error),
        cmocka_unit_test(test_slope_shrugs_off_an_outlier),
        cmocka_unit_test_setup(test_slope_turns_with_time_and_shifts_with_nothing, seed),
        cmocka_unit_test_setup(test_interval_covers_the_true_slope, seed),
        cmocka_unit_test(test_shape_of_a_line),
        cmocka_unit_test(test_shape_of_a_step_and_of_a_late_start),
        cmocka_unit_test(test_shape_of_nothing_stays_finite),
        cmocka_unit_test_setup(test_curve_is_that_of_the_fitted_parabola, seed),
        cmocka_unit_test(test_curve_of_growth_that_slows_and_of_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
