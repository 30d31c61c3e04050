/* How bodies of scrapes come to be decoded: who has to wait, and who does not. */
#include "fleet.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "engine/engine_priv.h"

static struct engine engine;

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
    engine = (struct engine){.store = fleet_store_new(NULL)};
    engine.loop = loop_new_virtual(FLEET_START);
    engine.config = config_parse(yaml, strlen(yaml), "leakwatchd.yml", &err);
    assert_non_null(engine.config);
    fleet_set_targets(engine.store, 2, 0);
    lw_log_set_sink(ignore_line, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    lw_log_set_sink(NULL, NULL);
    engine_readers_free(&engine);
    store_free(&engine.store);
    config_unref(&engine.config);
    loop_free(&engine.loop);
    return 0;
}

/* A scrape that brought what is no profile: it is counted once it was decoded. */
static void scrape(uint64_t target_id)
{
    static const char body[] = "no profile";
    struct lw_err ok = {.code = LW_OK};
    struct scrape_result result = {.id = target_id,
        .at = loop_wall_now(engine.loop),
        .err = &ok,
        .body = lw_strdup(body),
        .len = strlen(body)};
    engine_scraped(&engine, &result);
    assert_null(result.body);
}

static uint64_t scrapes(uint64_t target_id, enum lw_code outcome)
{
    return store_target_find(engine.store, target_id)->scrapes[outcome];
}

/* One target alone must not fill the queue: its next body waits for the one before. */
static void test_one_body_of_a_target_at_a_time(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++)
        scrape(1);
    scrape(2);
    assert_int_equal(loop_jobs_under_way(engine.loop), 2);
    assert_int_equal(scrapes(1, LW_BUSY), 4);
    assert_int_equal(scrapes(2, LW_BUSY), 0);
    assert_int_equal(engine.decode_refused, 4);
    loop_run_for(engine.loop, LW_NS_PER_S);
    assert_int_equal(scrapes(1, LW_NOT_GZIP), 1);
    assert_int_equal(scrapes(2, LW_NOT_GZIP), 1);
    scrape(1);
    loop_run_for(engine.loop, LW_NS_PER_S);
    assert_int_equal(scrapes(1, LW_NOT_GZIP), 2);
    assert_int_equal(scrapes(1, LW_BUSY), 4);
    assert_int_equal(engine.decode_bytes, 0);
}

/* Its target may have gone meanwhile. */
static void test_a_target_that_goes_while_it_is_decoded(void **state)
{
    (void)state;
    scrape(2);
    fleet_set_targets(engine.store, 1, 1);
    loop_run_for(engine.loop, LW_NS_PER_S);
    fleet_set_targets(engine.store, 2, 2);
    scrape(2);
    assert_int_equal(scrapes(2, LW_BUSY), 0);
    loop_run_for(engine.loop, LW_NS_PER_S);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_one_body_of_a_target_at_a_time),
        TEST(test_a_target_that_goes_while_it_is_decoded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
