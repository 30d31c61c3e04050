#include "http/stream.h"

#include <assert.h>

#include "http/router.h"

void http_stream_begin(struct http_stream *stream, void *ctx, const struct http_request *request)
{
    stream->state = stream->handler->begin(ctx, stream, request);
    assert(stream->state || stream->is_answered);
}

static void suspend(struct http_stream *stream)
{
    stream->is_suspended = true;
    MHD_suspend_connection(stream->connection);
}

void http_stream_wake(struct http_stream *stream)
{
    if (!stream->is_suspended)
        return;
    stream->is_suspended = false;
    MHD_resume_connection(stream->connection);
    stream->woken(stream->woken_ctx);
}

/* A piece of the body. Of a chunked one MHD may have the next piece at hand and call again although
 * the connection was just suspended: what is left unread then comes once more. */
static enum MHD_Result take(struct http_stream *stream, const char *bytes, size_t *len)
{
    if (stream->is_suspended)
        return MHD_YES;
    size_t taken = *len;
    *len = 0;
    if (stream->is_answered) {
        stream->drained_bytes += taken;
        return stream->drained_bytes > HTTP_DRAIN_BYTES_MAX ? MHD_NO : MHD_YES;
    }
    stream->handler->take(stream->state, bytes, taken);
    if (stream->is_paused && !stream->is_answered)
        suspend(stream);
    return MHD_YES;
}

enum MHD_Result http_stream_advance(
    struct http_stream *stream, const char *bytes, size_t *len, bool *answer_now)
{
    *answer_now = false;
    if (*len)
        return take(stream, bytes, len);
    if (!stream->is_answered && !stream->has_ended) {
        stream->has_ended = true;
        stream->handler->end(stream->state);
    }
    *answer_now = stream->is_answered;
    if (!stream->is_answered && !stream->is_suspended)
        suspend(stream);
    return MHD_YES;
}

void http_stream_pause(struct http_stream *stream)
{
    stream->is_paused = true;
}

void http_stream_resume(struct http_stream *stream)
{
    stream->is_paused = false;
    if (!stream->has_ended)
        http_stream_wake(stream);
}

void http_stream_answer(struct http_stream *stream, struct http_response *response)
{
    assert(!stream->is_answered);
    stream->is_answered = true;
    stream->response = *response;
    *response = (struct http_response){0};
    http_stream_wake(stream);
}

void http_stream_refuse(struct http_stream *stream, const struct lw_err *err)
{
    struct http_request request = {.method = stream->method, .path = stream->path};
    struct http_response response;
    http_router_refuse(stream->router, &request, err, &response);
    http_stream_answer(stream, &response);
}

void http_stream_end(struct http_stream *stream)
{
    if (stream->state)
        stream->handler->close(stream->state);
    stream->state = NULL;
    http_response_fini(&stream->response);
}
