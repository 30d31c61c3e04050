/* From series to a target: rates, what counts, and how long the memory lasts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "trend/target.h"

#define MIB 1048576.0

static void assert_near(double value, double expected)
{
    assert_true(value == expected || fabs(value - expected) <= 1e-9 * fabs(expected));
}

static void test_rates_add_with_their_errors(void **state)
{
    (void)state;
    struct trend_verdict v = {.rate = 100, .rate_lo = 100 - 1.96 * 3, .rate_hi = 100 + 1.96 * 3};
    struct trend_rate rate = trend_rate_of(&v);
    assert_near(rate.bytes_s, 100);
    assert_near(rate.se, 3);
    struct trend_rate sum = trend_rate_sum(rate, (struct trend_rate){50, 4});
    assert_near(sum.bytes_s, 150);
    assert_near(sum.se, 5);
    v = (struct trend_verdict){.rate_lo = -INFINITY, .rate_hi = INFINITY};
    assert_true(isinf(trend_rate_of(&v).se));
}

static void test_a_rest_is_told_beyond_two_errors(void **state)
{
    (void)state;
    struct trend_rate rest, sum = {100, 4};
    assert_false(trend_rate_unattributed((struct trend_rate){110, 3}, sum, &rest));
    assert_true(trend_rate_unattributed((struct trend_rate){110.1, 3}, sum, &rest));
    assert_near(rest.se, 5);
    assert_true(trend_rate_unattributed((struct trend_rate){89, 3}, sum, &rest));
    assert_near(rest.bytes_s, -11);
    assert_false(trend_rate_unattributed((struct trend_rate){1e9, INFINITY}, sum, &rest));
}

static void test_growth_counts_by_size_and_share(void **state)
{
    (void)state;
    struct trend_config config;
    trend_config_init(&config, 60);
    assert_near(trend_target_counted_bytes(&config, 0), 4 * MIB);
    assert_near(trend_target_counted_bytes(&config, 800 * MIB), 4 * MIB);
    assert_near(trend_target_counted_bytes(&config, 1000 * MIB), 5 * MIB);
}

static void test_the_onset_is_as_wide_as_the_blocks(void **state)
{
    (void)state;
    struct trend_config config;
    double from_s, to_s;
    trend_config_init(&config, 60);
    struct trend_verdict v = {.level = -1};
    assert_false(trend_target_onset(&config, &v, &from_s, &to_s));
    v = (struct trend_verdict){.level = 2, .growing_since_s = 1e6};
    assert_true(trend_target_onset(&config, &v, &from_s, &to_s));
    assert_near(from_s, 1e6 - 4 * 4 * 120);
    assert_near(to_s, 1e6 + 4 * 4 * 120);
}

static void test_the_limit_that_comes_first_binds(void **state)
{
    (void)state;
    bool by_go;
    struct trend_room room = {0};
    assert_true(isinf(trend_room_live_bytes(&room, &by_go)));
    assert_false(by_go);
    room = (struct trend_room){.limit_bytes = 1000 * MIB};
    assert_near(trend_room_live_bytes(&room, &by_go), 500 * MIB);
    room.kappa = 1.25;
    assert_near(trend_room_live_bytes(&room, &by_go), 800 * MIB);
    room.go_limit_bytes = 900 * MIB;
    room.non_heap_bytes = 100 * MIB;
    assert_near(trend_room_live_bytes(&room, &by_go), 760 * MIB);
    assert_true(by_go);
    room.non_heap_bytes = 901 * MIB;
    assert_near(trend_room_live_bytes(&room, &by_go), 0);
    room.limit_bytes = 0;
    room.non_heap_bytes = 0;
    assert_near(trend_room_live_bytes(&room, &by_go), 855 * MIB);
}

static void test_time_to_limit_has_an_interval(void **state)
{
    (void)state;
    struct trend_forecast f = trend_forecast_of(1200, (struct trend_rate){10, 1}, 0);
    assert_near(f.seconds, 120);
    assert_near(f.lo_s, 100);
    assert_near(f.hi_s, 150);
    f = trend_forecast_of(1200, (struct trend_rate){10, 5}, 0);
    assert_true(isinf(f.hi_s) && f.lo_s == 60);
    f = trend_forecast_of(1200, (struct trend_rate){10, 1}, 600);
    assert_near(f.lo_s, 50); /* one step sooner; the mean stays */
    assert_near(f.seconds, 120);
    f = trend_forecast_of(-5, (struct trend_rate){10, 1}, 0);
    assert_true(f.seconds == 0 && f.lo_s == 0 && f.hi_s == 0);
    f = trend_forecast_of(1200, (struct trend_rate){0, INFINITY}, 0);
    assert_true(isinf(f.seconds) && f.lo_s == 0 && isinf(f.hi_s));
    f = trend_forecast_of(INFINITY, (struct trend_rate){10, 1}, 0);
    assert_true(isinf(f.seconds) && isinf(f.lo_s));
}

static void test_what_is_at_stake_is_bounded(void **state)
{
    (void)state;
    assert_near(trend_at_stake_bytes(10, 60), 600);
    assert_near(trend_at_stake_bytes(10, INFINITY), 10 * TREND_HORIZON_S);
    assert_near(trend_at_stake_bytes(-10, 60), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rates_add_with_their_errors),
        cmocka_unit_test(test_a_rest_is_told_beyond_two_errors),
        cmocka_unit_test(test_growth_counts_by_size_and_share),
        cmocka_unit_test(test_the_onset_is_as_wide_as_the_blocks),
        cmocka_unit_test(test_the_limit_that_comes_first_binds),
        cmocka_unit_test(test_time_to_limit_has_an_interval),
        cmocka_unit_test(test_what_is_at_stake_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
