/* What tests of http/ with sockets share: the real server on a real loop, and a blocking client
 * that runs as a job on the loop's worker thread. The client asserts nothing; it leaves its replies
 * in the room, and the test looks at them when the loop has ended. */
#ifndef LW_TESTS_UNIT_HTTP_ROOM_H
#define LW_TESTS_UNIT_HTTP_ROOM_H

#include <stdbool.h>
#include <stddef.h>

#include "http/http.h"
#include "loop/loop.h"

#define HTTP_ROOM_REPLIES_MAX 8
#define HTTP_ROOM_CLIENTS_MAX 600

struct http_reply {
    int status; /* 0: closed without one */
    char *text; /* head and body, NUL-terminated; owned */
    char *body; /* within text */
    size_t body_len;
};

struct http_room {
    struct loop *loop;
    struct http_router *router;
    struct http_server *server;
    int port;
    struct loop_job job;
    void (*client)(struct http_room *room);
    bool client_is_done;
    /* what the client leaves */
    struct http_reply replies[HTTP_ROOM_REPLIES_MAX];
    int fds[HTTP_ROOM_CLIENTS_MAX];
    int served;
};

/* A server on a free port of the loopback with no routes yet; NULL, and said why, on error. */
struct http_room *http_room_open(void);
void http_room_close(struct http_room **room);

/* Runs the loop until the client has returned. */
void http_room_serve(struct http_room *room, void (*client)(struct http_room *room));

/* Fails the test when the reply does not have the text. */
void http_room_assert_has(const struct http_reply *reply, const char *text);

/* ---- for clients ---- */

/* A connection to the server, from the address or from 127.0.0.1; or -1. */
int http_client_dial_from(const struct http_room *room, const char *from);
int http_client_dial(const struct http_room *room);

/* Both stop early when the server closes: what it said last can still be read. */
void http_client_send_bytes(int fd, const char *bytes, size_t len);
void http_client_send(int fd, const char *text);

/* The next reply; has_body: false for the answer to a HEAD. */
struct http_reply http_client_read(int fd, bool has_body);

/* Sends the beginning and then a byte each millisecond until the server answers or hangs up; status
 * -1 when it has taken 20000. */
struct http_reply http_client_dribble(int fd, const char *beginning);

/* Sends and reads; ask on a connection of its own. */
struct http_reply http_client_exchange(int fd, const char *request);
struct http_reply http_client_ask(const struct http_room *room, const char *request);

#endif
