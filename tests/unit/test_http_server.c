/* http/ with sockets: the real server on a real loop. The client of each test is a blocking one and
 * runs as a job on the loop's worker thread; it asserts nothing, it leaves its replies in the
 * fixture, and the test looks at them when the loop has ended. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include "base/mem.h"
#include "http/http.h"

#define HANG_S         60 /* a client that waits longer gives up, and its test fails */
#define REPLY_BYTES    ((size_t)64 << 10)
#define REPLIES_MAX    8
#define CLIENTS_MAX    600
#define BODY_LIMIT     1000
#define BIG_BODY_BYTES 20000

struct reply {
    int status; /* 0: closed without one */
    char *text; /* head and body, NUL-terminated */
    char *body; /* within text */
    size_t body_len;
};

/* What the handler of /stream saw. */
struct streamed {
    struct http_stream *stream;
    struct loop_timer timer;
    size_t bytes, xs, pauses, taken_while_paused;
    size_t begun, ended, closed;
    bool is_paused, hangs;
    size_t refuse_at; /* 0: never */
};

struct fixture {
    struct loop *loop;
    struct http_router *router;
    struct http_server *server;
    int port;
    struct loop_job job;
    void (*client)(struct fixture *fixture);
    bool client_is_done;
    /* what the client leaves */
    struct reply replies[REPLIES_MAX];
    int fds[CLIENTS_MAX];
    int served;
    /* what the handlers leave */
    uint64_t most_connections;
    struct streamed streamed;
};

/* ---- the client's side ---- */

/* A connection from the address to the server, or -1. */
static int dial_from(const struct fixture *fixture, const char *from)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval patience = {.tv_sec = HANG_S};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = inet_addr(from)};
    struct sockaddr_in to = {.sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
        .sin_port = htons((uint16_t)fixture->port)};
    if (bind(fd, (struct sockaddr *)&at, sizeof at) == 0 &&
        connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    close(fd);
    return -1;
}

static int dial(const struct fixture *fixture)
{
    return dial_from(fixture, "127.0.0.1");
}

/* Stops early when the server closes: what it said last can still be read. */
static void send_bytes(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        bytes += n;
        len -= (size_t)n;
    }
}

static void send_text(int fd, const char *text)
{
    send_bytes(fd, text, strlen(text));
}

/* Reads one byte after the other up to `len` bytes or, with len 0, the end of a head. */
static size_t receive(int fd, char *to, size_t size, size_t len)
{
    size_t n = 0;
    while (n < size && (len == 0 || n < len) && recv(fd, to + n, 1, 0) == 1) {
        n++;
        if (len == 0 && n >= 4 && memcmp(to + n - 4, "\r\n\r\n", 4) == 0)
            break;
    }
    return n;
}

/* The next reply; has_body: false for the answer to a HEAD. */
static struct reply read_reply(int fd, bool has_body)
{
    struct reply reply = {.text = lw_new(REPLY_BYTES, 1)};
    size_t head = receive(fd, reply.text, REPLY_BYTES - 1, 0);
    reply.body = reply.text + head;
    if (sscanf(reply.text, "HTTP/1.%*d %d", &reply.status) != 1)
        reply.status = 0;
    const char *length = strcasestr(reply.text, "\r\nContent-Length: ");
    size_t want = length ? (size_t)atoi(length + strlen("\r\nContent-Length: ")) : 0;
    if (has_body && want > 0)
        reply.body_len = receive(fd, reply.body, REPLY_BYTES - 1 - head, want);
    return reply;
}

static struct reply exchange(int fd, const char *request)
{
    send_text(fd, request);
    return read_reply(fd, strncmp(request, "HEAD", 4) != 0);
}

/* As exchange, on a connection of its own. */
static struct reply ask(const struct fixture *fixture, const char *request)
{
    int fd = dial(fixture);
    struct reply reply = exchange(fd, request);
    close(fd);
    return reply;
}

/* ---- the server's side ---- */

static void error_page(void *ctx, const struct http_request *request, const struct lw_err *err,
    struct http_response *response)
{
    (void)ctx;
    (void)request;
    http_response_text(response, response->status, "%s\n", err->msg);
}

