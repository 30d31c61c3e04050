/* The glue between libmicrohttpd and the loop. MHD has no thread of its own: its epoll descriptor
 * is watched by the loop, its time-outs are one timer, and everything it does happens within
 * MHD_run().
 *
 * The story of a request: begin_request (request line read), handle_request at first (headers
 * read), again for each piece of the body, and once more when all of it is there; then it is
 * answered. The connection of a streamed request is suspended while its handler has enough, and
 * from the body's end until the answer. end_request follows whatever happens. */
#include "http/http.h"

#include <assert.h>
#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "http/deadline.h"
#include "http/listen.h"
#include "http/request.h"
#include "http/response.h"
#include "http/router.h"
#include "http/stream.h"

#define CONNECTIONS_MAX             512u
#define CONNECTIONS_PER_ADDRESS_MAX 64u
#define SILENCE_MAX_S               30u
#define HEAD_MAX_S                  60 /* of which SILENCE_MAX_S may pass before it begins */
#define BODY_STEP_MAX_S             30
#define HEADER_BYTES_MAX            ((size_t)32 << 10) /* bounds the request line, too */

/* From so many bytes on a body is compressed by a worker: that takes longer than the loop may be
 * held up. */
#define COMPRESS_AWAY_FROM_BYTES ((size_t)256 << 10)

struct http_server {
    struct loop *loop;          /* borrowed */
    struct http_router *router; /* borrowed */
    int listen_fd;              /* owned */
    struct MHD_Daemon *mhd;
    struct loop_fd *watch;
    struct loop_timer timer;          /* when MHD wants to run without an event */
    bool must_run;                    /* something happened that MHD acts on only in its next run */
    struct http_stream *streams;      /* of requests under way; each lies in its struct pending */
    struct compression *compressions; /* that workers have */
    struct http_patience patience;
    struct http_stats stats;
};

/* What is kept for a connection. */
struct client {
    struct http_server *server;
    struct http_deadline deadline;
};

/* What is kept between MHD's calls for one request. */
struct pending {
    struct client *client; /* borrowed: it outlives its requests */
    struct http_target target;
    struct lw_err err; /* of the target */
    struct lw_strbuf body;
    size_t body_bytes; /* that came, of which the body keeps what its limit allows */
    bool begun;        /* the first call was made: from now on there may be a body */
    bool is_streamed;  /* then `stream` has the body */
    struct http_stream stream;
    /* Of its answer: while a worker has it, MHD leaves the connection alone. */
    struct compression *compression;
};

/* ---- answering ---- */

static struct client *client_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static const char *header_of(struct MHD_Connection *connection, const char *name)
{
    const char *value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
    return value ? value : "";
}

/* The response in MHD's form, which takes the body; NULL when MHD has no memory for it. */
static struct MHD_Response *mhd_response(struct http_response *response)
{
    struct MHD_Response *sent;
    if (response->is_file)
        sent =
            MHD_create_response_from_fd_at_offset64(response->len, response->fd, response->offset);
    else if (response->body)
        sent =
            MHD_create_response_from_buffer_with_free_callback(response->len, response->body, free);
    else
        sent = MHD_create_response_from_buffer(
            response->len, (void *)response->static_body, MHD_RESPMEM_PERSISTENT);
    if (!sent)
        return NULL;
    response->body = NULL;
    response->is_file = false; /* MHD closes it */
    MHD_add_response_header(sent, "X-Content-Type-Options", "nosniff");
    if (response->content_type)
        MHD_add_response_header(sent, "Content-Type", response->content_type);
    for (size_t i = 0; i < response->header_count; i++)
        MHD_add_response_header(sent, response->headers[i].name, response->headers[i].value);
    return sent;
}

