/* The HTTP server: libmicrohttpd on our loop, a table of routes that others fill, limits on
 * everything a client can choose. Knows no endpoint. */
#ifndef LW_HTTP_HTTP_H
#define LW_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "loop/loop.h"

/* ---- requests and responses ---- */

#define HTTP_PARAMS_MAX 32 /* more query parameters are a 400 */

struct http_param {
    const char *name;
    const char *value; /* percent-decoded; "" for a bare name */
};

/* Borrowed for the call of the handler. */
struct http_request {
    const char *method; /* "GET", …; HEAD arrives as GET and its body is not sent */
    bool is_head;
    const char *path;                /* percent-decoded */
    const char *id;                  /* what {id} of the route matched, or NULL */
    const char *name;                /* the same of {name} */
    const struct http_param *params; /* of the query, in order */
    size_t param_count;
    const char *accept; /* the header, or "" */
    const char *accept_encoding;
    const char *if_none_match;
    const char *if_range;
    const char *range;
    const char *content_type;
    const char *authorization;
    uint64_t announced_bytes; /* of the body, by Content-Length; 0: not said, or empty */
    const char *body;
    size_t body_len; /* the router answers 413 when it passes the route's limit */
};

/* The value of a query parameter, the first one of a list, or NULL. */
const char *http_request_param(const struct http_request *request, const char *name);

/* A query parameter as an integer within [min, max]; `preset` when it is absent.
 * LW_INVALID names the parameter, the value and the bounds. */
int http_request_int(const struct http_request *request, const char *name, int64_t preset,
    int64_t min, int64_t max, int64_t *value, struct lw_err *err) LW_MUST_CHECK;

#define HTTP_HEADERS_MAX 10 /* of which two are the server's: Vary and Content-Encoding */

struct http_response {
    int status;               /* 200 unless set */
    const char *content_type; /* static text */
    char *body;               /* owned: free()d when sent */
    const void *static_body;  /* or bytes that live for ever */
    bool is_file;             /* or the bytes of a file: */
    int fd;                   /* owned */
    uint64_t offset;          /* where in it they begin */
    size_t len;
    struct {
        const char *name; /* static text */
        char value[256];
    } headers[HTTP_HEADERS_MAX];
    size_t header_count;
};

/* name is static text. Of the value, control characters become '_' and what is longer than 255
 * bytes is cut, so that foreign text in it can neither add a header nor overflow one. */
void http_response_header(struct http_response *response, const char *name, const char *value);

/* Names the version of the resource: a weak ETag, because the same version is also sent compressed.
 * True when the client has that version (If-None-Match, RFC 9110 §13.1.2): the response then is a
 * complete, empty 304, and the handler need not render anything. */
bool http_response_etag(
    struct http_response *response, const struct http_request *request, uint64_t version);

/* Answers with the bytes of a regular file, read from the disk as they are sent; takes fd over. The
 * strong tag (without quotes, of letters and digits) names them: a client that has them gets a
 * 304, one that asks for a part of them (Range, unless If-Range names another tag) a 206 or, when
 * there is no such part, a 416. More than one range at once is answered with all of it, as RFC 9110
 * §14.2 allows. */
void http_response_file(
    struct http_response *response, const struct http_request *request, int fd, const char *tag);

/* Plain text; used for /-/healthy and the like. */
void http_response_text(struct http_response *response, int status, const char *fmt, ...)
    LW_PRINTF(3, 4);

/* ---- routes ---- */

typedef void http_handler(
    void *ctx, const struct http_request *request, struct http_response *response);

struct http_router;

/* error_page renders what the router itself answers (400, 404, 405, 413); the status is already set
 * from err, whose message may hold foreign bytes. */
struct http_router *http_router_new(
    void (*error_page)(void *ctx, const struct http_request *request, const struct lw_err *err,
        struct http_response *response),
    void *ctx);
void http_router_free(struct http_router **router);

/* path is static text, exact, or with segments "{id}" and "{name}" that each match any one segment
 * that is not empty; an exact path goes before a matched one. method "GET" (which also takes HEAD)
 * or "POST" (which also takes PUT, as Prometheus' /-/reload does). A body of exactly
 * body_limit_bytes is still taken; GET routes have 0. */
