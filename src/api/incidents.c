/* /api/v1/incidents, and what is shown of an incident anywhere. */
#include "api/incidents.h"

#include <stdlib.h>
#include <string.h>

#include "api/query.h"
#include "base/hash.h"

const struct evidence_incident *incidents_find(
    const struct api_incidents *view, const struct http_request *request, struct lw_err *err)
{
    uint64_t id;
    if (lw_id_parse(request->id, &id) < 0) {
        lw_err_set(err, LW_INVALID, "incident id \"%.40s\" is not sixteen hex digits", request->id);
        return NULL;
    }
    const struct evidence_incident *incident = evidence_catalogue_find(view->catalogue, id);
    if (!incident)
        lw_err_set(err, LW_NOT_FOUND, "no incident has the id %s", request->id);
    return incident;
}

/* ---- one incident ---- */

void incidents_text(cJSON *object, const char *name, const char *text)
{
    if (text)
        json_text(object, name, text);
    else
        json_null(object, name);
}

static void render_people(
    cJSON *object, const struct evidence_incident *incident, struct lw_wall now)
{
    if (incident->acknowledged.ns) {
        cJSON *acknowledged = json_object(object, "acknowledged");
        incidents_text(acknowledged, "by", incident->acknowledged_by);
        json_time(acknowledged, "at", incident->acknowledged);
        incidents_text(acknowledged, "note", incident->acknowledged_note);
    } else {
        json_null(object, "acknowledged");
    }
    json_bool(object, "muted", evidence_incident_is_muted(incident, now));
    json_time(object, "mutedUntil", incident->muted_until);
    incidents_text(object, "muteReason", incident->mute_reason);
    json_bool(object, "pinned", incident->pinned);
}

static void render_upload(cJSON *object, const struct evidence_incident *incident)
{
    cJSON *upload = json_object(object, "upload");
    json_text(upload, "state", evidence_upload_word(incident->upload));
    json_time(upload, "at", incident->upload_at);
    incidents_text(upload, "why", incident->upload_why);
}

void incidents_render(cJSON *object, const struct evidence_incident *incident, struct lw_wall now)
{
    json_id(object, "id", incident->id);
    cJSON *target = json_object(object, "target");
    json_id(target, "id", incident->target_id);
    incidents_text(target, "job", incident->job);
    incidents_text(target, "instance", incident->instance);
    json_text(object, "state", evidence_state_word(incident->state));
    json_text(object, "trigger", evidence_trigger_word(incident->trigger));
    incidents_text(object, "why", incident->why);
    json_time(object, "openedAt", incident->opened);
    json_time(object, "finishedAt", incident->finished);
    incidents_text(object, "title", incident->title);
    incidents_text(object, "type", incident->type);
    incidents_text(object, "site", incident->site);
    incidents_text(object, "verdict", incident->verdict);
    incidents_text(object, "pattern", incident->pattern);
    json_double(object, "rateBytesPerSecond", incident->rate);
    json_double(object, "rateLo", incident->rate_lo);
    json_double(object, "rateHi", incident->rate_hi);
    if (incident->onset_from.ns) {
        cJSON *onset = json_object(object, "onset");
        json_time(onset, "from", incident->onset_from);
        json_time(onset, "to", incident->onset_to);
    } else {
        json_null(object, "onset");
    }
    render_people(object, incident, now);
    render_upload(object, incident);
    json_int(object, "bytes", incident->bytes);
}

/* ---- all of them ---- */

struct filter {
    const char *state; /* NULL: any */
    const char *job;
    uint64_t target_id; /* 0: any */
    const char *muted;  /* "true", "false", or NULL */
    struct lw_wall now;
};

static int parse_filter(
    const struct http_request *request, struct filter *filter, struct lw_err *err)
{
    const char *target = http_request_param(request, "target");
    filter->state = http_request_param(request, "state");
    filter->job = http_request_param(request, "job");
    filter->muted = http_request_param(request, "muted");
    filter->target_id = 0;
    if (filter->state && strcmp(filter->state, "any") == 0)
        filter->state = NULL;
    if (filter->state && strcmp(filter->state, "collecting") && strcmp(filter->state, "ready") &&
        strcmp(filter->state, "failed"))
        return lw_err_set(err, LW_INVALID,
            "state \"%.40s\" is not one of collecting, ready, failed, any", filter->state);
    if (filter->muted && strcmp(filter->muted, "true") && strcmp(filter->muted, "false"))
        return lw_err_set(
            err, LW_INVALID, "muted \"%.40s\" is neither true nor false", filter->muted);
    if (target && lw_id_parse(target, &filter->target_id) < 0)
        return lw_err_set(err, LW_INVALID, "target \"%.40s\" is not sixteen hex digits", target);
    return 0;
}

static bool passes(const struct filter *filter, const struct evidence_incident *incident)
{
    bool is_muted = evidence_incident_is_muted(incident, filter->now);
    if (filter->state && strcmp(filter->state, evidence_state_word(incident->state)) != 0)
        return false;
    if (filter->job && (!incident->job || strcmp(filter->job, incident->job) != 0))
        return false;
    if (filter->muted && is_muted != (strcmp(filter->muted, "true") == 0))
        return false;
    return !filter->target_id || filter->target_id == incident->target_id;
}

static void endpoint_incidents(
    void *ctx, const struct http_request *request, struct http_response *response)
{
    const struct api_incidents *view = ctx;
    struct filter filter = {.now = view->now(view->ctx)};
    struct lw_err err;
    struct query_page page;
    size_t total = 0;
    if (parse_filter(request, &filter, &err) < 0 ||
        query_page_parse(request, INCIDENTS_LIMIT_DEFAULT, INCIDENTS_LIMIT_MAX, &page, &err) < 0) {
        api_error(response, &err);
        return;
    }
    cJSON *data = cJSON_CreateObject();
    cJSON *list = json_array(data, "incidents");
    for (size_t i = 0; i < evidence_catalogue_count(view->catalogue); i++) {
        const struct evidence_incident *incident = evidence_catalogue_at(view->catalogue, i);
        if (!passes(&filter, incident))
            continue;
        if (query_page_has(&page, total))
            incidents_render(json_append(list), incident, filter.now);
        total++;
    }
    json_int(data, "total", (int64_t)total);
    json_success_tagged(response, request, data);
}

void api_incidents_routes_add(struct http_router *router, const struct api_incidents *view)
{
    static const char *const changes[] = {
        "/api/v1/incidents/{id}/acknowledge",
        "/api/v1/incidents/{id}/mute",
        "/api/v1/incidents/{id}/unmute",
        "/api/v1/incidents/{id}/pin",
        "/api/v1/incidents/{id}/unpin",
    };
    void *ctx = (void *)view; /* routes have one kind of ctx; ours is only read */
    http_router_add(router, "GET", "/api/v1/incidents", 0, endpoint_incidents, ctx);
    http_router_add_stream(router, "GET", "/api/v1/incidents/{id}", &incidents_showing, ctx);
    http_router_add(
        router, "GET", "/api/v1/incidents/{id}/report.md", 0, incidents_endpoint_report, ctx);
    http_router_add(
        router, "GET", "/api/v1/incidents/{id}/files/{name}", 0, incidents_endpoint_file, ctx);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        http_router_add_stream(router, "POST", changes[i], &incidents_changes, ctx);
}
