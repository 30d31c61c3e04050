/* Which captures may begin, and what is said of those that may not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "capture/budget.h"

#define S    LW_NS_PER_S
#define HOUR (3600 * S)
#define MB   ((int64_t)1 << 20)

static struct capture_budget *budget;
static struct config_capture config;
static struct lw_wall now;

static int set_up(void **state)
{
    (void)state;
    budget = capture_budget_new();
    now = (struct lw_wall){1700000000 * S};
    config = (struct config_capture){
        .enabled = true,
        .cooldown_ns = 1800 * S,
        .concurrent = 2,
        .size_limit_bytes = 10 * MB,
        .target_bytes_per_day = 25 * MB,
        .fleet_bytes_per_day = 100 * MB,
        .goroutine_ceiling = 1000,
        .gc_heap_limit_bytes = 100 * MB,
        .gc_cpu_percent = 10,
        .slow_percent = 50,
    };
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    capture_budget_free(&budget);
    return 0;
}

static struct capture_wish wish(uint64_t target)
{
    return (struct capture_wish){.target_id = target, .trigger = CAPTURE_BY_API, .now = now};
}

static bool begin(uint64_t target)
{
    struct capture_wish w = wish(target);
    return capture_budget_begin(budget, &config, &w, NULL);
}

static void end(uint64_t target, int64_t bytes)
{
    capture_budget_end(budget, target, (size_t)bytes, now);
}

static void pass(int64_t ns)
{
    now.ns += ns;
}

static void assert_refused_by(uint64_t target, enum capture_rule rule)
{
    struct capture_wish w = wish(target);
    struct capture_judgement why;
    uint64_t before = capture_budget_refused(budget, rule);
    assert_false(capture_budget_begin(budget, &config, &w, &why));
    assert_string_equal(capture_rule_word(why.rule), capture_rule_word(rule));
    assert_false(why.passed);
    assert_true(why.value > why.limit);
    assert_true(why.text[0]);
    assert_int_equal(capture_budget_refused(budget, rule), before + 1);
}

static void test_one_at_a_time_and_a_cooldown_after_it(void **state)
{
    (void)state;
    assert_true(begin(1));
    assert_refused_by(1, CAPTURE_RULE_UNDER_WAY);
    pass(HOUR);
    assert_refused_by(1, CAPTURE_RULE_UNDER_WAY);
    end(1, MB);
    assert_refused_by(1, CAPTURE_RULE_COOLDOWN);
    pass(config.cooldown_ns - 1 * S);
    assert_refused_by(1, CAPTURE_RULE_COOLDOWN);
    pass(1 * S);
    assert_true(begin(1));
}

static void test_some_at_once_over_the_fleet(void **state)
{
    (void)state;
    assert_true(begin(1));
    assert_true(begin(2));
    assert_refused_by(3, CAPTURE_RULE_CONCURRENT);
    assert_int_equal(capture_budget_under_way(budget), 2);
    end(1, 0);
    assert_true(begin(3));
}

static void test_bytes_of_a_target(void **state)
{
    (void)state;
    config.cooldown_ns = 0;
    assert_true(begin(1));
    end(1, 10 * MB);
    assert_true(begin(1));
    end(1, 6 * MB);
    assert_refused_by(1, CAPTURE_RULE_TARGET_BYTES); /* the largest would not fit into 25 MB */
    assert_true(begin(2));
    end(2, 0);
    pass(23 * HOUR);
    assert_refused_by(1, CAPTURE_RULE_TARGET_BYTES);
    pass(HOUR);
    assert_true(begin(1));
}

static void test_bytes_of_the_fleet_count_what_is_set_aside(void **state)
{
    (void)state;
    config.fleet_bytes_per_day = 25 * MB;
    config.concurrent = 8;
    assert_true(begin(1));
    assert_true(begin(2));
    assert_refused_by(3, CAPTURE_RULE_FLEET_BYTES);
    end(1, 1 * MB);
    end(2, 1 * MB);
    assert_true(begin(3));
}

static void test_off_and_muted(void **state)
{
    (void)state;
    struct capture_wish muted = wish(1);
    muted.is_muted = true;
    struct capture_judgement why;
    assert_false(capture_budget_begin(budget, &config, &muted, &why));
    assert_int_equal(why.rule, CAPTURE_RULE_MUTED);
    assert_true(capture_rule_binds(CAPTURE_RULE_MUTED, CAPTURE_BY_VERDICT));
    assert_true(capture_rule_binds(CAPTURE_RULE_MUTED, CAPTURE_BY_MEMORY));
    assert_false(capture_rule_binds(CAPTURE_RULE_MUTED, CAPTURE_BY_WEBHOOK));
    assert_false(capture_rule_binds(CAPTURE_RULE_MUTED, CAPTURE_BY_API));
    assert_true(capture_rule_binds(CAPTURE_RULE_COOLDOWN, CAPTURE_BY_API));
    config.enabled = false;
    assert_refused_by(1, CAPTURE_RULE_ENABLED);
}

static void test_judging_shows_all_rules_and_changes_nothing(void **state)
{
    (void)state;
    struct capture_judgement rules[CAPTURE_START_RULES];
    struct capture_wish w = wish(1);
    assert_true(begin(1));
    end(1, 20 * MB);
    for (int again = 0; again < 2; again++) {
        capture_budget_judge(budget, &config, &w, rules);
        for (size_t i = 0; i < CAPTURE_START_RULES; i++) {
            bool refused = i == CAPTURE_RULE_COOLDOWN || i == CAPTURE_RULE_TARGET_BYTES;
            assert_int_equal(rules[i].rule, i);
            assert_int_equal(rules[i].passed, !refused);
            assert_true(rules[i].text[0]);
        }
        assert_int_equal(rules[CAPTURE_RULE_COOLDOWN].value, 1800);
    }
    assert_int_equal(capture_budget_refused(budget, CAPTURE_RULE_COOLDOWN), 0);
}