static enum MHD_Result queue(
    struct http_server *server, struct MHD_Connection *connection, struct http_response *response)
{
    enum MHD_Result queued = MHD_NO;
    struct MHD_Response *sent = mhd_response(response);
    if (sent) {
        queued = MHD_queue_response(connection, (unsigned)response->status, sent);
        MHD_destroy_response(sent);
    }
    if (queued == MHD_YES && response->status >= 100 && response->status < 600)
        server->stats.requests_by_class[response->status / 100]++;
    http_response_fini(response);
    return queued;
}

static struct http_request request_of(
    struct MHD_Connection *connection, const char *method, const struct pending *pending)
{
    return (struct http_request){
        .method = method,
        .path = pending->target.path,
        .params = pending->target.params,
        .param_count = pending->target.param_count,
        .accept = header_of(connection, "Accept"),
        .accept_encoding = header_of(connection, "Accept-Encoding"),
        .if_none_match = header_of(connection, "If-None-Match"),
        .if_range = header_of(connection, "If-Range"),
        .range = header_of(connection, "Range"),
        .content_type = header_of(connection, "Content-Type"),
        .authorization = header_of(connection, "Authorization"),
        .announced_bytes = strtoull(header_of(connection, "Content-Length"), NULL, 10),
        .body = pending->body.data ? pending->body.data : "",
        .body_len = pending->body.len,
    };
}

/* ---- answers that a worker compresses ---- */

struct compression {
    struct loop_job job;
    struct http_server *server;
    struct pending *pending; /* NULL: the server has gone, and nobody waits */
    struct MHD_Connection *connection;
    struct http_response response; /* owned */
    bool is_done;
    struct compression *next; /* the server's list */
};

static void wake(void *ctx);

static void compression_free(struct compression *c)
{
    http_response_fini(&c->response);
    free(c);
}

static void compress(struct loop_job *job)
{
    http_response_gzip(&((struct compression *)job)->response);
}

static void compressed(struct loop_job *job)
{
    struct compression *c = (struct compression *)job;
    if (!c->pending) {
        compression_free(c);
        return;
    }
    struct compression **at = &c->server->compressions;
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    c->is_done = true;
    MHD_resume_connection(c->connection);
    wake(c->server);
}

/* Hands the response to a worker; false: they have too much to do. */
static bool compress_away(struct http_server *server, struct MHD_Connection *connection,
    struct pending *pending, struct http_response *response)
{
    struct compression *c = LW_NEW(struct compression);
    struct lw_err busy;
    *c = (struct compression){.job = {.run = compress, .done = compressed},
        .server = server,
        .pending = pending,
        .connection = connection,
        .response = *response,
        .next = server->compressions};
    if (loop_job_submit(server->loop, &c->job, &busy) < 0) {
        free(c);
        return false;
    }
    *response = (struct http_response){0};
    server->compressions = c;
    pending->compression = c;
    MHD_suspend_connection(connection);
    return true;
}

/* Lets go of the compressions under way: MHD does not stop while a connection is suspended. */
static void compressions_abandon(struct http_server *server)
{
    for (struct compression *c = server->compressions; c; c = c->next) {
        c->pending->compression = NULL;
        c->pending = NULL;
        MHD_resume_connection(c->connection);
    }
    server->compressions = NULL;
}

/* Sends a response, or hands it to a worker first: then it is sent when MHD calls again. */
static enum MHD_Result finish(struct http_server *server, struct MHD_Connection *connection,
    struct pending *pending, struct http_response *response)
{
    struct http_request request = {.accept_encoding = header_of(connection, "Accept-Encoding")};
    http_deadline_stop(&pending->client->deadline);
    if (http_response_wants_gzip(response, &request)) {
        if (response->len >= COMPRESS_AWAY_FROM_BYTES &&
            compress_away(server, connection, pending, response))
            return MHD_YES;
        http_response_gzip(response);
    }
    return queue(server, connection, response);
}

