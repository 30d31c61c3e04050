/* The pool on a virtual clock with a fetcher that is made up: rhythm, spread, reconciliation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/mem.h"
#include "scrape/scrape.h"

#define S           LW_NS_PER_S
#define RESULTS_MAX 400000

static const struct lw_wall start_of_time = {1700000000 * LW_NS_PER_S + 123456789};

/* ---- a fetcher that answers after latency_ns, or never before the timeout ---- */

struct scrape_fetch {
    struct fake *fake;
    struct scrape_request *request;
    struct loop_timer timer;
};

struct fake {
    struct scrape_fetcher base;
    struct loop *loop;
    int64_t latency_ns;
    bool ignores_timeout; /* as if the whole machine stood still */
    int under_way;
    int cancelled;
};

static void fake_end(struct scrape_fetch *fetch)
{
    fetch->fake->under_way--;
    fetch->request->fetch = NULL;
    loop_timer_disarm(fetch->fake->loop, &fetch->timer);
    free(fetch);
}

static void fake_fire(void *ctx)
{
    struct scrape_fetch *fetch = ctx;
    struct scrape_request *request = fetch->request;
    struct fake *fake = fetch->fake;
    struct lw_err err = {0};
    fake_end(fetch);
    if (fake->latency_ns > request->timeout_ns && !fake->ignores_timeout) {
        lw_err_set(&err, LW_TIMEOUT, "made up");
        request->done(request, &err, NULL, 0);
    } else {
        request->done(request, &err, lw_strdup(request->url), strlen(request->url));
    }
}

static void fake_start(struct scrape_fetcher *base, struct scrape_request *request)
{
    struct fake *fake = (struct fake *)base;
    struct scrape_fetch *fetch = LW_NEW(struct scrape_fetch);
    *fetch = (struct scrape_fetch){.fake = fake, .request = request};
    fetch->timer = (struct loop_timer){.fire = fake_fire, .ctx = fetch};
    request->fetch = fetch;
    fake->under_way++;
    int64_t after_ns = fake->latency_ns;
    if (after_ns > request->timeout_ns && !fake->ignores_timeout)
        after_ns = request->timeout_ns;
    loop_timer_arm(fake->loop, &fetch->timer, lw_mono_add(loop_now(fake->loop), after_ns));
}

static void fake_cancel(struct scrape_fetcher *base, struct scrape_request *request)
{
    struct fake *fake = (struct fake *)base;
    fake->cancelled++;
    fake_end(request->fetch);
}

/* ---- a small world ---- */

struct result {
    uint64_t id;
    int64_t at_ns;
    int64_t duration_ns;
    enum lw_code code;
    char body[32];
};

struct world {
    struct loop *loop;
    struct fake fake;
    struct scrape_pool *pool;
    struct config *configs[2]; /* the second for reloads */
    struct result *results;
    size_t count;
    bool empty_from_within; /* scraped() takes all targets away */
};

static void scraped(void *ctx, struct scrape_result *result)
{
    struct world *w = ctx;
    assert_true(w->count < RESULTS_MAX);
    struct result *r = &w->results[w->count++];
    *r = (struct result){.id = result->id, .at_ns = result->at.ns};
    r->duration_ns = result->duration_ns;
    r->code = result->err->code;
    assert_int_equal(r->code == LW_OK, result->body != NULL);
    if (result->body)
        memcpy(r->body, result->body, result->len < 31 ? result->len : 31);
    free(result->body);
    if (w->empty_from_within)
        scrape_pool_set(w->pool, NULL, 0);
}

static struct config *config_made(int64_t interval_ns, int64_t timeout_ns)
{
    struct config *config = LW_NEW(struct config);
    config->refs = 1;
    config->scrape_configs = LW_NEW(struct config_job);
    config->scrape_config_count = 1;
    config->scrape_configs->scrape_interval_ns = interval_ns;
    config->scrape_configs->scrape_timeout_ns = timeout_ns;
    config->scrape_configs->compressed_size_limit_bytes = 1 << 20;
    return config;
}

/* Frees what the test made, after the pool has given its references back. */
static void config_unmade(struct config *config)
{
    assert_int_equal(config->refs, 1);
    free(config->scrape_configs);
    free(config);
}

