/* Each gate of trend/ alone: that it measures what its text says, and stops what it is there for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "trend/trend.h"

#define MIB    1048576.0
#define POINTS 97 /* at minutes 0 .. 96: exactly the 48 blocks of the finest ring */

struct fixture {
    struct trend_config config;
    struct trend_series *series;
    struct trend_gate gates[TREND_GATE_COUNT];
    double t_s;
    double alloc_bytes;
    double alloc_step; /* bytes a minute */
    double noise_bytes;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    trend_config_init(&f->config, 60);
    f->config.urgent_bytes = INFINITY; /* the classes as the gates say them, at once */
    f->config.settle_s = 0;
    f->series = trend_series_new();
    f->alloc_bytes = 1e11;
    f->alloc_step = MIB;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    trend_series_free(&f->series);
    free(f);
    return 0;
}

static void push(struct fixture *f, double inuse_bytes)
{
    struct trend_point point = {f->t_s, inuse_bytes, f->alloc_bytes, f->noise_bytes, false};
    trend_series_push(f->series, &f->config, &point);
    trend_series_gates(f->series, &f->config, f->gates);
    f->t_s += 60;
    f->alloc_bytes += f->alloc_step;
}

static enum trend_class class(const struct fixture *f) {
    return trend_series_verdict(f->series)->class;
}

static int first_stop(const struct fixture *f)
{
    int id = 0;
    while (id < TREND_GATE_SAMPLES && !(f->gates[id].judged && !f->gates[id].passed))
        id++;
    return id < TREND_GATE_SAMPLES ? id : TREND_GATE_COUNT;
}

static double value(const struct fixture *f, enum trend_gate_id id)
{
    assert_true(f->gates[id].judged);
    return f->gates[id].value;
}

static void assert_near(double seen, double expected, double tolerance)
{
    if (!(fabs(seen - expected) <= tolerance))
        fail_msg("%.9g is not within %g of %.9g", seen, tolerance, expected);
}

/* Pushes values at minutes 0 .. 96 and works out the eight segment means: blocks of two points (the
 * first of three), segments of six blocks. */
static void push_window(struct fixture *f, const double values[POINTS], double means[8])
{
    for (int i = 0; i < POINTS; i++)
        push(f, values[i]);
    for (int g = 0; g < 8; g++) {
        means[g] = 0;
        for (int k = 6 * g; k < 6 * g + 6; k++) {
            double block = (values[2 * k + 1] + values[2 * k + 2]) / 2;
            if (k == 0)
                block = (values[0] + values[1] + values[2]) / 3;
            means[g] += block / 6;
        }
    }
}

static double growth_of(const double means[8])
{
    double sum = 0;
    for (int g = 0; g < 8; g++)
        sum += (2 * g - 7) * means[g];
    return sum / 12; /* seven times the slope sum((g - 3.5) v)/42 */
}

static void line(double values[POINTS], double from_bytes, double step_bytes)
{
    for (int i = 0; i < POINTS; i++)
        values[i] = from_bytes + step_bytes * i;
}

static void test_window_growth_and_even_steps(void **state)
{
    struct fixture *f = *state;
    double values[POINTS], means[8];
    line(values, 32 * MIB, MIB);
    push_window(f, values, means);
    assert_int_equal(class(f), TREND_LEAK);
    double growth = growth_of(means);
    assert_near(value(f, TREND_GATE_WINDOW), 96 * 60, 1e-6);
    assert_near(value(f, TREND_GATE_GROWTH), growth, growth / 1000); /* the next level's blocks */
    assert_near(value(f, TREND_GATE_SHARE), 1 / 7.0, .01);
    assert_near(value(f, TREND_GATE_RISING), 7, 0);
    assert_near(value(f, TREND_GATE_STILL), 1, .01);
    assert_near(value(f, TREND_GATE_LATE), 1, .02);
    assert_near(value(f, TREND_GATE_CURVE), 1, .05);
    assert_near(value(f, TREND_GATE_AGE), 96 * 60, 1e-6);
    assert_near(f->gates[TREND_GATE_AGE].limit, .98 * 3600, 1e-6);
    assert_near(
        value(f, TREND_GATE_KEPT), (values[96] + values[95]) / 2 / growth - means[0] / growth, .01);
    assert_near(value(f, TREND_GATE_GOING_ON), 8 / 7.0, .05); /* growth is from middle to middle */
    assert_false(f->gates[TREND_GATE_OLDER].judged);
    assert_false(f->gates[TREND_GATE_HIGH].judged);
}

