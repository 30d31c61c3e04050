/* http/ without a socket: taking requests apart, routing, responses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include "base/mem.h"
#include "http/deadline.h"
#include "http/http.h"
#include "http/range.h"
#include "http/request.h"
#include "http/response.h"

/* ---- the target of a request line ---- */

static void test_target_decodes(void **state)
{
    (void)state;
    struct http_target t;
    struct lw_err err;
    const char *sent = "/a%20b+c/%C3%A9?x=1&&y=a+b%26c%3D%2b&bare&=v&z=1=2&x=3&empty=";
    assert_int_equal(http_target_parse(&t, sent, &err), 0);
    assert_string_equal(t.path, "/a b+c/\xc3\xa9");
    static const struct http_param want[] = {{"x", "1"}, {"y", "a b&c=+"}, {"bare", ""}, {"", "v"},
        {"z", "1=2"}, {"x", "3"}, {"empty", ""}};
    assert_int_equal(t.param_count, sizeof want / sizeof want[0]);
    for (size_t i = 0; i < t.param_count; i++) {
        assert_string_equal(t.params[i].name, want[i].name);
        assert_string_equal(t.params[i].value, want[i].value);
    }
    struct http_request request = {.params = t.params, .param_count = t.param_count};
    assert_string_equal(http_request_param(&request, "x"), "1"); /* the first of two */
    assert_null(http_request_param(&request, "absent"));
    http_target_fini(&t);
}

static void test_target_refuses_bad_escapes(void **state)
{
    (void)state;
    static const char *const bad[] = {"/%", "/%4", "/%g0", "/%0g", "/%00", "/a%00b", "/%%41",
        "/x?a=%", "/x?%00=1", "/x?a=%0", "/x?a=1&b=%zz", "/x?a=%+1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct http_target t;
        struct lw_err err;
        if (http_target_parse(&t, bad[i], &err) == 0)
            fail_msg("%s was taken", bad[i]);
        assert_int_equal(err.code, LW_INVALID);
        assert_non_null(t.path);
        http_target_fini(&t);
    }
}

static void test_target_takes_odd_ones(void **state)
{
    (void)state;
    static const char *const odd[] = {
        "", "?", "*", "/?", "/?&&&", "/%2f%2F", "/%01", "/??a=?", "/%ff"};
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        struct http_target t;
        struct lw_err err;
        assert_int_equal(http_target_parse(&t, odd[i], &err), 0);
        assert_true(t.param_count <= 1);
        http_target_fini(&t);
    }
}

static void test_target_counts_params(void **state)
{
    (void)state;
    char sent[512] = "/x?";
    for (int i = 0; i < HTTP_PARAMS_MAX; i++)
        strcat(sent, "a=1&");
    struct http_target t;
    struct lw_err err;
    assert_int_equal(http_target_parse(&t, sent, &err), 0); /* the last & begins no parameter */
    assert_int_equal(t.param_count, HTTP_PARAMS_MAX);
    http_target_fini(&t);
    strcat(sent, "b");
    assert_int_equal(http_target_parse(&t, sent, &err), -1);
    assert_int_equal(err.code, LW_INVALID);
    assert_non_null(strstr(err.msg, "32"));
    assert_string_equal(t.path, "/x"); /* the error page can see what was asked for */
    http_target_fini(&t);
}

static void test_request_int(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int rc;
        int64_t want;
    } cases[] = {{"7", 0, 7}, {"1", 0, 1}, {"100", 0, 100}, {"007", 0, 7}, {"0", -1, 0},
        {"101", -1, 0}, {"", -1, 0}, {"-", -1, 0}, {"-5", -1, 0}, {"+5", -1, 0}, {" 5", -1, 0},
        {"5 ", -1, 0}, {"5x", -1, 0}, {"0x5", -1, 0}, {"1e1", -1, 0},
        {"99999999999999999999", -1, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct http_param param = {"limit", cases[i].text};
        struct http_request request = {.params = &param, .param_count = 1};
        int64_t value = -77;
        struct lw_err err;
        if (http_request_int(&request, "limit", 50, 1, 100, &value, &err) != cases[i].rc)
            fail_msg("limit=%s", cases[i].text);
        assert_int_equal(value, cases[i].rc == 0 ? cases[i].want : -77);
        if (cases[i].rc < 0) {
            assert_int_equal(err.code, LW_INVALID);
            assert_non_null(strstr(err.msg, "limit"));
            assert_non_null(strstr(err.msg, "from 1 to 100"));
        }
    }
    struct http_request none = {0};
    int64_t value;
    struct lw_err err;
    assert_int_equal(http_request_int(&none, "limit", 50, 1, 100, &value, &err), 0);
    assert_int_equal(value, 50);
}

