/* /api/v1/openapi.json: what all endpoints take and answer, for programs. A test holds it against
 * the routes, another one against the answers. */
#include "api/endpoints.h"
#include "base/hash.h"

extern const char api_openapi[], api_openapi_end[]; /* openapi_bytes.S */

void endpoint_openapi(void *ctx, const struct http_request *request, struct http_response *response)
{
    size_t len = (size_t)(api_openapi_end - api_openapi);
    (void)ctx;
    response->content_type = "application/json";
    if (http_response_etag(response, request, lw_hash_bytes(0, api_openapi, len)))
        return;
    response->static_body = api_openapi;
    response->len = len;
}
