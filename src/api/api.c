#include "api/api.h"

#include "api/endpoints.h"
#include "api/json.h"
#include "base/strbuf.h"

#define CONFIG_YAML_MAX ((size_t)64 << 20)

static void endpoint_config(
    void *ctx, const struct http_request *request, struct http_response *response)
{
    const struct api_view *view = ctx;
    (void)request;
    struct lw_strbuf yaml;
    lw_strbuf_init(&yaml, CONFIG_YAML_MAX);
    config_print(*view->config, &yaml);
    cJSON *data = cJSON_CreateObject();
    json_text(data, "yaml", yaml.data ? yaml.data : "");
    lw_strbuf_fini(&yaml);
    json_success(response, data);
}

static void endpoint_buildinfo(
    void *ctx, const struct http_request *request, struct http_response *response)
{
    const struct api_view *view = ctx;
    (void)request;
    cJSON *data = cJSON_CreateObject();
    json_text(data, "version", view->version);
    json_text(data, "revision", view->revision);
    json_success(response, data);
}

void api_routes_add(struct http_router *router, const struct api_view *view)
{
    static const struct {
        const char *path;
        http_handler *handler;
    } routes[] = {
        {"/api/v1/targets", endpoint_targets},
        {"/api/v1/targets/{id}", endpoint_target},
        {"/api/v1/targets/{id}/sites", endpoint_target_sites},
        {"/api/v1/targets/{id}/types", endpoint_target_types},
        {"/api/v1/targets/{id}/series", endpoint_target_series},
        {"/api/v1/targets/{id}/flame", endpoint_target_flame},
        {"/api/v1/targets/{id}/goroutines", endpoint_target_goroutines},
        {"/api/v1/targets/{id}/memory", endpoint_target_memory},
        {"/api/v1/suspects", endpoint_suspects},
        {"/api/v1/gate", endpoint_gate},
        {"/api/v1/openapi.json", endpoint_openapi},
        {"/api/v1/status/config", endpoint_config},
        {"/api/v1/status/buildinfo", endpoint_buildinfo},
    };
    http_router_add_list(router, "label");
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
        http_router_add(router, "GET", routes[i].path, 0, routes[i].handler, (void *)view);
}