static void test_the_last_refusals_are_kept(void **state)
{
    (void)state;
    struct capture_refusal refusals[CAPTURE_REFUSALS_MAX];
    assert_int_equal(capture_budget_refusals(budget, 1, refusals), 0);
    assert_true(begin(1));
    for (int i = 0; i < CAPTURE_REFUSALS_MAX + 3; i++) {
        pass(S);
        assert_refused_by(1, CAPTURE_RULE_UNDER_WAY);
    }
    end(1, 0);
    pass(S);
    assert_refused_by(1, CAPTURE_RULE_COOLDOWN);
    assert_int_equal(capture_budget_refusals(budget, 1, refusals), CAPTURE_REFUSALS_MAX);
    assert_int_equal(refusals[0].why.rule, CAPTURE_RULE_COOLDOWN);
    assert_int_equal(refusals[0].at.ns, now.ns);
    assert_int_equal(refusals[0].trigger, CAPTURE_BY_API);
    for (size_t i = 1; i < CAPTURE_REFUSALS_MAX; i++) {
        assert_int_equal(refusals[i].why.rule, CAPTURE_RULE_UNDER_WAY);
        assert_true(refusals[i].at.ns < refusals[i - 1].at.ns);
    }
}

static void test_what_is_long_past_is_let_go(void **state)
{
    (void)state;
    struct capture_refusal refusals[CAPTURE_REFUSALS_MAX];
    assert_true(begin(1));
    assert_refused_by(1, CAPTURE_RULE_UNDER_WAY);
    assert_true(begin(2));
    end(2, 0);
    pass(26 * HOUR);
    assert_true(begin(3)); /* whoever comes sweeps */
    assert_int_equal(capture_budget_refusals(budget, 2, refusals), 0);
    assert_refused_by(1, CAPTURE_RULE_UNDER_WAY); /* what is under way is never forgotten */
    end(1, 0);
    end(3, 0);
    assert_int_equal(capture_budget_under_way(budget), 0);
}

static void test_captures_of_before_a_restart_count(void **state)
{
    (void)state;
    struct lw_wall yesterday = {now.ns - 30 * HOUR}, lately = {now.ns - HOUR / 4};
    capture_budget_remember(budget, 1, 20 * MB, yesterday);
    capture_budget_remember(budget, 2, 20 * MB, lately);
    assert_true(begin(1));
    assert_refused_by(2, CAPTURE_RULE_COOLDOWN);
    pass(HOUR);
    assert_refused_by(2, CAPTURE_RULE_TARGET_BYTES);
}

/* ---- rules of steps ---- */

static struct capture_vitals calm(void)
{
    return (struct capture_vitals){.heap_bytes = 10 * MB,
        .gc_cpu_percent = 1,
        .goroutines = 10,
        .scrape_ns = S,
        .timeout_ns = 10 * S};
}

static bool passes(enum capture_rule rule, struct capture_vitals vitals)
{
    struct capture_judgement j = capture_rule_judge(rule, &config, &vitals);
    assert_int_equal(j.rule, rule);
    assert_true(j.text[0]);
    return j.passed;
}

static void test_rules_of_steps(void **state)
{
    (void)state;
    struct capture_vitals v = calm();
    for (int rule = CAPTURE_START_RULES; rule < CAPTURE_RULE_COUNT; rule++)
        assert_true(passes((enum capture_rule)rule, v));
    v.heap_bytes = config.gc_heap_limit_bytes;
    v.gc_cpu_percent = 10;
    v.goroutines = 1000;
    v.scrape_ns = 5 * S;
    for (int rule = CAPTURE_START_RULES; rule < CAPTURE_RULE_COUNT; rule++)
        assert_true(passes((enum capture_rule)rule, v));
    v.heap_bytes++;
    v.gc_cpu_percent = 10.1;
    v.goroutines++;
    v.scrape_ns++;
    for (int rule = CAPTURE_START_RULES; rule < CAPTURE_RULE_COUNT; rule++)
        assert_false(passes((enum capture_rule)rule, v));
}

static void test_what_is_not_known_is_not_small(void **state)
{
    (void)state;
    struct capture_vitals v = {.heap_bytes = -1, .gc_cpu_percent = -1, .goroutines = -1};
    assert_false(passes(CAPTURE_RULE_GC_HEAP, v));
    assert_false(passes(CAPTURE_RULE_GOROUTINES, v));
    assert_true(passes(CAPTURE_RULE_GC_CPU, v));
    assert_true(passes(CAPTURE_RULE_SLOW, v)); /* never scraped: no timeout either */
}

#define ON_BUDGET(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BUDGET(test_one_at_a_time_and_a_cooldown_after_it),
        ON_BUDGET(test_some_at_once_over_the_fleet),
        ON_BUDGET(test_bytes_of_a_target),
        ON_BUDGET(test_bytes_of_the_fleet_count_what_is_set_aside),
        ON_BUDGET(test_off_and_muted),
        ON_BUDGET(test_judging_shows_all_rules_and_changes_nothing),
        ON_BUDGET(test_the_last_refusals_are_kept),
        ON_BUDGET(test_what_is_long_past_is_let_go),
        ON_BUDGET(test_captures_of_before_a_restart_count),
        ON_BUDGET(test_rules_of_steps),
        ON_BUDGET(test_what_is_not_known_is_not_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