static void test_list_accepts(void **state)
{
    (void)state;
    static const struct {
        const char *list;
        bool want;
    } cases[] = {{"gzip", true}, {"GZIP", true}, {"deflate, gzip;q=0.5", true}, {"gzip;q=0", false},
        {"gzip;q=0.0, *", false}, {"*", true}, {"*;q=0", false}, {"br, *;q=0.1", true}, {"", false},
        {"identity", false}, {"gzipped", false}, {"x-gzip", false}, {",,gzip", true},
        {"\tgzip ;q=1", true}, {"br,gzi", false}, {";,;q=", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (http_list_accepts(cases[i].list, "gzip") != cases[i].want)
            fail_msg("Accept-Encoding: %s", cases[i].list);
    }
}

/* ---- the router ---- */

static void error_page(void *ctx, const struct http_request *request, const struct lw_err *err,
    struct http_response *response)
{
    (void)ctx;
    (void)request;
    http_response_text(response, response->status, "error: %s", err->msg);
}

/* Says which route it was, by ctx, and what it saw. */
static void tell(void *ctx, const struct http_request *request, struct http_response *response)
{
    http_response_text(response, 200, "%s %s id=%s body=%zu", (const char *)ctx, request->method,
        request->id ? request->id : "none", request->body_len);
}

static struct http_router *sample_router(void)
{
    struct http_router *router = http_router_new(error_page, NULL);
    http_router_add(router, "GET", "/targets/{id}", 0, tell, (void *)"by-id");
    http_router_add(router, "GET", "/targets", 0, tell, (void *)"list");
    http_router_add(router, "GET", "/targets/summary", 0, tell, (void *)"summary");
    http_router_add(router, "GET", "/targets/{id}/history", 0, tell, (void *)"history");
    http_router_add(router, "POST", "/reload", 10, tell, (void *)"reload");
    http_router_add(router, "GET", "/both", 0, tell, (void *)"both-get");
    http_router_add(router, "POST", "/both", 0, tell, (void *)"both-post");
    return router;
}

/* The answer's status; its body and Allow header in the test's storage. */
struct answer {
    int status;
    char body[256];
    char allow[256];
};

static struct answer ask(
    struct http_router *router, const char *method, const char *sent, size_t body_len)
{
    struct answer answer = {0};
    struct http_target target;
    struct lw_err err;
    assert_int_equal(http_target_parse(&target, sent, &err), 0);
    struct http_request request = {.method = method,
        .path = target.path,
        .accept = "",
        .accept_encoding = "",
        .if_none_match = "",
        .body = "0123456789abcdef",
        .body_len = body_len};
    struct http_response response;
    http_router_answer(router, &request, &response);
    assert_null(request.id); /* it was borrowed to the handler only */
    answer.status = response.status;
    snprintf(answer.body, sizeof answer.body, "%s", response.body ? response.body : "");
    assert_int_equal(strlen(answer.body), response.len);
    for (size_t i = 0; i < response.header_count; i++) {
        if (strcmp(response.headers[i].name, "Allow") == 0)
            snprintf(answer.allow, sizeof answer.allow, "%s", response.headers[i].value);
    }
    http_response_fini(&response);
    http_target_fini(&target);
    return answer;
}

static void test_routes(void **state)
{
    (void)state;
    static const struct {
        const char *method, *sent;
        int status;
        const char *body;
    } cases[] = {
        {"GET", "/targets", 200, "list GET id=none body=0"},
        {"HEAD", "/targets", 200, "list GET id=none body=0"},
        {"GET", "/targets?x=/y", 200, "list GET id=none body=0"},
        {"GET", "/targets/00ff", 200, "by-id GET id=00ff body=0"},
        {"GET", "/targets/a%20b", 200, "by-id GET id=a b body=0"},
        {"GET", "/targets/summary", 200, "summary GET id=none body=0"},
        {"GET", "/targets/summary/history", 200, "history GET id=summary body=0"},
        {"GET", "/targets/%7bid%7d", 200, "by-id GET id={id} body=0"},
        {"POST", "/reload", 200, "reload POST id=none body=0"},
        {"PUT", "/reload", 200, "reload PUT id=none body=0"},
        {"GET", "/both", 200, "both-get GET id=none body=0"},
        {"POST", "/both", 200, "both-post POST id=none body=0"},
        {"GET", "/targets/", 404, "error: there is nothing at /targets/"},
        {"GET", "/targets//history", 404, "error: there is nothing at /targets//history"},
        {"GET", "/targets/a/b", 404, "error: there is nothing at /targets/a/b"},
        {"GET", "/targets/a/history/", 404, "error: there is nothing at /targets/a/history/"},
        {"GET", "/target", 404, "error: there is nothing at /target"},
        {"GET", "", 404, "error: there is nothing at "},
        {"OPTIONS", "*", 404, "error: there is nothing at *"},
        {"POST", "/nowhere", 404, "error: there is nothing at /nowhere"},
    };
    struct http_router *router = sample_router();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct answer answer = ask(router, cases[i].method, cases[i].sent, 0);
        assert_string_equal(answer.body, cases[i].body);
        assert_int_equal(answer.status, cases[i].status);
    }
    http_router_free(&router);
    assert_null(router);
    http_router_free(&router);
}