static enum MHD_Result answer(struct http_server *server, struct MHD_Connection *connection,
    const char *method, struct pending *pending)
{
    struct http_request request = request_of(connection, method, pending);
    struct http_response response;
    if (pending->err.code)
        http_router_refuse(server->router, &request, &pending->err, &response);
    else
        http_router_answer(server->router, &request, &response);
    return finish(server, connection, pending, &response);
}

/* ---- what MHD calls ---- */

/* MHD's place to log the request line is the one place that gets the URL as it was sent, before MHD
 * decodes it in its own way. The request's state is born here. */
static void *begin_request(void *ctx, const char *url, struct MHD_Connection *connection)
{
    const struct http_server *server = ctx;
    struct pending *pending = LW_NEW(struct pending);
    pending->client = client_of(connection);
    struct http_target *target = &pending->target;
    if (http_target_parse(target, url, &pending->err) < 0 ||
        http_router_check_params(
            server->router, target->params, target->param_count, &pending->err) < 0)
        assert(pending->err.code);
    return pending;
}

/* Refuses a body that says beforehand that it is larger than we would even drain. */
static void check_announced_body(struct pending *pending, const char *content_length)
{
    size_t limit =
        pending->body.limit > HTTP_DRAIN_BYTES_MAX ? pending->body.limit : HTTP_DRAIN_BYTES_MAX;
    if (strtoull(content_length, NULL, 10) > limit)
        lw_err_set(&pending->err, LW_TOO_LARGE, "a body of %.20s bytes is too large for %.128s",
            content_length, pending->target.path);
}

/* Keeps a piece of the body. A body past its limit is kept up to one byte more, by which the router
 * sees that it is too large, and is still read, so that its sender gets to see the 413; but only up
 * to HTTP_DRAIN_BYTES_MAX. */
static enum MHD_Result take_body(struct pending *pending, const char *data, size_t *len)
{
    size_t room = pending->body.limit - pending->body.len;
    lw_strbuf_add(&pending->body, data, *len < room ? *len : room);
    http_deadline_take(&pending->client->deadline, *len);
    pending->body_bytes += *len;
    bool drained_enough =
        pending->body_bytes > pending->body.limit && pending->body_bytes > HTTP_DRAIN_BYTES_MAX;
    *len = 0;
    return drained_enough ? MHD_NO : MHD_YES;
}

/* What was held back goes on: it is the client's turn again. */
static void stream_woken(void *ctx)
{
    struct client *client = ctx;
    wake(client->server); /* first: what it has sent meanwhile is read before its time is over */
    http_deadline_resume(&client->deadline);
}

/* Hands the request to the stream's handler, if its path leads to one. */
static bool begin_stream(struct http_server *server, struct MHD_Connection *connection,
    const char *method, struct pending *pending)
{
    void *ctx;
    const struct http_stream_handler *handler =
        http_router_stream(server->router, method, pending->target.path, &ctx);
    if (!handler || pending->err.code)
        return false;
    struct http_stream *stream = &pending->stream;
    pending->is_streamed = true;
    *stream = (struct http_stream){.connection = connection,
        .router = server->router,
        .method = method,
        .path = pending->target.path,
        .handler = handler,
        .woken = stream_woken,
        .woken_ctx = pending->client,
        .next = server->streams};
    server->streams = stream;
    struct http_request request = request_of(connection, method, pending);
    http_router_bind(server->router, &request);
    http_stream_begin(stream, ctx, &request);
    http_router_unbind(&request);
    return true;
}

static enum MHD_Result answer_stream(struct http_server *server, struct pending *pending)
{
    struct http_stream *stream = &pending->stream;
    return finish(server, stream->connection, pending, &stream->response);
}