void http_router_add(struct http_router *router, const char *method, const char *path,
    size_t body_limit_bytes, http_handler *handler, void *ctx);

/* Several values of this query parameter (static text) may be asked for at once, on any route. Any
 * other that a request names twice is a 400: which of two values was meant is nobody's guess. */
void http_router_add_list(struct http_router *router, const char *param);

/* Walks the routes in the order in which they were added: start with *at = 0; false at the end. The
 * method is "GET" or "POST", whatever else these take; the texts are static. */
bool http_router_next(
    const struct http_router *router, size_t *at, const char **method, const char **path);

/* ---- streamed bodies ---- */

/* A request whose body is handed on as it comes, and which may be answered after that. The
 * server's; valid from begin() until close(), or until the answer when begin() gave no state. */
struct http_stream;

/* Called on the loop, in this order: begin, any number of take, end, close. */
struct http_stream_handler {
    /* The headers came. Returns the state for the calls below, which must be given unless the
     * request was answered. The request is borrowed for the call. */
    void *(*begin)(void *ctx, struct http_stream *stream, const struct http_request *request);
    /* A piece of the body, at most as large as what is read at once (32 KiB). */
    void (*take)(void *state, const char *bytes, size_t len);
    /* The whole body came: answer now or later. */
    void (*end)(void *state);
    /* The last call: the answer was sent, or the client or the server is going away. */
    void (*close)(void *state);
    /* The same answer at once, where there is no server (http_router_answer); or NULL. */
    http_handler *at_once;
};

/* As http_router_add. The handler is borrowed as long as the router lives. */
void http_router_add_stream(struct http_router *router, const char *method, const char *path,
    const struct http_stream_handler *handler, void *ctx);

/* No take() after this one, until http_stream_resume; the client is then not read from. Only to be
 * called from within take(). */
void http_stream_pause(struct http_stream *stream);
void http_stream_resume(struct http_stream *stream);

/* Answers, once; takes the response over, which the handler begins as zeros. May be called at any
 * time, also before the body has ended: then take() and end() are not called any more, up to 1 MiB
 * of the rest is read so that the client gets to see the answer, and what sends more is
 * disconnected. */
void http_stream_answer(struct http_stream *stream, struct http_response *response);

/* Answers with the router's error page. */
void http_stream_refuse(struct http_stream *stream, const struct lw_err *err);

/* ---- answering by hand ---- */

/* Answers a request without a socket: what the server does for each, and tests do directly. Sets
 * request->id and name for the call of the handler. A known path with another method gets 405 and
 * Allow. *response is overwritten; the caller owns its body (http_response_fini). A stream
 * answers by its at_once(); without that it is an internal error. */
void http_router_answer(
    struct http_router *router, struct http_request *request, struct http_response *response);

void http_response_fini(struct http_response *response);

/* ---- serving ---- */

struct http_server;

struct http_stats {
    uint64_t requests_by_class[6]; /* [2] = 2xx, …; what never became a request is not counted */
    uint64_t connections;          /* open now */
};

/* Listens at "host:port", ":port" (every address, IPv6 and IPv4) or "[::1]:port" (port 0: any; see
 * http_server_port). Bounds: 512 connections, 64 from one address, 32 KiB for request line and
 * headers, 30 s of silence, 60 s from the connection's start or its last answer to the end of the
 * next headers, 30 s for each 16 KiB of a request's body while it is read. Bodies of 1 KiB and more
 * go out as gzip to those who take it, unless their type does not compress or the handler set
 * Content-Encoding; large ones are compressed by a worker. Errors: LW_INVALID for an address that
 * cannot be read, LW_IO when it cannot be listened at. loop and router are borrowed until the free,
 * the loop until its jobs have ended. */
struct http_server *http_server_new(struct loop *loop, struct http_router *router,
    const char *listen_address, struct lw_err *err) LW_MUST_CHECK;
/* Other times for the headers and for each 16 KiB of a body, from the next time on that a client is
 * waited for: tests do not want to wait a minute. */
void http_server_set_patience(struct http_server *server, int64_t head_ns, int64_t body_ns);
int http_server_port(const struct http_server *server);
const struct http_stats *http_server_stats(const struct http_server *server);

/* Closes all connections and the listening socket. Clears *server; NULL is a no-op. Not from within
 * a handler. */
void http_server_free(struct http_server **server);

#endif
