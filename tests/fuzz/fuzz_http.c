/* What a client may write, without the sockets. The input is up to five lines: method, target,
 * Accept-Encoding, If-None-Match, body. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "http/http.h"
#include "http/range.h"
#include "http/request.h"
#include "http/response.h"
#include "http/router.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void error_page(void *ctx, const struct http_request *request, const struct lw_err *err,
    struct http_response *response)
{
    (void)ctx;
    (void)request;
    assert(err->code != LW_OK);
    http_response_text(response, response->status, "%s", err->msg);
}

static void answer(void *ctx, const struct http_request *request, struct http_response *response)
{
    bool wants_id = ctx;
    assert(wants_id == !!request->id);
    assert(!wants_id || (request->id[0] && !strchr(request->id, '/')));
    struct lw_err err;
    int64_t limit;
    if (http_request_int(request, "limit", 1500, 0, 5000, &limit, &err) < 0) {
        http_response_text(response, 400, "%s", err.msg);
        return;
    }
    assert(limit >= 0 && limit <= 5000);
    http_response_text(response, 200, "%*s", (int)limit, request->path);
    http_response_header(response, "X-Path", request->path);
    (void)http_response_etag(response, request, 1);
}

static struct http_router *sample_router(void)
{
    static char with_id;
    struct http_router *router = http_router_new(error_page, NULL);
    http_router_add(router, "GET", "/", 0, answer, NULL);
    http_router_add(router, "GET", "/t/{id}", 0, answer, &with_id);
    http_router_add(router, "GET", "/t/{id}/h", 0, answer, &with_id);
    http_router_add(router, "GET", "/t/all", 0, answer, NULL);
    http_router_add(router, "POST", "/-/reload", 16, answer, NULL);
    http_router_add_list(router, "label");
    return router;
}

static void check_target(const struct http_target *target)
{
    assert(target->path && target->param_count <= HTTP_PARAMS_MAX);
    for (size_t i = 0; i < target->param_count; i++)
        assert(target->params[i].name && target->params[i].value);
}

static void check_range(const char *header, uint64_t size)
{
    uint64_t first, last;
    if (http_range_parse(header, size, &first, &last) == HTTP_RANGE_PART)
        assert(first <= last && last < size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = lw_strndup((const char *)data, size);
    char *rest = text, *line[5];
    for (int i = 0; i < 5; i++)
        line[i] = rest ? strsep(&rest, "\n") : text + strlen(text);
    struct http_target target;
    struct lw_err err;
    if (http_target_parse(&target, line[1], &err) == 0) {
        check_target(&target);
        struct http_router *router = sample_router();
        if (http_router_check_params(router, target.params, target.param_count, &err) < 0)
            assert(err.code == LW_INVALID && target.param_count > 1);
        struct http_request request = {.method = line[0],
            .path = target.path,
            .params = target.params,
            .param_count = target.param_count,
            .accept = "",
            .accept_encoding = line[2],
            .if_none_match = line[3],
            .body = line[4],
            .body_len = strlen(line[4])};
        struct http_response response;
        http_router_answer(router, &request, &response);
        assert(response.status >= 200 && response.status < 600);
        if (http_response_wants_gzip(&response, &request))
            http_response_gzip(&response);
        http_response_fini(&response);
        http_router_free(&router);
        check_range(line[3], strlen(line[4]));
    }
    http_target_fini(&target);
    free(text);
    return 0;
}
