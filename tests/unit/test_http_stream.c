/* http/ with sockets: bodies that are handed to a handler as they come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "http_room.h"

/* What the handler of /stream saw. */
static struct streamed {
    struct http_stream *stream;
    struct loop_timer timer;
    size_t bytes, xs, pauses, taken_while_paused;
    size_t begun, ended, closed;
    bool is_paused, hangs;
    int64_t pause_ns;
    size_t refuse_at; /* 0: never */
} streamed;

/* /stream counts what comes. It pauses after each piece and goes on when the timer fires, or never
 * (?hang); the answer waits for the timer, too. ?refuse=N: 413 once N bytes came, 403 at once
 * for 0. */
static void stream_timer(void *ctx)
{
    (void)ctx;
    if (streamed.is_paused) {
        streamed.is_paused = false;
        http_stream_resume(streamed.stream);
        return;
    }
    struct http_response response = {0};
    http_response_text(&response, 201, "%zu bytes, %zu x\n", streamed.bytes, streamed.xs);
    http_stream_answer(streamed.stream, &response);
}

static void *stream_begin(void *ctx, struct http_stream *stream, const struct http_request *request)
{
    struct http_room *room = ctx;
    const char *refuse = http_request_param(request, "refuse");
    struct lw_err err;
    size_t begun = streamed.begun, closed = streamed.closed;
    int64_t pause_ns = streamed.pause_ns;
    streamed = (struct streamed){.stream = stream,
        .timer = {.fire = stream_timer},
        .begun = begun + 1,
        .closed = closed,
        .pause_ns = pause_ns,
        .hangs = http_request_param(request, "hang") != NULL,
        .refuse_at = refuse ? (size_t)atoi(refuse) : 0};
    if (!refuse || streamed.refuse_at)
        return room;
    lw_err_set(&err, LW_FORBIDDEN, "not you, \"%s\", with %llu bytes", request->authorization,
        (unsigned long long)request->announced_bytes);
    http_stream_refuse(stream, &err);
    return NULL;
}

static void stream_take(void *state, const char *bytes, size_t len)
{
    struct http_room *room = state;
    streamed.bytes += len;
    for (size_t i = 0; i < len; i++)
        streamed.xs += bytes[i] == 'x';
    streamed.taken_while_paused += streamed.is_paused;
    if (streamed.refuse_at && streamed.bytes >= streamed.refuse_at) {
        struct lw_err err;
        lw_err_set(&err, LW_TOO_LARGE, "more than %zu bytes", streamed.refuse_at);
        http_stream_refuse(streamed.stream, &err);
        return;
    }
    streamed.is_paused = true;
    streamed.pauses++;
    http_stream_pause(streamed.stream);
    if (!streamed.hangs)
        loop_timer_arm(
            room->loop, &streamed.timer, lw_mono_add(loop_now(room->loop), streamed.pause_ns));
}

static void stream_end(void *state)
{
    struct http_room *room = state;
    streamed.ended++;
    loop_timer_arm(room->loop, &streamed.timer, loop_now(room->loop));
}

static void stream_close(void *state)
{
    struct http_room *room = state;
    streamed.closed++;
    loop_timer_disarm(room->loop, &streamed.timer);
    loop_stop(room->loop); /* for who waits for it; others run the loop on */
}

static const struct http_stream_handler stream_handler = {
    .begin = stream_begin,
    .take = stream_take,
    .end = stream_end,
    .close = stream_close,
};

static void say_hello(void *ctx, const struct http_request *request, struct http_response *response)
{
    (void)ctx;
    (void)request;
    http_response_text(response, 200, "hello\n");
}

static int set_up(void **state)
{
    struct http_room *room = http_room_open();
    *state = room;
    if (!room)
        return -1;
    streamed = (struct streamed){0};
    http_router_add(room->router, "GET", "/hello", 0, say_hello, NULL);
    http_router_add_stream(room->router, "POST", "/stream", &stream_handler, room);
    return 0;
}

static int tear_down(void **state)
{
    http_room_close((struct http_room **)state);
    return 0;
}

/* Until `count` streams have been closed in all. */
static void await_closed(struct http_room *room, size_t count)
{
    while (streamed.closed < count)
        loop_run(room->loop);
    assert_int_equal(streamed.closed, count);
}

#define STREAM_BYTES 1000000

/* A request with a body of len bytes, of which `sent` are really sent; half of them are x. */
static void send_stream(int fd, const char *query, size_t len, size_t sent)
{
    char head[256], piece[1000];
    snprintf(head, sizeof head,
        "PUT /stream%s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\n"
        "Content-Length: %zu\r\n\r\n",
        query, len);
    http_client_send(fd, head);
    memset(piece, 'x', sizeof piece / 2);
    memset(piece + sizeof piece / 2, 'y', sizeof piece / 2);
    for (size_t at = 0; at < sent; at += sizeof piece)
        http_client_send_bytes(fd, piece, sizeof piece);
}