static struct world *world_new(struct lw_wall start, int64_t interval_ns, int64_t timeout_ns)
{
    struct world *w = LW_NEW(struct world);
    w->loop = loop_new_virtual(start);
    w->fake.base = (struct scrape_fetcher){.start = fake_start, .cancel = fake_cancel};
    w->fake.loop = w->loop;
    w->fake.latency_ns = S / 100;
    w->pool = scrape_pool_new(w->loop, &w->fake.base, scraped, w);
    w->configs[0] = config_made(interval_ns, timeout_ns);
    w->configs[1] = config_made(interval_ns, timeout_ns);
    w->results = lw_new(RESULTS_MAX, sizeof *w->results);
    return w;
}

static void world_free(struct world *w)
{
    scrape_pool_free(&w->pool);
    assert_null(w->pool);
    assert_int_equal(w->fake.under_way, 0);
    loop_free(&w->loop); /* asserts that no timer is left */
    config_unmade(w->configs[0]);
    config_unmade(w->configs[1]);
    free(w->results);
    free(w);
}

/* Targets 1..count, all with one URL and the job of one of the two configs. */
static void set(struct world *w, size_t count, const char *url, int config)
{
    struct scrape_spec *specs = lw_new(count + 1, sizeof *specs);
    for (size_t i = 0; i < count; i++) {
        specs[i] = (struct scrape_spec){.id = i + 1, .url = url};
        specs[i].config = w->configs[config];
        specs[i].job = w->configs[config]->scrape_configs;
    }
    scrape_pool_set(w->pool, specs, count);
    free(specs);
}

/* Asserts that all results from `from` on are of one target and lie exactly interval_ns apart. */
static void assert_period(const struct world *w, size_t from, int64_t interval_ns)
{
    assert_true(w->count > from + 1);
    for (size_t i = from + 1; i < w->count; i++)
        assert_int_equal(w->results[i].at_ns - w->results[i - 1].at_ns, interval_ns);
}

/* Lets a tenth of a second pass at a time until a fetch is under way. */
static void run_into_a_fetch(struct world *w)
{
    for (int i = 0; i < 1000 && !w->fake.under_way; i++)
        loop_run_for(w->loop, S / 10);
    assert_true(w->fake.under_way > 0);
}

/* ---- rhythm ---- */

static void test_targets_are_spread_over_the_interval(void **state)
{
    (void)state;
    enum { TARGETS = 1000, BUCKETS = 60 };
    struct world *w = world_new(start_of_time, 60 * S, 10 * S);
    int in_bucket[BUCKETS] = {0};
    bool seen[TARGETS + 1] = {false};
    set(w, TARGETS, "u", 0);
    w->fake.latency_ns = 0;
    loop_run_for(w->loop, 60 * S);
    assert_int_equal(w->count, TARGETS); /* each exactly once in the first interval */
    for (size_t i = 0; i < w->count; i++) {
        assert_false(seen[w->results[i].id]);
        seen[w->results[i].id] = true;
        in_bucket[(w->results[i].at_ns - start_of_time.ns - 1) / S]++;
    }
    for (int i = 0; i < BUCKETS; i++)
        assert_in_range(in_bucket[i], 1, 4 * TARGETS / BUCKETS);
    world_free(w);
}

static void test_place_survives_a_restart(void **state)
{
    (void)state;
    struct world *before = world_new(start_of_time, 60 * S, 10 * S);
    struct world *after =
        world_new((struct lw_wall){start_of_time.ns + 12345678901234}, 60 * S, 10 * S);
    set(before, 50, "u", 0);
    set(after, 50, "u", 0);
    loop_run_for(before->loop, 61 * S);
    loop_run_for(after->loop, 61 * S);
    int64_t place[51];
    for (size_t i = 0; i < before->count; i++)
        place[before->results[i].id] = before->results[i].at_ns % (60 * S);
    for (size_t i = 0; i < after->count; i++)
        assert_int_equal(after->results[i].at_ns % (60 * S), place[after->results[i].id]);
    world_free(before);
    world_free(after);
}

