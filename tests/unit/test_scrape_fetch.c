/* The curl fetcher against a server that misbehaves. No test is judged by how long it takes: what
 * is to succeed has a long timeout, what is to run into its timeout would never end otherwise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <curl/curl.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "hostile.h"
#include "scrape/outcome.h"
#include "scrape/scrape.h"

#define SHORT_NS      (150 * LW_NS_PER_MS)
#define LONG_NS       (60 * LW_NS_PER_S)
#define LIMIT_BYTES   100000
#define BUDGET_BYTES  1000000
#define TRANSFERS_MAX 30
#define STUCK_S       120 /* SIGALRM ends a test program that hangs */
#define BATCH_MAX     40
#define KEPT_MIN      16 /* connections that are kept however few files may be open */

/* ---- a resolver without a network: libcurl's calls of getaddrinfo end up here ---- */

static sem_t resolver_may_go_on;

int getaddrinfo(const char *restrict node, const char *restrict service,
    const struct addrinfo *restrict hints, struct addrinfo **restrict found)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    if (node && strcmp(node, "missing.test") == 0)
        return EAI_NONAME;
    if (node && strcmp(node, "hanging.test") == 0) {
        sem_wait(&resolver_may_go_on);
        return EAI_NONAME;
    }
    bool is_here = node && strncmp(node, "host-", 5) == 0;
    return real(is_here ? "127.0.0.1" : node, service, hints, found);
}

/* ---- a small world ---- */

struct answer {
    struct scrape_request request;
    char url[256];
    struct world *world;
    bool ended;
    struct lw_err err;
    char *body;
    size_t len;
};

struct world {
    struct hostile *server;
    struct loop *loop;
    struct scrape_fetcher *fetcher;
    struct config_job job;
    bool in_call; /* start() or cancel() is running */
    int awaited;  /* the loop stops when it gets to 0 */
    struct answer answers[BATCH_MAX];
};

static void fetcher_replace(struct world *w, int transfers_max, size_t budget_bytes)
{
    struct lw_err err;
    if (w->fetcher)
        w->fetcher->free(w->fetcher);
    w->fetcher = scrape_fetcher_new_curl(w->loop, transfers_max, budget_bytes, &err);
    assert_non_null(w->fetcher);
}

static int set_up(void **state)
{
    struct world *w = LW_NEW(struct world);
    struct lw_err err;
    w->server = hostile_new();
    w->loop = loop_new(1, 1, &err);
    assert_non_null(w->loop);
    w->job.job_name = (char[]){"fleet"};
    fetcher_replace(w, TRANSFERS_MAX, BUDGET_BYTES);
    alarm(STUCK_S);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    alarm(0);
    for (int i = 0; i < BATCH_MAX; i++)
        free(w->answers[i].body);
    w->fetcher->free(w->fetcher);
    loop_free(&w->loop);
    hostile_free(&w->server);
    free(w);
    return 0;
}

static void done(struct scrape_request *request, const struct lw_err *err, char *body, size_t len)
{
    struct answer *answer = request->ctx;
    struct world *w = answer->world;
    assert_false(w->in_call);
    assert_false(answer->ended);
    assert_int_equal(err->code == LW_OK, body != NULL);
    answer->ended = true;
    answer->err = *err;
    answer->body = body;
    answer->len = len;
    if (--w->awaited == 0)
        loop_stop(w->loop);
}

/* Starts a request for a whole URL in the i-th place. */
static struct answer *start_url(struct world *w, int i, const char *url, int64_t timeout_ns)
{
    struct answer *a = &w->answers[i];
    free(a->body);
    *a = (struct answer){.world = w};
    snprintf(a->url, sizeof a->url, "%s", url);
    a->request = (struct scrape_request){.url = a->url, .job = &w->job, .timeout_ns = timeout_ns};
    a->request.limit_bytes = LIMIT_BYTES;
    a->request.done = done;
    a->request.ctx = a;
    w->in_call = true;
    w->fetcher->start(w->fetcher, &a->request);
    w->in_call = false;
    return a;
}