static void test_other_methods_get_405(void **state)
{
    (void)state;
    struct http_router *router = sample_router();
    struct answer answer = ask(router, "GET", "/reload", 0);
    assert_int_equal(answer.status, 405);
    assert_string_equal(answer.allow, "POST, PUT");
    answer = ask(router, "DELETE", "/targets/1", 0);
    assert_int_equal(answer.status, 405);
    assert_string_equal(answer.allow, "GET, HEAD");
    answer = ask(router, "get", "/both", 0); /* methods are case-sensitive (RFC 9110 §9.1) */
    assert_int_equal(answer.status, 405);
    assert_string_equal(answer.allow, "GET, HEAD, POST, PUT");
    http_router_free(&router);
}

static void test_body_limit(void **state)
{
    (void)state;
    struct http_router *router = sample_router();
    assert_string_equal(ask(router, "POST", "/reload", 10).body, "reload POST id=none body=10");
    struct answer answer = ask(router, "POST", "/reload", 11);
    assert_int_equal(answer.status, 413);
    assert_non_null(strstr(answer.body, "10 bytes"));
    assert_int_equal(ask(router, "GET", "/targets", 1).status, 413);
    assert_int_equal(ask(router, "POST", "/nowhere", 11).status, 404);
    http_router_free(&router);
}

/* ---- responses ---- */

static void test_header_values_stay_in_line(void **state)
{
    (void)state;
    struct http_response response = {0};
    http_response_header(&response, "Location", "/x\r\nSet-Cookie: a=b\x7f");
    assert_string_equal(response.headers[0].value, "/x__Set-Cookie: a=b_");
    char longer[300];
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    http_response_header(&response, "X-Long", longer);
    assert_int_equal(strlen(response.headers[1].value), 255);
    assert_int_equal(response.header_count, 2);
}