static void test_period_is_exact_whatever_the_latency(void **state)
{
    (void)state;
    static const int64_t latencies_ns[] = {0, S / 7, 9 * S};
    for (int i = 0; i < 3; i++) {
        struct world *w = world_new(start_of_time, 10 * S, 10 * S);
        w->fake.latency_ns = latencies_ns[i];
        set(w, 1, "u", 0);
        loop_run_for(w->loop, 3600 * S + 9 * S);
        assert_in_range(w->count, 360, 361);
        assert_period(w, 0, 10 * S);
        assert_int_equal(w->results[7].duration_ns, latencies_ns[i]);
        assert_int_equal(scrape_pool_missed(w->pool), 0);
        world_free(w);
    }
}

static void test_wall_clock_before_1970_is_no_special_case(void **state)
{
    (void)state;
    struct world *w = world_new((struct lw_wall){-5 * S}, 10 * S, 5 * S);
    set(w, 20, "u", 0);
    loop_run_for(w->loop, 10 * S + S / 10);
    assert_int_equal(w->count, 20);
    world_free(w);
}

static void test_timeout_as_long_as_the_interval_misses_nothing(void **state)
{
    (void)state;
    struct world *w = world_new(start_of_time, 10 * S, 10 * S);
    w->fake.latency_ns = INT64_MAX;
    set(w, 1, "u", 0);
    loop_run_for(w->loop, 600 * S);
    assert_period(w, 0, 10 * S);
    for (size_t i = 0; i < w->count; i++) {
        assert_int_equal(w->results[i].code, LW_TIMEOUT);
        assert_int_equal(w->results[i].duration_ns, 10 * S);
    }
    assert_int_equal(scrape_pool_missed(w->pool), 0);
    world_free(w);
}

static void test_standstill_is_counted_and_keeps_the_place(void **state)
{
    (void)state;
    struct world *w = world_new(start_of_time, 10 * S, 5 * S);
    set(w, 1, "u", 0);
    loop_run_for(w->loop, 10 * S);
    assert_int_equal(w->count, 1);
    int64_t place = w->results[0].at_ns % (10 * S);

    w->fake.ignores_timeout = true;
    w->fake.latency_ns = 35 * S; /* the scrapes 10 and 20 s later fall out, that of 30 s is late */
    loop_run_for(w->loop, 10 * S);
    w->fake.latency_ns = 0;
    loop_run_for(w->loop, 100 * S);
    assert_int_equal(scrape_pool_missed(w->pool), 2);
    assert_int_equal(w->results[1].duration_ns, 35 * S);
    assert_int_equal(w->results[2].at_ns, w->results[1].at_ns + 35 * S);
    assert_int_equal(w->results[3].at_ns, w->results[1].at_ns + 40 * S);
    assert_int_equal(w->results[3].at_ns % (10 * S), place);
    assert_period(w, 3, 10 * S);
    world_free(w);
}

static void test_five_thousand_targets_for_an_hour(void **state)
{
    (void)state;
    struct world *w = world_new(start_of_time, 60 * S, 10 * S);
    set(w, 5000, "u", 0);
    loop_run_for(w->loop, 3600 * S + S / 100);
    assert_int_equal(w->count, 5000 * 60);
    assert_int_equal(scrape_pool_missed(w->pool), 0);
    world_free(w);
}

/* ---- changes ---- */

static void test_removed_target_stops(void **state)
{
    (void)state;
    struct world *w = world_new(start_of_time, 10 * S, 5 * S);
    set(w, 3, "u", 0);
    loop_run_for(w->loop, 10 * S + S);
    assert_true(w->count >= 3);
    size_t before = w->count;
    set(w, 2, "u", 0);
    loop_run_for(w->loop, 100 * S);
    assert_true(w->count > before);
    for (size_t i = before; i < w->count; i++)
        assert_int_not_equal(w->results[i].id, 3);
    set(w, 0, "u", 0);
    before = w->count;
    loop_run_for(w->loop, 100 * S);
    assert_int_equal(w->count, before);
    world_free(w);
}

static void test_removal_in_flight_reports_nothing(void **state)
{
    (void)state;
    struct world *w = world_new(start_of_time, 10 * S, 10 * S);
    w->fake.latency_ns = 9 * S + S / 2;
    set(w, 5, "u", 0);
    run_into_a_fetch(w);
    size_t before = w->count;
    int under_way = w->fake.under_way;
    set(w, 0, NULL, 0);
    assert_int_equal(w->fake.cancelled, under_way);
    assert_int_equal(w->configs[0]->refs, 1);
    loop_run_for(w->loop, 100 * S);
    assert_int_equal(w->count, before);
    world_free(w);
}

