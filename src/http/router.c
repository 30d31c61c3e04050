#include "http/router.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define LISTS_MAX 4

/* What a route answers to; the bits say which routes a path has. */
enum method { METHOD_OTHER = 0, METHOD_GET = 1, METHOD_POST = 2 };

struct route {
    enum method method;
    const char *path; /* static text */
    size_t body_limit_bytes;
    http_handler *handler;                    /* of a stream: its at_once(), or NULL */
    const struct http_stream_handler *stream; /* borrowed; or NULL */
    void *ctx;
};

struct http_router {
    struct route *routes; /* owned */
    size_t count;
    const char *lists[LISTS_MAX]; /* static texts: parameters that may be repeated */
    size_t list_count;
    void (*error_page)(void *ctx, const struct http_request *request, const struct lw_err *err,
        struct http_response *response);
    void *error_ctx;
};

/* Where in the path something lies. */
struct place {
    size_t at, len;
};

/* What a path leads to. */
struct match {
    const struct route *route; /* for the method, or NULL */
    unsigned methods;          /* of all routes the path has */
    struct place id, name;     /* empty where the route has none */
};

struct http_router *http_router_new(
    void (*error_page)(void *ctx, const struct http_request *request, const struct lw_err *err,
        struct http_response *response),
    void *ctx)
{
    struct http_router *router = LW_NEW(struct http_router);
    router->error_page = error_page;
    router->error_ctx = ctx;
    return router;
}

void http_router_free(struct http_router **router)
{
    if (!*router)
        return;
    free((*router)->routes);
    free(*router);
    *router = NULL;
}

static enum method method_of(const char *word)
{
    if (strcmp(word, "GET") == 0 || strcmp(word, "HEAD") == 0)
        return METHOD_GET;
    if (strcmp(word, "POST") == 0 || strcmp(word, "PUT") == 0)
        return METHOD_POST;
    return METHOD_OTHER;
}

static void add(struct http_router *router, const struct route *route)
{
    assert(route->method != METHOD_OTHER && route->path[0] == '/');
    for (size_t i = 0; i < router->count; i++)
        assert(router->routes[i].method != route->method ||
               strcmp(router->routes[i].path, route->path) != 0);
    router->routes = lw_renew(router->routes, router->count + 1, sizeof *router->routes);
    router->routes[router->count++] = *route;
}

void http_router_add(struct http_router *router, const char *method, const char *path,
    size_t body_limit_bytes, http_handler *handler, void *ctx)
{
    add(router, &(struct route){.method = method_of(method),
                    .path = path,
                    .body_limit_bytes = body_limit_bytes,
                    .handler = handler,
                    .ctx = ctx});
}

void http_router_add_stream(struct http_router *router, const char *method, const char *path,
    const struct http_stream_handler *handler, void *ctx)
{
    add(router, &(struct route){.method = method_of(method),
                    .path = path,
                    .stream = handler,
                    .handler = handler->at_once,
                    .ctx = ctx});
}

void http_router_add_list(struct http_router *router, const char *param)
{
    assert(router->list_count < LISTS_MAX);
    router->lists[router->list_count++] = param;
}

static bool is_list(const struct http_router *router, const char *param)
{
    for (size_t i = 0; i < router->list_count; i++) {
        if (strcmp(router->lists[i], param) == 0)
            return true;
    }
    return false;
}

int http_router_check_params(const struct http_router *router, const struct http_param *params,
    size_t count, struct lw_err *err)
{
    for (size_t i = 1; i < count; i++) {
        const char *name = params[i].name;
        for (size_t before = 0; before < i; before++) {
            if (strcmp(params[before].name, name) == 0 && !is_list(router, name))
                return lw_err_set(err, LW_INVALID,
                    "parameter %.40s is given twice, as \"%.40s\" and as \"%.40s\": give it once",
                    name, params[before].value, params[i].value);
        }
    }
    return 0;
}

bool http_router_next(
    const struct http_router *router, size_t *at, const char **method, const char **path)
{
    if (*at == router->count)
        return false;
    const struct route *route = &router->routes[(*at)++];
    *method = route->method == METHOD_GET ? "GET" : "POST";
    *path = route->path;
    return true;
}

