/* /api/v1/diff and /api/v1/flame: heap profiles of incidents against each other, or one alone. A
 * worker reads and compares, and the request is answered when it is done. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/comparison.h"
#include "base/hash.h"
#include "base/mem.h"

#define UNDER_WAY_MAX      2 /* each may take 32 times body_size_limit of memory */
#define ROWS_LIMIT_DEFAULT 200
#define ROWS_LIMIT_MAX     5000

struct inquiry {
    struct loop_job job;
    struct api_profiles *view;
    struct http_stream *stream; /* NULL once the client is gone */
    bool is_under_way;
    struct comparison comparison;
};

/* ---- the question ---- */

/* "INCIDENT/FILE" */
static int parse_file(const struct http_request *request, const char *param,
    struct comparison_file *file, struct lw_err *err)
{
    const char *text = http_request_param(request, param);
    if (!text)
        return lw_err_set(err, LW_INVALID,
            "%s is missing: say %s=INCIDENT/FILE, as in "
            "%s=0123456789abcdef/heap.pb.gz",
            param, param, param);
    const char *slash = strchr(text, '/');
    char id[LW_ID_TEXT_BYTES];
    snprintf(id, sizeof id, "%.16s", text);
    if (!slash || slash - text != 16 || lw_id_parse(id, &file->incident_id) < 0)
        return lw_err_set(err, LW_INVALID,
            "%s \"%.60s\" does not begin with the sixteen hex digits of an incident and a slash",
            param, text);
    if (strlen(slash + 1) >= sizeof file->name || !evidence_name_is_valid(slash + 1))
        return lw_err_set(
            err, LW_INVALID, "%s \"%.60s\" does not end with the name of a file", param, text);
    snprintf(file->name, sizeof file->name, "%s", slash + 1);
    return 0;
}

static int parse_key(const struct http_request *request, enum comparison_form form,
    enum comparison_key *key, struct lw_err *err)
{
    const char *by = http_request_param(request, "by");
    *key = COMPARISON_BY_FUNCTION;
    if (!by || strcmp(by, "function") == 0)
        return 0;
    if (strcmp(by, "type") == 0)
        *key = COMPARISON_BY_TYPE;
    else if (strcmp(by, "site") == 0 && form != COMPARISON_FLAME)
        *key = COMPARISON_BY_SITE;
    else
        return lw_err_set(err, LW_INVALID, "by \"%.40s\" is not one of function, type%s", by,
            form == COMPARISON_FLAME ? "" : ", site");
    return 0;
}

static int parse_common(
    const struct http_request *request, struct comparison *c, struct lw_err *err)
{
    int64_t limit;
    if (flame_sample_parse(&c->sample, request, err) < 0 ||
        http_request_int(request, "limit", ROWS_LIMIT_DEFAULT, 1, ROWS_LIMIT_MAX, &limit, err) < 0)
        return -1;
    c->rows_max = (size_t)limit;
    return parse_key(request, c->form, &c->key, err);
}

static int parse_diff(const struct http_request *request, struct comparison *c, struct lw_err *err)
{
    const char *format = http_request_param(request, "format");
    c->has_base = true;
    c->form = COMPARISON_TABLE;
    if (format && strcmp(format, "pprof") == 0)
        c->form = COMPARISON_PPROF;
    else if (format && strcmp(format, "json") != 0)
        return lw_err_set(err, LW_INVALID, "format \"%.40s\" is not one of json, pprof", format);
    if (parse_file(request, "base", &c->base, err) < 0 ||
        parse_file(request, "to", &c->to, err) < 0)
        return -1;
    return parse_common(request, c, err);
}

static int parse_flame(const struct http_request *request, struct comparison *c, struct lw_err *err)
{
    c->form = COMPARISON_FLAME;
    c->has_base = http_request_param(request, "base") != NULL;
    if (parse_file(request, "profile", &c->to, err) < 0 ||
        (c->has_base && parse_file(request, "base", &c->base, err) < 0))
        return -1;
    return parse_common(request, c, err);
}

/* ---- types, as the store knows them now ---- */

