/* The JSON REST API: Prometheus' envelope and names where Prometheus has them. Everything here
 * reads a const view of the store; nothing changes state, but for uploads of binaries, which go
 * through binaries/. README.md tells the form of each answer. */
#ifndef LW_API_API_H
#define LW_API_API_H

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

/* An error in the envelope, for what the router answers by itself. */
void api_error(struct http_response *response, const struct lw_err *err);

#endif
