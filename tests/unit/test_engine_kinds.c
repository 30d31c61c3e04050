/* How the engine asks a target for kinds of allocation; the fetcher is the test's. */
#include "fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "engine/engine_priv.h"

#define SITES   300
#define LEAF(i) (0x7000000000001000 + 16 * (uint64_t)(i))

/* ---- the fetcher: it holds what was asked last ---- */

static struct {
    struct scrape_fetcher base; /* first */
    struct scrape_request *request;
    int started;
    int cancelled;
    size_t longest_url;
} fetcher;

static void start(struct scrape_fetcher *unused, struct scrape_request *request)
{
    (void)unused;
    assert_null(fetcher.request);
    fetcher.request = request;
    fetcher.started++;
    if (strlen(request->url) > fetcher.longest_url)
        fetcher.longest_url = strlen(request->url);
}

static void cancel(struct scrape_fetcher *unused, struct scrape_request *request)
{
    (void)unused;
    assert_ptr_equal(request, fetcher.request);
    fetcher.request = NULL;
    fetcher.cancelled++;
}

/* ---- an engine around a store, and a heap of many sites ---- */

static struct engine engine;
static struct profile_site sites[SITES];
static uint64_t leaves[SITES];
static struct profile heap = {.sites = sites};

static void make_heap(size_t count)
{
    static const struct profile_frame frame = {.function = "main.f", .file = "main.go"};
    static const struct profile_frame *const frames[] = {&frame};
    for (size_t i = 0; i < count; i++) {
        leaves[i] = LEAF(i);
        sites[i] = (struct profile_site){.id = i + 1,
            .frames = frames,
            .frame_count = 1,
            .addresses = &leaves[i],
            .address_count = 1};
    }
    heap.site_count = count;
}

static void ignore_line(void *ctx, const char *line)
{
    (void)ctx;
    (void)line;
}

