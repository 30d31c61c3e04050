/* POST /api/v1/webhook/alertmanager: alerts come in, captures are asked for. The answer's status is
 * for Alertmanager, which tries again for 5xx alone (notify/util.go, Retrier.Check). */
#include "api/api.h"
#include "api/body.h"
#include "api/json.h"

/* Alertmanager reads none of it: enough for who tries a webhook by hand. */
#define TOLD_MAX 100

struct round {
    struct api_webhook *webhook;
    size_t count[ALERT_FATE_COUNT];
    cJSON *told; /* array */
    size_t told_count;
};

static void tell_target(cJSON *object, const struct store *store, uint64_t target_id)
{
    const struct store_target *target = store_target_find(store, target_id);
    if (!target) {
        json_null(object, "target");
        return;
    }
    cJSON *json = json_object(object, "target");
    json_id(json, "id", target_id);
    json_text(json, "job", lw_labels_get(target->labels, "job"));
    json_text(json, "instance", lw_labels_get(target->labels, "instance"));
}

/* Where an alert went; target_id 0: to no target. why is NULL, or why it was refused. */
struct outcome {
    enum alert_fate fate;
    uint64_t target_id;
    enum alert_match match;
    const char *why;
};

static void note(
    struct round *round, const struct alert_notice *notice, const struct outcome *outcome)
{
    round->count[outcome->fate]++;
    round->webhook->alerts[outcome->fate]++;
    if (round->told_count++ >= TOLD_MAX)
        return;
    cJSON *json = json_append(round->told);
    json_id(json, "fingerprint", notice->fingerprint);
    json_text(json, "alertname", lw_labels_get(notice->labels, "alertname"));
    json_text(json, "result", alert_fate_word(outcome->fate));
    tell_target(json, round->webhook->store, outcome->target_id);
    json_text(json, "matchedBy", alert_match_text(outcome->match));
    if (outcome->why)
        json_text(json, "why", outcome->why);
}

/* -1 only for what Alertmanager is to deliver again. */
static int act(struct round *round, const struct alert_notice *notice, struct lw_err *err)
{
    struct api_webhook *webhook = round->webhook;
    struct outcome outcome = {.fate = ALERT_RESOLVED};
    const char *target_label = (*webhook->config)->alerting.target_label;
    alert_index_find(
        *webhook->index, notice->labels, target_label, &outcome.target_id, &outcome.match);
    if (notice->firing) {
        if (alert_seen_has(webhook->seen, notice)) {
            outcome.fate = ALERT_REPEATED;
        } else if (outcome.match == ALERT_BY_NOTHING) {
            outcome.fate = ALERT_UNMATCHED;
        } else if (webhook->capture(webhook->ctx, outcome.target_id, notice, err) == 0) {
            outcome.fate = ALERT_CAPTURED;
        } else if (err->code == LW_BUSY) {
            return -1;
        } else {
            outcome.fate = ALERT_REFUSED;
            outcome.why = err->msg;
        }
    }
    /* One without a target is looked up when it comes again: discovery may know it by then. */
    if (outcome.fate == ALERT_CAPTURED || outcome.fate == ALERT_REFUSED)
        alert_seen_add(webhook->seen, notice);
    note(round, notice, &outcome);
    return 0;
}

static void answer(
    struct api_webhook *webhook, const struct alert_webhook *posted, struct http_response *response)
{
    struct lw_err err;
    cJSON *data = cJSON_CreateObject();
    struct round round = {.webhook = webhook, .told = json_array(data, "alerts")};
    for (size_t i = 0; i < posted->count; i++) {
        if (act(&round, &posted->list[i], &err) == 0)
            continue;
        cJSON_Delete(data);
        api_error(response, &err);
        return;
    }
    for (int fate = 0; fate < ALERT_FATE_COUNT; fate++)
        json_int(data, alert_fate_word((enum alert_fate)fate), (int64_t)round.count[fate]);
    json_int(data, "truncated", (int64_t)posted->truncated);
    json_success(response, data);
}

static void endpoint_webhook(
    void *ctx, const struct http_request *request, struct http_response *response)
{
    struct alert_webhook posted;
    struct lw_err err;
    if (api_body_check(request, &err) < 0) {
        api_error(response, &err);
        return;
    }
    if (alert_webhook_parse(request->body, request->body_len, &posted, &err) < 0)
        api_error(response, &err);
    else
        answer(ctx, &posted, response);
    alert_webhook_fini(&posted);
}

void api_webhook_routes_add(struct http_router *router, struct api_webhook *webhook)
{
    http_router_add(router, "POST", "/api/v1/webhook/alertmanager", ALERT_WEBHOOK_BYTES_MAX,
        endpoint_webhook, webhook);
}
