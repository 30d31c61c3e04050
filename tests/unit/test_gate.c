/* gate/: a week of a build, and whether a new one may go on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gate/gate.h"
#include "gate/history.h"

#define DAY_NS (86400 * LW_NS_PER_S)

static struct lw_wall day(int n)
{
    return (struct lw_wall){(20000 + n) * DAY_NS + 3600 * LW_NS_PER_S};
}

static bool is_near(double value, double wanted)
{
    return fabs(value / wanted - 1) < 0.023;
}

/* ---- histories ---- */

static void test_quantiles_are_good_to_two_percent(void **state)
{
    (void)state;
    static const double scales[] = {0.1, 1, 4096, 3e6, 5e9, 5e12};
    for (size_t s = 0; s < sizeof scales / sizeof *scales; s++) {
        struct gate_history history = {0};
        for (int i = 1; i <= 1000; i++)
            gate_history_add(&history, day(0), scales[s] * (1 + i / 1000.0));
        assert_int_equal(gate_history_count(&history, day(0)), 1000);
        assert_true(is_near(gate_history_quantile(&history, day(0), 0.5), 1.5 * scales[s]));
        assert_true(is_near(gate_history_quantile(&history, day(0), 0.95), 1.95 * scales[s]));
        gate_history_fini(&history);
    }
}

static void test_a_week_is_remembered_and_no_more(void **state)
{
    (void)state;
    struct gate_history history = {0};
    gate_history_add(&history, day(0), 1000);
    for (int i = 1; i < 8; i++)
        gate_history_add(&history, day(i), 100);
    assert_true(is_near(gate_history_quantile(&history, day(7), 1), 1000));
    assert_int_equal(gate_history_count(&history, day(7)), 8);
    assert_int_equal(gate_history_count(&history, day(8)), 7);
    assert_true(is_near(gate_history_quantile(&history, day(8), 1), 100));
    gate_history_add(&history, day(8), 100);
    gate_history_add(&history, day(0), 1000); /* too late: its place is another day's */
    assert_int_equal(gate_history_count(&history, day(8)), 8);
    assert_true(isnan(gate_history_quantile(&history, day(100), 0.5)));
    gate_history_fini(&history);
}

static void test_values_at_the_edges(void **state)
{
    (void)state;
    static const double values[] = {0, 1e-300, 1e300, NAN, INFINITY, -1};
    struct gate_history history = {0};
    assert_true(isnan(gate_history_quantile(&history, day(0), 0.95)));
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        gate_history_add(&history, day(0), values[i]);
    gate_history_add(&history, (struct lw_wall){0}, 1);
    assert_int_equal(gate_history_count(&history, day(0)), 3);
    assert_true(gate_history_quantile(&history, day(0), 0) < 0.1);
    assert_true(gate_history_quantile(&history, day(0), 1) > 1e13);
    gate_history_fini(&history);
}

static void test_images_of_histories(void **state)
{
    (void)state;
    struct gate_history history = {0}, back;
    for (int i = 0; i < 500; i++)
        gate_history_add(&history, day(i % 8), 1000 + i);
    struct lw_strbuf image, again;
    struct lw_err err;
    lw_strbuf_init(&image, 1 << 20);
    lw_strbuf_init(&again, 1 << 20);
    gate_history_encode(&history, &image);
    struct lw_cursor in = lw_cursor_on(image.data, image.len);
    assert_int_equal(gate_history_decode(&back, &in, &err), 0);
    assert_int_equal(lw_cursor_left(&in), 0);
    gate_history_encode(&back, &again);
    assert_int_equal(again.len, image.len);
    assert_memory_equal(again.data, image.data, image.len);
    gate_history_fini(&back);

    for (size_t len = 0; len < image.len; len++) { /* cut anywhere */
        in = lw_cursor_on(image.data, len);
        assert_int_equal(gate_history_decode(&back, &in, &err), -1);
        assert_int_equal(err.code, LW_CORRUPT);
    }
    for (size_t i = 0; i < image.len; i++) { /* any byte another: refused, or read within bounds */
        image.data[i] ^= (char)0x81;
        in = lw_cursor_on(image.data, image.len);
        if (gate_history_decode(&back, &in, &err) == 0)
            gate_history_quantile(&back, day(7), 0.95);
        gate_history_fini(&back);
        image.data[i] ^= (char)0x81;
    }
    gate_history_fini(&history);
    lw_strbuf_fini(&image);
    lw_strbuf_fini(&again);
}

/* ---- judging ---- */

#define MB 1e6

/* A build as good as the stable one, which uses 100 MB. */
static struct gate_input good(void)
{
    struct gate_input in = {
        .limits = {.percent = {115, 115, 200, 200},
            .slack = {4 * MB, 4 * MB, GATE_GC_SLACK, GATE_GC_FREQUENCY_SLACK},
            .min_samples = 30,
            .min_baseline_samples = 100,
            .min_age_ns = 900 * LW_NS_PER_S},
        .build = {.samples = {30}, .p95 = {101 * MB, NAN, NAN, NAN}, .age_ns = 900 * LW_NS_PER_S},
        .baseline = {.samples = {100}, .p95 = {100 * MB, NAN, NAN, NAN}},
    };
    return in;
}