static struct answer *start(struct world *w, int i, const char *path, int64_t timeout_ns)
{
    char url[256];
    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", hostile_port(w->server), path);
    return start_url(w, i, url, timeout_ns);
}

static void cancel(struct world *w, struct answer *answer)
{
    w->in_call = true;
    w->fetcher->cancel(w->fetcher, &answer->request);
    w->in_call = false;
}

/* Runs the loop until at least `count` requests have ended: several may end in one callback. */
static void await(struct world *w, int count)
{
    w->awaited = count;
    loop_run(w->loop);
    assert_true(w->awaited <= 0);
}

static struct answer *get_url(struct world *w, const char *url, int64_t timeout_ns)
{
    struct answer *a = start_url(w, 0, url, timeout_ns);
    await(w, 1);
    return a;
}

static struct answer *get(struct world *w, const char *path, int64_t timeout_ns)
{
    struct answer *a = start(w, 0, path, timeout_ns);
    await(w, 1);
    return a;
}

static void assert_contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in \"%s\"", part, text);
}

static void assert_body(const struct answer *a, const char *body)
{
    assert_string_equal(a->err.msg, "");
    assert_int_equal(a->err.code, LW_OK);
    assert_int_equal(a->len, strlen(body));
    assert_memory_equal(a->body, body, a->len);
}

static void assert_fails(const struct answer *a, enum lw_code code, const char *part)
{
    assert_string_equal(lw_code_word(a->err.code), lw_code_word(code));
    assert_contains(a->err.msg, part);
}

/* Whether a request that /headers has sent back holds the text. */
static bool request_has(const struct answer *a, const char *text)
{
    assert_int_equal(a->err.code, LW_OK);
    return memmem(a->body, a->len, text, strlen(text)) != NULL;
}

/* ---- answers that are fine ---- */

static void test_body_arrives(void **state)
{
    struct world *w = *state;
    assert_body(get(w, "/ok", LONG_NS), "hello");
    assert_body(get(w, "/empty", LONG_NS), "");
    assert_body(get(w, "/html", LONG_NS), "<html>");
}

static void test_connection_is_kept_alive(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 5; i++)
        assert_body(get(w, "/ok", LONG_NS), "hello");
    assert_fails(get(w, "/status/404", LONG_NS), LW_HTTP_STATUS, "404");
    assert_body(get(w, "/ok", LONG_NS), "hello");
    assert_int_equal(hostile_connections(w->server), 1);
}

/* A fetcher that keeps only as many connections as one may at the least. */
static void fetcher_replace_by_modest(struct world *w)
{
    struct rlimit files, few;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    few = files;
    few.rlim_cur = 2 * KEPT_MIN;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    fetcher_replace(w, TRANSFERS_MAX, BUDGET_BYTES);
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
            assert_body(get_url(w, url, LONG_NS), "hello");
        }
    }
    assert_int_equal(hostile_connections(w->server), HOSTS + (ROUNDS - 1) * (HOSTS - KEPT_MIN));
}

static void test_content_encoding_is_left_alone(void **state)
{
    struct world *w = *state;
    assert_body(get(w, "/gzip", LONG_NS), "\x1f\x8b not really");
}

static void test_request_headers(void **state)
{
    struct world *w = *state;
    struct answer *a = get(w, "/headers", LONG_NS + LW_NS_PER_S / 2);
    assert_true(request_has(a, "GET /headers HTTP/1.1\r\n"));
    assert_true(request_has(a, "\r\nUser-Agent: leakwatchd/"));
    assert_true(request_has(a, "\r\nX-Prometheus-Scrape-Timeout-Seconds: 60.5\r\n"));
    assert_false(request_has(a, "Accept-Encoding"));
    assert_false(request_has(a, "Authorization"));
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
        .done = done,
        .ctx = a};
    w->fetcher->start(w->fetcher, &a->request);
    await(w, 1);
    assert_true(request_has(a, "POST /headers HTTP/1.1\r\n"));
    assert_true(request_has(a, "\r\nContent-Type: application/json\r\n"));
    assert_true(request_has(a, "\r\nContent-Length: 3\r\n"));
    /* The handle is used again: nothing of the POST stays on it. */
    a = get(w, "/headers", LONG_NS);
    assert_true(request_has(a, "GET /headers HTTP/1.1\r\n"));
    assert_false(request_has(a, "Content-"));
}

