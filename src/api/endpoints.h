/* The handlers, for the table in api.c; ctx is the struct api_view. Private to api/. */
#ifndef LW_API_ENDPOINTS_H
#define LW_API_ENDPOINTS_H

#include "api/api.h"

http_handler endpoint_targets;
http_handler endpoint_target;
http_handler endpoint_target_sites;
http_handler endpoint_target_types;
http_handler endpoint_target_series;
http_handler endpoint_suspects;

#endif