static void test_noise(void **state)
{
    struct fixture *f = *state;
    double values[POINTS], means[8];
    f->noise_bytes = 524288;
    line(values, 32 * MIB, MIB / 10);
    push_window(f, values, means);
    double growth = growth_of(means); /* 8.4 MiB: 17 objects of the mean sampled size */
    assert_near(value(f, TREND_GATE_NOISE), sqrt(growth / 524288), .01);
    assert_int_equal(first_stop(f), TREND_GATE_NOISE);
    assert_int_equal(class(f), TREND_HEALTHY);
    assert_false(f->gates[TREND_GATE_SHARE].judged);
}

/* 256 MiB whose objects live for two hours: a growth that would be a leak in a quiet site is what
 * sampling the turnover anew does by itself. */
static void test_turnover(void **state)
{
    struct fixture *f = *state;
    double values[POINTS], means[8], inuse = 0;
    f->noise_bytes = 524288;
    f->alloc_step = 256 * MIB / 120;
    line(values, 256 * MIB, MIB / 4);
    push_window(f, values, means);
    double growth = growth_of(means);
    for (int g = 0; g < 8; g++)
        inuse += means[g] / 8;
    double lifetime = inuse / (f->alloc_step - growth / 96); /* minutes */
    double variance = 524288 * growth +
                      2 * inuse * 524288 * (1 - exp(-96 / lifetime)) / (1 + 12 / (2 * lifetime));
    assert_true(f->gates[TREND_GATE_NOISE].passed);
    assert_near(value(f, TREND_GATE_TURNOVER), growth / sqrt(variance), .001);
    assert_int_equal(first_stop(f), TREND_GATE_TURNOVER);
}

static void test_share_stops_a_step(void **state)
{
    struct fixture *f = *state;
    double values[POINTS], means[8];
    line(values, 32 * MIB, 0);
    for (int i = 50; i < POINTS; i++)
        values[i] += 12 * MIB;
    push_window(f, values, means);
    double step = means[4] - means[3];
    assert_near(value(f, TREND_GATE_SHARE), step / growth_of(means), 1e-5);
    assert_int_equal(first_stop(f), TREND_GATE_SHARE);
    assert_int_equal(class(f), TREND_STEP);
}

static void test_rising_stops_a_sawtooth(void **state)
{
    struct fixture *f = *state;
    double values[POINTS], means[8];
    for (int i = 0; i < POINTS; i++)
        values[i] = 32 * MIB + 6 * MIB * (i / 36) + (i / 12 % 3) * MIB * -1;
    push_window(f, values, means);
    int rising = 0;
    for (int g = 0; g < 7; g++)
        rising += means[g + 1] > means[g];
    assert_true(rising < 5);
    assert_near(value(f, TREND_GATE_RISING), rising, 0);
    assert_false(f->gates[TREND_GATE_RISING].passed);
}

static void test_still_asks_the_last_two_steps_and_the_last(void **state)
{
    struct fixture *f = *state;
    double values[POINTS], means[8];
    line(values, 32 * MIB, MIB);
    for (int i = 88; i < POINTS; i++)
        values[i] = values[88]; /* the last step of seven is most of an even one, … */
    push_window(f, values, means);
    double even = growth_of(means) / 7;
    double last_two = (means[7] - means[5]) / (2 * even);
    double last_one = (means[7] - means[6]) / even;
    assert_near(value(f, TREND_GATE_STILL), fmin(last_two, last_one), .01);
    assert_true(f->gates[TREND_GATE_STILL].passed);
    for (int i = 0; i < 10; i++)
        push(f, values[96]); /* … and then nothing */
    assert_false(f->gates[TREND_GATE_STILL].passed);
    assert_near(f->gates[TREND_GATE_STILL].limit, .45, 0);
}

static void test_last_step_alone_may_stop(void **state)
{
    struct fixture *f = *state;
    double values[POINTS], means[8];
    line(values, 32 * MIB, MIB);
    for (int i = 73; i < POINTS; i++)
        values[i] = 118 * MIB + (i - 73) * MIB / 10; /* a last jump, then hardly more */
    push_window(f, values, means);
    double even = growth_of(means) / 7;
    assert_true((means[7] - means[5]) / (2 * even) > .5);
    assert_true((means[7] - means[6]) / even < .2);
    assert_false(f->gates[TREND_GATE_STILL].passed);
    assert_near(value(f, TREND_GATE_STILL), (means[7] - means[6]) / even, 1e-4);
}

static void test_late_waits_for_growth_to_fill_the_window(void **state)
{
    struct fixture *f = *state;
    double values[POINTS], means[8];
    for (int i = 0; i < POINTS; i++)
        values[i] = 32 * MIB + MIB * fmax(i / 4.0, i - 42);
    push_window(f, values, means);
    double first = means[3] + means[4] - means[0] - means[1];
    double second = means[6] + means[7] - means[3] - means[4];
    assert_near(value(f, TREND_GATE_LATE), second / first, 1e-4);
    assert_int_equal(first_stop(f), TREND_GATE_LATE);
}