static void say_hello(void *ctx, const struct http_request *request, struct http_response *response)
{
    struct fixture *fixture = ctx;
    const char *name = http_request_param(request, "name");
    uint64_t connections = http_server_stats(fixture->server)->connections;
    if (connections > fixture->most_connections)
        fixture->most_connections = connections;
    http_response_text(response, 200, "hello %s\n", name ? name : "world");
    http_response_header(response, "Cache-Control", "no-store");
}

static void count_body(
    void *ctx, const struct http_request *request, struct http_response *response)
{
    (void)ctx;
    size_t xs = strspn(request->body, "x");
    http_response_text(
        response, 200, "%s %zu bytes, %zu x\n", request->method, request->body_len, xs);
}

static void send_big(void *ctx, const struct http_request *request, struct http_response *response)
{
    (void)ctx;
    if (http_response_etag(response, request, 42))
        return;
    response->body = lw_new(BIG_BODY_BYTES, 1);
    memset(response->body, 'x', BIG_BODY_BYTES);
    response->len = BIG_BODY_BYTES;
    response->content_type = "application/json";
}

/* /stream counts what comes. It pauses after each piece and goes on when the timer fires, or never
 * (?hang); the answer waits for the timer, too. ?refuse=N: 413 once N bytes came, 403 at once for
 * 0.
 */
static void stream_timer(void *ctx)
{
    struct fixture *fixture = ctx;
    struct streamed *streamed = &fixture->streamed;
    if (streamed->is_paused) {
        streamed->is_paused = false;
        http_stream_resume(streamed->stream);
        return;
    }
    struct http_response response = {0};
    http_response_text(&response, 201, "%zu bytes, %zu x\n", streamed->bytes, streamed->xs);
    http_stream_answer(streamed->stream, &response);
}

static void *stream_begin(void *ctx, struct http_stream *stream, const struct http_request *request)
{
    struct fixture *fixture = ctx;
    const char *refuse = http_request_param(request, "refuse");
    struct lw_err err;
    size_t begun = fixture->streamed.begun, closed = fixture->streamed.closed;
    fixture->streamed = (struct streamed){.stream = stream,
        .timer = {.fire = stream_timer, .ctx = fixture},
        .begun = begun + 1,
        .closed = closed,
        .hangs = http_request_param(request, "hang") != NULL,
        .refuse_at = refuse ? (size_t)atoi(refuse) : 0};
    if (!refuse || fixture->streamed.refuse_at)
        return fixture;
    lw_err_set(&err, LW_FORBIDDEN, "not you, \"%s\", with %llu bytes", request->authorization,
        (unsigned long long)request->announced_bytes);
    http_stream_refuse(stream, &err);
    return NULL;
}

static void stream_take(void *state, const char *bytes, size_t len)
{
    struct fixture *fixture = state;
    struct streamed *streamed = &fixture->streamed;
    streamed->bytes += len;
    for (size_t i = 0; i < len; i++)
        streamed->xs += bytes[i] == 'x';
    streamed->taken_while_paused += streamed->is_paused;
    if (streamed->refuse_at && streamed->bytes >= streamed->refuse_at) {
        struct lw_err err;
        lw_err_set(&err, LW_TOO_LARGE, "more than %zu bytes", streamed->refuse_at);
        http_stream_refuse(streamed->stream, &err);
        return;
    }
    streamed->is_paused = true;
    streamed->pauses++;
    http_stream_pause(streamed->stream);
    if (!streamed->hangs)
        loop_timer_arm(fixture->loop, &streamed->timer, loop_now(fixture->loop));
}

static void stream_end(void *state)
{
    struct fixture *fixture = state;
    fixture->streamed.ended++;
    loop_timer_arm(fixture->loop, &fixture->streamed.timer, loop_now(fixture->loop));
}

static void stream_close(void *state)
{
    struct fixture *fixture = state;
    fixture->streamed.closed++;
    loop_timer_disarm(fixture->loop, &fixture->streamed.timer);
    loop_stop(fixture->loop); /* for who waits for it; others run the loop on */
}

static const struct http_stream_handler stream_handler = {
    .begin = stream_begin,
    .take = stream_take,
    .end = stream_end,
    .close = stream_close,
};