static void expect(const struct gate_input *in, enum gate_result result, const char *says)
{
    struct gate_answer answer;
    gate_judge(in, &answer);
    if (answer.result != result)
        fail_msg("%s, not %s", gate_result_word(answer.result), gate_result_word(result));
    for (int i = 0; i < GATE_CHECKS; i++) {
        if (answer.checks[i].result == result && strstr(answer.checks[i].text, says))
            return;
    }
    fail_msg("no check says \"%s\"", says);
}

static void test_limits(void **state)
{
    (void)state;
    struct gate_input in = good();
    expect(&in, GATE_PASS, "101 % of the stable build's");
    in.build.p95[GATE_INUSE] = 114.9 * MB;
    expect(&in, GATE_PASS, "inuse");
    in.build.p95[GATE_INUSE] = 115.1 * MB;
    expect(&in, GATE_FAIL, "inuse");

    in = good(); /* of a small heap a few megabytes more are no reason */
    in.baseline.p95[GATE_INUSE] = 2 * MB;
    in.build.p95[GATE_INUSE] = 5.9 * MB;
    expect(&in, GATE_PASS, "inuse");
    in.build.p95[GATE_INUSE] = 6.1 * MB;
    expect(&in, GATE_FAIL, "inuse");

    in = good();
    in.new_leaks = 2;
    expect(&in, GATE_FAIL, "2 leaks in the new build");
}

static void test_too_little_is_its_own_answer(void **state)
{
    (void)state;
    struct gate_input in = good();
    in.build.samples[GATE_INUSE] = 29;
    expect(&in, GATE_NOT_ENOUGH_DATA, "29 samples of inuse of the new build, 30 wanted");
    in = good();
    in.baseline.samples[GATE_INUSE] = 0;
    in.baseline.p95[GATE_INUSE] = NAN;
    expect(&in, GATE_NOT_ENOUGH_DATA, "0 samples of inuse of the stable build, 100 wanted");
    in = good();
    in.build.age_ns--;
    expect(&in, GATE_NOT_ENOUGH_DATA, "900 wanted");
    in.new_leaks = 1; /* a leak needs no baseline */
    expect(&in, GATE_FAIL, "1 leaks");
}

static void test_measures_that_only_some_targets_tell(void **state)
{
    (void)state;
    struct gate_input in = good();
    in.build.samples[GATE_RESIDENT] = 30;
    in.build.p95[GATE_RESIDENT] = 900 * MB;
    expect(&in, GATE_PASS, "inuse");         /* the stable build does not tell it */
    in.baseline.samples[GATE_RESIDENT] = 99; /* or too rarely */
    in.baseline.p95[GATE_RESIDENT] = 200 * MB;
    expect(&in, GATE_PASS, "inuse");
    in.baseline.samples[GATE_RESIDENT] = 100;
    in.baseline.p95[GATE_RESIDENT] = 200 * MB;
    expect(&in, GATE_FAIL, "resident");
    in = good();
    in.build.samples[GATE_GC] = in.baseline.samples[GATE_GC] = 100;
    in.baseline.p95[GATE_GC] = 2;
    in.build.p95[GATE_GC] = 9000;
    expect(&in, GATE_PASS, "gc_cpu");
    in.build.p95[GATE_GC] = 11000;
    expect(&in, GATE_FAIL, "gc_cpu");
    in = good();
    in.build.samples[GATE_GC_FREQUENCY] = in.baseline.samples[GATE_GC_FREQUENCY] = 100;
    in.baseline.p95[GATE_GC_FREQUENCY] = 0.5; /* an idle service */
    in.build.p95[GATE_GC_FREQUENCY] = 2.4;
    expect(&in, GATE_PASS, "gc_frequency");
    in.build.p95[GATE_GC_FREQUENCY] = 2.6;
    expect(&in, GATE_FAIL, "2.6 GCs a minute, 520 % of the stable build's 0.5; the limit is 2.5");
    in.baseline.p95[GATE_GC_FREQUENCY] = 0; /* of which nothing is a share */
    expect(&in, GATE_FAIL, "2.6 GCs a minute, the stable build's 0.0; the limit is 2.0");
    in.baseline.p95[GATE_GC_FREQUENCY] = 60;
    in.build.p95[GATE_GC_FREQUENCY] = 119;
    expect(&in, GATE_PASS, "gc_frequency");
    in.build.p95[GATE_GC_FREQUENCY] = 121;
    expect(&in, GATE_FAIL, "gc_frequency");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quantiles_are_good_to_two_percent),
        cmocka_unit_test(test_a_week_is_remembered_and_no_more),
        cmocka_unit_test(test_values_at_the_edges),
        cmocka_unit_test(test_images_of_histories),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_too_little_is_its_own_answer),
        cmocka_unit_test(test_measures_that_only_some_targets_tell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
