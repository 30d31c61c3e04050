#include "http_room.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"

#define DRIBBLE_BYTES 20000
#define HANG_S        60 /* a client that waits longer gives up, and its test fails */
#define REPLY_BYTES   ((size_t)64 << 10)

/* ---- the client's side ---- */

int http_client_dial_from(const struct http_room *room, const char *from)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval patience = {.tv_sec = HANG_S};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = inet_addr(from)};
    struct sockaddr_in to = {.sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
        .sin_port = htons((uint16_t)room->port)};
    if (bind(fd, (struct sockaddr *)&at, sizeof at) == 0 &&
        connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    close(fd);
    return -1;
}

int http_client_dial(const struct http_room *room)
{
    return http_client_dial_from(room, "127.0.0.1");
}

void http_client_send_bytes(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        bytes += n;
        len -= (size_t)n;
    }
}

void http_client_send(int fd, const char *text)
{
    http_client_send_bytes(fd, text, strlen(text));
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

struct http_reply http_client_read(int fd, bool has_body)
{
    struct http_reply reply = {.text = lw_new(REPLY_BYTES, 1)};
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

struct http_reply http_client_dribble(int fd, const char *beginning)
{
    struct pollfd heard = {.fd = fd, .events = POLLIN};
    http_client_send(fd, beginning);
    for (int i = 0; i < DRIBBLE_BYTES; i++) {
        if (poll(&heard, 1, 1) > 0)
            return http_client_read(fd, true);
        http_client_send(fd, "0");
    }
    return (struct http_reply){.status = -1};
}

struct http_reply http_client_exchange(int fd, const char *request)
{
    http_client_send(fd, request);
    return http_client_read(fd, strncmp(request, "HEAD", 4) != 0);
}

struct http_reply http_client_ask(const struct http_room *room, const char *request)
{
    int fd = http_client_dial(room);
    struct http_reply reply = http_client_exchange(fd, request);
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

struct http_room *http_room_open(void)
{
    struct http_room *room = LW_NEW(struct http_room);
    struct lw_err err;
    room->loop = loop_new(2, 4, &err);
    room->router = http_router_new(error_page, NULL);
    room->server = http_server_new(room->loop, room->router, "127.0.0.1:0", &err);
    if (!room->server) {
        print_error("%s\n", err.msg);
        http_room_close(&room);
        return NULL;
    }
    room->port = http_server_port(room->server);
    return room;
}

void http_room_close(struct http_room **room)
{
    struct http_room *r = *room;
    http_server_free(&r->server);
    loop_jobs_finish(r->loop);
    http_router_free(&r->router);
    loop_free(&r->loop); /* asserts that the server has left nothing on it */
    for (int i = 0; i < HTTP_ROOM_REPLIES_MAX; i++)
        free(r->replies[i].text);
    free(r);
    *room = NULL;
}

static void run_client(struct loop_job *job)
{
    struct http_room *room = (struct http_room *)((char *)job - offsetof(struct http_room, job));
    room->client(room);
}

static void client_done(struct loop_job *job)
{
    struct http_room *room = (struct http_room *)((char *)job - offsetof(struct http_room, job));
    room->client_is_done = true;
    loop_stop(room->loop);
}

void http_room_serve(struct http_room *room, void (*client)(struct http_room *room))
{
    struct lw_err err;
    room->client = client;
    room->job = (struct loop_job){.run = run_client, .done = client_done};
    room->client_is_done = false;
    assert_int_equal(loop_job_submit(room->loop, &room->job, &err), 0);
    while (!room->client_is_done) /* the end of a stream stops the loop, too */
        loop_run(room->loop);
}

void http_room_assert_has(const struct http_reply *reply, const char *text)
{
    if (!strstr(reply->text, text))
        fail_msg("no \"%s\" in:\n%s", text, reply->text);
}