static int set_up(void **state)
{
    (void)state;
    static const char yaml[] =
        "scrape_configs: [{job_name: shop, static_configs: [{targets: ['a:1']}]}]";
    struct lw_err err;
    memset(&fetcher, 0, sizeof fetcher);
    fetcher.base = (struct scrape_fetcher){.start = start, .cancel = cancel};
    engine = (struct engine){.store = fleet_store_new(NULL), .fetcher = &fetcher.base};
    engine.loop = loop_new_virtual(FLEET_START);
    engine.binaries = (struct binaries *)&fetcher; /* never looked into */
    engine.config = config_parse(yaml, strlen(yaml), "leakwatchd.yml", &err);
    assert_non_null(engine.config);
    fleet_set_targets(engine.store, 2, 0);
    for (uint64_t id = 1; id <= 2; id++) {
        fleet_ingest(engine.store, id, 0, (struct fleet_site[]){{1, 9 * MIB, 90 * MIB}}, 1);
        assert_true(store_unlearn(engine.store, id, "no binary"));
    }
    make_heap(2);
    lw_log_set_sink(ignore_line, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    lw_log_set_sink(NULL, NULL);
    engine_kinds_stop(&engine);
    store_free(&engine.store);
    config_unref(&engine.config);
    loop_free(&engine.loop);
    return 0;
}

static const struct store_target *target(uint64_t id)
{
    return store_target_find(engine.store, id);
}

static void ask(uint64_t id)
{
    engine_ask_kinds(&engine, target(id), &heap);
}

static const char *kind(uint64_t site_id)
{
    const struct store_type *type = store_kind_of(target(1), site_id);
    return type ? type->kind : NULL;
}

/* Answers what was asked last, and lets the worker's part happen. */
static void answer(enum lw_code code, char *body)
{
    struct scrape_request *request = fetcher.request;
    struct lw_err err = {.code = code};
    assert_non_null(request);
    fetcher.request = NULL;
    request->done(request, &err, body, body ? strlen(body) : 0);
    loop_run_for(engine.loop, LW_NS_PER_MS);
}

/* Each site calls a place of its own. */
static void answer_text(void)
{
    struct lw_strbuf text;
    lw_strbuf_init(&text, 1 << 20);
    lw_strbuf_adds(&text, "heap profile: x\n");
    for (size_t i = 0; i < heap.site_count; i++)
        lw_strbuf_addf(&text, "1: 2 [3: 4] @ 0x%llx 0x%llx\n", 0x7000000000480001 + 16ull * i,
            (unsigned long long)LEAF(i) + 1);
    assert_non_null(strstr(fetcher.request->url, "/debug/pprof/heap?debug=1"));
    answer(LW_OK, lw_strbuf_take(&text, NULL));
}

static void answer_names(const char *name)
{
    struct lw_strbuf text;
    lw_strbuf_init(&text, 1 << 20);
    lw_strbuf_adds(&text, "num_symbols: 1\n");
    const char *at = strstr(fetcher.request->url, "/debug/pprof/symbol?");
    assert_non_null(at);
    for (at = strchr(at, '?'); at; at = strchr(at + 1, '+'))
        lw_strbuf_addf(&text, "%.*s %s\n", (int)strcspn(at + 1, "+"), at + 1, name);
    answer(LW_OK, lw_strbuf_take(&text, NULL));
}

static void wait_blocks(int blocks)
{
    loop_run_for(engine.loop, blocks * engine.config->trend.base_block_ns);
}

/* ---- tests ---- */

static void test_a_round_learns_the_kinds(void **state)
{
    (void)state;
    ask(1);
    assert_int_equal(fetcher.request->timeout_ns, 10 * LW_NS_PER_S);
    assert_int_equal(fetcher.request->limit_bytes, 8 << 20);
    answer_text();
    answer_names("runtime.growslice");
    assert_string_equal(kind(1), "slice growth");
    assert_string_equal(kind(2), "slice growth");
    assert_string_equal(store_kind_of(target(1), 1)->unresolved, "no binary");
    assert_null(engine.kinds);
    wait_blocks(10);
    ask(1); /* there is nothing left to ask */
    assert_int_equal(fetcher.started, 2);
}

static void test_names_are_asked_in_batches(void **state)
{
    (void)state;
    make_heap(SITES);
    ask(1);
    answer_text();
    while (fetcher.request)
        answer_names("runtime.newobject");
    assert_true(fetcher.started > 2 && fetcher.started <= 5);
    assert_in_range(fetcher.longest_url, 1024, 2048);
    for (uint64_t id = 1; id <= SITES; id++)
        assert_string_equal(kind(id), "object");
}

static void test_what_is_no_way_into_the_allocator_has_no_kind(void **state)
{
    (void)state;
    ask(1);
    answer_text();
    answer_names("runtime.systemstack");
    assert_string_equal(kind(1), "");
    wait_blocks(60);
    ask(1);
    assert_int_equal(fetcher.started, 2);
}

static void test_a_site_can_be_a_way_in_itself(void **state)
{
    (void)state;
    static const struct profile_frame frame = {.function = "reflect.unsafe_New", .file = ""};
    static const struct profile_frame *const frames[] = {&frame};
    sites[1].frames = frames;
    ask(1);
    answer_text();
    answer_names("runtime.mallocgc");
    assert_string_equal(kind(1), "raw");
    assert_string_equal(kind(2), "run-time type");
}

static void test_one_target_at_a_time_and_seldom(void **state)
{
    (void)state;
    ask(1);
    ask(2);
    assert_int_equal(fetcher.started, 1);
    answer_text();
    ask(2);
    assert_int_equal(fetcher.started, 2); /* the names of the first one */
    answer_names("runtime.newobject");
    ask(2);
    assert_int_equal(fetcher.started, 3);
    answer(LW_CONNECT, NULL);
    make_heap(3); /* there is a new site */
    wait_blocks(9);
    ask(1);
    assert_int_equal(fetcher.started, 3);
    wait_blocks(1);
    ask(2); /* the one that failed waits longer */
    assert_int_equal(fetcher.started, 3);
    ask(1);
    assert_int_equal(fetcher.started, 4);
}

static void test_failures_end_a_round(void **state)
{
    (void)state;
    for (int how = 0; how < 4; how++) {
        ask(1);
        assert_non_null(fetcher.request);
        if (how == 0) {
            answer(LW_BODY_TOO_LARGE, NULL);
        } else if (how == 1) {
            answer(LW_OK, lw_strdup("<html>login"));
        } else {
            answer_text();
            answer(how == 2 ? LW_HTTP_STATUS : LW_OK, how == 2 ? NULL : lw_strdup("<html>login"));
        }
        assert_null(engine.kinds);
        assert_null(kind(1));
        wait_blocks(59);
        ask(1);
        assert_null(fetcher.request);
        wait_blocks(1);
    }
}

static void scrape(int minute, int64_t duration_ns, enum lw_code code)
{
    struct lw_err outcome = {.code = code};
    struct store_scrape scrape = {fleet_minute(minute), duration_ns, &outcome};
    struct profile *profile = fleet_profile((struct fleet_site[]){{1, 9 * MIB, 90 * MIB}}, 1);
    if (code == LW_OK)
        assert_true(store_ingest(engine.store, 1, &scrape, profile, NULL));
    else
        assert_true(store_fail(engine.store, 1, &scrape));
    profile_free(&profile);
}

static void test_who_is_slow_or_down_is_not_asked(void **state)
{
    (void)state;
    scrape(1, 5 * LW_NS_PER_S + 1, LW_OK); /* of a timeout of ten seconds */
    ask(1);
    assert_int_equal(fetcher.started, 0);
    scrape(2, LW_NS_PER_S, LW_CONNECT);
    ask(1);
    assert_int_equal(fetcher.started, 0);
    scrape(3, 5 * LW_NS_PER_S, LW_OK);
    ask(1);
    assert_int_equal(fetcher.started, 1);
}

static void test_who_has_a_binary_is_not_asked(void **state)
{
    (void)state;
    fleet_learn(engine.store, 1);
    ask(1);
    assert_int_equal(fetcher.started, 0);
}

static void test_what_another_process_said_is_not_learnt(void **state)
{
    (void)state;
    ask(1);
    answer_text();
    assert_true(fleet_ingest(engine.store, 1, 1, (struct fleet_site[]){{1, 9 * MIB, 9 * MIB}}, 1));
    answer_names("runtime.newobject");
    assert_null(kind(1));
    assert_null(engine.kinds);
    fleet_set_targets(engine.store, 2, 2);
    ask(2);
    fleet_set_targets(engine.store, 1, 2); /* the one that is asked leaves */
    answer_text();
    answer_names("runtime.newobject");
    assert_null(engine.kinds);
}

static void test_a_stop_cancels(void **state)
{
    (void)state;
    ask(1);
    engine_kinds_stop(&engine);
    assert_int_equal(fetcher.cancelled, 1);
    engine.kinds = NULL;
    ask(2);
    struct scrape_request *request = fetcher.request;
    struct lw_err ok = {.code = LW_OK};
    fetcher.request = NULL;
    request->done(request, &ok, lw_strdup("heap profile: x\n"), 16);
    engine_kinds_stop(&engine); /* while a worker has it */
    loop_run_for(engine.loop, LW_NS_PER_MS);
    assert_int_equal(fetcher.cancelled, 1);
    assert_null(engine.kinds);
}

#define ON_ENGINE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_ENGINE(test_a_round_learns_the_kinds),
        ON_ENGINE(test_names_are_asked_in_batches),
        ON_ENGINE(test_what_is_no_way_into_the_allocator_has_no_kind),
        ON_ENGINE(test_a_site_can_be_a_way_in_itself),
        ON_ENGINE(test_one_target_at_a_time_and_seldom),
        ON_ENGINE(test_failures_end_a_round),
        ON_ENGINE(test_who_is_slow_or_down_is_not_asked),
        ON_ENGINE(test_who_has_a_binary_is_not_asked),
        ON_ENGINE(test_what_another_process_said_is_not_learnt),
        ON_ENGINE(test_a_stop_cancels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
