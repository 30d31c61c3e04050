#include "web/web.h"

#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "web/assets.h"

#define DECLARE(name, path, type, file) \
    extern const char web_##name[]; \
    extern const uint64_t web_##name##_len;
WEB_ASSETS(DECLARE)
#undef DECLARE

struct asset {
    const char *path;
    const char *content_type;
    const char *bytes;
    const uint64_t *len;
};

static const struct asset assets[] = {
#define ROW(name, path, type, file) {path, type, web_##name, &web_##name##_len},
    WEB_ASSETS(ROW)
#undef ROW
};

/* Names of functions and labels come from the targets: should one ever get into the page as markup,
 * this keeps it from doing anything. */
#define CONTENT_SECURITY_POLICY \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " \
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

static void answer_asset(
    void *ctx, const struct http_request *request, struct http_response *response)
{
    const struct asset *asset = ctx;

    response->content_type = asset->content_type;
    http_response_header(response, "Cache-Control", "no-cache");
    http_response_header(response, "Content-Security-Policy", CONTENT_SECURITY_POLICY);
    http_response_header(response, "X-Content-Type-Options", "nosniff");
    http_response_header(response, "Referrer-Policy", "no-referrer");

    /* Hashed anew for each request: it takes microseconds, and there is no state to keep. */
    uint64_t version = lw_hash_bytes(0, asset->bytes, *asset->len);
    if (http_response_etag(response, request, version))
        return;
    response->static_body = asset->bytes;
    response->len = *asset->len;
}

void web_routes_add(struct http_router *router)
{
    for (size_t i = 0; i < sizeof assets / sizeof assets[0]; i++)
        http_router_add(router, "GET", assets[i].path, 0, answer_asset, (void *)&assets[i]);
}