static int set_up(void **state)
{
    struct lw_err err;
    struct fixture *fixture = LW_NEW(struct fixture);
    fixture->loop = loop_new(1, 4, &err);
    fixture->router = http_router_new(error_page, NULL);
    http_router_add(fixture->router, "GET", "/hello", 0, say_hello, fixture);
    http_router_add(fixture->router, "GET", "/big", 0, send_big, fixture);
    http_router_add(fixture->router, "POST", "/count", BODY_LIMIT, count_body, fixture);
    http_router_add_stream(fixture->router, "POST", "/stream", &stream_handler, fixture);
    fixture->server = http_server_new(fixture->loop, fixture->router, "127.0.0.1:0", &err);
    if (!fixture->server) {
        print_error("%s\n", err.msg);
        return -1;
    }
    fixture->port = http_server_port(fixture->server);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    http_server_free(&fixture->server);
    http_router_free(&fixture->router);
    loop_free(&fixture->loop); /* asserts that the server has left nothing on it */
    for (int i = 0; i < REPLIES_MAX; i++)
        free(fixture->replies[i].text);
    free(fixture);
    return 0;
}

static void run_client(struct loop_job *job)
{
    struct fixture *fixture = (struct fixture *)((char *)job - offsetof(struct fixture, job));
    fixture->client(fixture);
}

static void client_done(struct loop_job *job)
{
    struct fixture *fixture = (struct fixture *)((char *)job - offsetof(struct fixture, job));
    fixture->client_is_done = true;
    loop_stop(fixture->loop);
}

static void serve(struct fixture *fixture, void (*client)(struct fixture *fixture))
{
    struct lw_err err;
    fixture->client = client;
    fixture->job = (struct loop_job){.run = run_client, .done = client_done};
    fixture->client_is_done = false;
    assert_int_equal(loop_job_submit(fixture->loop, &fixture->job, &err), 0);
    while (!fixture->client_is_done) /* the end of a stream stops the loop, too */
        loop_run(fixture->loop);
}

/* Until `count` streams have been closed in all. */
static void await_closed(struct fixture *fixture, size_t count)
{
    while (fixture->streamed.closed < count)
        loop_run(fixture->loop);
    assert_int_equal(fixture->streamed.closed, count);
}

static void assert_has(const struct reply *reply, const char *text)
{
    if (!strstr(reply->text, text))
        fail_msg("no \"%s\" in:\n%s", text, reply->text);
}

/* ---- plain requests ---- */

