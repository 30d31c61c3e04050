/* The programs behind the targets: what of them is there, and a place to send new builds to. */
#include <stdlib.h>

#include "api/api.h"
#include "api/json.h"
#include "base/mem.h"
#include "binaries/binaries.h"

/* "" is null: what a file does not tell. */
static void add_known(cJSON *object, const char *name, const char *text)
{
    if (text[0])
        json_text(object, name, text);
    else
        json_null(object, name);
}

static void list(void *ctx, const struct http_request *request, struct http_response *response)
{
    const struct binaries *binaries = ctx;
    (void)request;
    size_t count;
    const struct binaries_file *files = binaries_files(binaries, &count);
    cJSON *data = cJSON_CreateObject();
    cJSON *array = json_array(data, "binaries");
    for (size_t i = 0; i < count; i++) {
        cJSON *file = json_append(array);
        add_known(file, "build_id", files[i].build_id);
        json_text(file, "source", binaries_source_word(files[i].source));
        json_text(file, "path", files[i].path);
        add_known(file, "go_version", files[i].go_version);
        add_known(file, "main", files[i].main);
        add_known(file, "version", files[i].version);
        json_int(file, "size", (int64_t)files[i].size_bytes);
    }
    json_success(response, data);
}

/* ---- PUT: from the stream of a request into an upload ---- */

struct transfer {
    struct http_stream *stream;
    struct binaries_upload *upload; /* owned */
};

static void writable(void *ctx)
{
    struct transfer *transfer = ctx;
    http_stream_resume(transfer->stream);
}

static void finished(void *ctx, const struct binaries_stored *stored, const struct lw_err *err)
{
    struct transfer *transfer = ctx;
    if (!stored) {
        http_stream_refuse(transfer->stream, err);
        return;
    }
    cJSON *data = cJSON_CreateObject();
    json_text(data, "build_id", stored->build_id);
    json_text(data, "go_version", stored->go_version);
    add_known(data, "main", stored->main);
    add_known(data, "version", stored->version);
    json_int(data, "size", (int64_t)stored->size_bytes);
    struct http_response response = {0};
    json_success(&response, data);
    response.status = 201;
    http_stream_answer(transfer->stream, &response);
}

static const struct binaries_receiver receiver = {.writable = writable, .finished = finished};

/* A 401 names the scheme that would do (RFC 9110 §15.5.2). */
static void refuse(struct http_stream *stream, const struct lw_err *err)
{
    struct http_response response = {0};
    api_error(&response, err);
    if (err->code == LW_UNAUTHORIZED)
        http_response_header(&response, "WWW-Authenticate", "Bearer");
    http_stream_answer(stream, &response);
}

static void *begin(void *ctx, struct http_stream *stream, const struct http_request *request)
{
    struct binaries *binaries = ctx;
    struct lw_err err;
    struct transfer *transfer = LW_NEW(struct transfer);
    transfer->stream = stream;
    if (binaries_upload_authorize(binaries, request->authorization, &err) == 0)
        transfer->upload =
            binaries_upload_begin(binaries, request->announced_bytes, &receiver, transfer, &err);
    if (transfer->upload)
        return transfer;
    refuse(stream, &err);
    free(transfer);
    return NULL;
}

static void take(void *state, const char *bytes, size_t len)
{
    struct transfer *transfer = state;
    struct lw_err err;
    bool full;
    if (binaries_upload_write(transfer->upload, bytes, len, &full, &err) < 0)
        refuse(transfer->stream, &err);
    else if (full)
        http_stream_pause(transfer->stream);
}

static void end(void *state)
{
    struct transfer *transfer = state;
    struct lw_err err;
    if (binaries_upload_finish(transfer->upload, &err) < 0)
        refuse(transfer->stream, &err);
}

static void close_transfer(void *state)
{
    struct transfer *transfer = state;
    binaries_upload_free(&transfer->upload);
    free(transfer);
}

void api_binaries_routes_add(struct http_router *router, struct binaries *binaries)
{
    static const struct http_stream_handler upload = {
        .begin = begin,
        .take = take,
        .end = end,
        .close = close_transfer,
    };
    http_router_add(router, "GET", "/api/v1/binaries", 0, list, binaries);
    http_router_add_stream(router, "PUT", "/api/v1/binaries", &upload, binaries);
}
