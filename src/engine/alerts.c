/* Alerts that come in: their targets known by name, and captures asked for. */
#include "base/log.h"
#include "engine/engine_priv.h"

static int request_capture(
    void *ctx, uint64_t target_id, const struct alert_notice *notice, struct lw_err *err)
{
    (void)ctx;
    (void)target_id;
    return lw_err_set(err, LW_UNSUPPORTED, "alert \"%.100s\": nothing is captured by this release",
        lw_labels_get(notice->labels, "alertname"));
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
