/* Any text is a webhook within its bounds or an error; and what it says can be looked up. */
#include <stdint.h>
#include <stdlib.h>

#include "alert/index.h"
#include "alert/seen.h"
#include "alert/webhook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_up(const struct alert_notice *notice)
{
    struct alert_index *index = alert_index_new();
    uint64_t id = 0;
    enum alert_match match;
    alert_index_add(index, 7, notice->labels);
    bool found = alert_index_find(index, notice->labels, "alertname", &id, &match);
    if (found != (match != ALERT_BY_NOTHING) || (found && id != 7))
        abort();
    alert_index_free(&index);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct alert_webhook webhook;
    struct lw_err err;
    if (alert_webhook_parse((const char *)data, size, &webhook, &err) == 0) {
        if (webhook.count > ALERT_WEBHOOK_ALERTS_MAX)
            abort();
        for (size_t i = 0; i < webhook.count; i++) {
            if (webhook.list[i].labels->count > ALERT_LABELS_MAX || !webhook.list[i].starts_at.ns)
                abort();
            look_up(&webhook.list[i]);
        }
    }
    alert_webhook_fini(&webhook);
    return 0;
}