/* Copies what the worker must not read from the store: at most the types of a build. */
static void copy_types(struct api_profiles *view, uint64_t incident_id, struct lw_map *types)
{
    const struct evidence_incident *incident =
        evidence_catalogue_find(view->catalogue, incident_id);
    const struct store_target *target =
        incident ? store_target_find(view->store, incident->target_id) : NULL;
    if (!target || !target->build)
        return;
    size_t at = 0;
    uint64_t site_id;
    void *value;
    while (lw_map_next(&target->build->types, &at, &site_id, &value)) {
        const struct store_type *type = value;
        if (type->name[0])
            free(lw_map_put(types, site_id, lw_strdup(type->name)));
    }
}

/* ---- the stream of a request ---- */

static void free_inquiry(struct inquiry *q)
{
    comparison_fini(&q->comparison);
    free(q);
}

static void refuse(struct http_stream *stream, const struct lw_err *err)
{
    struct http_response response = {0};
    api_error(&response, err);
    http_stream_answer(stream, &response);
}

static void *begin(struct api_profiles *view, struct http_stream *stream,
    const struct http_request *request,
    int (*parse)(const struct http_request *, struct comparison *, struct lw_err *))
{
    struct inquiry *q = LW_NEW(struct inquiry);
    struct lw_err err;
    q->view = view;
    q->stream = stream;
    int rc = parse(request, &q->comparison, &err);
    if (rc == 0 && !view->evidence)
        rc = lw_err_set(&err, LW_NOT_FOUND, "no evidence is kept: set --storage.path");
    if (rc < 0) {
        refuse(stream, &err);
        free_inquiry(q);
        return NULL;
    }
    q->comparison.evidence = view->evidence;
    q->comparison.body_limit_bytes = (*view->config)->global.body_size_limit_bytes;
    if (q->comparison.key != COMPARISON_BY_FUNCTION) {
        copy_types(view, q->comparison.to.incident_id, &q->comparison.types);
        if (q->comparison.has_base)
            copy_types(view, q->comparison.base.incident_id, &q->comparison.types);
    }
    return q;
}

static void *begin_diff(void *ctx, struct http_stream *stream, const struct http_request *request)
{
    return begin(ctx, stream, request, parse_diff);
}

static void *begin_flame(void *ctx, struct http_stream *stream, const struct http_request *request)
{
    return begin(ctx, stream, request, parse_flame);
}

/* What a GET brings along is nobody's. */
static void take(void *state, const char *bytes, size_t len)
{
    (void)state;
    (void)bytes;
    (void)len;
}

static void run(struct loop_job *job)
{
    comparison_run(&((struct inquiry *)job)->comparison);
}

static void done(struct loop_job *job)
{
    struct inquiry *q = (struct inquiry *)job;
    struct comparison *c = &q->comparison;
    q->is_under_way = false;
    q->view->under_way--;
    if (!q->stream) {
        free_inquiry(q);
        return;
    }
    if (c->err.code) {
        refuse(q->stream, &c->err);
        return;
    }
    struct http_response response = {
        .status = 200, .content_type = c->content_type, .body = c->body, .len = c->len};
    c->body = NULL;
    if (c->form == COMPARISON_PPROF)
        http_response_header(
            &response, "Content-Disposition", "attachment; filename=\"diff.pb.gz\"");
    http_stream_answer(q->stream, &response);
}

static void end(void *state)
{
    struct inquiry *q = state;
    struct lw_err err;
    q->job.run = run;
    q->job.done = done;
    if (q->view->under_way >= UNDER_WAY_MAX) {
        lw_err_set(
            &err, LW_BUSY, "%d profiles are being compared already; try again", UNDER_WAY_MAX);
        refuse(q->stream, &err);
        return;
    }
    q->is_under_way = true;
    q->view->under_way++;
    if (loop_job_submit(q->view->loop, &q->job, &err) == 0)
        return;
    q->is_under_way = false;
    q->view->under_way--;
    refuse(q->stream, &err);
}

static void close_inquiry(void *state)
{
    struct inquiry *q = state;
    q->stream = NULL;
    if (!q->is_under_way)
        free_inquiry(q);
}

void api_profiles_routes_add(struct http_router *router, struct api_profiles *view)
{
    static const struct http_stream_handler diff = {
        .begin = begin_diff, .take = take, .end = end, .close = close_inquiry};
    static const struct http_stream_handler flame = {
        .begin = begin_flame, .take = take, .end = end, .close = close_inquiry};
    http_router_add_stream(router, "GET", "/api/v1/diff", &diff, view);
    http_router_add_stream(router, "GET", "/api/v1/flame", &flame, view);
}
