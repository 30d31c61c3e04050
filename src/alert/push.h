/* Our leaks as alerts for Alertmanager's API v2 (POST /api/v2/alerts, api/v2/openapi.yaml there):
 * which fire, which were resolved lately, and the bodies that say so. Level-triggered: it is told
 * the whole set of what leaks, and says all of it again and again, so that an Alertmanager that was
 * away, or lost a message, knows it after the next round. Pure; who has it sends it. */
#ifndef LW_ALERT_PUSH_H
#define LW_ALERT_PUSH_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/labels.h"
#include "base/time.h"

/* Alerts that fire at once. As many again may be told as resolved. */
#define ALERT_PUSH_MAX 1000
/* Alerts of one body, as Prometheus sends them. */
#define ALERT_PUSH_BATCH 64
/* How long what was resolved is still told, as Prometheus does (rules/alerting.go). */
#define ALERT_PUSH_RESOLVED_NS (900 * LW_NS_PER_S)

/* One thing that leaks. All of it is copied or referenced. */
struct alert_firing {
    struct lw_labels *labels; /* its identity, alertname included */
    struct lw_wall since;
    const char *summary;
    const char *description;
    const char *url; /* of a page about it, or "" */
};

struct alert_push;

struct alert_push *alert_push_new(void);
void alert_push_free(struct alert_push **push);

/* Makes exactly these fire, at most ALERT_PUSH_MAX: what fired and is not among them is resolved as
 * of now. Of several with the same labels the first counts. */
void alert_push_set(
    struct alert_push *push, const struct alert_firing *list, size_t count, struct lw_wall now);

size_t alert_push_firing(const struct alert_push *push);

/* The body with the alerts from place *at on, which moves past them; NULL when there are none left.
 * A firing alert ends by itself when it is not sent again for four intervals of resend_ns, at least
 * four minutes. The caller frees it. Times are cut to milliseconds. */
char *alert_push_body(
    const struct alert_push *push, size_t *at, struct lw_wall now, int64_t resend_ns, size_t *len);

#endif