static void test_environment_names_no_proxy(void **state)
{
    struct world *w = *state;
    char proxy[64];
    snprintf(proxy, sizeof proxy, "http://127.0.0.1:%d", hostile_refused_port());
    setenv("http_proxy", proxy, 1);
    struct answer *a = get(w, "/ok", LONG_NS);
    unsetenv("http_proxy");
    assert_body(a, "hello");
}

static void test_exactly_the_limit_is_taken(void **state)
{
    struct world *w = *state;
    static const char *const kinds[] = {"size", "chunked"};
    for (int i = 0; i < 2; i++) {
        char path[64];
        snprintf(path, sizeof path, "/%s/%d", kinds[i], LIMIT_BYTES);
        struct answer *a = get(w, path, LONG_NS);
        assert_int_equal(a->err.code, LW_OK);
        assert_int_equal(a->len, LIMIT_BYTES);
        for (size_t at = 0; at < a->len; at++)
            assert_int_equal(a->body[at], 'x');
        snprintf(path, sizeof path, "/%s/%d", kinds[i], LIMIT_BYTES + 1);
        assert_fails(get(w, path, LONG_NS), LW_BODY_TOO_LARGE, "100000 bytes");
    }
}

/* ---- answers that are not ---- */

static void test_endless_body_ends_at_the_limit(void **state)
{
    struct world *w = *state;
    assert_fails(get(w, "/endless", LONG_NS), LW_BODY_TOO_LARGE, "100000 bytes");
}

static void test_large_promise_fails_at_once(void **state)
{
    struct world *w = *state;
    assert_fails(get(w, "/promise/100001", LONG_NS), LW_BODY_TOO_LARGE, "announces more");
    assert_fails(
        get(w, "/promise/99999999999999999999999999", LONG_NS), LW_BODY_TOO_LARGE, "/prom");
}

static void test_slow_answers_end_at_the_deadline(void **state)
{
    struct world *w = *state;
    static const char *const bodyless[] = {"/silent", "/slow-headers", "/promise/100000"};
    for (int i = 0; i < 3; i++)
        assert_fails(get(w, bodyless[i], SHORT_NS), LW_TIMEOUT, ", 0 bytes of the body had come");
    assert_fails(get(w, "/drip", SHORT_NS), LW_TIMEOUT, "not done within the timeout of 0.15 s: ");
    assert_body(get(w, "/ok", LONG_NS), "hello");
}

static void test_headers_are_bounded(void **state)
{
    struct world *w = *state;
    assert_fails(get(w, "/endless-headers", LONG_NS), LW_TRANSFER, "65536 bytes of headers");
}

static void test_broken_answers(void **state)
{
    struct world *w = *state;
    assert_fails(get(w, "/truncated", LONG_NS), LW_TRANSFER, "/truncated: ");
    assert_fails(get(w, "/truncated-chunk", LONG_NS), LW_TRANSFER, "/truncated-chunk: ");
    assert_fails(get(w, "/close", LONG_NS), LW_TRANSFER, "Empty reply");
    assert_fails(get(w, "/garbage", LONG_NS), LW_TRANSFER, "/garbage: ");
    assert_body(get(w, "/ok", LONG_NS), "hello");
}

static void test_status_is_named_with_a_hint(void **state)
{
    struct world *w = *state;
    struct answer *a = get(w, "/status/404", LONG_NS);
    assert_fails(a, LW_HTTP_STATUS, "status 404, not 200; does the program import net/http/pprof?");
    assert_contains(a->err.msg, ": \"not today, <b>\\x01\\xff</b>\"");
    assert_fails(get(w, "/status/401", LONG_NS), LW_HTTP_STATUS, "see basic_auth");
    assert_fails(get(w, "/status/403", LONG_NS), LW_HTTP_STATUS, "not allowed");
    assert_fails(get(w, "/status/500", LONG_NS), LW_HTTP_STATUS, "status 500, not 200: \"not");
    assert_fails(get(w, "/status/206", LONG_NS), LW_HTTP_STATUS, "status 206");
}