/* Whether the route's path fits the path asked for; if so, where its {id} and {name} lie. */
static bool fits(const char *pattern, const char *path, struct match *match)
{
    const char *at = path;
    while (*pattern) {
        if (*pattern != '{') {
            if (*pattern++ != *at++)
                return false;
            continue;
        }
        struct place place = {.at = (size_t)(at - path), .len = strcspn(at, "/")};
        if (!place.len)
            return false;
        *(pattern[1] == 'i' ? &match->id : &match->name) = place;
        at += place.len;
        pattern += strcspn(pattern, "}") + 1;
    }
    return !*at;
}

static struct match find(const struct http_router *router, const char *method, const char *path)
{
    enum method m = method_of(method);
    struct match best = {0};
    unsigned methods = 0;
    for (size_t i = 0; i < router->count; i++) {
        struct match here = {.route = &router->routes[i]};
        if (!fits(here.route->path, path, &here))
            continue;
        methods |= here.route->method;
        bool is_exact = !here.id.len && !here.name.len;
        if (here.route->method == m && (!best.route || is_exact))
            best = here;
    }
    best.methods = methods;
    return best;
}

size_t http_router_body_limit(
    const struct http_router *router, const char *method, const char *path)
{
    struct match match = find(router, method, path);
    return match.route ? match.route->body_limit_bytes : 0;
}

const struct http_stream_handler *http_router_stream(
    const struct http_router *router, const char *method, const char *path, void **ctx)
{
    struct match match = find(router, method, path);
    if (!match.route)
        return NULL;
    *ctx = match.route->ctx;
    return match.route->stream;
}

void http_router_refuse(const struct http_router *router, const struct http_request *request,
    const struct lw_err *err, struct http_response *response)
{
    *response = (struct http_response){.status = lw_code_http_status(err->code)};
    router->error_page(router->error_ctx, request, err, response);
}

static void refuse_method(const struct http_router *router, const struct http_request *request,
    unsigned methods, struct http_response *response)
{
    static const char *const allowed[] = {
        [METHOD_GET] = "GET, HEAD",
        [METHOD_POST] = "POST, PUT",
        [METHOD_GET | METHOD_POST] = "GET, HEAD, POST, PUT",
    };
    struct lw_err err;
    lw_err_set(&err, LW_METHOD, "%.32s is not allowed on %.128s: use %s", request->method,
        request->path, allowed[methods]);
    http_router_refuse(router, request, &err, response);
    http_response_header(response, "Allow", allowed[methods]);
}

static char *copy_place(const char *path, const struct place *place)
{
    return place->len ? lw_strndup(path + place->at, place->len) : NULL;
}

static void bind(const struct match *match, struct http_request *request)
{
    request->id = copy_place(request->path, &match->id);
    request->name = copy_place(request->path, &match->name);
}

void http_router_bind(const struct http_router *router, struct http_request *request)
{
    struct match match = find(router, request->method, request->path);
    bind(&match, request);
}

void http_router_unbind(struct http_request *request)
{
    free((char *)request->id);
    free((char *)request->name);
    request->id = request->name = NULL;
}

void http_router_answer(
    struct http_router *router, struct http_request *request, struct http_response *response)
{
    struct lw_err err;
    struct match match = find(router, request->method, request->path);
    if (!match.methods) {
        lw_err_set(&err, LW_NOT_FOUND, "there is nothing at %.128s", request->path);
        http_router_refuse(router, request, &err, response);
        return;
    }
    if (!match.route) {
        refuse_method(router, request, match.methods, response);
        return;
    }
    if (!match.route->handler) {
        lw_err_set(&err, LW_INTERNAL, "the body for %.128s can only be streamed", request->path);
        http_router_refuse(router, request, &err, response);
        return;
    }
    if (request->body_len > match.route->body_limit_bytes) {
        lw_err_set(&err, LW_TOO_LARGE, "the body for %.128s is larger than %zu bytes",
            request->path, match.route->body_limit_bytes);
        http_router_refuse(router, request, &err, response);
        return;
    }
    request->is_head = strcmp(request->method, "HEAD") == 0;
    if (request->is_head)
        request->method = "GET";
    bind(&match, request);
    *response = (struct http_response){.status = 200};
    match.route->handler(match.route->ctx, request, response);
    http_router_unbind(request);
}
