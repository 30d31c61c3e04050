/* GET /metrics: which metrics there are. Everything is read from a const view; the number of series
 * is bounded: per target TARGET families (a constant), per target the top metrics.sites_per_target
 * sites and one row `other`, over all targets at most metrics.sites_total sites. */
#ifndef LW_METRICS_METRICS_H
#define LW_METRICS_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "alert/webhook.h"
#include "capture/budget.h"
#include "config/config.h"
#include "http/http.h"
#include "loop/loop.h"
#include "store/store.h"

/* What only the engine knows, as of the request. */
struct metrics_daemon {
    bool reload_successful;
    struct lw_wall reload_success_at;
    uint64_t scrapes_missed;
    uint64_t scrapes_refused; /* bodies dropped because the workers were behind */
    uint64_t jobs_under_way;
    uint64_t file_sd_failing;
    uint64_t store_files_set_aside;
    uint64_t http_requests_by_class[6];
    uint64_t http_connections;
    uint64_t incidents[CAPTURE_TRIGGER_COUNT]; /* finished */
    uint64_t captures_whole;
    uint64_t captures_partial;
    uint64_t captures_failed;
    uint64_t capture_refusals[CAPTURE_RULE_COUNT];
    uint64_t captures_under_way;
    int64_t evidence_bytes;
    uint64_t baselines_failed;
    uint64_t alerts_received[ALERT_FATE_COUNT];
    uint64_t alerts_firing;
    uint64_t alerts_left_out;
    uint64_t notifications;
    uint64_t notifications_failed;
    uint64_t uploads_stored; /* incidents */
    uint64_t uploads_retried;
    uint64_t uploads_refused;
    uint64_t upload_queue;
};

struct metrics_view {
    struct loop *loop; /* for metrics_routes_add() */
    const struct store *store;
    struct config *const *config;
    const char *version;
    const char *revision;
    struct metrics_daemon (*daemon)(void *ctx);
    void *daemon_ctx;
};

void metrics_routes_add(struct http_router *router, const struct metrics_view *view);

#endif