static void test_curve_stops_what_slows_down(void **state)
{
    struct fixture *f = *state;
    double values[POINTS], means[8];
    for (int i = 0; i < POINTS; i++)
        values[i] = 32 * MIB + 10 * MIB * sqrt(i + 1);
    push_window(f, values, means);
    assert_int_equal(first_stop(f), TREND_GATE_CURVE);
    assert_int_equal(class(f), TREND_SATURATING);
}

/* Straight in the newest window of 96 minutes, but six times as fast before it. */
static void test_older_looks_back(void **state)
{
    struct fixture *f = *state;
    double inuse = 32 * MIB;
    f->config.confirm_s = f->config.young_s; /* or the fast part alone would be a leak */
    for (int i = 0; i < 51; i++)
        push(f, inuse += 3 * MIB);
    for (int i = 0; i < 96; i++)
        push(f, inuse += MIB / 2);
    assert_int_equal(first_stop(f), TREND_GATE_OLDER);
    assert_int_equal(class(f), TREND_SATURATING);
    /* Oldest quarter of 12 blocks of 4 min: middle at minute 6, where 18 MiB had come. The first
     * segment: middle at 56, 153 MiB. Further back, 1 of 6 blocks of 8 min: minute 4, 12 MiB. */
    assert_near(value(f, TREND_GATE_OLDER), (153 - 12) / 52.0 / .5, .1);
}

/* Memory that comes back to where it was, higher each time by less than it fell. */
static void test_high_asks_for_a_new_one(void **state)
{
    struct fixture *f = *state;
    bool stopped = false;
    for (int i = 0; i < 1200; i++) {
        push(f, 32 * MIB + (i % 400 < 250 ? i % 250 % 250 : 0) * MIB / 4);
        const struct trend_gate *high = &f->gates[TREND_GATE_HIGH];
        stopped = stopped || (i > 450 && high->judged && !high->passed && high->value < 0);
        assert_true(i < 420 || class(f) < TREND_GROWING || i % 400 > 200);
    }
    assert_true(stopped);
}

/* What load explains is taken out: of growth that is half traffic, too little is left. */
static void test_load_growth_stops_what_comes_with_traffic(void **state)
{
    struct fixture *f = *state;
    bool stopped = false;
    for (int i = 0; i < POINTS; i++) {
        double load = 1 + i / 96.0 + .2 * sin(i / 6.0);
        f->alloc_step = 8 * MIB * load; /* objects live for 8 minutes */
        push(f, 64 * MIB * load + MIB / 3 * i);
        stopped = stopped || (f->gates[TREND_GATE_LOAD_GROWTH].judged &&
                                 !f->gates[TREND_GATE_LOAD_GROWTH].passed);
    }
    assert_true(stopped);
    assert_true(value(f, TREND_GATE_LOAD_GROWTH) > f->config.load_growth_max);
    assert_true(class(f) < TREND_GROWING);
}

/* Twice as much is replaced in the second half of the window: a pool that a rising load fills is
 * not told from a leak. */
static void test_churn_growth_stops_a_pool_under_rising_load(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < POINTS; i++) {
        f->alloc_step = (i < 48 ? 5 : 9) * MIB;
        push(f, 200 * MIB + MIB * i);
    }
    assert_near(value(f, TREND_GATE_CHURN_GROWTH), 2, .05); /* 8 MiB over 4: one stays */
    assert_int_equal(class(f) < TREND_GROWING, true);
    for (int i = 0; i < POINTS; i++)
        push(f, 200 * MIB + MIB * (POINTS + i));
    assert_near(value(f, TREND_GATE_CHURN_GROWTH), 1, .05);
    assert_int_equal(class(f), TREND_LEAK);
}

/* A warm-up whose steep beginning has just left the window, and cannot be looked back at yet. */
static void test_age_does_not_count_a_window_blind_to_the_beginning(void **state)
{
    struct fixture *f = *state;
    double inuse = 32 * MIB;
    f->config.young_s = f->config.confirm_s = 96 * 60;
    for (int i = 0; i < 20; i++)
        push(f, inuse += 10 * MIB);
    for (int i = 20; i < 118; i++) {
        push(f, inuse += MIB);
        assert_true(class(f) != TREND_LEAK);
    }
    assert_false(f->gates[TREND_GATE_OLDER].judged);
    assert_int_equal(first_stop(f), TREND_GATE_AGE);
    assert_near(value(f, TREND_GATE_AGE), 0, 0);
    for (int i = 0; i < 12; i++)
        push(f, inuse += MIB);
    assert_int_equal(first_stop(f), TREND_GATE_OLDER);
}

/* Met at rest, it begins to grow soon after: nothing could be looked back at, but the window shows
 * where it began. */
