/* The JSON REST API: Prometheus' envelope and names where Prometheus has them. Everything here
 * reads a const view of the store; nothing changes state, but for uploads of binaries, which go
 * through binaries/, and alerts that come in, which ask the engine for captures. README.md tells
 * the form of each answer. */
#ifndef LW_API_API_H
#define LW_API_API_H

#include "alert/index.h"
#include "alert/seen.h"
#include "alert/webhook.h"
#include "binaries/binaries.h"
#include "capture/budget.h"
#include "config/config.h"
#include "evidence/evidence.h"
#include "http/http.h"
#include "loop/loop.h"
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

/* What the webhook needs; lives as long as the router. */
struct api_webhook {
    const struct store *store;
    struct config *const *config;
    struct alert_index *const *index; /* of the targets, as they are now */
    struct alert_seen *seen;
    /* Asks for a capture of a target because of an alert; takes no time. Returns 0 when one was
     * begun or is under way. LW_BUSY: the queue is full, and Alertmanager is to try again; any
     * other error: it is refused, and trying again would not help. */
    int (*capture)(
        void *ctx, uint64_t target_id, const struct alert_notice *notice, struct lw_err *err);
    void *ctx;
    uint64_t alerts[ALERT_FATE_COUNT]; /* since the start */
};

/* POST /api/v1/webhook/alertmanager */
void api_webhook_routes_add(struct http_router *router, struct api_webhook *webhook);

/* ---- incidents ---- */

/* What became of a change: the incident as it is now (borrowed for the call), or NULL and why. */
typedef void api_incident_answer(
    void *ctx, const struct evidence_incident *incident, const struct lw_err *err);

struct api_incidents {
    struct loop *loop;               /* its workers read reports */
    const struct evidence *evidence; /* NULL: nothing is kept on disk */
    const struct evidence_catalogue *catalogue;
    /* Changes an incident, first on disk; answers once, on the loop, perhaps before it returns. The
     * change is borrowed for the call. */
    void (*change)(void *ctx, uint64_t id, const struct evidence_change *change,
        api_incident_answer *answer, void *answer_ctx);
    struct lw_wall (*now)(void *ctx);
    void *ctx;
};

/* GET of /api/v1/incidents, …/{id}, …/{id}/report.md and …/{id}/files/{name}; POST of
 * …/acknowledge, mute, unmute, pin and unpin. The view lives as long as the router; no
 * job may be under way when it ends. */
void api_incidents_routes_add(struct http_router *router, const struct api_incidents *view);

/* ---- profiles of incidents ---- */

struct api_profiles {
    struct loop *loop; /* its workers read and compare */
    const struct store *store;
    struct config *const *config;
    const struct evidence *evidence; /* NULL: nothing is kept on disk */
    const struct evidence_catalogue *catalogue;
    size_t under_way; /* comparisons; begins as 0 */
};

/* GET of /api/v1/diff and /api/v1/flame. No job may be under way when the view ends. */
void api_profiles_routes_add(struct http_router *router, struct api_profiles *view);

/* What captures ask of the engine. */
struct api_captures {
    const struct api_view *view;
    /* Asks for a capture of a target that is in the store. True: it was begun, or one is under way
     * already; *incident_id. False: a rule refused; *why. */
    bool (*request)(void *ctx, uint64_t target_id, const char *reason, uint64_t *incident_id,
        struct capture_judgement *why);
    /* All rules as they would judge a verdict's wish now, without the target being asked; which of
     * them bind whoever else asks says capture_rule_binds. */
    void (*judge)(
        void *ctx, uint64_t target_id, struct capture_judgement rules[CAPTURE_RULE_COUNT]);
    size_t (*refusals)(
        void *ctx, uint64_t target_id, struct capture_refusal refusals[CAPTURE_REFUSALS_MAX]);
    void *ctx;
};

/* POST /api/v1/targets/{id}/capture, GET /api/v1/targets/{id}/why */
void api_captures_routes_add(struct http_router *router, const struct api_captures *captures);

/* An error in the envelope, for what the router answers by itself. */
void api_error(struct http_response *response, const struct lw_err *err);

#endif