static void test_free_in_flight_cancels(void **state)
{
    (void)state;
    struct world *w = world_new(start_of_time, 10 * S, 10 * S);
    w->fake.latency_ns = 9 * S + S / 2;
    set(w, 5, "u", 0);
    run_into_a_fetch(w);
    world_free(w);
}

static void test_set_from_within_a_result(void **state)
{
    (void)state;
    struct world *w = world_new(start_of_time, 10 * S, 5 * S);
    w->empty_from_within = true;
    set(w, 5, "u", 0);
    loop_run_for(w->loop, 100 * S);
    assert_int_equal(w->count, 1);
    world_free(w);
}

static void test_same_set_keeps_the_rhythm(void **state)
{
    (void)state;
    struct world *w = world_new(start_of_time, 10 * S, 5 * S);
    for (int i = 0; i < 100; i++) {
        set(w, 1, "u", i % 2); /* a reload that changes nothing of the target, at odd times */
        loop_run_for(w->loop, 3 * S + S / 3);
    }
    assert_period(w, 0, 10 * S);
    world_free(w);
}

static void test_changed_interval_finds_a_new_place(void **state)
{
    (void)state;
    struct world *w = world_new(start_of_time, 60 * S, 5 * S);
    w->configs[1]->scrape_configs->scrape_interval_ns = 7 * S;
    set(w, 1, "u", 0);
    loop_run_for(w->loop, 200 * S);
    assert_period(w, 0, 60 * S);
    size_t before = w->count;
    int64_t changed_ns = loop_wall_now(w->loop).ns;
    set(w, 1, "u", 1);
    loop_run_for(w->loop, 70 * S);
    assert_period(w, before, 7 * S);
    assert_true(w->results[before].at_ns - changed_ns <= 7 * S);
    assert_int_equal(w->configs[0]->refs, 1);
    world_free(w);
}

static void test_change_in_flight_waits_for_its_end(void **state)
{
    (void)state;
    struct world *w = world_new(start_of_time, 10 * S, 10 * S);
    set(w, 1, "old", 0);
    loop_run_for(w->loop, 10 * S + S / 2);
    size_t before = w->count;
    w->fake.latency_ns = 9 * S;
    run_into_a_fetch(w);
    set(w, 1, "forgotten", 1);
    set(w, 1, "new", 1);
    assert_int_equal(w->configs[0]->refs, 2); /* the request still borrows from it */
    w->fake.latency_ns = 0;
    loop_run_for(w->loop, 60 * S);
    assert_int_equal(w->fake.cancelled, 0);
    assert_int_equal(w->configs[0]->refs, 1);
    assert_string_equal(w->results[before].body, "old");
    for (size_t i = before + 1; i < w->count; i++)
        assert_string_equal(w->results[i].body, "new");
    assert_period(w, before + 1, 10 * S);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_targets_are_spread_over_the_interval),
        cmocka_unit_test(test_place_survives_a_restart),
        cmocka_unit_test(test_period_is_exact_whatever_the_latency),
        cmocka_unit_test(test_wall_clock_before_1970_is_no_special_case),
        cmocka_unit_test(test_timeout_as_long_as_the_interval_misses_nothing),
        cmocka_unit_test(test_standstill_is_counted_and_keeps_the_place),
        cmocka_unit_test(test_five_thousand_targets_for_an_hour),
        cmocka_unit_test(test_removed_target_stops),
        cmocka_unit_test(test_removal_in_flight_reports_nothing),
        cmocka_unit_test(test_free_in_flight_cancels),
        cmocka_unit_test(test_set_from_within_a_result),
        cmocka_unit_test(test_same_set_keeps_the_rhythm),
        cmocka_unit_test(test_changed_interval_finds_a_new_place),
        cmocka_unit_test(test_change_in_flight_waits_for_its_end),
    };
    return cmocka_run_group_tests_name("scrape/pool", tests, NULL, NULL);
}