/* The first call for a request: its headers came. */
static enum MHD_Result begin_body(struct http_server *server, struct MHD_Connection *connection,
    const char *method, struct pending *pending)
{
    pending->begun = true;
    http_deadline_await_body(&pending->client->deadline);
    if (begin_stream(server, connection, method, pending)) {
        struct http_stream *stream = &pending->stream;
        return stream->is_answered ? answer_stream(server, pending) : MHD_YES;
    }
    size_t limit = http_router_body_limit(server->router, method, pending->target.path);
    lw_strbuf_init(&pending->body, limit + 1);
    check_announced_body(pending, header_of(connection, "Content-Length"));
    bool is_refused = pending->err.code == LW_TOO_LARGE;
    return is_refused ? answer(server, connection, method, pending) : MHD_YES;
}

static enum MHD_Result advance_stream(
    struct http_server *server, struct pending *pending, const char *data, size_t *len)
{
    bool answer_now;
    size_t offered = *len;
    enum MHD_Result result = http_stream_advance(&pending->stream, data, len, &answer_now);
    http_deadline_take(&pending->client->deadline, offered - *len);
    if (pending->stream.is_suspended)
        http_deadline_pause(&pending->client->deadline);
    return answer_now ? answer_stream(server, pending) : result;
}

/* MHD may call once more before it has seen that the connection is suspended. */
static enum MHD_Result answer_compressed(
    struct http_server *server, struct MHD_Connection *connection, struct compression *c)
{
    return c->is_done ? queue(server, connection, &c->response) : MHD_YES;
}

static enum MHD_Result handle_request(void *ctx, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *data, size_t *data_len, void **state)
{
    struct http_server *server = ctx;
    struct pending *pending = *state;
    (void)url;
    (void)version;
    if (!pending->begun)
        return begin_body(server, connection, method, pending);
    if (pending->compression)
        return answer_compressed(server, connection, pending->compression);
    if (pending->is_streamed)
        return advance_stream(server, pending, data, data_len);
    if (*data_len)
        return take_body(pending, data, data_len);
    return answer(server, connection, method, pending);
}

static void end_stream(struct http_server *server, struct http_stream *stream)
{
    struct http_stream **at = &server->streams;
    while (*at != stream)
        at = &(*at)->next;
    *at = stream->next;
    http_stream_end(stream);
}

static void end_request(
    void *ctx, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode why)
{
    (void)connection;
    (void)why;
    struct pending *pending = *state;
    if (!pending)
        return;
    http_deadline_await_head(&pending->client->deadline); /* of the next one */
    if (pending->is_streamed)
        end_stream(ctx, &pending->stream);
    if (pending->compression) {
        assert(pending->compression->is_done);
        compression_free(pending->compression);
    }
    http_target_fini(&pending->target);
    lw_strbuf_fini(&pending->body);
    free(pending);
    *state = NULL;
}

static struct client *begin_client(struct http_server *server, struct MHD_Connection *connection)
{
    struct client *client = LW_NEW(struct client);
    int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    client->server = server;
    http_deadline_init(&client->deadline, server->loop, &server->patience, fd);
    http_deadline_await_head(&client->deadline);
    server->stats.connections++;
    return client;
}

static void end_client(struct client *client)
{
    client->server->stats.connections--;
    client->server->must_run = true;
    http_deadline_stop(&client->deadline);
    free(client);
}

static void follow_connection(void *ctx, struct MHD_Connection *connection, void **state,
    enum MHD_ConnectionNotificationCode what)
{
    if (what == MHD_CONNECTION_NOTIFY_STARTED)
        *state = begin_client(ctx, connection);
    else
        end_client(*state);
}

LW_PRINTF(2, 0) static void log_mhd(void *ctx, const char *fmt, va_list ap)
{
    (void)ctx;
    char text[512];
    vsnprintf(text, sizeof text, fmt, ap);
    text[strcspn(text, "\n")] = '\0';
    lw_debug("http", "libmicrohttpd: %s", text);
}

/* ---- on the loop ---- */

/* Lets MHD do what it can and sets the timer for when it next has to run unasked. At its limit of
 * connections MHD stops listening, and it begins again in the run after the one that closed some;
 * and what was suspended goes on only in a run. Those must come even if no descriptor calls for
 * them. */