static void test_status_says_more_than_its_body(void **state)
{
    struct world *w = *state;
    assert_fails(get(w, "/endless-404", LONG_NS), LW_HTTP_STATUS, "no, no, no");

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
    assert_fails(get_url(w, url, LONG_NS), LW_CONNECT, url);
    assert_fails(get_url(w, "http://missing.test/x", LONG_NS), LW_RESOLVE, "missing.test");
}

static void test_only_http(void **state)
{
    struct world *w = *state;
    char path[64];
    assert_fails(
        get_url(w, "file:///etc/hostname", LONG_NS), LW_TRANSFER, "\"file\" not supported");
    assert_fails(get_url(w, "http://[::1/x", LONG_NS), LW_INVALID, "GET http://[::1/x");
    w->job.follow_redirects = true;
    snprintf(path, sizeof path, "/redirect-to/ftp://127.0.0.1:%d/", hostile_refused_port());
    assert_fails(get(w, path, LONG_NS), LW_TRANSFER, "\"ftp\" not supported");
}

static void test_messages_hide_credentials_of_the_url(void **state)
{
    struct world *w = *state;
    char url[128];
    snprintf(url, sizeof url, "http://me:s3cret@127.0.0.1:%d/status/500", hostile_port(w->server));
    struct answer *a = get_url(w, url, LONG_NS);
    assert_fails(a, LW_HTTP_STATUS, "GET http://127.0.0.1:");
    assert_null(strstr(a->err.msg, "s3cret"));
}

/* ---- redirects ---- */

static void test_redirect_is_an_error_unless_the_job_follows(void **state)
{
    struct world *w = *state;
    assert_fails(get(w, "/redirect-to//login?a=b", LONG_NS), LW_REDIRECT, "to /login?a=b, and");
    w->job.follow_redirects = true;
    assert_body(get(w, "/redirect-to//ok", LONG_NS), "hello");
    assert_fails(get(w, "/loop", LONG_NS), LW_REDIRECT, "Maximum (5) redirects");
    assert_fails(get(w, "/redirect-to//close", LONG_NS), LW_TRANSFER, "Empty reply");
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
    assert_true(request_has(get(w, "/redirect-to//headers", LONG_NS), "Bearer s3cret"));
    assert_false(request_has(get(w, path, LONG_NS), "Authorization"));
    w->job.authorization.present = false;
    w->job.basic_auth.present = true;
    w->job.basic_auth.username = (char[]){"me"};
    w->job.basic_auth.password = (char[]){"s3cret"};
    assert_false(request_has(get(w, path, LONG_NS), "Authorization"));
    w->fetcher->free(w->fetcher);
    w->fetcher = NULL;
    fetcher_replace(w, TRANSFERS_MAX, BUDGET_BYTES);
    hostile_free(&other);
}

/* ---- credentials ---- */

static char *temp_file(const char *name)
{
    static char dir[] = "/tmp/lw-scrape-XXXXXX";
    static char path[sizeof dir + 64];
    if (!name) {
        assert_non_null(mkdtemp(dir));
        return dir;
    }
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static void write_file(const char *path, const char *bytes, size_t len)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}

static void test_basic_auth(void **state)
{
    struct world *w = *state;
    w->job.basic_auth.present = true;
    w->job.basic_auth.username = (char[]){"me"};
    w->job.basic_auth.password = (char[]){"it"};
    static const char header[] = "\r\nAuthorization: Basic bWU6aXQ=\r\n"; /* me:it */
    assert_true(request_has(get(w, "/headers", LONG_NS), header));
    w->job.basic_auth.password = NULL;
    w->job.basic_auth.password_file = temp_file("password");
    write_file(w->job.basic_auth.password_file, "  it\r\n", 6);
    assert_true(request_has(get(w, "/headers", LONG_NS), header));
}

