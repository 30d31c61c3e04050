/* /api/v1/targets/{id}/capture and …/why: captures asked for by hand, and why there is none. */
#include <stdio.h>

#include "api/body.h"
#include "api/endpoints.h"
#include "api/json.h"
#include "api/render.h"

#define BODY_BYTES_MAX ((size_t)16 << 10)

static void render_judgement(cJSON *object, const struct capture_judgement *j)
{
    json_text(object, "rule", capture_rule_word(j->rule));
    json_double(object, "value", j->value);
    json_double(object, "limit", j->limit);
    json_bool(object, "passed", j->passed);
    json_text(object, "text", j->text);
}

/* 429 with the rule that refused, so that who asked sees when it may go through. */
static void refuse(struct http_response *response, const struct capture_judgement *why)
{
    struct lw_err err;
    lw_err_set(&err, LW_LIMITED, "%s: %s", capture_rule_word(why->rule), why->text);
    api_error(response, &err);
    if (why->rule == CAPTURE_RULE_COOLDOWN) {
        char seconds[32];
        snprintf(seconds, sizeof seconds, "%.0f", why->value + 1);
        http_response_header(response, "Retry-After", seconds);
    }
}

static void accept_request(struct http_response *response, uint64_t incident_id)
{
    cJSON *data = cJSON_CreateObject();
    json_id(data, "incident", incident_id);
    json_success(response, data);
    response->status = 202;
}

static void request_capture(
    void *ctx, const struct http_request *request, struct http_response *response)
{
    const struct api_captures *captures = ctx;
    const struct store_target *target = endpoint_find_target(captures->view, request, response);
    if (!target)
        return;
    struct lw_err err;
    const char *reason;
    cJSON *body = api_body_parse(request, &err);
    if (!body || api_body_text(body, "reason", &reason, &err) < 0) {
        api_error(response, &err);
        cJSON_Delete(body);
        return;
    }
    uint64_t incident_id;
    struct capture_judgement why;
    if (captures->request(captures->ctx, target->id, reason ? reason : "", &incident_id, &why))
        accept_request(response, incident_id);
    else
        refuse(response, &why);
    cJSON_Delete(body);
}

static void render_refusals(
    cJSON *data, const struct api_captures *captures, const struct store_target *target)
{
    struct capture_refusal refusals[CAPTURE_REFUSALS_MAX];
    size_t count = captures->refusals(captures->ctx, target->id, refusals);
    cJSON *list = json_array(data, "lastRefusals");
    for (size_t i = 0; i < count; i++) {
        cJSON *refusal = json_append(list);
        json_time(refusal, "at", refusals[i].at);
        json_text(refusal, "trigger", capture_trigger_word(refusals[i].trigger));
        render_judgement(refusal, &refusals[i].why);
    }
}

static bool is_allowed(
    const struct capture_judgement rules[CAPTURE_RULE_COUNT], enum capture_trigger trigger)
{
    for (int i = 0; i < CAPTURE_START_RULES; i++) {
        if (!rules[i].passed && capture_rule_binds(rules[i].rule, trigger))
            return false;
    }
    return true;
}

static void render_capture(cJSON *data, const struct capture_judgement rules[CAPTURE_RULE_COUNT])
{
    cJSON *capture = json_object(data, "capture");
    json_bool(capture, "allowed", is_allowed(rules, CAPTURE_BY_VERDICT));
    cJSON *triggers = json_object(capture, "allowedFor");
    for (int t = 0; t < CAPTURE_TRIGGER_COUNT; t++) {
        enum capture_trigger trigger = (enum capture_trigger)t;
        json_bool(triggers, capture_trigger_word(trigger), is_allowed(rules, trigger));
    }
    cJSON *list = json_array(capture, "rules");
    for (int i = 0; i < CAPTURE_RULE_COUNT; i++)
        render_judgement(json_append(list), &rules[i]);
}

static void why(void *ctx, const struct http_request *request, struct http_response *response)
{
    const struct api_captures *captures = ctx;
    const struct store_target *target = endpoint_find_target(captures->view, request, response);
    if (!target)
        return;
    struct capture_judgement rules[CAPTURE_RULE_COUNT];
    captures->judge(captures->ctx, target->id, rules);
    cJSON *data = cJSON_CreateObject();
    render_capture(data, rules);
    cJSON *verdict = json_object(data, "verdict");
    const struct trend_config *config = store_trend_config(captures->view->store);
    render_target_verdict(verdict, target, config);
    render_gates(verdict, store_target_worst(target), config);
    render_refusals(data, captures, target);
    json_success(response, data);
}

void api_captures_routes_add(struct http_router *router, const struct api_captures *captures)
{
    http_router_add(router, "POST", "/api/v1/targets/{id}/capture", BODY_BYTES_MAX, request_capture,
        (void *)captures);
    http_router_add(router, "GET", "/api/v1/targets/{id}/why", 0, why, (void *)captures);
}
