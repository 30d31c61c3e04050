/* The curl fetcher against a server that misbehaves: one answer at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fetch_world.h"

/* ---- answers that are fine ---- */

static void test_body_arrives(void **state)
{
    struct world *w = *state;
    world_assert_body(world_get(w, "/ok", LONG_NS), "hello");
    world_assert_body(world_get(w, "/empty", LONG_NS), "");
    world_assert_body(world_get(w, "/html", LONG_NS), "<html>");
}

static void test_connection_is_kept_alive(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 5; i++)
        world_assert_body(world_get(w, "/ok", LONG_NS), "hello");
    world_assert_fails(world_get(w, "/status/404", LONG_NS), LW_HTTP_STATUS, "404");
    world_assert_body(world_get(w, "/ok", LONG_NS), "hello");
    assert_int_equal(hostile_connections(w->server), 1);
}

static void test_content_encoding_is_left_alone(void **state)
{
    struct world *w = *state;
    world_assert_body(world_get(w, "/gzip", LONG_NS), "\x1f\x8b not really");
}

static void test_request_headers(void **state)
{
    struct world *w = *state;
    struct answer *a = world_get(w, "/headers", LONG_NS + LW_NS_PER_S / 2);
    assert_true(world_request_has(a, "GET /headers HTTP/1.1\r\n"));
    assert_true(world_request_has(a, "\r\nUser-Agent: leakwatchd/"));
    assert_true(world_request_has(a, "\r\nX-Prometheus-Scrape-Timeout-Seconds: 60.5\r\n"));
    assert_false(world_request_has(a, "Accept-Encoding"));
    assert_false(world_request_has(a, "Authorization"));
}

static void test_json_is_posted(void **state)
{
    struct world *w = *state;
    struct answer *a = &w->answers[0];
    *a = (struct answer){.world = w};
    snprintf(a->url, sizeof a->url, "http://127.0.0.1:%d/headers", hostile_port(w->server));
    a->request = (struct scrape_request){.url = a->url,
        .job = &w->job,
        .timeout_ns = LONG_NS,
        .limit_bytes = LIMIT_BYTES,
        .post = "[1]",
        .post_len = 3,
        .done = world_done,
        .ctx = a};
    w->fetcher->start(w->fetcher, &a->request);
    world_await(w, 1);
    assert_true(world_request_has(a, "POST /headers HTTP/1.1\r\n"));
    assert_true(world_request_has(a, "\r\nContent-Type: application/json\r\n"));
    assert_true(world_request_has(a, "\r\nContent-Length: 3\r\n"));
    /* The handle is used again: nothing of the POST stays on it. */
    a = world_get(w, "/headers", LONG_NS);
    assert_true(world_request_has(a, "GET /headers HTTP/1.1\r\n"));
    assert_false(world_request_has(a, "Content-"));
}

static void test_environment_names_no_proxy(void **state)
{
    struct world *w = *state;
    char proxy[64];
    snprintf(proxy, sizeof proxy, "http://127.0.0.1:%d", hostile_refused_port());
    setenv("http_proxy", proxy, 1);
    struct answer *a = world_get(w, "/ok", LONG_NS);
    unsetenv("http_proxy");
    world_assert_body(a, "hello");
}

static void test_exactly_the_limit_is_taken(void **state)
{
    struct world *w = *state;
    static const char *const kinds[] = {"size", "chunked"};
    for (int i = 0; i < 2; i++) {
        char path[64];
        snprintf(path, sizeof path, "/%s/%d", kinds[i], LIMIT_BYTES);
        struct answer *a = world_get(w, path, LONG_NS);
        assert_int_equal(a->err.code, LW_OK);
        assert_int_equal(a->len, LIMIT_BYTES);
        for (size_t at = 0; at < a->len; at++)
            assert_int_equal(a->body[at], 'x');
        snprintf(path, sizeof path, "/%s/%d", kinds[i], LIMIT_BYTES + 1);
        world_assert_fails(world_get(w, path, LONG_NS), LW_BODY_TOO_LARGE, "100000 bytes");
    }
}

/* ---- answers that are not ---- */

