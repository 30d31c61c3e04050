/* The server's side of a streamed request. Private to http/. */
#ifndef LW_HTTP_STREAM_H
#define LW_HTTP_STREAM_H

#include <microhttpd.h>

#include "http/http.h"

/* What is still read of a body that nobody wants, so that its sender gets to see the answer. */
#define HTTP_DRAIN_BYTES_MAX ((size_t)1 << 20)

struct http_stream {
    struct MHD_Connection *connection; /* MHD's */
    const struct http_router *router;  /* borrowed */
    const char *method, *path;         /* borrowed; live as long as the request */
    const struct http_stream_handler *handler;
    void *state; /* the handler's; NULL when it wants no more calls */
    bool is_paused;
    bool is_suspended; /* MHD leaves the connection alone */
    bool has_ended;    /* all of the body came */
    bool is_answered;
    struct http_response response; /* owned until it is sent */
    size_t drained_bytes;          /* of the body after the answer */
    void (*woken)(void *ctx);      /* MHD has to run */
    void *woken_ctx;
    struct http_stream *next; /* the server's list */
};

/* Calls the handler's begin(). */
void http_stream_begin(struct http_stream *stream, void *ctx, const struct http_request *request);

/* One call of MHD's with a piece of the body, or with its end (*len 0); *len becomes what of it is
 * left. *answer_now: the response is to be queued. MHD_NO when more came after an answer than is
 * drained. */
enum MHD_Result http_stream_advance(
    struct http_stream *stream, const char *bytes, size_t *len, bool *answer_now);

/* Wakes a suspended connection. */
void http_stream_wake(struct http_stream *stream);

/* Calls the handler's close(), and frees a response that was not sent. */
void http_stream_end(struct http_stream *stream);

#endif