static void test_rotated_bearer_token_counts_at_once(void **state)
{
    struct world *w = *state;
    w->job.authorization.present = true;
    w->job.authorization.type = (char[]){"Bearer"};
    w->job.authorization.credentials_file = temp_file("token");
    write_file(w->job.authorization.credentials_file, "one\n", 4);
    assert_true(request_has(get(w, "/headers", LONG_NS), "\r\nAuthorization: Bearer one\r\n"));
    write_file(w->job.authorization.credentials_file, "two", 3);
    assert_true(request_has(get(w, "/headers", LONG_NS), "\r\nAuthorization: Bearer two\r\n"));
}

static void test_bad_credential_files(void **state)
{
    struct world *w = *state;
    char *path = temp_file("bad");
    w->job.authorization.present = true;
    w->job.authorization.credentials_file = path;
    unlink(path);
    assert_fails(get(w, "/headers", LONG_NS), LW_CREDENTIALS, path);
    write_file(path, " \n", 2);
    assert_fails(get(w, "/headers", LONG_NS), LW_CREDENTIALS, "is empty");
    write_file(path, "a\r\nX-Evil: 1", 12);
    assert_fails(get(w, "/headers", LONG_NS), LW_CREDENTIALS, "control character at byte 1");
    write_file(path, "a\0b", 3);
    assert_fails(get(w, "/headers", LONG_NS), LW_CREDENTIALS, "zero byte");
    char *large = lw_new(1, 70000);
    memset(large, 'x', 70000);
    write_file(path, large, 70000);
    free(large);
    assert_fails(get(w, "/headers", LONG_NS), LW_CREDENTIALS, "larger than 65536");
    assert_int_equal(hostile_connections(w->server), 0);
}

/* ---- many at once ---- */

static void test_slow_targets_hold_up_nobody(void **state)
{
    struct world *w = *state;
    static const char *const slow[] = {
        "/silent", "/drip", "/slow-headers", "/promise/9", "/drip-404"};
    for (int i = 0; i < 5; i++)
        start(w, i, slow[i], LONG_NS);
    for (int i = 5; i < 25; i++)
        start(w, i, "/ok", LONG_NS);
    await(w, 20);
    for (int i = 0; i < 5; i++) {
        assert_false(w->answers[i].ended);
        cancel(w, &w->answers[i]);
    }
    for (int i = 5; i < 25; i++)
        assert_body(&w->answers[i], "hello");
}

static void test_hanging_resolver_holds_up_nobody(void **state)
{
    struct world *w = *state;
    if (curl_version_info(CURLVERSION_NOW)->ares)
        skip(); /* c-ares does not call getaddrinfo */
    assert_fails(get_url(w, "http://hanging.test/", SHORT_NS), LW_TIMEOUT, "resolving the name");
    assert_body(get(w, "/ok", LONG_NS), "hello");
    sem_post(&resolver_may_go_on);
}