static void test_etag(void **state)
{
    (void)state;
    static const struct {
        const char *if_none_match;
        bool want;
    } cases[] = {{"", false}, {"*", true}, {"W/\"00000000000000ff\"", true},
        {"\"00000000000000ff\"", true}, {"\"a\", W/\"b\" ,W/\"00000000000000ff\"", true},
        {"W/\"00000000000000fe\"", false}, {"00000000000000ff", false},
        {"\"00000000000000f", false}, {"W/", false}, {" ,, , ", false}, {"\"*\"", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct http_request request = {.if_none_match = cases[i].if_none_match};
        struct http_response response = {.status = 200};
        http_response_text(&response, 200, "the body");
        bool same = http_response_etag(&response, &request, 255);
        if (same != cases[i].want)
            fail_msg("If-None-Match: %s", cases[i].if_none_match);
        assert_int_equal(response.status, same ? 304 : 200);
        assert_int_equal(response.len, same ? 0 : 8);
        assert_string_equal(response.headers[0].name, "ETag");
        assert_string_equal(response.headers[0].value, "W/\"00000000000000ff\"");
        http_response_fini(&response);
    }
}

static const char *header_value(const struct http_response *response, const char *name)
{
    for (size_t i = 0; i < response->header_count; i++) {
        if (strcmp(response->headers[i].name, name) == 0)
            return response->headers[i].value;
    }
    return "";
}

/* A response of len bytes of one letter. */
static struct http_response monotonous(const char *type, size_t len)
{
    struct http_response response = {.status = 200, .content_type = type, .len = len};
    response.body = lw_new(len, 1);
    memset(response.body, 'x', len);
    return response;
}

static void test_compress(void **state)
{
    (void)state;
    struct http_request request = {.accept_encoding = "gzip"};
    struct http_response response = monotonous("application/json", 100000);
    if (http_response_wants_gzip(&response, &request))
        http_response_gzip(&response);
    assert_string_equal(header_value(&response, "Content-Encoding"), "gzip");
    assert_string_equal(header_value(&response, "Vary"), "Accept-Encoding");
    assert_true(response.len < 2000);
    z_stream z = {.next_in = (unsigned char *)response.body, .avail_in = (unsigned)response.len};
    char *inflated = lw_new(100001, 1);
    z.next_out = (unsigned char *)inflated;
    z.avail_out = 100001;
    assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
    assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
    assert_int_equal(z.total_out, 100000);
    assert_int_equal(strspn(inflated, "x"), 100000);
    inflateEnd(&z);
    free(inflated);
    http_response_fini(&response);
}

static void test_compress_static_body(void **state)
{
    (void)state;
    static const char page[5000];
    struct http_request request = {.accept_encoding = "gzip"};
    struct http_response response = {
        .content_type = "text/css", .static_body = page, .len = sizeof page};
    if (http_response_wants_gzip(&response, &request))
        http_response_gzip(&response);
    assert_non_null(response.body);
    assert_null(response.static_body);
    assert_true(response.len < 200);
    http_response_fini(&response);
}

static void assert_not_compressed(
    struct http_response response, const char *accept_encoding, const char *want_vary)
{
    struct http_request request = {.accept_encoding = accept_encoding};
    size_t len = response.len;
    if (http_response_wants_gzip(&response, &request))
        http_response_gzip(&response);
    assert_int_equal(response.len, len);
    assert_string_not_equal(header_value(&response, "Content-Encoding"), "gzip");
    assert_string_equal(header_value(&response, "Vary"), want_vary);
    http_response_fini(&response);
}

static void test_compress_leaves_alone(void **state)
{
    (void)state;
    assert_not_compressed(monotonous("text/plain", 1023), "gzip", "");
    assert_not_compressed(monotonous("image/png", 5000), "gzip", "");
    assert_not_compressed(monotonous(NULL, 5000), "gzip", "");
    assert_not_compressed(monotonous("text/plain", 5000), "", "Accept-Encoding");
    struct http_response encoded = monotonous("text/plain", 5000);
    http_response_header(&encoded, "Content-Encoding", "br");
    assert_not_compressed(encoded, "gzip", "");
    struct http_response noise = monotonous("text/plain", 5000);
    uint32_t seed = 1;
    for (size_t i = 0; i < noise.len; i++) {
        seed = seed * 1664525 + 1013904223;
        noise.body[i] = (char)(seed >> 24);
    }
    assert_not_compressed(noise, "gzip", "Accept-Encoding"); /* it would only grow */
}

/* ---- files ---- */

static void test_ranges(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        uint64_t size;
        enum http_range want;
        uint64_t first, last;
    } cases[] = {
        {"", 10, HTTP_RANGE_ALL, 0, 0},
        {"bytes=0-3", 10, HTTP_RANGE_PART, 0, 3},
        {"Bytes=4-", 10, HTTP_RANGE_PART, 4, 9},
        {"bytes=-3", 10, HTTP_RANGE_PART, 7, 9},
        {"bytes=-30", 10, HTTP_RANGE_PART, 0, 9},
        {"bytes=9-99999999999999999999999", 10, HTTP_RANGE_PART, 9, 9},
        {"bytes=10-", 10, HTTP_RANGE_NONE, 0, 0},
        {"bytes=99999999999999999999999-", 10, HTTP_RANGE_NONE, 0, 0},
        {"bytes=-0", 10, HTTP_RANGE_NONE, 0, 0},
        {"bytes=0-0", 0, HTTP_RANGE_NONE, 0, 0},
        {"bytes=-1", 0, HTTP_RANGE_NONE, 0, 0},
        {"bytes=3-2", 10, HTTP_RANGE_ALL, 0, 0},
        {"bytes=0-1,3-4", 10, HTTP_RANGE_ALL, 0, 0},
        {"bytes=-", 10, HTTP_RANGE_ALL, 0, 0},
        {"bytes=", 10, HTTP_RANGE_ALL, 0, 0},
        {"bytes=a-b", 10, HTTP_RANGE_ALL, 0, 0},
        {"lines=0-3", 10, HTTP_RANGE_ALL, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t first, last;
        enum http_range got = http_range_parse(cases[i].header, cases[i].size, &first, &last);
        if (got != cases[i].want)
            fail_msg("Range: %s of %d bytes", cases[i].header, (int)cases[i].size);
        if (got == HTTP_RANGE_PART) {
            assert_int_equal(first, cases[i].first);
            assert_int_equal(last, cases[i].last);
        }
    }
}

static struct http_response ask_for_file(const struct http_request *request)
{
    struct http_response response = {.status = 200};
    FILE *file = tmpfile();
    assert_non_null(file);
    fputs("0123456789", file);
    fflush(file);
    int fd = dup(fileno(file));
    fclose(file);
    http_response_file(&response, request, fd, "abc");
    assert_string_equal(response.headers[0].value, "\"abc\"");
    return response;
}

static void test_files(void **state)
{
    (void)state;
    static const struct {
        struct http_request request;
        int status;
        size_t len;
    } cases[] = {
        {{.if_none_match = "", .if_range = "", .range = ""}, 200, 10},
        {{.if_none_match = "\"abc\"", .if_range = "", .range = "bytes=0-1"}, 304, 0},
        {{.if_none_match = "\"other\"", .if_range = "", .range = "bytes=2-4"}, 206, 3},
        {{.if_none_match = "", .if_range = "\"abc\"", .range = "bytes=2-4"}, 206, 3},
        {{.if_none_match = "", .if_range = "W/\"abc\"", .range = "bytes=2-4"}, 200, 10},
        {{.if_none_match = "", .if_range = "\"old\"", .range = "bytes=2-4"}, 200, 10},
        {{.if_none_match = "", .if_range = "", .range = "bytes=10-"}, 416, 0},
        {{.if_none_match = "", .if_range = "", .range = "bytes=2-4", .is_head = true}, 200, 10},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct http_response response = ask_for_file(&cases[i].request);
        assert_int_equal(response.status, cases[i].status);
        assert_int_equal(response.len, cases[i].len);
        if (response.status == 206)
            assert_string_equal(response.headers[2].value, "bytes 2-4/10");
        if (response.status == 416)
            assert_string_equal(response.headers[2].value, "bytes */10");
        http_response_fini(&response);
    }
}

static void tell_places(
    void *ctx, const struct http_request *request, struct http_response *response)
{
    (void)ctx;
    http_response_text(response, 200, "%s %s", request->id, request->name);
}

static void test_two_places_in_a_path(void **state)
{
    (void)state;
    struct http_router *router = http_router_new(error_page, NULL);
    http_router_add(router, "GET", "/i/{id}/files/{name}", 0, tell_places, NULL);
    http_router_add(router, "GET", "/i/{id}/report", 0, tell_places, NULL);
    assert_string_equal(ask(router, "GET", "/i/7/files/heap.pb.gz", 0).body, "7 heap.pb.gz");
    assert_string_equal(ask(router, "GET", "/i/7/report", 0).body, "7 (null)");
    static const char *const nowhere[] = {
        "/i/7/files/", "/i//files/a", "/i/7/files/a/b", "/i/7/files", "/i/7/files/a%2fb"};
    for (size_t i = 0; i < sizeof nowhere / sizeof *nowhere; i++)
        assert_int_equal(ask(router, "GET", nowhere[i], 0).status, 404);
    http_router_free(&router);
}

/* ---- how long a request may take to come ---- */

static const struct http_patience patience = {
    .head_ns = 60 * LW_NS_PER_S, .body_ns = 30 * LW_NS_PER_S};

struct slow_client {
    struct loop *loop; /* with a virtual clock */
    struct http_deadline deadline;
    int fds[2]; /* the server's end and the client's */
};

static void slow_client_open(struct slow_client *client)
{
    client->loop = loop_new_virtual((struct lw_wall){LW_NS_PER_S});
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, client->fds), 0);
    http_deadline_init(&client->deadline, client->loop, &patience, client->fds[0]);
}

