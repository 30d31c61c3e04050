#include "hostile.h"

#include <assert.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS_MAX 256
#define REQUEST_MAX     (256 * 1024)
#define DRIP_MS         5

struct hostile {
    int fd;
    int port;
    pthread_t acceptor;
    int fds[CONNECTIONS_MAX]; /* stay open until the end, so that none is closed twice or reused */
    pthread_t threads[CONNECTIONS_MAX];
    atomic_int count;
    atomic_bool stopping;
};

struct connection {
    struct hostile *server;
    int fd;
    char request[REQUEST_MAX]; /* head of the current request, NUL-terminated */
};

static bool send_bytes(int fd, const char *bytes, size_t len)
{
    while (len) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

static bool send_text(int fd, const char *text)
{
    return send_bytes(fd, text, strlen(text));
}

/* 200 with a length; body may be NULL for len bytes of 'x'. */
static bool send_ok(int fd, const char *body, size_t len, const char *more_headers)
{
    char head[256];
    snprintf(
        head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n%s\r\n", len, more_headers);
    char *made = body ? NULL : malloc(len + 1);
    if (made)
        memset(made, 'x', len);
    bool ok = send_text(fd, head) && send_bytes(fd, body ? body : made, len);
    free(made);
    return ok;
}

/* Until the other side goes away or the server stops. */
static void wait_for_end(int fd)
{
    char byte;
    while (recv(fd, &byte, 1, 0) > 0)
        continue;
}

/* The same text again and again, with a pause of pause_ms, as long as the other side is there. */
static void drip(struct connection *c, const char *text, int pause_ms)
{
    struct pollfd gone = {.fd = c->fd, .events = POLLIN};
    while (!c->server->stopping && poll(&gone, 1, pause_ms) == 0 && send_text(c->fd, text))
        continue;
}

static bool send_chunked(int fd, long len)
{
    bool ok = send_text(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (; ok && len > 0; len -= 1000) {
        char chunk[1100];
        int n = len < 1000 ? (int)len : 1000;
        int head = snprintf(chunk, sizeof chunk, "%x\r\n", (unsigned)n);
        memset(chunk + head, 'x', (size_t)n);
        memcpy(chunk + head + n, "\r\n", 2);
        ok = send_bytes(fd, chunk, (size_t)(head + n + 2));
    }
    return ok && send_text(fd, "0\r\n\r\n");
}

/* What follows prefix in the path, or NULL. */
static const char *after(const char *path, const char *prefix)
{
    size_t len = strlen(prefix);
    return strncmp(path, prefix, len) == 0 ? path + len : NULL;
}

static bool redirect(int fd, const char *location)
{
    char head[512];
    snprintf(head, sizeof head,
        "HTTP/1.1 302 Found\r\nLocation: %.400s\r\nContent-Length: 0\r\n\r\n", location);
    return send_text(fd, head);
}

static bool status(int fd, const char *code)
{
    char text[512];
    static const char body[] = "not  today,\n<b>\x01\xff</b>";
    snprintf(text, sizeof text, "HTTP/1.1 %.60s Whatever\r\nContent-Length: %zu\r\n\r\n%s", code,
        strlen(body), body);
    return send_text(fd, text);
}

/* Answers that keep the connection usable: true while it is. */
static bool answer_well(struct connection *c, const char *path, bool *known)
{
    const char *rest;
    *known = true;
    if (strcmp(path, "/ok") == 0)
        return send_ok(c->fd, "hello", 5, "");
    if (strcmp(path, "/empty") == 0)
        return send_ok(c->fd, "", 0, "");
    if (strcmp(path, "/html") == 0)
        return send_ok(c->fd, "<html>", 6, "Content-Type: text/html\r\n");
    if (strcmp(path, "/gzip") == 0)
        return send_ok(c->fd, "\x1f\x8b not really", 13, "Content-Encoding: gzip\r\n");
    if (strcmp(path, "/headers") == 0)
        return send_ok(c->fd, c->request, strlen(c->request), "");
    if (strcmp(path, "/loop") == 0)
        return redirect(c->fd, "/loop");
    if ((rest = after(path, "/size/")))
        return send_ok(c->fd, NULL, strtoul(rest, NULL, 10), "");
    if ((rest = after(path, "/chunked/")))
        return send_chunked(c->fd, strtol(rest, NULL, 10));
    if ((rest = after(path, "/status/")))
        return status(c->fd, rest);
    if ((rest = after(path, "/redirect-to/")))
        return redirect(c->fd, rest);
    *known = false;
    return false;
}

static void misbehave(struct connection *c, const char *path)
{
    static const char head[] = "HTTP/1.1 200 OK\r\n";
    const char *rest;
    if (strcmp(path, "/silent") == 0) {
        wait_for_end(c->fd);
    } else if (strcmp(path, "/slow-headers") == 0) {
        if (send_text(c->fd, head))
            drip(c, "X: y\r\n", DRIP_MS);
    } else if (strcmp(path, "/endless-headers") == 0) {
        if (send_text(c->fd, head))
            drip(c, "X-Filler: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n", 0);
    } else if (strcmp(path, "/drip") == 0) {
        if (send_text(c->fd, head) && send_text(c->fd, "\r\n"))
            drip(c, "x", DRIP_MS);
    } else if (strcmp(path, "/endless") == 0) {
        if (send_text(c->fd, head) && send_text(c->fd, "\r\n"))
            drip(c, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 0);
    } else if (strcmp(path, "/endless-404") == 0) {
        if (send_text(c->fd, "HTTP/1.1 404 Not Found\r\n\r\n"))
            drip(c, "no, no, no, no, no, no, no, no, no, no, no, no, no, no, no, no, no, no, ", 0);
    } else if (strcmp(path, "/drip-404") == 0) {
        if (send_text(c->fd, "HTTP/1.1 404 Not Found\r\n\r\n"))
            drip(c, "no ", DRIP_MS);
    } else if ((rest = after(path, "/promise/"))) {
        if (send_text(c->fd, head) && send_text(c->fd, "Content-Length: ") &&
            send_text(c->fd, rest) && send_text(c->fd, "\r\n\r\n"))
            wait_for_end(c->fd);
    } else if (strcmp(path, "/truncated") == 0) {
        send_text(c->fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
    } else if (strcmp(path, "/truncated-chunk") == 0) {
        send_text(c->fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nonly this");
    } else if (strcmp(path, "/garbage") == 0) {
        send_bytes(c->fd, "\x00\xff\x16\x03 this is no HTTP\r\n\r\n", 24);
    } /* and /close, which just ends */
}

/* Reads up to the blank line; false when the other side has closed. Requests have no bodies and are
 * not pipelined, so nothing follows it. */
static bool read_request(struct connection *c)
{
    size_t len = 0;
    while (len < sizeof c->request - 1) {
        ssize_t n = recv(c->fd, c->request + len, sizeof c->request - 1 - len, 0);
        if (n <= 0)
            return false;
        len += (size_t)n;
        c->request[len] = '\0';
        if (strstr(c->request, "\r\n\r\n"))
            return true;
    }
    return false;
}

static void *serve(void *arg)
{
    struct connection *c = arg;
    bool open = true;
    while (open && read_request(c)) {
        char path[512] = "";
        bool known;
        sscanf(c->request, "%*15s %511s", path);
        open = answer_well(c, path, &known);
        if (!known)
            misbehave(c, path);
    }
    shutdown(c->fd, SHUT_RDWR);
    free(c);
    return NULL;
}

static void *accept_all(void *arg)
{
    struct hostile *server = arg;
    int fd;
    while ((fd = accept(server->fd, NULL, NULL)) >= 0) {
        struct connection *c = malloc(sizeof *c);
        assert(c && server->count < CONNECTIONS_MAX);
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        c->server = server;
        c->fd = fd;
        server->fds[server->count] = fd;
        int rc = pthread_create(&server->threads[server->count], NULL, serve, c);
        assert(rc == 0);
        server->count++;
    }
    return NULL;
}

static int listen_on_loopback(int *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int rc = bind(fd, (struct sockaddr *)&at, len);
    rc = rc || listen(fd, 128);
    rc = rc || getsockname(fd, (struct sockaddr *)&at, &len);
    assert(rc == 0);
    *port = ntohs(at.sin_port);
    return fd;
}

struct hostile *hostile_new(void)
{
    struct hostile *server = calloc(1, sizeof *server);
    assert(server);
    server->fd = listen_on_loopback(&server->port);
    int rc = pthread_create(&server->acceptor, NULL, accept_all, server);
    assert(rc == 0);
    return server;
}

void hostile_free(struct hostile **server)
{
    struct hostile *s = *server;
    if (!s)
        return;
    s->stopping = true;
    shutdown(s->fd, SHUT_RDWR); /* ends accept() */
    pthread_join(s->acceptor, NULL);
    for (int i = 0; i < s->count; i++) {
        shutdown(s->fds[i], SHUT_RDWR);
        pthread_join(s->threads[i], NULL);
        close(s->fds[i]);
    }
    close(s->fd);
    free(s);
    *server = NULL;
}

int hostile_port(const struct hostile *server)
{
    return server->port;
}

int hostile_connections(struct hostile *server)
{
    return server->count;
}

int hostile_refused_port(void)
{
    int port;
    close(listen_on_loopback(&port));
    return port;
}