/* Who may open few descriptors only takes turns, instead of failing for want of one. */
static void test_transfers_leave_descriptors(void **state)
{
    struct world *w = *state;
    struct rlimit before, few;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = (struct rlimit){.rlim_cur = 80, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    fetcher_replace(w, TRANSFERS_MAX, BUDGET_BYTES);
    for (int i = 0; i < 20; i++)
        start(w, i, "/silent", LONG_NS);
    struct answer *late = start(w, 20, "/ok", SHORT_NS);
    await(w, 1);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_fails(late, LW_TIMEOUT, "other targets took all 20");
    for (int i = 0; i < 20; i++)
        cancel(w, &w->answers[i]);
}

static void test_transfers_wait_their_turn(void **state)
{
    struct world *w = *state;
    fetcher_replace(w, 2, BUDGET_BYTES);
    start(w, 0, "/silent", LONG_NS);
    start(w, 1, "/silent", LONG_NS);
    struct answer *late = start(w, 2, "/ok", SHORT_NS);
    struct answer *next = start(w, 3, "/ok", LONG_NS);
    await(w, 1);
    assert_fails(late, LW_TIMEOUT, "never got its turn in 0.15 s: other targets took all 2");
    assert_false(next->ended);
    cancel(w, &w->answers[0]);
    await(w, 1);
    assert_body(next, "hello");
    struct answer *waiting = start(w, 4, "/silent", LONG_NS);
    start(w, 5, "/ok", LONG_NS);
    cancel(w, waiting);
    await(w, 1);
    assert_body(&w->answers[5], "hello");
    assert_false(waiting->ended); /* and /silent is left to the fetcher's free() */
}

static void test_two_hundred_take_their_turns(void **state)
{
    struct world *w = *state;
    fetcher_replace(w, 3, BUDGET_BYTES);
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < BATCH_MAX; i++)
            start(w, i, i % 4 ? "/ok" : "/close", LONG_NS);
        await(w, BATCH_MAX / 8);
        for (int i = 0; i < BATCH_MAX; i += 5)
            cancel(w, &w->answers[i]); /* some have ended, some run, some wait */
        int open = 0;
        for (int i = 0; i < BATCH_MAX; i++)
            open += i % 5 && !w->answers[i].ended;
        await(w, open);
        for (int i = 0; i < BATCH_MAX; i++) {
            if (i % 5)
                assert_int_equal(w->answers[i].err.code, i % 4 ? LW_OK : LW_TRANSFER);
        }
    }
}

static void test_budget_of_all_bodies(void **state)
{
    struct world *w = *state;
    fetcher_replace(w, 2, 50000);
    for (int i = 0; i < 3; i++) { /* what failed gives back what it had */
        assert_fails(get(w, "/size/50001", LONG_NS), LW_BUSY, "50000 bytes left, 50001 needed");
        assert_fails(get(w, "/chunked/90000", LONG_NS), LW_BUSY, "budget");
        assert_int_equal(get(w, "/size/50000", LONG_NS)->len, 50000);
    }
}

static void test_cancel_of_what_is_not_under_way(void **state)
{
    struct world *w = *state;
    struct answer *a = get(w, "/ok", LONG_NS);
    cancel(w, a);
    w->job.authorization.present = true;
    w->job.authorization.credentials_file = (char[]){"/nonexistent"};
    a = start(w, 1, "/ok", LONG_NS); /* has failed, not been reported */
    cancel(w, a);
    w->job.authorization.present = false;
    assert_body(get(w, "/ok", LONG_NS), "hello");
    assert_false(a->ended);
}

/* ---- TLS, with openssl as the server ---- */

struct tls_server {
    pid_t pid;
    int port;
};

/* A self-signed certificate for `localhost` and `profiles.test`, its own CA. */
static bool make_certificate(const char *name)
{
    char command[1024];
    char path[128];
    snprintf(path, sizeof path, "%s", temp_file(name));
    snprintf(command, sizeof command,
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
        "-subj /CN=%s -addext subjectAltName=DNS:localhost,DNS:profiles.test "
        "-keyout %s.key -out %s.crt 2>%s.log",
        name, path, path, path);
    return system(command) == 0;
}