static void test_endless_body_ends_at_the_limit(void **state)
{
    struct world *w = *state;
    world_assert_fails(world_get(w, "/endless", LONG_NS), LW_BODY_TOO_LARGE, "100000 bytes");
}

static void test_large_promise_fails_at_once(void **state)
{
    struct world *w = *state;
    world_assert_fails(
        world_get(w, "/promise/100001", LONG_NS), LW_BODY_TOO_LARGE, "announces more");
    world_assert_fails(
        world_get(w, "/promise/99999999999999999999999999", LONG_NS), LW_BODY_TOO_LARGE, "/prom");
}

static void test_slow_answers_end_at_the_deadline(void **state)
{
    struct world *w = *state;
    static const char *const bodyless[] = {"/silent", "/slow-headers", "/promise/100000"};
    for (int i = 0; i < 3; i++)
        world_assert_fails(
            world_get(w, bodyless[i], SHORT_NS), LW_TIMEOUT, ", 0 bytes of the body had come");
    world_assert_fails(
        world_get(w, "/drip", SHORT_NS), LW_TIMEOUT, "not done within the timeout of 0.15 s: ");
    world_assert_body(world_get(w, "/ok", LONG_NS), "hello");
}

static void test_headers_are_bounded(void **state)
{
    struct world *w = *state;
    world_assert_fails(
        world_get(w, "/endless-headers", LONG_NS), LW_TRANSFER, "65536 bytes of headers");
}

static void test_broken_answers(void **state)
{
    struct world *w = *state;
    world_assert_fails(world_get(w, "/truncated", LONG_NS), LW_TRANSFER, "/truncated: ");
    world_assert_fails(
        world_get(w, "/truncated-chunk", LONG_NS), LW_TRANSFER, "/truncated-chunk: ");
    world_assert_fails(world_get(w, "/close", LONG_NS), LW_TRANSFER, "Empty reply");
    world_assert_fails(world_get(w, "/garbage", LONG_NS), LW_TRANSFER, "/garbage: ");
    world_assert_body(world_get(w, "/ok", LONG_NS), "hello");
}

static void test_status_is_named_with_a_hint(void **state)
{
    struct world *w = *state;
    struct answer *a = world_get(w, "/status/404", LONG_NS);
    world_assert_fails(
        a, LW_HTTP_STATUS, "status 404, not 200; does the program import net/http/pprof?");
    world_assert_contains(a->err.msg, ": \"not today, <b>\\x01\\xff</b>\"");
    world_assert_fails(world_get(w, "/status/401", LONG_NS), LW_HTTP_STATUS, "see basic_auth");
    world_assert_fails(world_get(w, "/status/403", LONG_NS), LW_HTTP_STATUS, "not allowed");
    world_assert_fails(
        world_get(w, "/status/500", LONG_NS), LW_HTTP_STATUS, "status 500, not 200: \"not");
    world_assert_fails(world_get(w, "/status/206", LONG_NS), LW_HTTP_STATUS, "status 206");
}

static void test_status_says_more_than_its_body(void **state)
{
    struct world *w = *state;
    world_assert_fails(world_get(w, "/endless-404", LONG_NS), LW_HTTP_STATUS, "no, no, no");

    struct lw_err err;
    struct scrape_outcome o = {
        .method = "GET", .url = "u", .job_name = "j", .detail = "", .excerpt = ""};
    o.status = 404;
    o.result = CURLE_OPERATION_TIMEDOUT;
    assert_int_equal(scrape_outcome_check(&o, &err), -1);
    assert_int_equal(err.code, LW_HTTP_STATUS);
    o.status = 302; /* that of the redirect before the failure */
    o.result = CURLE_COULDNT_CONNECT;
    assert_int_equal(scrape_outcome_check(&o, &err), -1);
    assert_int_equal(err.code, LW_CONNECT);
    o.status = 200;
    o.result = CURLE_OK;
    assert_int_equal(scrape_outcome_check(&o, &err), 0);
}

