/* /api/v1/incidents/{id}: an incident with its report, which a worker reads. */
#include <stdlib.h>
#include <string.h>

#include "api/incidents.h"
#include "base/mem.h"

#define REPORT_BYTES_MAX ((size_t)4 << 20) /* as many as are ever written */

struct showing {
    struct loop_job job; /* first */
    const struct api_incidents *view;
    struct http_stream *stream; /* NULL once the client is gone */
    uint64_t id;
    bool is_under_way;
    char *report; /* owned; JSON. NULL: err says why */
    struct lw_err err;
};

static void free_showing(struct showing *s)
{
    free(s->report);
    free(s);
}

/* ---- the answer ---- */

static void render_files(cJSON *object, const struct evidence_incident *incident)
{
    cJSON *files = json_array(object, "files");
    for (size_t i = 0; i < incident->file_count; i++) {
        const struct evidence_file *file = &incident->files[i];
        cJSON *json = json_append(files);
        json_text(json, "name", file->name);
        json_int(json, "bytes", file->bytes);
        incidents_text(json, "sha256", file->sha256[0] ? file->sha256 : NULL);
        json_text(json, "contentType", evidence_name_content_type(file->name));
        json_time(json, "taken", file->taken);
        json_text(json, "state", evidence_file_state_word(file->state));
        incidents_text(json, "why", file->why);
    }
}

static void render_report(cJSON *object, const struct showing *s)
{
    if (s->report)
        cJSON_AddRawToObject(object, "report", s->report);
    else
        json_null(object, "report");
    if (s->err.code)
        json_text(object, "reportError", s->err.msg);
}

static void refuse(struct showing *s, const struct lw_err *err)
{
    struct http_response response = {0};
    api_error(&response, err);
    http_stream_answer(s->stream, &response);
}

static void answer(struct showing *s)
{
    struct http_response response = {0};
    const struct evidence_incident *incident = evidence_catalogue_find(s->view->catalogue, s->id);
    if (!incident) {
        struct lw_err err;
        lw_err_set(&err, LW_NOT_FOUND, "the incident was removed meanwhile");
        refuse(s, &err);
        return;
    }
    cJSON *data = cJSON_CreateObject();
    incidents_render(data, incident, s->view->now(s->view->ctx));
    render_report(data, s);
    render_files(data, incident);
    json_success(&response, data);
    http_stream_answer(s->stream, &response);
}

/* ---- reading ---- */

/* The text is put into the answer as it is, so it is checked to be an object before. */
static void run(struct loop_job *job)
{
    struct showing *s = (struct showing *)job;
    struct evidence_wanted wanted = {s->id, "report.json", REPORT_BYTES_MAX};
    size_t len;
    if (evidence_file_read(s->view->evidence, &wanted, &s->report, &len, &s->err) < 0)
        return;
    cJSON *report = cJSON_ParseWithLengthOpts(s->report, len + 1, NULL, true);
    if (cJSON_IsObject(report)) {
        lw_err_clear(&s->err);
    } else {
        lw_err_set(&s->err, LW_CORRUPT, "report.json is damaged");
        free(s->report);
        s->report = NULL;
    }
    cJSON_Delete(report);
}

static void done(struct loop_job *job)
{
    struct showing *s = (struct showing *)job;
    s->is_under_way = false;
    if (s->stream)
        answer(s);
    else
        free_showing(s);
}

/* ---- the stream ---- */

static void *begin(void *ctx, struct http_stream *stream, const struct http_request *request)
{
    struct showing *s = LW_NEW(struct showing);
    struct lw_err err;
    s->view = ctx;
    s->stream = stream;
    const struct evidence_incident *incident = incidents_find(ctx, request, &err);
    if (incident) {
        s->id = incident->id;
        return s;
    }
    refuse(s, &err);
    free_showing(s);
    return NULL;
}

/* What a GET brings along is nobody's. */
static void take(void *state, const char *bytes, size_t len)
{
    (void)state;
    (void)bytes;
    (void)len;
}

static void end(void *state)
{
    struct showing *s = state;
    const struct evidence_incident *incident = evidence_catalogue_find(s->view->catalogue, s->id);
    struct lw_err busy;
    if (!s->view->evidence || !incident || incident->state == EVIDENCE_COLLECTING) {
        answer(s);
        return;
    }
    s->job = (struct loop_job){.run = run, .done = done};
    s->is_under_way = true; /* before it is, for it may be done at once */
    if (loop_job_submit(s->view->loop, &s->job, &busy) == 0)
        return;
    s->is_under_way = false;
    refuse(s, &busy);
}

static void close_showing(void *state)
{
    struct showing *s = state;
    s->stream = NULL;
    if (!s->is_under_way)
        free_showing(s);
}

const struct http_stream_handler incidents_showing = {
    .begin = begin,
    .take = take,
    .end = end,
    .close = close_showing,
};
