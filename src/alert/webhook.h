/* What Alertmanager's webhook receiver posts, read: payload version 4 (template.Data of
 * Alertmanager, documented under "webhook_config"). Fields that are not named here are passed over,
 * because newer releases add some. Pure. */
#ifndef LW_ALERT_WEBHOOK_H
#define LW_ALERT_WEBHOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/labels.h"
#include "base/time.h"

/* A group of alerts without `max_alerts` has no bound of its own. An alert is about 1 KiB. A
 * webhook is read on the loop's thread: it is the values of JSON (64 bytes of memory each, and some
 * 30 in an alert) that cost time, so that within these bounds the worst takes about 10 ms. */
#define ALERT_WEBHOOK_BYTES_MAX  ((size_t)1 << 20)
#define ALERT_WEBHOOK_VALUES_MAX ((size_t)50000)
#define ALERT_WEBHOOK_ALERTS_MAX 2000
#define ALERT_LABELS_MAX         64 /* of an alert */

/* One alert of a group. */
struct alert_notice {
    bool firing;
    uint64_t fingerprint;     /* of its labels, Alertmanager's; sixteen hex digits in JSON */
    struct lw_wall starts_at; /* never 0 */
    struct lw_wall ends_at;   /* 0 while it fires */
    struct lw_labels *labels; /* a reference */
};

struct alert_webhook {
    struct alert_notice *list; /* owned */
    size_t count;
    size_t truncated; /* alerts of the group that Alertmanager left out (`max_alerts`) */
};

/* What became of an alert that came in. X(name, word) */
#define ALERT_FATES(X) \
    X(ALERT_CAPTURED, "captured")   /* a capture of its target was begun, or is under way */ \
    X(ALERT_REFUSED, "refused")     /* its target may not be captured now: budget, cooldown */ \
    X(ALERT_REPEATED, "repeated")   /* it was acted on before */ \
    X(ALERT_UNMATCHED, "unmatched") /* no target goes by its labels */ \
    X(ALERT_RESOLVED, "resolved")   /* it fires no more: nothing to do */

enum alert_fate {
#define ALERT_FATE_ENUM(name, word) name,
    ALERT_FATES(ALERT_FATE_ENUM)
#undef ALERT_FATE_ENUM
        ALERT_FATE_COUNT
};

const char *alert_fate_word(enum alert_fate fate);

/* Errors: LW_INVALID for what is not such a payload at all, LW_TOO_LARGE past a bound above,
 * LW_UNSUPPORTED for another version. Free with alert_webhook_fini also after an error. */
int alert_webhook_parse(
    const char *json, size_t len, struct alert_webhook *webhook, struct lw_err *err) LW_MUST_CHECK;
void alert_webhook_fini(struct alert_webhook *webhook);

#endif
