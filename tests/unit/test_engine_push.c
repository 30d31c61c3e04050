/* When the engine tells Alertmanagers; the fetcher is the test's. */
#include "fleet.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/engine_priv.h"

/* ---- the fetcher: it counts what is sent, and every Alertmanager takes it ---- */

static struct {
    struct scrape_fetcher base; /* first */
    int sent;
} fetcher;

static void start(struct scrape_fetcher *unused, struct scrape_request *request)
{
    struct lw_err ok = {.code = LW_OK};
    (void)unused;
    fetcher.sent++;
    request->done(request, &ok, lw_strdup(""), 0);
}

/* ---- an engine whose only target leaks ---- */

static struct engine engine;

static void make_leak(void)
{
    fleet_set_targets(engine.store, 1, 0);
    for (int minute = 0; minute < 240; minute++) {
        int64_t bytes = (9 + 4 * minute) * MIB;
        fleet_ingest(engine.store, 1, minute, (struct fleet_site[]){{1, bytes, bytes}}, 1);
    }
    const struct store_target *target = store_target_find(engine.store, 1);
    assert_int_equal(store_target_class(target), TREND_LEAK);
}

static int set_up(void **state)
{
    static const char yaml[] =
        "alerting: {resend_interval: 10m, alertmanagers: [{url: 'http://am:9093'}]}\n"
        "scrape_configs: []\n";
    struct lw_err err;
    (void)state;
    memset(&fetcher, 0, sizeof fetcher);
    fetcher.base.start = start;
    engine = (struct engine){.store = fleet_store_new(NULL), .fetcher = &fetcher.base};
    engine.loop = loop_new_virtual(FLEET_START);
    engine.config = config_parse(yaml, strlen(yaml), "leakwatchd.yml", &err);
    if (!engine.config)
        fail_msg("%s", err.msg);
    make_leak();
    engine_push_start(&engine);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    engine_push_stop(&engine);
    store_free(&engine.store);
    config_unref(&engine.config);
    loop_free(&engine.loop);
    return 0;
}

static void test_a_leak_is_told_at_once_and_then_by_interval(void **state)
{
    (void)state;
    loop_run_for(engine.loop, 2 * LW_NS_PER_S);
    assert_int_equal(fetcher.sent, 1);
    loop_run_for(engine.loop, 500 * LW_NS_PER_S);
    assert_int_equal(fetcher.sent, 1);
    loop_run_for(engine.loop, 200 * LW_NS_PER_S);
    assert_int_equal(fetcher.sent, 2);
}

/* A large fleet changes every moment: what leaks is told all the same. */
static void test_changes_that_never_cease_do_not_put_it_off(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        loop_run_for(engine.loop, LW_NS_PER_S / 10);
        engine_push_soon(&engine);
    }
    assert_int_equal(fetcher.sent, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_a_leak_is_told_at_once_and_then_by_interval, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_changes_that_never_cease_do_not_put_it_off, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