static struct tls_server tls_server_start(void)
{
    struct tls_server server = {0};
    char crt[128], key[128], line[256];
    snprintf(crt, sizeof crt, "%s", temp_file("server.crt"));
    snprintf(key, sizeof key, "%s", temp_file("server.key"));
    int out[2];
    assert_int_equal(pipe(out), 0);
    server.pid = fork();
    assert_true(server.pid >= 0);
    if (server.pid == 0) {
        dup2(out[1], 1);
        dup2(open("/dev/null", O_WRONLY), 2); /* it reports the handshakes that fail on purpose */
        close(out[0]);
        close(out[1]);
        execlp("openssl", "openssl", "s_server", "-accept", "0", "-cert", crt, "-key", key, "-www",
            (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    FILE *f = fdopen(out[0], "r");
    while (!server.port && fgets(line, sizeof line, f)) {
        if (strncmp(line, "ACCEPT", 6) == 0)
            server.port = atoi(strrchr(line, ':') + 1);
    }
    fclose(f);
    assert_true(server.port > 0);
    return server;
}

static void tls_server_stop(struct tls_server *server)
{
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
}

static void test_tls(void **state)
{
    struct world *w = *state;
    if (!make_certificate("server") || !make_certificate("other"))
        skip(); /* no openssl command */
    struct tls_server server = tls_server_start();
    char ca[128], other_ca[128], url[64], by_address[64];
    snprintf(ca, sizeof ca, "%s", temp_file("server.crt"));
    snprintf(other_ca, sizeof other_ca, "%s", temp_file("other.crt"));
    snprintf(url, sizeof url, "https://localhost:%d/", server.port);
    snprintf(by_address, sizeof by_address, "https://127.0.0.1:%d/", server.port);
    struct config_tls *tls = &w->job.tls_config;
    tls->present = true;

    assert_fails(get_url(w, url, LONG_NS), LW_TLS, "see tls_config");
    tls->ca_file = other_ca;
    assert_fails(get_url(w, url, LONG_NS), LW_TLS, "certificate");
    tls->ca_file = ca;
    assert_int_equal(get_url(w, url, LONG_NS)->err.code, LW_OK);
    assert_fails(get_url(w, by_address, LONG_NS), LW_TLS, "127.0.0.1");
    tls->server_name = (char[]){"profiles.test"};
    assert_int_equal(get_url(w, by_address, LONG_NS)->err.code, LW_OK);
    tls->server_name = (char[]){"profiles.example"};
    assert_fails(get_url(w, by_address, LONG_NS), LW_TLS, "profiles.example");
    tls->ca_file = NULL;
    tls->insecure_skip_verify = true;
    assert_int_equal(get_url(w, by_address, LONG_NS)->err.code, LW_OK);
    tls->server_name = NULL;
    assert_int_equal(get_url(w, by_address, LONG_NS)->err.code, LW_OK);

    tls->cert_file = (char[]){"/nonexistent"};
    assert_fails(get_url(w, by_address, LONG_NS), LW_CREDENTIALS, "cert_file");
    tls_server_stop(&server);
}

static void test_tls_files_and_plain_servers(void **state)
{
    struct world *w = *state;
    char url[64];
    snprintf(url, sizeof url, "https://127.0.0.1:%d/ok", hostile_port(w->server));
    w->job.tls_config.present = true;
    w->job.tls_config.ca_file = (char[]){"/nonexistent"};
    assert_fails(get_url(w, url, LONG_NS), LW_TLS, "ca_file");
    w->job.tls_config.ca_file = NULL;
    w->job.tls_config.server_name = (char[]){"not a name"};
    assert_fails(get_url(w, url, LONG_NS), LW_INVALID, "server_name \"not a name\"");
    assert_body(get(w, "/ok", LONG_NS), "hello"); /* plain http has no use for it */
}

static int make_temp_dir(void **state)
{
    (void)state;
    temp_file(NULL);
    return sem_init(&resolver_may_go_on, 0, 0);
}

static int remove_temp_dir(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", temp_file(""));
    return system(command);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_body_arrives),
        TEST(test_connection_is_kept_alive),
        TEST(test_hosts_do_not_take_turns_at_connections),
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
        TEST(test_basic_auth),
        TEST(test_rotated_bearer_token_counts_at_once),
        TEST(test_bad_credential_files),
        TEST(test_slow_targets_hold_up_nobody),
        TEST(test_hanging_resolver_holds_up_nobody),
        TEST(test_transfers_wait_their_turn),
        TEST(test_transfers_leave_descriptors),
        TEST(test_two_hundred_take_their_turns),
        TEST(test_budget_of_all_bodies),
        TEST(test_cancel_of_what_is_not_under_way),
        TEST(test_tls),
        TEST(test_tls_files_and_plain_servers),
    };
    return cmocka_run_group_tests_name("scrape/fetch", tests, make_temp_dir, remove_temp_dir);
}