static void test_no_server(void **state)
{
    struct world *w = *state;
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/x", hostile_refused_port());
    world_assert_fails(world_get_url(w, url, LONG_NS), LW_CONNECT, url);
    world_assert_fails(
        world_get_url(w, "http://missing.test/x", LONG_NS), LW_RESOLVE, "missing.test");
}

static void test_only_http(void **state)
{
    struct world *w = *state;
    char path[64];
    world_assert_fails(
        world_get_url(w, "file:///etc/hostname", LONG_NS), LW_TRANSFER, "\"file\" not supported");
    world_assert_fails(world_get_url(w, "http://[::1/x", LONG_NS), LW_INVALID, "GET http://[::1/x");
    w->job.follow_redirects = true;
    snprintf(path, sizeof path, "/redirect-to/ftp://127.0.0.1:%d/", hostile_refused_port());
    world_assert_fails(world_get(w, path, LONG_NS), LW_TRANSFER, "\"ftp\" not supported");
}

static void test_messages_hide_credentials_of_the_url(void **state)
{
    struct world *w = *state;
    char url[128];
    snprintf(url, sizeof url, "http://me:s3cret@127.0.0.1:%d/status/500", hostile_port(w->server));
    struct answer *a = world_get_url(w, url, LONG_NS);
    world_assert_fails(a, LW_HTTP_STATUS, "GET http://127.0.0.1:");
    assert_null(strstr(a->err.msg, "s3cret"));
}

/* ---- redirects ---- */

static void test_redirect_is_an_error_unless_the_job_follows(void **state)
{
    struct world *w = *state;
    world_assert_fails(
        world_get(w, "/redirect-to//login?a=b", LONG_NS), LW_REDIRECT, "to /login?a=b, and");
    w->job.follow_redirects = true;
    world_assert_body(world_get(w, "/redirect-to//ok", LONG_NS), "hello");
    world_assert_fails(world_get(w, "/loop", LONG_NS), LW_REDIRECT, "Maximum (5) redirects");
    world_assert_fails(world_get(w, "/redirect-to//close", LONG_NS), LW_TRANSFER, "Empty reply");
}

static void test_credentials_do_not_follow_to_another_server(void **state)
{
    struct world *w = *state;
    struct hostile *other = hostile_new();
    char path[128];
    snprintf(path, sizeof path, "/redirect-to/http://127.0.0.1:%d/headers", hostile_port(other));
    w->job.follow_redirects = true;
    w->job.authorization.present = true;
    w->job.authorization.credentials = (char[]){"s3cret"};
    assert_true(world_request_has(world_get(w, "/redirect-to//headers", LONG_NS), "Bearer s3cret"));
    assert_false(world_request_has(world_get(w, path, LONG_NS), "Authorization"));
    w->job.authorization.present = false;
    w->job.basic_auth.present = true;
    w->job.basic_auth.username = (char[]){"me"};
    w->job.basic_auth.password = (char[]){"s3cret"};
    assert_false(world_request_has(world_get(w, path, LONG_NS), "Authorization"));
    w->fetcher->free(w->fetcher);
    w->fetcher = NULL;
    world_replace_fetcher(w, TRANSFERS_MAX, BUDGET_BYTES);
    hostile_free(&other);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_body_arrives),
        TEST(test_connection_is_kept_alive),
        TEST(test_content_encoding_is_left_alone),
        TEST(test_request_headers),
        TEST(test_json_is_posted),
        TEST(test_environment_names_no_proxy),
        TEST(test_exactly_the_limit_is_taken),
        TEST(test_endless_body_ends_at_the_limit),
        TEST(test_large_promise_fails_at_once),
        TEST(test_slow_answers_end_at_the_deadline),
        TEST(test_headers_are_bounded),
        TEST(test_broken_answers),
        TEST(test_status_is_named_with_a_hint),
        TEST(test_status_says_more_than_its_body),
        TEST(test_no_server),
        TEST(test_only_http),
        TEST(test_messages_hide_credentials_of_the_url),
        TEST(test_redirect_is_an_error_unless_the_job_follows),
        TEST(test_credentials_do_not_follow_to_another_server),
    };
    return cmocka_run_group_tests_name("scrape/fetch", tests, NULL, NULL);
}