static void run(struct http_server *server)
{
    server->must_run = false;
    (void)MHD_run(server->mhd); /* fails only for a daemon with threads */
    unsigned long long ms = 0;
    if (server->must_run || MHD_get_timeout(server->mhd, &ms) == MHD_YES)
        loop_timer_arm(server->loop, &server->timer,
            lw_mono_add(loop_now(server->loop), (int64_t)ms * LW_NS_PER_MS));
    else
        loop_timer_disarm(server->loop, &server->timer);
}

static void wake(void *ctx)
{
    struct http_server *server = ctx;
    server->must_run = true;
    loop_timer_arm(server->loop, &server->timer, loop_now(server->loop));
}

static void ready(void *ctx, uint32_t events)
{
    (void)events;
    run(ctx);
}

static void timed_out(void *ctx)
{
    run(ctx);
}

static struct MHD_Daemon *start_mhd(struct http_server *server)
{
    return MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_ERROR_LOG | MHD_ALLOW_SUSPEND_RESUME, 0, NULL,
        NULL, handle_request, server, MHD_OPTION_EXTERNAL_LOGGER, log_mhd,
        server, /* first: it hears what follows */
        MHD_OPTION_LISTEN_SOCKET, server->listen_fd, MHD_OPTION_URI_LOG_CALLBACK, begin_request,
        server, MHD_OPTION_NOTIFY_COMPLETED, end_request, server, MHD_OPTION_NOTIFY_CONNECTION,
        follow_connection, server, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, CONNECTIONS_PER_ADDRESS_MAX,
        MHD_OPTION_CONNECTION_TIMEOUT, SILENCE_MAX_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        HEADER_BYTES_MAX, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
}

struct http_server *http_server_new(
    struct loop *loop, struct http_router *router, const char *listen_address, struct lw_err *err)
{
    struct http_server *server = LW_NEW(struct http_server);
    server->loop = loop;
    server->router = router;
    server->timer.fire = timed_out;
    server->timer.ctx = server;
    http_server_set_patience(server, HEAD_MAX_S * LW_NS_PER_S, BODY_STEP_MAX_S * LW_NS_PER_S);
    server->listen_fd = http_listen(listen_address, err);
    if (server->listen_fd < 0)
        goto fail;
    server->mhd = start_mhd(server);
    if (!server->mhd) {
        lw_err_set(err, LW_INTERNAL, "libmicrohttpd does not start on %s", listen_address);
        goto fail;
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->mhd, MHD_DAEMON_INFO_EPOLL_FD);
    server->watch = loop_fd_add(loop, info->epoll_fd, EPOLLIN, ready, server, err);
    if (!server->watch)
        goto fail;
    return server;
fail:
    http_server_free(&server);
    return NULL;
}

void http_server_set_patience(struct http_server *server, int64_t head_ns, int64_t body_ns)
{
    server->patience = (struct http_patience){.head_ns = head_ns, .body_ns = body_ns};
}

int http_server_port(const struct http_server *server)
{
    return http_listen_port(server->listen_fd);
}

const struct http_stats *http_server_stats(const struct http_server *server)
{
    return &server->stats;
}

void http_server_free(struct http_server **server)
{
    struct http_server *s = *server;
    if (!s)
        return;
    for (struct http_stream *stream = s->streams; stream; stream = stream->next)
        http_stream_wake(stream); /* MHD does not stop while one is suspended */
    compressions_abandon(s);
    loop_fd_remove(s->loop, &s->watch);
    loop_timer_disarm(s->loop, &s->timer);
    if (s->mhd) {
        (void)MHD_quiesce_daemon(s->mhd); /* or MHD would close the socket, which is ours */
        MHD_stop_daemon(s->mhd);
    }
    if (s->listen_fd >= 0)
        close(s->listen_fd);
    free(s);
    *server = NULL;
}