static void slow_client_close(struct slow_client *client)
{
    http_deadline_stop(&client->deadline);
    loop_free(&client->loop);
    close(client->fds[0]);
    close(client->fds[1]);
}

/* Whether the client was hung up on after so many seconds more. */
static bool is_gone_after(struct slow_client *client, int seconds)
{
    char byte;
    loop_run_for(client->loop, seconds * LW_NS_PER_S);
    return recv(client->fds[1], &byte, 1, 0) == 0;
}

static void test_a_head_has_a_deadline(void **state)
{
    (void)state;
    struct slow_client client;
    slow_client_open(&client);
    http_deadline_await_head(&client.deadline);
    assert_false(is_gone_after(&client, 59));
    http_deadline_await_head(&client.deadline); /* the next one */
    assert_false(is_gone_after(&client, 59));
    assert_true(is_gone_after(&client, 1));
    slow_client_close(&client);
}

static void test_a_body_has_to_get_on(void **state)
{
    (void)state;
    struct slow_client client;
    slow_client_open(&client);
    http_deadline_await_body(&client.deadline);
    for (int i = 0; i < 100; i++) { /* 50 minutes */
        assert_false(is_gone_after(&client, 1));
        http_deadline_take(&client.deadline, HTTP_BODY_STEP_BYTES - 1);
        assert_false(is_gone_after(&client, 28));
        http_deadline_take(&client.deadline, 1);
    }
    http_deadline_take(&client.deadline, HTTP_BODY_STEP_BYTES - 1); /* not enough */
    assert_false(is_gone_after(&client, 29));
    assert_true(is_gone_after(&client, 1));
    slow_client_close(&client);
}

