#include "metrics/metrics.h"

#include "base/strbuf.h"
#include "metrics/families.h"

static void render_targets(struct expo *e, const struct metrics_view *view)
{
    struct families f = {.view = view};
    labels_init(&f.targets);
    families_label_targets(&f.targets, view->store);
    families_targets(e, &f);
    families_outlook(e, &f);
    families_rows(e, &f);
    labels_fini(&f.targets);
}

static void serve(void *ctx, const struct http_request *request, struct http_response *response)
{
    const struct metrics_view *view = ctx;
    struct lw_strbuf text;
    lw_strbuf_init(&text, EXPOSITION_BYTES_MAX);
    enum expo_format format = expo_negotiate(request->accept);
    struct expo e;
    expo_init(&e, format, &text);
    families_daemon(&e, view);
    families_process(&e);
    render_targets(&e, view);
    expo_finish(&e);
    size_t len = 0;
    char *body = lw_strbuf_take(&text, &len);
    if (!body) {
        http_response_text(response, 503,
            "the metrics are larger than %zu bytes: lower "
            "metrics.sites_total\n",
            EXPOSITION_BYTES_MAX);
        return;
    }
    response->status = 200;
    response->content_type = expo_content_type(format);
    response->body = body;
    response->len = len;
    http_response_header(response, "Vary", "Accept, Accept-Encoding");
}

void metrics_routes_add(struct http_router *router, const struct metrics_view *view)
{
    http_router_add(router, "GET", "/metrics", 0, serve, (void *)view);
}
