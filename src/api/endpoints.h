/* The handlers, for the table in api.c; ctx is the struct api_view. Private to api/. */
#ifndef LW_API_ENDPOINTS_H
#define LW_API_ENDPOINTS_H

#include "api/api.h"

/* The target that {id} names; answers 400 or 404 and gives NULL if there is none. */
const struct store_target *endpoint_find_target(const struct api_view *view,
    const struct http_request *request, struct http_response *response);

http_handler endpoint_targets;
http_handler endpoint_target;
http_handler endpoint_target_sites;
http_handler endpoint_target_types;
http_handler endpoint_target_series;
http_handler endpoint_target_flame;
http_handler endpoint_target_goroutines;
http_handler endpoint_target_memory;
http_handler endpoint_suspects;
http_handler endpoint_gate;
http_handler endpoint_openapi;

#endif
