/* How the engine looks at memory and goroutines of targets; the fetcher is the test's. */
#include "fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "engine/engine_priv.h"
#include "profile_sketch.h"

#define REQUESTS_MAX 16

/* ---- the fetcher: it holds what was asked ---- */

static struct {
    struct scrape_fetcher base; /* first */
    struct scrape_request *requests[REQUESTS_MAX];
    size_t count;
    int started;
    int cancelled;
} fetcher;

static void start(struct scrape_fetcher *unused, struct scrape_request *request)
{
    (void)unused;
    assert_true(fetcher.count < REQUESTS_MAX);
    fetcher.requests[fetcher.count++] = request;
    fetcher.started++;
}

static void forget(const struct scrape_request *request)
{
    size_t at = 0;
    while (at < fetcher.count && fetcher.requests[at] != request)
        at++;
    assert_true(at < fetcher.count);
    fetcher.requests[at] = fetcher.requests[--fetcher.count];
}

static void cancel(struct scrape_fetcher *unused, struct scrape_request *request)
{
    (void)unused;
    forget(request);
    fetcher.cancelled++;
}

/* ---- an engine around a store ---- */

#define TARGETS 8

static struct engine engine;
static struct profile heap;

static void ignore_line(void *ctx, const char *line)
{
    (void)ctx;
    (void)line;
}

static void load(const char *job)
{
    char yaml[256];
    struct lw_err err;
    snprintf(yaml, sizeof yaml,
        "scrape_configs: [{job_name: shop, %s static_configs: [{targets: ['a:1']}]}]", job);
    config_unref(&engine.config);
    engine.config = config_parse(yaml, strlen(yaml), "leakwatchd.yml", &err);
    assert_non_null(engine.config);
}