static void ask_simply(struct fixture *fixture)
{
    fixture->replies[0] = ask(fixture, "GET /hello?name=a%20b HTTP/1.1\r\nHost: x\r\n\r\n");
    fixture->replies[1] = ask(fixture, "HEAD /hello?name=a%20b HTTP/1.1\r\nHost: x\r\n\r\n");
    fixture->replies[2] = ask(fixture, "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n");
    fixture->replies[3] =
        ask(fixture, "DELETE /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
    fixture->replies[4] = ask(fixture, "GET /hello?name=%4 HTTP/1.1\r\nHost: x\r\n\r\n");
    fixture->replies[5] = ask(fixture, "GET /hello%00 HTTP/1.1\r\nHost: x\r\n\r\n");
    fixture->replies[6] = ask(fixture, "GET /hello HTTP/1.0\r\n\r\n");
}

static void test_simple_requests(void **state)
{
    struct fixture *fixture = *state;
    serve(fixture, ask_simply);
    const struct reply *r = fixture->replies;
    assert_int_equal(r[0].status, 200);
    assert_string_equal(r[0].body, "hello a b\n");
    assert_has(&r[0], "\r\nX-Content-Type-Options: nosniff\r\n");
    assert_has(&r[0], "\r\nCache-Control: no-store\r\n");
    assert_has(&r[0], "\r\nContent-Type: text/plain; charset=utf-8\r\n");
    assert_int_equal(r[1].status, 200);
    assert_string_equal(r[1].body, "");
    assert_has(&r[1], "\r\nContent-Length: 10\r\n");
    assert_int_equal(r[2].status, 404);
    assert_has(&r[2], "\r\nX-Content-Type-Options: nosniff\r\n");
    assert_int_equal(r[3].status, 405);
    assert_has(&r[3], "\r\nAllow: GET, HEAD\r\n");
    assert_int_equal(r[4].status, 400);
    assert_has(&r[4], "percent-encoded");
    assert_int_equal(r[5].status, 400);
    assert_int_equal(r[6].status, 200);
    const struct http_stats *stats = http_server_stats(fixture->server);
    assert_int_equal(stats->requests_by_class[2], 3);
    assert_int_equal(stats->requests_by_class[4], 4);
}

/* Two requests in one segment, then a third on the same connection. */
static void keep_alive(struct fixture *fixture)
{
    int fd = dial(fixture);
    fixture->replies[0] = exchange(fd, "GET /hello?name=1 HTTP/1.1\r\nHost: x\r\n\r\n"
                                       "GET /hello?name=2 HTTP/1.1\r\nHost: x\r\n\r\n");
    fixture->replies[1] = read_reply(fd, true);
    fixture->replies[2] = exchange(fd, "GET /hello?name=3 HTTP/1.1\r\nHost: x\r\n\r\n");
    close(fd);
}

static void test_keep_alive(void **state)
{
    struct fixture *fixture = *state;
    serve(fixture, keep_alive);
    assert_string_equal(fixture->replies[0].body, "hello 1\n");
    assert_string_equal(fixture->replies[1].body, "hello 2\n");
    assert_string_equal(fixture->replies[2].body, "hello 3\n");
    assert_int_equal(fixture->most_connections, 1);
}

/* ---- bodies ---- */

static void post(struct fixture *fixture, struct reply *reply, const char *method, size_t len)
{
    char head[128];
    char *body = lw_new(len, 1);
    memset(body, 'x', len);
    snprintf(head, sizeof head, "%s /count HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n",
        method, len);
    int fd = dial(fixture);
    send_text(fd, head);
    send_bytes(fd, body, len);
    *reply = read_reply(fd, true);
    free(body);
    close(fd);
}

static void post_around_the_limit(struct fixture *fixture)
{
    post(fixture, &fixture->replies[0], "POST", 0);
    post(fixture, &fixture->replies[1], "PUT", BODY_LIMIT);
    post(fixture, &fixture->replies[2], "POST", BODY_LIMIT + 1);
    post(fixture, &fixture->replies[3], "POST", 500000);
    fixture->replies[4] = ask(fixture, "POST /count HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                                       "Content-Length: 99999999999\r\n\r\n");
}

static void test_body_limit(void **state)
{
    struct fixture *fixture = *state;
    serve(fixture, post_around_the_limit);
    const struct reply *r = fixture->replies;
    assert_string_equal(r[0].body, "POST 0 bytes, 0 x\n");
    assert_string_equal(r[1].body, "PUT 1000 bytes, 1000 x\n");
    assert_int_equal(r[2].status, 413);
    assert_has(&r[2], "1000 bytes");
    assert_int_equal(r[3].status, 413);
    assert_int_equal(r[4].status, 413); /* before a byte of it was sent */
    assert_int_equal(http_server_stats(fixture->server)->requests_by_class[4], 3);
}

/* Chunks of 100 bytes until `chunks` are sent or the server hangs up. */
static void post_chunks(int fd, int chunks)
{
    char chunk[128];
    send_text(fd, "POST /count HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    memcpy(chunk, "64\r\n", 4);
    memset(chunk + 4, 'x', 100);
    memcpy(chunk + 104, "\r\n", 2);
    for (int i = 0; i < chunks; i++)
        send_bytes(fd, chunk, 106);
    send_text(fd, "0\r\n\r\n");
}

static void post_chunked(struct fixture *fixture)
{
    int fd = dial(fixture);
    post_chunks(fd, BODY_LIMIT / 100);
    fixture->replies[0] = read_reply(fd, true);
    post_chunks(fd, BODY_LIMIT / 100 + 1);
    fixture->replies[1] = read_reply(fd, true);
    fixture->replies[2] = exchange(fd, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    close(fd);
    fd = dial(fixture);
    post_chunks(fd, 40000); /* 4 MB: more than is drained */
    fixture->replies[3] = read_reply(fd, true);
    close(fd);
    fixture->replies[4] = ask(fixture, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
}

static void test_chunked_body_limit(void **state)
{
    struct fixture *fixture = *state;
    serve(fixture, post_chunked);
    const struct reply *r = fixture->replies;
    assert_string_equal(r[0].body, "POST 1000 bytes, 1000 x\n");
    assert_int_equal(r[1].status, 413);
    assert_int_equal(r[2].status, 200); /* on the same connection: the body was drained */
    assert_int_equal(r[3].status, 0);   /* hung up on */
    assert_int_equal(r[4].status, 200);
}

/* ---- what clients may not do ---- */

/* "GET <prefix>aaa…<suffix>" with n letters. */
static struct reply ask_long(
    struct fixture *fixture, const char *prefix, size_t n, const char *suffix)
{
    char *request = lw_new(n + 256, 1);
    strcpy(request, prefix);
    memset(request + strlen(prefix), 'a', n);
    strcpy(request + strlen(prefix) + n, suffix);
    struct reply reply = ask(fixture, request);
    free(request);
    return reply;
}

static void ask_too_much(struct fixture *fixture)
{
    static const char end[] = " HTTP/1.1\r\nHost: x\r\n\r\n";
    char params[512] = "GET /hello?";
    for (int i = 0; i <= HTTP_PARAMS_MAX; i++)
        strcat(params, "a=1&");
    strcat(params, end);
    fixture->replies[0] = ask(fixture, params);
    fixture->replies[1] = ask_long(fixture, "GET /hello?name=", 4000, end);
    fixture->replies[2] = ask_long(fixture, "GET /hello?name=", 200000, end);
    fixture->replies[3] =
        ask_long(fixture, "GET /hello HTTP/1.1\r\nHost: x\r\nX-Long: ", 200000, "\r\n\r\n");
    fixture->replies[4] = ask(fixture, "\x16\x03\x01 what?\r\n\r\n");
    fixture->replies[5] = ask(fixture, "GET /hello HTTP/1.1\r\n\r\n"); /* no Host */
    int fd = dial(fixture);
    close(fd); /* not a byte */
    fd = dial(fixture);
    send_text(fd, "POST /count HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\nxxx");
    close(fd); /* gone in the middle of the body */
    fixture->replies[6] = ask(fixture, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
}

static void test_too_much(void **state)
{
    struct fixture *fixture = *state;
    serve(fixture, ask_too_much);
    const struct reply *r = fixture->replies;
    assert_int_equal(r[0].status, 400);
    assert_has(&r[0], "more than 32 query parameters");
    assert_int_equal(r[1].status, 200); /* a long value is no crime */
    assert_int_equal(r[1].body_len, 4000 + strlen("hello \n"));
    assert_int_equal(r[2].status, 414);
    assert_int_equal(r[3].status, 431);
    assert_true(r[4].status == 0 || r[4].status == 400);
    assert_int_equal(r[5].status, 400);
    assert_int_equal(r[6].status, 200);
}

/* One client stops in the middle of its request; another is served meanwhile. */
static void dawdle(struct fixture *fixture)
{
    int slow = dial(fixture);
    send_text(slow, "GET /hello?name=slow HTTP/1.1\r\nHo");
    fixture->replies[0] = ask(fixture, "GET /hello?name=quick HTTP/1.1\r\nHost: x\r\n\r\n");
    fixture->replies[1] = exchange(slow, "st: x\r\n\r\n");
    close(slow);
}

static void test_slow_client_blocks_nobody(void **state)
{
    struct fixture *fixture = *state;
    serve(fixture, dawdle);
    assert_string_equal(fixture->replies[0].body, "hello quick\n");
    assert_string_equal(fixture->replies[1].body, "hello slow\n");
    assert_int_equal(fixture->most_connections, 2);
}

/* ---- gzip and ETag ---- */

static void ask_for_big(struct fixture *fixture)
{
    int fd = dial(fixture);
    fixture->replies[0] = exchange(fd, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
    fixture->replies[1] =
        exchange(fd, "GET /big HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n");
    fixture->replies[2] =
        exchange(fd, "HEAD /big HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n");
    fixture->replies[3] = exchange(
        fd, "GET /big HTTP/1.1\r\nHost: x\r\nIf-None-Match: W/\"000000000000002a\"\r\n\r\n");
    fixture->replies[4] =
        exchange(fd, "GET /big HTTP/1.1\r\nHost: x\r\nIf-None-Match: \"other\"\r\n\r\n");
    close(fd);
}

static size_t inflated_bytes(const struct reply *reply)
{
    unsigned char out[BIG_BODY_BYTES + 1];
    z_stream z = {.next_in = (unsigned char *)reply->body,
        .avail_in = (unsigned)reply->body_len,
        .next_out = out,
        .avail_out = sizeof out};
    assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
    assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
    inflateEnd(&z);
    return z.total_out;
}

static void test_gzip_and_etag(void **state)
{
    struct fixture *fixture = *state;
    serve(fixture, ask_for_big);
    const struct reply *r = fixture->replies;
    assert_int_equal(r[0].status, 200);
    assert_int_equal(r[0].body_len, BIG_BODY_BYTES);
    assert_has(&r[0], "\r\nVary: Accept-Encoding\r\n");
    assert_has(&r[0], "\r\nETag: W/\"000000000000002a\"\r\n");
    assert_has(&r[1], "\r\nContent-Encoding: gzip\r\n");
    assert_true(r[1].body_len < 1000);
    assert_int_equal(inflated_bytes(&r[1]), BIG_BODY_BYTES);
    char length[64];
    snprintf(length, sizeof length, "\r\nContent-Length: %zu\r\n", r[1].body_len);
    assert_has(&r[2], length); /* a HEAD says what the GET would send */
    assert_has(&r[2], "\r\nContent-Encoding: gzip\r\n");
    assert_int_equal(r[2].body_len, 0);
    assert_int_equal(r[3].status, 304);
    assert_int_equal(r[3].body_len, 0);
    assert_has(&r[3], "\r\nETag: W/\"000000000000002a\"\r\n");
    assert_int_equal(r[4].status, 200);
}

/* ---- many connections ---- */

static void come_from_one_address(struct fixture *fixture)
{
    for (int i = 0; i < 100; i++) {
        fixture->fds[i] = dial(fixture);
        send_text(fixture->fds[i], "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    for (int i = 0; i < 100; i++) {
        struct reply reply = read_reply(fixture->fds[i], true);
        fixture->served += reply.status == 200;
        free(reply.text);
    }
    for (int i = 0; i < 100; i++)
        close(fixture->fds[i]);
}

static void test_limit_per_address(void **state)
{
    struct fixture *fixture = *state;
    serve(fixture, come_from_one_address);
    assert_int_equal(fixture->served, 64);
    assert_int_equal(fixture->most_connections, 64);
}

/* All connect and ask; the first 512 are served and stay. Then one after the other goes, and each
 * time one more is served: the server has to notice by itself that it may accept again. In the end
 * the last of the first still is connected, so it was not time-outs that made room. */
static void come_in_crowds(struct fixture *fixture)
{
    static const char hello[] = "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";
    for (int i = 0; i < CLIENTS_MAX; i++) {
        char from[32];
        snprintf(from, sizeof from, "127.0.0.%d", 2 + i / 60);
        fixture->fds[i] = dial_from(fixture, from);
        send_text(fixture->fds[i], hello);
    }
    for (int i = 0; i < CLIENTS_MAX; i++) {
        if (i >= 512)
            close(fixture->fds[i - 512]);
        struct reply reply = read_reply(fixture->fds[i], true);
        fixture->served += reply.status == 200;
        free(reply.text);
    }
    fixture->replies[0] = exchange(fixture->fds[511], hello);
    for (int i = CLIENTS_MAX - 512; i < CLIENTS_MAX; i++)
        close(fixture->fds[i]);
}

static void test_limit_of_connections(void **state)
{
    struct fixture *fixture = *state;
    struct rlimit files;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    if (files.rlim_max < 4 * CLIENTS_MAX)
        skip();
    files.rlim_cur = files.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
    serve(fixture, come_in_crowds);
    assert_int_equal(fixture->served, CLIENTS_MAX);
    assert_int_equal(fixture->most_connections, 512);
    assert_int_equal(fixture->replies[0].status, 200);
}

/* ---- beginning and end ---- */

static void leave_open(struct fixture *fixture)
{
    fixture->fds[0] = dial(fixture);
    fixture->replies[0] = exchange(fixture->fds[0], "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    fixture->fds[1] = dial(fixture);
    send_text(fixture->fds[1], "POST /count HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\nxxx");
    fixture->replies[1] = ask(fixture, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
}

static void test_free_with_open_connections(void **state)
{
    struct fixture *fixture = *state;
    serve(fixture, leave_open);
    assert_int_equal(fixture->replies[0].status, 200);
    assert_int_equal(fixture->replies[1].status, 200);
    http_server_free(&fixture->server);
    assert_null(fixture->server);
    char byte;
    assert_int_equal(recv(fixture->fds[0], &byte, 1, 0), 0); /* closed */
    assert_int_equal(dial(fixture), -1);                     /* and nobody listens any more */
    close(fixture->fds[0]);
    close(fixture->fds[1]);
}

static void test_listen_addresses(void **state)
{
    struct fixture *fixture = *state;
    static const char *const invalid[] = {"", "localhost", "127.0.0.1:", "127.0.0.1:http", ":65536",
        ":-1", ":123456", "::1:80", "[::1]", "[::1]80", "127.0.0.1:80x", ": 80"};
    struct lw_err err;
    for (size_t i = 0; i < sizeof invalid / sizeof invalid[0]; i++) {
        if (http_server_new(fixture->loop, fixture->router, invalid[i], &err))
            fail_msg("\"%s\" was taken", invalid[i]);
        assert_int_equal(err.code, LW_INVALID);
    }
    assert_null(
        http_server_new(fixture->loop, fixture->router, "192.0.2.1:0", &err)); /* not ours */
    assert_int_equal(err.code, LW_IO);
    assert_non_null(strstr(err.msg, "192.0.2.1:0"));
    char taken[32];
    snprintf(taken, sizeof taken, "127.0.0.1:%d", fixture->port);
    assert_null(http_server_new(fixture->loop, fixture->router, taken, &err));
    assert_int_equal(err.code, LW_IO);
    assert_non_null(strstr(err.msg, taken));
    assert_non_null(strstr(err.msg, "is another leakwatchd running?"));
}

static void ask_once(struct fixture *fixture)
{
    fixture->replies[0] = ask(fixture, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
}

/* ":0" takes IPv4, whether or not the machine has IPv6. */
static void test_every_address(void **state)
{
    struct fixture *fixture = *state;
    struct lw_err err;
    http_server_free(&fixture->server);
    fixture->server = http_server_new(fixture->loop, fixture->router, ":0", &err);
    assert_non_null(fixture->server);
    fixture->port = http_server_port(fixture->server);
    serve(fixture, ask_once);
    assert_int_equal(fixture->replies[0].status, 200);
}

/* ---- streamed bodies ---- */

#define STREAM_BYTES 1000000

/* A request with a body of len bytes, of which `sent` are really sent; half of them are x. */
static void send_stream(int fd, const char *query, size_t len, size_t sent)
{
    char head[256], piece[1000];
    snprintf(head, sizeof head,
        "PUT /stream%s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\n"
        "Content-Length: %zu\r\n\r\n",
        query, len);
    send_text(fd, head);
    memset(piece, 'x', sizeof piece / 2);
    memset(piece + sizeof piece / 2, 'y', sizeof piece / 2);
    for (size_t at = 0; at < sent; at += sizeof piece)
        send_bytes(fd, piece, sizeof piece);
}

static void stream_twice(struct fixture *fixture)
{
    int fd = dial(fixture);
    for (int i = 0; i < 2; i++) { /* the second on the same connection */
        send_stream(fd, "", STREAM_BYTES, STREAM_BYTES);
        fixture->replies[i] = read_reply(fd, true);
    }
    fixture->replies[2] = exchange(fd, "POST /stream HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
                                       "chunked\r\n\r\n3\r\nxxy\r\n2\r\nxx\r\n0\r\n\r\n");
    fixture->replies[3] =
        exchange(fd, "POST /stream HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
    fixture->replies[4] = exchange(fd, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    close(fd);
}

static void test_stream(void **state)
{
    struct fixture *fixture = *state;
    serve(fixture, stream_twice);
    await_closed(fixture, 4);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(fixture->replies[i].status, 201);
        assert_has(&fixture->replies[i], "1000000 bytes, 500000 x\n");
    }
    assert_has(&fixture->replies[2], "5 bytes, 4 x\n");
    assert_has(&fixture->replies[3], "0 bytes, 0 x\n");
    assert_int_equal(fixture->replies[4].status, 405);
    assert_int_equal(fixture->streamed.begun, 4);
    assert_int_equal(fixture->streamed.taken_while_paused, 0);
}

static void stream_refused(struct fixture *fixture)
{
    int fd = dial(fixture);
    send_stream(fd, "?refuse=0", STREAM_BYTES, 0);
    fixture->replies[0] = read_reply(fd, true);
    close(fd);
    fd = dial(fixture);
    send_stream(fd, "?refuse=100000", 500000, 500000);
    fixture->replies[1] = read_reply(fd, true);
    close(fd);
    fd = dial(fixture);
    send_stream(fd, "?refuse=100000", 20000000, 20000000);
    fixture->replies[2] = read_reply(fd, true);
    close(fd);
}

static void test_stream_refused(void **state)
{
    struct fixture *fixture = *state;
    serve(fixture, stream_refused);
    await_closed(fixture, 2); /* the one refused at once has no state that could be closed */
    assert_int_equal(fixture->replies[0].status, 403);
    assert_has(&fixture->replies[0], "not you, \"Bearer t\", with 1000000 bytes");
    assert_int_equal(fixture->replies[1].status, 413);
    assert_int_equal(fixture->replies[2].status, 0); /* sent on and on: disconnected */
    assert_int_equal(fixture->streamed.ended, 0);
    assert_true(fixture->streamed.bytes >= 100000 && fixture->streamed.bytes < 200000);
}

static void stream_and_leave(struct fixture *fixture)
{
    int fd = dial(fixture);
    send_stream(fd, "", STREAM_BYTES, STREAM_BYTES / 2);
    close(fd);
}

static void test_stream_client_leaves(void **state)
{
    struct fixture *fixture = *state;
    serve(fixture, stream_and_leave);
    await_closed(fixture, 1);
    assert_int_equal(fixture->streamed.ended, 0);
}

static void stream_into_pause(struct fixture *fixture)
{
    int fd = fixture->fds[0] = dial(fixture);
    send_stream(fd, "?hang", STREAM_BYTES, 1000);
    fixture->replies[0] = ask(fixture, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
}

/* A server may go while a handler still holds a client back. */
static void test_free_with_paused_stream(void **state)
{
    struct fixture *fixture = *state;
    serve(fixture, stream_into_pause);
    assert_int_equal(fixture->replies[0].status, 200);
    assert_int_equal(fixture->streamed.begun, 1);
    assert_int_equal(fixture->streamed.closed, 0);
    http_server_free(&fixture->server);
    assert_int_equal(fixture->streamed.closed, 1);
    assert_int_equal(fixture->streamed.ended, 0);
    close(fixture->fds[0]);
}

static void test_stream_needs_a_server(void **state)
{
    struct fixture *fixture = *state;
    struct http_request request = {.method = "PUT", .path = "/stream", .body = ""};
    struct http_response response;
    http_router_answer(fixture->router, &request, &response);
    assert_int_equal(response.status, 500);
    http_response_fini(&response);
    assert_int_equal(fixture->streamed.begun, 0);
}

#define SERVER_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVER_TEST(test_simple_requests),
        SERVER_TEST(test_keep_alive),
        SERVER_TEST(test_body_limit),
        SERVER_TEST(test_chunked_body_limit),
        SERVER_TEST(test_too_much),
        SERVER_TEST(test_slow_client_blocks_nobody),
        SERVER_TEST(test_gzip_and_etag),
        SERVER_TEST(test_limit_per_address),
        SERVER_TEST(test_limit_of_connections),
        SERVER_TEST(test_free_with_open_connections),
        SERVER_TEST(test_listen_addresses),
        SERVER_TEST(test_every_address),
        SERVER_TEST(test_stream),
        SERVER_TEST(test_stream_refused),
        SERVER_TEST(test_stream_client_leaves),
        SERVER_TEST(test_free_with_paused_stream),
        SERVER_TEST(test_stream_needs_a_server),
    };
    return cmocka_run_group_tests_name("http server", tests, NULL, NULL);
}