static void test_a_pause_leaves_the_rest_of_the_time(void **state)
{
    (void)state;
    struct slow_client client;
    slow_client_open(&client);
    http_deadline_await_body(&client.deadline);
    for (int i = 0; i < 29; i++) { /* a second and a byte at a time */
        assert_false(is_gone_after(&client, 1));
        http_deadline_take(&client.deadline, 1);
        http_deadline_pause(&client.deadline);
        assert_false(is_gone_after(&client, 3600));
        http_deadline_pause(&client.deadline); /* it is already */
        http_deadline_resume(&client.deadline);
    }
    assert_true(is_gone_after(&client, 1));
    slow_client_close(&client);
}

static void test_an_answer_has_no_deadline(void **state)
{
    (void)state;
    struct slow_client client;
    slow_client_open(&client);
    http_deadline_await_body(&client.deadline);
    http_deadline_stop(&client.deadline);
    assert_false(is_gone_after(&client, 3600));
    slow_client_close(&client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_target_decodes),
        cmocka_unit_test(test_target_refuses_bad_escapes),
        cmocka_unit_test(test_target_takes_odd_ones),
        cmocka_unit_test(test_target_counts_params),
        cmocka_unit_test(test_request_int),
        cmocka_unit_test(test_list_accepts),
        cmocka_unit_test(test_routes),
        cmocka_unit_test(test_other_methods_get_405),
        cmocka_unit_test(test_body_limit),
        cmocka_unit_test(test_header_values_stay_in_line),
        cmocka_unit_test(test_a_head_has_a_deadline),
        cmocka_unit_test(test_a_body_has_to_get_on),
        cmocka_unit_test(test_a_pause_leaves_the_rest_of_the_time),
        cmocka_unit_test(test_an_answer_has_no_deadline),
        cmocka_unit_test(test_etag),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_two_places_in_a_path),
        cmocka_unit_test(test_compress),
        cmocka_unit_test(test_compress_static_body),
        cmocka_unit_test(test_compress_leaves_alone),
    };
    return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