static void stream_twice(struct http_room *room)
{
    int fd = http_client_dial(room);
    for (int i = 0; i < 2; i++) { /* the second on the same connection */
        send_stream(fd, "", STREAM_BYTES, STREAM_BYTES);
        room->replies[i] = http_client_read(fd, true);
    }
    room->replies[2] =
        http_client_exchange(fd, "POST /stream HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
                                 "chunked\r\n\r\n3\r\nxxy\r\n2\r\nxx\r\n0\r\n\r\n");
    room->replies[3] =
        http_client_exchange(fd, "POST /stream HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
    room->replies[4] = http_client_exchange(fd, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    close(fd);
}

static void test_stream(void **state)
{
    struct http_room *room = *state;
    http_room_serve(room, stream_twice);
    await_closed(room, 4);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(room->replies[i].status, 201);
        http_room_assert_has(&room->replies[i], "1000000 bytes, 500000 x\n");
    }
    http_room_assert_has(&room->replies[2], "5 bytes, 4 x\n");
    http_room_assert_has(&room->replies[3], "0 bytes, 0 x\n");
    assert_int_equal(room->replies[4].status, 405);
    assert_int_equal(streamed.begun, 4);
    assert_int_equal(streamed.taken_while_paused, 0);
}

static void stream_refused(struct http_room *room)
{
    int fd = http_client_dial(room);
    send_stream(fd, "?refuse=0", STREAM_BYTES, 0);
    room->replies[0] = http_client_read(fd, true);
    close(fd);
    fd = http_client_dial(room);
    send_stream(fd, "?refuse=100000", 500000, 500000);
    room->replies[1] = http_client_read(fd, true);
    close(fd);
    fd = http_client_dial(room);
    send_stream(fd, "?refuse=100000", 20000000, 20000000);
    room->replies[2] = http_client_read(fd, true);
    close(fd);
}

static void test_stream_refused(void **state)
{
    struct http_room *room = *state;
    http_room_serve(room, stream_refused);
    await_closed(room, 2); /* the one refused at once has no state that could be closed */
    assert_int_equal(room->replies[0].status, 403);
    http_room_assert_has(&room->replies[0], "not you, \"Bearer t\", with 1000000 bytes");
    assert_int_equal(room->replies[1].status, 413);
    assert_int_equal(room->replies[2].status, 0); /* sent on and on: disconnected */
    assert_int_equal(streamed.ended, 0);
    assert_true(streamed.bytes >= 100000 && streamed.bytes < 200000);
}

static void stream_and_leave(struct http_room *room)
{
    int fd = http_client_dial(room);
    send_stream(fd, "", STREAM_BYTES, STREAM_BYTES / 2);
    close(fd);
}

static void test_stream_client_leaves(void **state)
{
    struct http_room *room = *state;
    http_room_serve(room, stream_and_leave);
    await_closed(room, 1);
    assert_int_equal(streamed.ended, 0);
}

static void stream_into_pause(struct http_room *room)
{
    int fd = room->fds[0] = http_client_dial(room);
    send_stream(fd, "?hang", STREAM_BYTES, 1000);
    room->replies[0] = http_client_ask(room, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
}

/* A server may go while a handler still holds a client back. */
static void test_free_with_paused_stream(void **state)
{
    struct http_room *room = *state;
    http_room_serve(room, stream_into_pause);
    assert_int_equal(room->replies[0].status, 200);
    assert_int_equal(streamed.begun, 1);
    assert_int_equal(streamed.closed, 0);
    http_server_free(&room->server);
    assert_int_equal(streamed.closed, 1);
    assert_int_equal(streamed.ended, 0);
    close(room->fds[0]);
}

static void stream_at_once(struct http_room *room)
{
    room->replies[0] =
        http_client_ask(room, "PUT /stream HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nxxx");
}

/* The time that the server holds a client back is not counted against it. */
static void test_a_pause_is_not_the_clients(void **state)
{
    struct http_room *room = *state;
    streamed.pause_ns = 300 * LW_NS_PER_MS;
    http_server_set_patience(room->server, 60 * LW_NS_PER_S, 100 * LW_NS_PER_MS);
    http_room_serve(room, stream_at_once);
    assert_int_equal(room->replies[0].status, 201);
    assert_int_equal(streamed.pauses, 1);
}

static void stream_and_dribble(struct http_room *room)
{
    int fd = http_client_dial(room);
    room->replies[0] = http_client_dribble(
        fd, "PUT /stream HTTP/1.1\r\nHost: x\r\nContent-Length: 15000\r\n\r\nxxx");
    close(fd);
}

/* It is paused after each byte, but that does not give it more time. */
static void test_who_dribbles_into_a_stream_is_hung_up_on(void **state)
{
    struct http_room *room = *state;
    http_server_set_patience(room->server, 60 * LW_NS_PER_S, 100 * LW_NS_PER_MS);
    http_room_serve(room, stream_and_dribble);
    await_closed(room, 1);
    assert_int_equal(room->replies[0].status, 0);
    assert_int_equal(streamed.ended, 0);
}

static void test_stream_needs_a_server(void **state)
{
    struct http_room *room = *state;
    struct http_request request = {.method = "PUT", .path = "/stream", .body = ""};
    struct http_response response;
    http_router_answer(room->router, &request, &response);
    assert_int_equal(response.status, 500);
    http_response_fini(&response);
    assert_int_equal(streamed.begun, 0);
}

static void repeat_a_parameter(struct http_room *room)
{
    room->replies[0] = http_client_ask(
        room, "PUT /stream?a=1&a=2 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
}

static void test_a_stream_with_a_parameter_twice_does_not_begin(void **state)
{
    struct http_room *room = *state;
    http_room_serve(room, repeat_a_parameter);
    assert_int_equal(room->replies[0].status, 400);
    assert_int_equal(streamed.begun, 0);
}

#define STREAM_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STREAM_TEST(test_stream),
        STREAM_TEST(test_stream_refused),
        STREAM_TEST(test_stream_client_leaves),
        STREAM_TEST(test_free_with_paused_stream),
        STREAM_TEST(test_a_pause_is_not_the_clients),
        STREAM_TEST(test_who_dribbles_into_a_stream_is_hung_up_on),
        STREAM_TEST(test_stream_needs_a_server),
        STREAM_TEST(test_a_stream_with_a_parameter_twice_does_not_begin),
    };
    return cmocka_run_group_tests_name("http streams", tests, NULL, NULL);
}
