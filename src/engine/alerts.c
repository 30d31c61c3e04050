/* Alerts that come in: their targets known by name, and captures asked for. */
#include <stdio.h>

#include "engine/engine_priv.h"

static int request_capture(
    void *ctx, uint64_t target_id, const struct alert_notice *notice, struct lw_err *err)
{
    char reason[160];
    struct engine_capture_answer answer;
    snprintf(reason, sizeof reason, "alert %.100s", lw_labels_get(notice->labels, "alertname"));
    engine_capture_request(
        ctx, &(struct engine_capture_wish){target_id, CAPTURE_BY_WEBHOOK, reason}, &answer);
    if (answer.incident_id)
        return 0;
    /* Of all rules only this one may have changed its mind when Alertmanager tries again. */
    bool is_full = answer.why.rule == CAPTURE_RULE_CONCURRENT;
    return lw_err_set(err, is_full ? LW_BUSY : LW_LIMITED, "%s: %s",
        capture_rule_word(answer.why.rule), answer.why.text);
}

void engine_alerts_start(struct engine *engine)
{
    engine->alert_index = alert_index_new();
    engine->webhook = (struct api_webhook){
        .store = engine->store,
        .config = &engine->config,
        .index = &engine->alert_index,
        .seen = engine->alert_seen = alert_seen_new(),
        .capture = request_capture,
        .ctx = engine,
    };
}

void engine_alerts_stop(struct engine *engine)
{
    alert_index_free(&engine->alert_index);
    alert_seen_free(&engine->alert_seen);
}

void engine_alerts_set_targets(struct engine *engine)
{
    alert_index_free(&engine->alert_index);
    engine->alert_index = alert_index_new();
    for (size_t i = 0; i < store_target_count(engine->store); i++) {
        const struct store_target *target = store_target_at(engine->store, i);
        alert_index_add(engine->alert_index, target->id, target->labels);
    }
}
