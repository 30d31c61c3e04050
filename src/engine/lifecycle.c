/* /-/healthy, /-/ready, /-/reload, with Prometheus' words. */
#include "base/log.h"
#include "engine/engine_priv.h"

#define RELOAD_BODY_MAX 4096 /* clients that POST nothing in particular */

static void healthy(void *ctx, const struct http_request *request, struct http_response *response)
{
    (void)ctx;
    (void)request;
    http_response_text(response, 200, "leakwatchd is Healthy.\n");
}

/* The routes are there only once the store is open and the configuration read. */
static void ready(void *ctx, const struct http_request *request, struct http_response *response)
{
    (void)ctx;
    (void)request;
    http_response_text(response, 200, "leakwatchd is Ready.\n");
}

static void reload(void *ctx, const struct http_request *request, struct http_response *response)
{
    struct engine *engine = ctx;
    (void)request;
    if (!engine->lifecycle) {
        http_response_text(response, 403, "Lifecycle API is not enabled.\n");
        return;
    }
    struct lw_err err;
    if (engine_reload(engine, &err) < 0) {
        lw_error("config", "the running configuration stays: %s", err.msg);
        http_response_text(response, 500, "failed to reload config: %s\n", err.msg);
        return;
    }
    http_response_text(response, 200, "reloaded\n");
}

void engine_lifecycle_routes_add(struct engine *engine)
{
    http_router_add(engine->router, "GET", "/-/healthy", 0, healthy, engine);
    http_router_add(engine->router, "GET", "/-/ready", 0, ready, engine);
    http_router_add(engine->router, "POST", "/-/reload", RELOAD_BODY_MAX, reload, engine);
}