static int set_up(void **state)
{
    (void)state;
    memset(&fetcher, 0, sizeof fetcher);
    fetcher.base = (struct scrape_fetcher){.start = start, .cancel = cancel};
    engine = (struct engine){.store = fleet_store_new(NULL), .fetcher = &fetcher.base};
    engine.loop = loop_new_virtual(FLEET_START);
    engine.binaries = (struct binaries *)&fetcher; /* never looked into */
    load("");
    fleet_set_targets(engine.store, TARGETS, 0);
    for (uint64_t id = 1; id <= TARGETS; id++)
        fleet_ingest(engine.store, id, 0, (struct fleet_site[]){{1, 9 * MIB, 90 * MIB}}, 1);
    lw_log_set_sink(ignore_line, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    lw_log_set_sink(NULL, NULL);
    engine_rounds_stop(&engine);
    store_free(&engine.store);
    config_unref(&engine.config);
    loop_free(&engine.loop);
    return 0;
}

static const struct store_target *target(uint64_t id)
{
    return store_target_find(engine.store, id);
}

/* Answers a request, the first there is, and lets the worker's part happen. */
static void answer(enum lw_code code, const void *body, size_t len)
{
    assert_true(fetcher.count > 0);
    struct scrape_request *request = fetcher.requests[0];
    struct lw_err err = {.code = code};
    char *copy = body ? lw_new(len + 1, 1) : NULL;
    if (copy)
        memcpy(copy, body, len);
    forget(request);
    request->done(request, &err, copy, len);
    loop_run_for(engine.loop, LW_NS_PER_MS);
}

static void answer_text(const char *text)
{
    answer(LW_OK, text, strlen(text));
}

static const char memstats[] =
    "heap profile: x\n\n# runtime.MemStats\n# Sys = 100000000\n# HeapAlloc = 1\n# HeapSys = 50000000\n"
    "# HeapIdle = 20000000\n# HeapInuse = 30000000\n# HeapReleased = 5\n# Stack = 7 / 8\n";

static void answer_goroutines(int64_t count)
{
    struct sketch *s = LW_NEW(struct sketch);
    sketch_program(s);
    s->profile.n_sample_type = 0;
    sketch_add_type(s, "goroutine", "count");
    sketch_add_sample(s, sketch_stack_1_3, sketch_inuse(count, 0), 0)->n_value = 1;
    size_t len;
    unsigned char *bytes = sketch_pack(s, &len);
    answer(LW_OK, bytes, len);
    free(bytes);
    free(s);
}

static void wait_minutes(int minutes)
{
    loop_run_for(engine.loop, minutes * 60 * LW_NS_PER_S);
}

/* ---- tests ---- */

static void test_memory_is_looked_at_now_and_then(void **state)
{
    (void)state;
    engine_ask_memory(&engine, target(1), &heap);
    assert_string_equal(fetcher.requests[0]->url, "http://x/debug/pprof/heap?debug=1");
    assert_int_equal(fetcher.requests[0]->timeout_ns, 10 * LW_NS_PER_S);
    engine_ask_memory(&engine, target(1), &heap); /* it is on its way */
    answer_text(memstats);
    const struct store_memory_look *look = &target(1)->memory.newest;
    assert_int_equal(look->stats.heap_inuse, 30000000);
    assert_int_equal(look->rss_bytes, 0); /* a virtual loop asks no host */
    assert_int_equal(look->at.ns, FLEET_START.ns);
    wait_minutes(9);
    engine_ask_memory(&engine, target(1), &heap);
    assert_int_equal(fetcher.started, 1);
    wait_minutes(1);
    engine_ask_memory(&engine, target(1), &heap);
    assert_int_equal(fetcher.started, 2);
}

static void test_goroutines_are_looked_at_now_and_then(void **state)
{
    (void)state;
    engine_ask_goroutines(&engine, target(1), &heap);
    assert_string_equal(fetcher.requests[0]->url, "http://x/debug/pprof/goroutine");
    answer_goroutines(70);
    assert_int_equal(target(1)->goroutines.total, 70);
    wait_minutes(4);
    engine_ask_goroutines(&engine, target(1), &heap);
    assert_int_equal(fetcher.started, 1);
    wait_minutes(1);
    engine_ask_goroutines(&engine, target(1), &heap);
    assert_int_equal(fetcher.started, 2);
}

static void test_what_fails_is_left_alone_for_longer(void **state)
{
    (void)state;
    engine_ask_goroutines(&engine, target(1), &heap);
    answer(LW_HTTP_STATUS, NULL, 0);
    wait_minutes(29);
    engine_ask_goroutines(&engine, target(1), &heap);
    assert_int_equal(fetcher.started, 1);
    wait_minutes(1);
    engine_ask_goroutines(&engine, target(1), &heap);
    answer_text("<html>login</html>");
    assert_int_equal(target(1)->goroutines.at.ns, 0);
    wait_minutes(29);
    engine_ask_goroutines(&engine, target(1), &heap);
    assert_int_equal(fetcher.started, 2);
}

static void test_who_is_slow_or_down_is_not_asked(void **state)
{
    (void)state;
    struct lw_err ok = {.code = LW_OK}, down = {.code = LW_CONNECT};
    struct store_scrape slow = {fleet_minute(1), 6 * LW_NS_PER_S, &ok};
    struct profile *profile = fleet_profile((struct fleet_site[]){{1, 9 * MIB, 90 * MIB}}, 1);
    assert_true(store_ingest(engine.store, 1, &slow, profile, NULL));
    profile_free(&profile);
    assert_true(store_fail(engine.store, 2, &(struct store_scrape){fleet_minute(1), 1, &down}));
    for (uint64_t id = 1; id <= 2; id++) {
        engine_ask_memory(&engine, target(id), &heap);
        engine_ask_goroutines(&engine, target(id), &heap);
    }
    assert_int_equal(fetcher.started, 0);
}

static void test_an_interval_of_nothing_is_never(void **state)
{
    (void)state;
    load("memory_interval: 0s, goroutine_interval: 0s,");
    engine_ask_memory(&engine, target(1), &heap);
    engine_ask_goroutines(&engine, target(1), &heap);
    assert_int_equal(fetcher.started, 0);
}

static void test_few_are_asked_at_once(void **state)
{
    (void)state;
    for (uint64_t id = 1; id <= TARGETS; id++)
        engine_ask_goroutines(&engine, target(id), &heap);
    assert_int_equal(fetcher.started, 4);
    for (uint64_t id = 1; id <= TARGETS; id++)
        engine_ask_memory(&engine, target(id), &heap);
    assert_int_equal(fetcher.started, 5);
    engine.binaries = NULL;
    engine_rounds_stop(&engine);
    assert_int_equal(fetcher.cancelled, 5);
    assert_null(engine.rounds);
    engine_ask_goroutines(&engine, target(8), &heap);
    assert_int_equal(fetcher.started, 5);
}

static void test_nothing_is_learnt_of_another_process(void **state)
{
    (void)state;
    engine_ask_goroutines(&engine, target(1), &heap);
    assert_true(fleet_ingest(engine.store, 1, 1, (struct fleet_site[]){{1, MIB, MIB}}, 1));
    answer_goroutines(70);
    assert_int_equal(target(1)->goroutines.at.ns, 0);
    engine_ask_memory(&engine, target(2), &heap);
    store_set_targets(engine.store, NULL, 0, fleet_minute(2)); /* it left */
    answer_text(memstats);
    assert_null(target(2));
}

static void test_the_text_of_a_round_for_kinds_is_shared(void **state)
{
    (void)state;
    static const struct profile_frame frame = {.function = "main.f", .file = "main.go"};
    static const struct profile_frame *const frames[] = {&frame};
    static const uint64_t address = 0x401000;
    struct profile_site site = {
        .id = 1, .frames = frames, .frame_count = 1, .addresses = &address, .address_count = 1};
    struct profile with_site = {.sites = &site, .site_count = 1};
    assert_true(store_unlearn(engine.store, 1, "no binary"));
    engine_ask_kinds(&engine, target(1), &with_site);
    engine_ask_memory(&engine, target(1), &with_site);
    assert_int_equal(fetcher.started, 1);
    answer_text(memstats);
    assert_int_equal(target(1)->memory.newest.stats.heap_inuse, 30000000);
    wait_minutes(9);
    engine_ask_memory(&engine, target(1), &with_site);
    assert_int_equal(fetcher.started, 1);
    engine_kinds_stop(&engine);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_memory_is_looked_at_now_and_then),
        TEST(test_goroutines_are_looked_at_now_and_then),
        TEST(test_what_fails_is_left_alone_for_longer),
        TEST(test_who_is_slow_or_down_is_not_asked),
        TEST(test_an_interval_of_nothing_is_never),
        TEST(test_few_are_asked_at_once),
        TEST(test_nothing_is_learnt_of_another_process),
        TEST(test_the_text_of_a_round_for_kinds_is_shared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
