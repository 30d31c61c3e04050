/* The curl fetcher with many requests at once: nobody holds up the others, bounds hold for all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <curl/curl.h>
#include <sys/resource.h>

#include "fetch_world.h"

#define KEPT_MIN 16 /* connections that are kept however few files may be open */

static void test_slow_targets_hold_up_nobody(void **state)
{
    struct world *w = *state;
    static const char *const slow[] = {
        "/silent", "/drip", "/slow-headers", "/promise/9", "/drip-404"};
    for (int i = 0; i < 5; i++)
        world_start(w, i, slow[i], LONG_NS);
    for (int i = 5; i < 25; i++)
        world_start(w, i, "/ok", LONG_NS);
    world_await(w, 20);
    for (int i = 0; i < 5; i++) {
        assert_false(w->answers[i].ended);
        world_cancel(w, &w->answers[i]);
    }
    for (int i = 5; i < 25; i++)
        world_assert_body(&w->answers[i], "hello");
}

static void test_hanging_resolver_holds_up_nobody(void **state)
{
    struct world *w = *state;
    if (curl_version_info(CURLVERSION_NOW)->ares)
        skip(); /* c-ares does not call getaddrinfo */
    world_assert_fails(
        world_get_url(w, "http://hanging.test/", SHORT_NS), LW_TIMEOUT, "resolving the name");
    world_assert_body(world_get(w, "/ok", LONG_NS), "hello");
    world_resolver_go_on();
}

/* Who may open few descriptors only takes turns, instead of failing for want of one. */
static void test_transfers_leave_descriptors(void **state)
{
    struct world *w = *state;
    struct rlimit before, few;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = (struct rlimit){.rlim_cur = 80, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    world_replace_fetcher(w, TRANSFERS_MAX, BUDGET_BYTES);
    for (int i = 0; i < 20; i++)
        world_start(w, i, "/silent", LONG_NS);
    struct answer *late = world_start(w, 20, "/ok", SHORT_NS);
    world_await(w, 1);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    world_assert_fails(late, LW_TIMEOUT, "other targets took all 20");
    for (int i = 0; i < 20; i++)
        world_cancel(w, &w->answers[i]);
}

static void test_transfers_wait_their_turn(void **state)
{
    struct world *w = *state;
    world_replace_fetcher(w, 2, BUDGET_BYTES);
    world_start(w, 0, "/silent", LONG_NS);
    world_start(w, 1, "/silent", LONG_NS);
    struct answer *late = world_start(w, 2, "/ok", SHORT_NS);
    struct answer *next = world_start(w, 3, "/ok", LONG_NS);
    world_await(w, 1);
    world_assert_fails(late, LW_TIMEOUT, "never got its turn in 0.15 s: other targets took all 2");
    assert_false(next->ended);
    world_cancel(w, &w->answers[0]);
    world_await(w, 1);
    world_assert_body(next, "hello");
    struct answer *waiting = world_start(w, 4, "/silent", LONG_NS);
    world_start(w, 5, "/ok", LONG_NS);
    world_cancel(w, waiting);
    world_await(w, 1);
    world_assert_body(&w->answers[5], "hello");
    assert_false(waiting->ended); /* and /silent is left to the fetcher's free() */
}

static void test_two_hundred_take_their_turns(void **state)
{
    struct world *w = *state;
    world_replace_fetcher(w, 3, BUDGET_BYTES);
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < BATCH_MAX; i++)
            world_start(w, i, i % 4 ? "/ok" : "/close", LONG_NS);
        world_await(w, BATCH_MAX / 8);
        for (int i = 0; i < BATCH_MAX; i += 5)
            world_cancel(w, &w->answers[i]); /* some have ended, some run, some wait */
        int open = 0;
        for (int i = 0; i < BATCH_MAX; i++)
            open += i % 5 && !w->answers[i].ended;
        world_await(w, open);
        for (int i = 0; i < BATCH_MAX; i++) {
            if (i % 5)
                assert_int_equal(w->answers[i].err.code, i % 4 ? LW_OK : LW_TRANSFER);
        }
    }
}

static void test_budget_of_all_bodies(void **state)
{
    struct world *w = *state;
    world_replace_fetcher(w, 2, 50000);
    for (int i = 0; i < 3; i++) { /* what failed gives back what it had */
        world_assert_fails(
            world_get(w, "/size/50001", LONG_NS), LW_BUSY, "50000 bytes left, 50001 needed");
        world_assert_fails(world_get(w, "/chunked/90000", LONG_NS), LW_BUSY, "budget");
        assert_int_equal(world_get(w, "/size/50000", LONG_NS)->len, 50000);
    }
}

static void test_cancel_of_what_is_not_under_way(void **state)
{
    struct world *w = *state;
    struct answer *a = world_get(w, "/ok", LONG_NS);
    world_cancel(w, a);
    w->job.authorization.present = true;
    w->job.authorization.credentials_file = (char[]){"/nonexistent"};
    a = world_start(w, 1, "/ok", LONG_NS); /* has failed, not been reported */
    world_cancel(w, a);
    w->job.authorization.present = false;
    world_assert_body(world_get(w, "/ok", LONG_NS), "hello");
    assert_false(a->ended);
}

/* A fetcher that keeps only as many connections as one may at the least. */
static void fetcher_replace_by_modest(struct world *w)
{
    struct rlimit files, few;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    few = files;
    few.rlim_cur = 2 * KEPT_MIN;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    world_replace_fetcher(w, TRANSFERS_MAX, BUDGET_BYTES);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
}

/* Of more hosts than connections are kept the same ones keep theirs, and do not take turns. */
static void test_hosts_do_not_take_turns_at_connections(void **state)
{
    struct world *w = *state;
    enum { HOSTS = KEPT_MIN + 4, ROUNDS = 3 };
    fetcher_replace_by_modest(w);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < HOSTS; i++) {
            char url[64];
            snprintf(url, sizeof url, "http://host-%d.test:%d/ok", i, hostile_port(w->server));
            world_assert_body(world_get_url(w, url, LONG_NS), "hello");
        }
    }
    assert_int_equal(hostile_connections(w->server), HOSTS + (ROUNDS - 1) * (HOSTS - KEPT_MIN));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_hosts_do_not_take_turns_at_connections),
        TEST(test_slow_targets_hold_up_nobody),
        TEST(test_hanging_resolver_holds_up_nobody),
        TEST(test_transfers_wait_their_turn),
        TEST(test_transfers_leave_descriptors),
        TEST(test_two_hundred_take_their_turns),
        TEST(test_budget_of_all_bodies),
        TEST(test_cancel_of_what_is_not_under_way),
    };
    return cmocka_run_group_tests_name("scrape/fetch many", tests, world_resolver_init, NULL);
}
