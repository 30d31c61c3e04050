/* What the server asks of the router besides http_router_answer. Private to http/. */
#ifndef LW_HTTP_ROUTER_H
#define LW_HTTP_ROUTER_H

#include "http/http.h"

/* The longest body the route for this method and path takes; 0 when there is none. */
size_t http_router_body_limit(
    const struct http_router *router, const char *method, const char *path);

/* LW_INVALID names a parameter that is there more than once and is no list. */
int http_router_check_params(const struct http_router *router, const struct http_param *params,
    size_t count, struct lw_err *err) LW_MUST_CHECK;

/* The handler and its ctx when the method and path lead to a stream, else NULL. */
const struct http_stream_handler *http_router_stream(
    const struct http_router *router, const char *method, const char *path, void **ctx);

/* Sets id and name of a request to what its path has in their places, for a stream's begin(); the
 * texts are the request's until http_router_unbind. */
void http_router_bind(const struct http_router *router, struct http_request *request);
void http_router_unbind(struct http_request *request);

/* Answers with the error page for err, as http_router_answer does. */
void http_router_refuse(const struct http_router *router, const struct http_request *request,
    const struct lw_err *err, struct http_response *response);

#endif
