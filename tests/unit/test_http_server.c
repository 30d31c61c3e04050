/* http/ with sockets: requests, limits, listening. Bodies that are streamed: test_http_stream.c. */
#include <errno.h>
#include <semaphore.h>
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
#include "http_room.h"

#define BODY_LIMIT      1000
#define BIG_BODY_BYTES  20000
#define HUGE_BODY_BYTES (1 << 20)

static uint64_t most_connections; /* that say_hello saw */

static void say_hello(void *ctx, const struct http_request *request, struct http_response *response)
{
    struct http_room *room = ctx;
    const char *name = http_request_param(request, "name");
    uint64_t connections = http_server_stats(room->server)->connections;
    if (connections > most_connections)
        most_connections = connections;
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

static sem_t huge_was_asked;

static void send_huge(void *ctx, const struct http_request *request, struct http_response *response)
{
    (void)ctx;
    (void)request;
    response->body = lw_new(HUGE_BODY_BYTES, 1);
    memset(response->body, 'x', HUGE_BODY_BYTES);
    response->len = HUGE_BODY_BYTES;
    response->content_type = "application/json";
    sem_post(&huge_was_asked);
}

static int set_up(void **state)
{
    struct http_room *room = http_room_open();
    *state = room;
    if (!room)
        return -1;
    most_connections = 0;
    http_router_add(room->router, "GET", "/hello", 0, say_hello, room);
    http_router_add(room->router, "GET", "/big", 0, send_big, room);
    http_router_add(room->router, "GET", "/huge", 0, send_huge, room);
    sem_init(&huge_was_asked, 0, 0);
    http_router_add(room->router, "POST", "/count", BODY_LIMIT, count_body, room);
    http_router_add_list(room->router, "tag");
    return 0;
}

static int tear_down(void **state)
{
    http_room_close((struct http_room **)state);
    return 0;
}

/* ---- plain requests ---- */

static void ask_simply(struct http_room *room)
{
    room->replies[0] = http_client_ask(room, "GET /hello?name=a%20b HTTP/1.1\r\nHost: x\r\n\r\n");
    room->replies[1] = http_client_ask(room, "HEAD /hello?name=a%20b HTTP/1.1\r\nHost: x\r\n\r\n");
    room->replies[2] = http_client_ask(room, "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n");
    room->replies[3] =
        http_client_ask(room, "DELETE /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
    room->replies[4] = http_client_ask(room, "GET /hello?name=%4 HTTP/1.1\r\nHost: x\r\n\r\n");
    room->replies[5] = http_client_ask(room, "GET /hello%00 HTTP/1.1\r\nHost: x\r\n\r\n");
    room->replies[6] = http_client_ask(room, "GET /hello HTTP/1.0\r\n\r\n");
}

static void test_simple_requests(void **state)
{
    struct http_room *room = *state;
    http_room_serve(room, ask_simply);
    const struct http_reply *r = room->replies;
    assert_int_equal(r[0].status, 200);
    assert_string_equal(r[0].body, "hello a b\n");
    http_room_assert_has(&r[0], "\r\nX-Content-Type-Options: nosniff\r\n");
    http_room_assert_has(&r[0], "\r\nCache-Control: no-store\r\n");
    http_room_assert_has(&r[0], "\r\nContent-Type: text/plain; charset=utf-8\r\n");
    assert_int_equal(r[1].status, 200);
    assert_string_equal(r[1].body, "");
    http_room_assert_has(&r[1], "\r\nContent-Length: 10\r\n");
    assert_int_equal(r[2].status, 404);
    http_room_assert_has(&r[2], "\r\nX-Content-Type-Options: nosniff\r\n");
    assert_int_equal(r[3].status, 405);
    http_room_assert_has(&r[3], "\r\nAllow: GET, HEAD\r\n");
    assert_int_equal(r[4].status, 400);
    http_room_assert_has(&r[4], "percent-encoded");
    assert_int_equal(r[5].status, 400);
    assert_int_equal(r[6].status, 200);
    const struct http_stats *stats = http_server_stats(room->server);
    assert_int_equal(stats->requests_by_class[2], 3);
    assert_int_equal(stats->requests_by_class[4], 4);
}

/* Two requests in one segment, then a third on the same connection. */
static void keep_alive(struct http_room *room)
{
    int fd = http_client_dial(room);
    room->replies[0] = http_client_exchange(fd, "GET /hello?name=1 HTTP/1.1\r\nHost: x\r\n\r\n"
                                                "GET /hello?name=2 HTTP/1.1\r\nHost: x\r\n\r\n");
    room->replies[1] = http_client_read(fd, true);
    room->replies[2] = http_client_exchange(fd, "GET /hello?name=3 HTTP/1.1\r\nHost: x\r\n\r\n");
    close(fd);
}

static void test_keep_alive(void **state)
{
    struct http_room *room = *state;
    http_room_serve(room, keep_alive);
    assert_string_equal(room->replies[0].body, "hello 1\n");
    assert_string_equal(room->replies[1].body, "hello 2\n");
    assert_string_equal(room->replies[2].body, "hello 3\n");
    assert_int_equal(most_connections, 1);
}

/* ---- bodies ---- */

static void post(struct http_room *room, struct http_reply *reply, const char *method, size_t len)
{
    char head[128];
    char *body = lw_new(len, 1);
    memset(body, 'x', len);
    snprintf(head, sizeof head, "%s /count HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n",
        method, len);
    int fd = http_client_dial(room);
    http_client_send(fd, head);
    http_client_send_bytes(fd, body, len);
    *reply = http_client_read(fd, true);
    free(body);
    close(fd);
}

static void post_around_the_limit(struct http_room *room)
{
    post(room, &room->replies[0], "POST", 0);
    post(room, &room->replies[1], "PUT", BODY_LIMIT);
    post(room, &room->replies[2], "POST", BODY_LIMIT + 1);
    post(room, &room->replies[3], "POST", 500000);
    room->replies[4] =
        http_client_ask(room, "POST /count HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                              "Content-Length: 99999999999\r\n\r\n");
}

static void test_body_limit(void **state)
{
    struct http_room *room = *state;
    http_room_serve(room, post_around_the_limit);
    const struct http_reply *r = room->replies;
    assert_string_equal(r[0].body, "POST 0 bytes, 0 x\n");
    assert_string_equal(r[1].body, "PUT 1000 bytes, 1000 x\n");
    assert_int_equal(r[2].status, 413);
    http_room_assert_has(&r[2], "1000 bytes");
    assert_int_equal(r[3].status, 413);
    assert_int_equal(r[4].status, 413); /* before a byte of it was sent */
    assert_int_equal(http_server_stats(room->server)->requests_by_class[4], 3);
}

/* Chunks of 100 bytes until `chunks` are sent or the server hangs up. */
static void post_chunks(int fd, int chunks)
{
    char chunk[128];
    http_client_send(fd, "POST /count HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    memcpy(chunk, "64\r\n", 4);
    memset(chunk + 4, 'x', 100);
    memcpy(chunk + 104, "\r\n", 2);
    for (int i = 0; i < chunks; i++)
        http_client_send_bytes(fd, chunk, 106);
    http_client_send(fd, "0\r\n\r\n");
}

static void post_chunked(struct http_room *room)
{
    int fd = http_client_dial(room);
    post_chunks(fd, BODY_LIMIT / 100);
    room->replies[0] = http_client_read(fd, true);
    post_chunks(fd, BODY_LIMIT / 100 + 1);
    room->replies[1] = http_client_read(fd, true);
    room->replies[2] = http_client_exchange(fd, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    close(fd);
    fd = http_client_dial(room);
    post_chunks(fd, 40000); /* 4 MB: more than is drained */
    room->replies[3] = http_client_read(fd, true);
    close(fd);
    room->replies[4] = http_client_ask(room, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
}

static void test_chunked_body_limit(void **state)
{
    struct http_room *room = *state;
    http_room_serve(room, post_chunked);
    const struct http_reply *r = room->replies;
    assert_string_equal(r[0].body, "POST 1000 bytes, 1000 x\n");
    assert_int_equal(r[1].status, 413);
    assert_int_equal(r[2].status, 200); /* on the same connection: the body was drained */
    assert_int_equal(r[3].status, 0);   /* hung up on */
    assert_int_equal(r[4].status, 200);
}

/* ---- what clients may not do ---- */

/* "GET <prefix>aaa…<suffix>" with n letters. */
static struct http_reply ask_long(
    struct http_room *room, const char *prefix, size_t n, const char *suffix)
{
    char *request = lw_new(n + 256, 1);
    strcpy(request, prefix);
    memset(request + strlen(prefix), 'a', n);
    strcpy(request + strlen(prefix) + n, suffix);
    struct http_reply reply = http_client_ask(room, request);
    free(request);
    return reply;
}

static void ask_too_much(struct http_room *room)
{
    static const char end[] = " HTTP/1.1\r\nHost: x\r\n\r\n";
    char params[512] = "GET /hello?";
    for (int i = 0; i <= HTTP_PARAMS_MAX; i++)
        strcat(params, "a=1&");
    strcat(params, end);
    room->replies[0] = http_client_ask(room, params);
    room->replies[1] = ask_long(room, "GET /hello?name=", 4000, end);
    room->replies[2] = ask_long(room, "GET /hello?name=", 200000, end);
    room->replies[3] =
        ask_long(room, "GET /hello HTTP/1.1\r\nHost: x\r\nX-Long: ", 200000, "\r\n\r\n");
    room->replies[4] = http_client_ask(room, "\x16\x03\x01 what?\r\n\r\n");
    room->replies[5] = http_client_ask(room, "GET /hello HTTP/1.1\r\n\r\n"); /* no Host */
    int fd = http_client_dial(room);
    close(fd); /* not a byte */
    fd = http_client_dial(room);
    http_client_send(fd, "POST /count HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\nxxx");
    close(fd); /* gone in the middle of the body */
    room->replies[6] = http_client_ask(room, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
}

static void test_too_much(void **state)
{
    struct http_room *room = *state;
    http_room_serve(room, ask_too_much);
    const struct http_reply *r = room->replies;
    assert_int_equal(r[0].status, 400);
    http_room_assert_has(&r[0], "more than 32 query parameters");
    assert_int_equal(r[1].status, 200); /* a long value is no crime */
    assert_int_equal(r[1].body_len, 4000 + strlen("hello \n"));
    assert_int_equal(r[2].status, 414);
    assert_int_equal(r[3].status, 431);
    assert_true(r[4].status == 0 || r[4].status == 400);
    assert_int_equal(r[5].status, 400);
    assert_int_equal(r[6].status, 200);
}

static void ask_twice(struct http_room *room)
{
    static const char *const asked[] = {"GET /hello?name=a&x=1&n%61me=b", "GET /hello?a&a",
        "GET /hello?name=a&name=a", "POST /count?name=a&name=b", "GET /nowhere?name=a&name=b",
        "GET /hello?tag=a&name=c&tag=b&Name=d"};
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        char request[128];
        snprintf(request, sizeof request, "%s HTTP/1.1\r\nHost: x\r\n\r\n", asked[i]);
        room->replies[i] = http_client_ask(room, request);
    }
}

static void test_a_parameter_is_given_once(void **state)
{
    struct http_room *room = *state;
    http_room_serve(room, ask_twice);
    const struct http_reply *r = room->replies;
    for (int i = 0; i < 5; i++)
        assert_int_equal(r[i].status, 400);
    http_room_assert_has(
        &r[0], "parameter name is given twice, as \"a\" and as \"b\": give it once");
    assert_int_equal(r[5].status, 200); /* but for a list; and names differ by case */
    http_room_assert_has(&r[5], "hello c");
}

/* One client stops in the middle of its request; another is served meanwhile. */
static void dawdle(struct http_room *room)
{
    int slow = http_client_dial(room);
    http_client_send(slow, "GET /hello?name=slow HTTP/1.1\r\nHo");
    room->replies[0] = http_client_ask(room, "GET /hello?name=quick HTTP/1.1\r\nHost: x\r\n\r\n");
    room->replies[1] = http_client_exchange(slow, "st: x\r\n\r\n");
    close(slow);
}

static void test_slow_client_blocks_nobody(void **state)
{
    struct http_room *room = *state;
    http_room_serve(room, dawdle);
    assert_string_equal(room->replies[0].body, "hello quick\n");
    assert_string_equal(room->replies[1].body, "hello slow\n");
    assert_int_equal(most_connections, 2);
}

/* The time for the request that it is called for was taken before. */
static void hurry(void *ctx, const struct http_request *request, struct http_response *response)
{
    struct http_room *room = ctx;
    (void)request;
    http_server_set_patience(room->server, 100 * LW_NS_PER_MS, 100 * LW_NS_PER_MS);
    http_response_text(response, 200, "hurry up\n");
}

static struct http_reply dial_and_dribble(struct http_room *room, const char *beginning)
{
    int fd = http_client_dial(room);
    struct http_reply reply = http_client_dribble(fd, beginning);
    close(fd);
    return reply;
}

/* In the second request of a connection, in the first line, in a header, in a body, and between two
 * pieces of one. */
static void dribble_everywhere(struct http_room *room)
{
    int fd = http_client_dial(room);
    room->replies[0] = http_client_exchange(fd, "GET /hurry HTTP/1.1\r\nHost: x\r\n\r\n");
    room->replies[1] = http_client_dribble(fd, "GET /hello?name=");
    close(fd);
    room->replies[2] = dial_and_dribble(room, "GET /hello?name=");
    room->replies[3] = dial_and_dribble(room, "GET /hello HTTP/1.1\r\nHost: x\r\nX-Long: ");
    room->replies[4] =
        dial_and_dribble(room, "POST /count HTTP/1.1\r\nHost: x\r\nContent-Length: 15000\r\n\r\n");
    room->replies[5] = dial_and_dribble(room, "POST /count HTTP/1.1\r\nHost: x\r\n"
                                              "Transfer-Encoding: chunked\r\n\r\n2\r\nxx\r\n3;");
}

static void test_who_dribbles_is_hung_up_on(void **state)
{
    struct http_room *room = *state;
    http_router_add(room->router, "GET", "/hurry", 0, hurry, room);
    http_room_serve(room, dribble_everywhere);
    assert_int_equal(room->replies[0].status, 200);
    for (int i = 1; i < 6; i++)
        assert_int_equal(room->replies[i].status, 0);
    assert_int_equal(http_server_stats(room->server)->requests_by_class[4], 0);
}

/* ---- gzip and ETag ---- */

static void ask_for_big(struct http_room *room)
{
    int fd = http_client_dial(room);
    room->replies[0] = http_client_exchange(fd, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
    room->replies[1] =
        http_client_exchange(fd, "GET /big HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n");
    room->replies[2] =
        http_client_exchange(fd, "HEAD /big HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n");
    room->replies[3] = http_client_exchange(
        fd, "GET /big HTTP/1.1\r\nHost: x\r\nIf-None-Match: W/\"000000000000002a\"\r\n\r\n");
    room->replies[4] = http_client_exchange(
        fd, "GET /big HTTP/1.1\r\nHost: x\r\nIf-None-Match: \"other\"\r\n\r\n");
    close(fd);
}

static size_t inflated_bytes(const struct http_reply *reply)
{
    static unsigned char out[HUGE_BODY_BYTES + 1];
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
    struct http_room *room = *state;
    http_room_serve(room, ask_for_big);
    const struct http_reply *r = room->replies;
    assert_int_equal(r[0].status, 200);
    assert_int_equal(r[0].body_len, BIG_BODY_BYTES);
    http_room_assert_has(&r[0], "\r\nVary: Accept-Encoding\r\n");
    http_room_assert_has(&r[0], "\r\nETag: W/\"000000000000002a\"\r\n");
    http_room_assert_has(&r[1], "\r\nContent-Encoding: gzip\r\n");
    assert_true(r[1].body_len < 1000);
    assert_int_equal(inflated_bytes(&r[1]), BIG_BODY_BYTES);
    char length[64];
    snprintf(length, sizeof length, "\r\nContent-Length: %zu\r\n", r[1].body_len);
    http_room_assert_has(&r[2], length); /* a HEAD says what the GET would send */
    http_room_assert_has(&r[2], "\r\nContent-Encoding: gzip\r\n");
    assert_int_equal(r[2].body_len, 0);
    assert_int_equal(r[3].status, 304);
    assert_int_equal(r[3].body_len, 0);
    http_room_assert_has(&r[3], "\r\nETag: W/\"000000000000002a\"\r\n");
    assert_int_equal(r[4].status, 200);
}

#define ASK_FOR_HUGE "GET /huge HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n"

static void ask_for_huge(struct http_room *room)
{
    int fd = http_client_dial(room);
    room->replies[0] = http_client_exchange(fd, ASK_FOR_HUGE);
    room->replies[1] = http_client_exchange(fd, ASK_FOR_HUGE);
    room->replies[2] = http_client_exchange(fd, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    close(fd);
}

static void test_large_bodies_are_compressed_by_a_worker(void **state)
{
    struct http_room *room = *state;
    http_room_serve(room, ask_for_huge);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(room->replies[i].status, 200);
        http_room_assert_has(&room->replies[i], "\r\nContent-Encoding: gzip\r\n");
        assert_int_equal(inflated_bytes(&room->replies[i]), HUGE_BODY_BYTES);
    }
    assert_int_equal(room->replies[2].status, 200);
}

/* Jobs that keep both workers until they are let go. */
static sem_t let_go;

static void hold(struct loop_job *job)
{
    (void)job;
    sem_wait(&let_go);
}

static void held(struct loop_job *job)
{
    free(job);
}

static void hold_a_worker(struct loop *loop)
{
    struct lw_err err;
    struct loop_job *job = LW_NEW(struct loop_job);
    job->run = hold;
    job->done = held;
    assert_int_equal(loop_job_submit(loop, job, &err), 0);
}

static void hold_and_send_huge(
    void *ctx, const struct http_request *request, struct http_response *response)
{
    struct http_room *room = ctx;
    hold_a_worker(room->loop);
    send_huge(ctx, request, response);
}

static void ask_for_huge_and_stay(struct http_room *room)
{
    room->fds[0] = http_client_dial(room);
    http_client_send(
        room->fds[0], "GET /held HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n");
    sem_wait(&huge_was_asked);
}

/* One worker is held, and so is the client's as soon as it is free: the compression has to wait,
 * and its server goes before it. */
static void test_free_with_a_body_to_be_compressed(void **state)
{
    struct http_room *room = *state;
    sem_init(&let_go, 0, 0);
    http_router_add(room->router, "GET", "/held", 0, hold_and_send_huge, room);
    hold_a_worker(room->loop);
    http_room_serve(room, ask_for_huge_and_stay);
    size_t under_way = loop_jobs_under_way(room->loop);
    http_server_free(&room->server);
    sem_post(&let_go);
    sem_post(&let_go);
    loop_jobs_finish(room->loop);
    close(room->fds[0]);
    assert_int_equal(under_way, 3);
}

/* ---- many connections ---- */

static void come_from_one_address(struct http_room *room)
{
    for (int i = 0; i < 100; i++) {
        room->fds[i] = http_client_dial(room);
        http_client_send(room->fds[i], "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    for (int i = 0; i < 100; i++) {
        struct http_reply reply = http_client_read(room->fds[i], true);
        room->served += reply.status == 200;
        free(reply.text);
    }
    for (int i = 0; i < 100; i++)
        close(room->fds[i]);
}

static void test_limit_per_address(void **state)
{
    struct http_room *room = *state;
    http_room_serve(room, come_from_one_address);
    assert_int_equal(room->served, 64);
    assert_int_equal(most_connections, 64);
}

/* All connect and ask; the first 512 are served and stay. Then one after the other goes, and each
 * time one more is served: the server has to notice by itself that it may accept again. In the end
 * the last of the first still is connected, so it was not time-outs that made room. */
static void come_in_crowds(struct http_room *room)
{
    static const char hello[] = "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";
    for (int i = 0; i < HTTP_ROOM_CLIENTS_MAX; i++) {
        char from[32];
        snprintf(from, sizeof from, "127.0.0.%d", 2 + i / 60);
        room->fds[i] = http_client_dial_from(room, from);
        http_client_send(room->fds[i], hello);
    }
    for (int i = 0; i < HTTP_ROOM_CLIENTS_MAX; i++) {
        if (i >= 512)
            close(room->fds[i - 512]);
        struct http_reply reply = http_client_read(room->fds[i], true);
        room->served += reply.status == 200;
        free(reply.text);
    }
    room->replies[0] = http_client_exchange(room->fds[511], hello);
    for (int i = HTTP_ROOM_CLIENTS_MAX - 512; i < HTTP_ROOM_CLIENTS_MAX; i++)
        close(room->fds[i]);
}

static void test_limit_of_connections(void **state)
{
    struct http_room *room = *state;
    struct rlimit files;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    if (files.rlim_max < 4 * HTTP_ROOM_CLIENTS_MAX)
        skip();
    files.rlim_cur = files.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
    http_room_serve(room, come_in_crowds);
    assert_int_equal(room->served, HTTP_ROOM_CLIENTS_MAX);
    assert_int_equal(most_connections, 512);
    assert_int_equal(room->replies[0].status, 200);
}

/* ---- beginning and end ---- */

static void leave_open(struct http_room *room)
{
    room->fds[0] = http_client_dial(room);
    room->replies[0] = http_client_exchange(room->fds[0], "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    room->fds[1] = http_client_dial(room);
    http_client_send(
        room->fds[1], "POST /count HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\nxxx");
    room->replies[1] = http_client_ask(room, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
}

static void test_free_with_open_connections(void **state)
{
    struct http_room *room = *state;
    http_room_serve(room, leave_open);
    assert_int_equal(room->replies[0].status, 200);
    assert_int_equal(room->replies[1].status, 200);
    http_server_free(&room->server);
    assert_null(room->server);
    char byte;
    assert_int_equal(recv(room->fds[0], &byte, 1, 0), 0); /* closed */
    assert_int_equal(http_client_dial(room), -1);         /* and nobody listens any more */
    close(room->fds[0]);
    close(room->fds[1]);
}

static void test_listen_addresses(void **state)
{
    struct http_room *room = *state;
    static const char *const invalid[] = {"", "localhost", "127.0.0.1:", "127.0.0.1:http", ":65536",
        ":-1", ":123456", "::1:80", "[::1]", "[::1]80", "127.0.0.1:80x", ": 80"};
    struct lw_err err;
    for (size_t i = 0; i < sizeof invalid / sizeof invalid[0]; i++) {
        if (http_server_new(room->loop, room->router, invalid[i], &err))
            fail_msg("\"%s\" was taken", invalid[i]);
        assert_int_equal(err.code, LW_INVALID);
    }
    assert_null(http_server_new(room->loop, room->router, "192.0.2.1:0", &err)); /* not ours */
    assert_int_equal(err.code, LW_IO);
    assert_non_null(strstr(err.msg, "192.0.2.1:0"));
    char taken[32];
    snprintf(taken, sizeof taken, "127.0.0.1:%d", room->port);
    assert_null(http_server_new(room->loop, room->router, taken, &err));
    assert_int_equal(err.code, LW_IO);
    assert_non_null(strstr(err.msg, taken));
    assert_non_null(strstr(err.msg, "is another leakwatchd running?"));
}

static void ask_once(struct http_room *room)
{
    room->replies[0] = http_client_ask(room, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
}

/* ":0" takes IPv4, whether or not the machine has IPv6. */
static void test_every_address(void **state)
{
    struct http_room *room = *state;
    struct lw_err err;
    http_server_free(&room->server);
    room->server = http_server_new(room->loop, room->router, ":0", &err);
    assert_non_null(room->server);
    room->port = http_server_port(room->server);
    http_room_serve(room, ask_once);
    assert_int_equal(room->replies[0].status, 200);
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
        SERVER_TEST(test_a_parameter_is_given_once),
        SERVER_TEST(test_slow_client_blocks_nobody),
        SERVER_TEST(test_who_dribbles_is_hung_up_on),
        SERVER_TEST(test_gzip_and_etag),
        SERVER_TEST(test_large_bodies_are_compressed_by_a_worker),
        SERVER_TEST(test_free_with_a_body_to_be_compressed),
        SERVER_TEST(test_limit_per_address),
        SERVER_TEST(test_limit_of_connections),
        SERVER_TEST(test_free_with_open_connections),
        SERVER_TEST(test_listen_addresses),
        SERVER_TEST(test_every_address),
    };
    return cmocka_run_group_tests_name("http server", tests, NULL, NULL);
}