static void test_age_does_not_count_a_window_that_begins_with_rest(void **state)
{
    struct fixture *f = *state;
    double inuse = 32 * MIB;
    for (int i = 0; i < 24; i++)
        push(f, inuse);
    for (int i = 0; i < 56; i++) {
        push(f, inuse += MIB);
        assert_true(class(f) != TREND_LEAK);
    }
    assert_false(f->gates[TREND_GATE_OLDER].judged);
    int minutes = 56;
    for (; minutes < 120 && class(f) != TREND_LEAK; minutes++)
        push(f, inuse += MIB);
    assert_in_range(minutes, 80, 100);
}

/* Growth that began in view is asked for as long a window as a young process' is, all of it
 * growing. */
static void test_new_growth_waits(void **state)
{
    struct fixture *f = *state;
    double inuse = 32 * MIB;
    for (int i = 0; i < 120; i++)
        push(f, inuse);
    int minutes = 0;
    for (; minutes < 120 && class(f) != TREND_LEAK; minutes++)
        push(f, inuse += MIB);
    assert_in_range(minutes, 80, 100);
}

static void test_released_leak_is_acquitted_at_once(void **state)
{
    struct fixture *f = *state;
    double inuse = 32 * MIB;
    for (int i = 0; i < 200; i++)
        push(f, inuse += MIB);
    assert_int_equal(class(f), TREND_LEAK);
    for (int i = 0; i < 8; i++)
        push(f, 120 * MIB); /* half of what it grew in the window is still there */
    assert_int_equal(class(f), TREND_LEAK);
    for (int i = 0; i < 8; i++)
        push(f, 64 * MIB);
    assert_int_not_equal(class(f), TREND_LEAK);
}

static void test_what_filled_up_is_healthy(void **state)
{
    struct fixture *f = *state;
    double inuse = 32 * MIB;
    f->alloc_bytes = 0; /* a young process: growing for this long convicts nobody */
    for (int i = 0; i < 60; i++)
        push(f, inuse += MIB);
    for (int i = 0; i < 30; i++)
        push(f, inuse);
    assert_true(f->gates[TREND_GATE_RISING].passed);
    assert_near(value(f, TREND_GATE_STILL), 0, .05);
    assert_int_equal(class(f), TREND_HEALTHY);
}

static void test_coarsest_leak_speaks_and_knows_its_beginning(void **state)
{
    struct fixture *f = *state;
    double inuse = 32 * MIB;
    f->t_s = 1e6;
    for (int i = 0; i < 600; i++)
        push(f, inuse);
    double began_s = f->t_s;
    for (int i = 0; i < 2400; i++)
        push(f, inuse += MIB);
    const struct trend_verdict *v = trend_series_verdict(f->series);
    assert_int_equal(v->class, TREND_LEAK);
    assert_int_equal(v->level, 4);
    assert_true(v->window_end_s - v->window_start_s > 24 * 3600);
    assert_near(v->growing_since_s, began_s, 3 * 3600); /* coarse blocks of 32 minutes, by fours */
}

static void test_beginning_within_the_window(void **state)
{
    struct fixture *f = *state;
    double inuse = 32 * MIB;
    f->t_s = 1e6;
    for (int i = 0; i < 120; i++)
        push(f, inuse);
    double began_s = f->t_s;
    for (int i = 0; i < 120 && class(f) != TREND_LEAK; i++)
        push(f, inuse += MIB);
    const struct trend_verdict *v = trend_series_verdict(f->series);
    assert_int_equal(v->class, TREND_LEAK);
    assert_true(v->window_start_s < began_s - 600);
    assert_near(v->growing_since_s, began_s, 600);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_window_growth_and_even_steps),
        TEST(test_noise),
        TEST(test_turnover),
        TEST(test_share_stops_a_step),
        TEST(test_rising_stops_a_sawtooth),
        TEST(test_still_asks_the_last_two_steps_and_the_last),
        TEST(test_last_step_alone_may_stop),
        TEST(test_late_waits_for_growth_to_fill_the_window),
        TEST(test_curve_stops_what_slows_down),
        TEST(test_older_looks_back),
        TEST(test_high_asks_for_a_new_one),
        TEST(test_load_growth_stops_what_comes_with_traffic),
        TEST(test_churn_growth_stops_a_pool_under_rising_load),
        TEST(test_age_does_not_count_a_window_blind_to_the_beginning),
        TEST(test_age_does_not_count_a_window_that_begins_with_rest),
        TEST(test_new_growth_waits),
        TEST(test_released_leak_is_acquitted_at_once),
        TEST(test_what_filled_up_is_healthy),
        TEST(test_beginning_within_the_window),
        TEST(test_coarsest_leak_speaks_and_knows_its_beginning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
