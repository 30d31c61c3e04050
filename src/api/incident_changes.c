/* POST …/acknowledge, mute, unmute, pin, unpin: answered once the change is on disk. The body must
 * be called application/json: a form on another site cannot send that without being asked first. */
#include <stdlib.h>
#include <string.h>

#include "api/body.h"
#include "api/incidents.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "config/scalar.h"

#define BODY_BYTES_MAX ((size_t)16 << 10)
#define MUTE_MAX_NS    (366 * 24 * 3600 * LW_NS_PER_S)

struct posting {
    struct http_stream *stream; /* NULL once the client is gone */
    const struct api_incidents *view;
    uint64_t id;
    enum evidence_change_kind kind;
    struct lw_strbuf body;
    bool is_waiting; /* for the change's answer, which then frees this */
};

/* ---- what is asked for ---- */

static int parse_kind(const char *path, enum evidence_change_kind *kind, struct lw_err *err)
{
    static const struct {
        const char *word;
        enum evidence_change_kind kind;
    } words[] = {
        {"acknowledge", EVIDENCE_ACKNOWLEDGE},
        {"mute", EVIDENCE_MUTE},
        {"unmute", EVIDENCE_UNMUTE},
        {"pin", EVIDENCE_PIN},
        {"unpin", EVIDENCE_UNPIN},
    };
    const char *word = strrchr(path, '/') + 1;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(word, words[i].word) == 0) {
            *kind = words[i].kind;
            return 0;
        }
    }
    return lw_err_set(err, LW_INTERNAL, "%.100s has no change of its own", path);
}

/* A text member, borrowed; *text is NULL where it is missing. */
static int take_text(const cJSON *body, const char *name, const char **text, struct lw_err *err)
{
    if (api_body_text(body, name, text, err) < 0)
        return -1;
    if (*text && strlen(*text) > EVIDENCE_TEXT_BYTES_MAX)
        return lw_err_set(err, LW_INVALID, "\"%s\" has %zu bytes, more than the %d that are kept",
            name, strlen(*text), EVIDENCE_TEXT_BYTES_MAX);
    return 0;
}

static int take_until(const cJSON *body, struct evidence_change *change, struct lw_err *err)
{
    const char *until, *length;
    int64_t length_ns;
    if (take_text(body, "until", &until, err) < 0 || take_text(body, "for", &length, err) < 0)
        return -1;
    if (!until == !length)
        return lw_err_set(err, LW_INVALID,
            "a mute needs either \"until\" (as 2026-11-21T04:14:21Z) or \"for\" (as 2h)");
    if (length) {
        if (config_duration_parse(length, &length_ns, err) < 0)
            return lw_err_prefix(err, "\"for\"");
        change->until.ns = length_ns > MUTE_MAX_NS ? INT64_MAX : change->at.ns + length_ns;
    } else if (lw_wall_parse(until, &change->until) < 0) {
        return lw_err_set(err, LW_INVALID,
            "\"until\" is \"%.60s\", not a time such as 2026-11-21T04:14:21Z", until);
    }
    if (change->until.ns <= change->at.ns || change->until.ns - change->at.ns > MUTE_MAX_NS)
        return lw_err_set(err, LW_INVALID, "a mute must end within a year from now");
    return take_text(body, "reason", &change->text, err);
}

/* The texts of the change are the body's. */
static int read_change(const struct posting *posting, const cJSON *body,
    struct evidence_change *change, struct lw_err *err)
{
    *change = (struct evidence_change){
        .kind = posting->kind, .at = posting->view->now(posting->view->ctx)};
    if (!cJSON_IsObject(body))
        return lw_err_set(err, LW_INVALID, "the body is not a JSON object");
    if (posting->kind == EVIDENCE_MUTE)
        return take_until(body, change, err);
    if (posting->kind == EVIDENCE_ACKNOWLEDGE &&
        (take_text(body, "by", &change->by, err) < 0 ||
            take_text(body, "note", &change->text, err) < 0))
        return -1;
    return 0;
}

/* ---- the stream ---- */

static void refuse(struct http_stream *stream, const struct lw_err *err)
{
    struct http_response response = {0};
    api_error(&response, err);
    http_stream_answer(stream, &response);
}

static void free_posting(struct posting *posting)
{
    lw_strbuf_fini(&posting->body);
    free(posting);
}

static int check_request(const struct api_incidents *view, const struct http_request *request,
    struct posting *posting, struct lw_err *err)
{
    const struct evidence_incident *incident = incidents_find(view, request, err);
    if (!incident || api_body_check(request, err) < 0 ||
        parse_kind(request->path, &posting->kind, err) < 0)
        return -1;
    if (incident->state == EVIDENCE_COLLECTING)
        return lw_err_set(err, LW_BUSY, "incident %s is still being collected", request->id);
    if (request->announced_bytes > BODY_BYTES_MAX)
        return lw_err_set(err, LW_TOO_LARGE, "the body is larger than %zu bytes", BODY_BYTES_MAX);
    posting->id = incident->id;
    return 0;
}

static void *begin(void *ctx, struct http_stream *stream, const struct http_request *request)
{
    struct posting *posting = LW_NEW(struct posting);
    struct lw_err err;
    posting->stream = stream;
    posting->view = ctx;
    lw_strbuf_init(&posting->body, BODY_BYTES_MAX);
    if (check_request(ctx, request, posting, &err) == 0)
        return posting;
    refuse(stream, &err);
    free_posting(posting);
    return NULL;
}

static void take(void *state, const char *bytes, size_t len)
{
    struct posting *posting = state;
    struct lw_err err;
    lw_strbuf_add(&posting->body, bytes, len);
    if (!posting->body.failed)
        return;
    lw_err_set(&err, LW_TOO_LARGE, "the body is larger than %zu bytes", BODY_BYTES_MAX);
    refuse(posting->stream, &err);
}

static void answered(void *ctx, const struct evidence_incident *incident, const struct lw_err *err)
{
    struct posting *posting = ctx;
    posting->is_waiting = false;
    if (!posting->stream) {
        free_posting(posting);
        return;
    }
    if (!incident) {
        refuse(posting->stream, err);
        return;
    }
    struct http_response response = {0};
    cJSON *data = cJSON_CreateObject();
    incidents_render(data, incident, posting->view->now(posting->view->ctx));
    json_success(&response, data);
    http_stream_answer(posting->stream, &response);
}

static void end(void *state)
{
    struct posting *posting = state;
    struct evidence_change change;
    struct lw_err err;
    cJSON *body = cJSON_ParseWithLength(posting->body.data, posting->body.len);
    if (read_change(posting, body, &change, &err) < 0) {
        refuse(posting->stream, &err);
    } else {
        posting->is_waiting = true;
        posting->view->change(posting->view->ctx, posting->id, &change, answered, posting);
    }
    cJSON_Delete(body);
}

static void close_posting(void *state)
{
    struct posting *posting = state;
    posting->stream = NULL;
    if (!posting->is_waiting)
        free_posting(posting);
}

const struct http_stream_handler incidents_changes = {
    .begin = begin,
    .take = take,
    .end = end,
    .close = close_posting,
};
