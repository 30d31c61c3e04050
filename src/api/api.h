/* The JSON REST API: Prometheus' envelope and names where Prometheus has them. Everything here
 * reads a const view of the store; nothing changes state, but for uploads of binaries, which go
 * through binaries/, and alerts that come in, which ask the engine for captures. README.md tells the
 * form of each answer. */
#ifndef LW_API_API_H
#define LW_API_API_H

#include "alert/index.h"
#include "alert/seen.h"
#include "alert/webhook.h"
#include "binaries/binaries.h"
#include "config/config.h"
#include "http/http.h"
#include "store/store.h"

/* What the endpoints look at; lives as long as the router. */
struct api_view {
    const struct store *store;
    struct config *const *config; /* where the running one is */
    const char *version;
    const char *revision;
};

void api_routes_add(struct http_router *router, const struct api_view *view);

/* GET and PUT (or POST) of /api/v1/binaries. */
void api_binaries_routes_add(struct http_router *router, struct binaries *binaries);

/* What became of alerts that came in, by webhook, since the start. X(name, word) */
#define API_ALERT_FATES(X) \
    X(API_ALERT_CAPTURED, "captured")   /* a capture of its target was begun, or queued */ \
    X(API_ALERT_REFUSED, "refused")     /* its target may not be captured now: budget, cooldown */ \
    X(API_ALERT_REPEATED, "repeated")   /* it was acted on before */ \
    X(API_ALERT_UNMATCHED, "unmatched") /* no target goes by its labels */ \
    X(API_ALERT_RESOLVED, "resolved")   /* it fires no more: nothing to do */

enum api_alert_fate {
#define API_ALERT_FATE_ENUM(name, word) name,
    API_ALERT_FATES(API_ALERT_FATE_ENUM)
#undef API_ALERT_FATE_ENUM
        API_ALERT_FATE_COUNT
};

const char *api_alert_fate_word(enum api_alert_fate fate);

/* What the webhook needs; lives as long as the router. */
struct api_webhook {
    const struct store *store;
    struct config *const *config;
    struct alert_index *const *index; /* of the targets, as they are now */
    struct alert_seen *seen;
    /* Asks for a capture of a target because of an alert; takes no time. Returns 0 when it was
     * begun or queued. LW_BUSY: the queue is full, and Alertmanager is to try again; any other
     * error: it is refused, and trying again would not help. */
    int (*capture)(void *ctx, uint64_t target_id, const struct alert_notice *notice,
        struct lw_err *err);
    void *ctx;
    uint64_t alerts[API_ALERT_FATE_COUNT];
};

/* POST /api/v1/webhook/alertmanager */
void api_webhook_routes_add(struct http_router *router, struct api_webhook *webhook);

/* An error in the envelope, for what the router answers by itself. */
void api_error(struct http_response *response, const struct lw_err *err);

#endif
