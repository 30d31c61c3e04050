#include "api/json.h"

#include <string.h>

#include "api/api.h"
#include "base/hash.h"

static const char content_type[] = "application/json";

static void answer(struct http_response *response, int status, cJSON *envelope)
{
    char *text = cJSON_PrintUnformatted(envelope);
    cJSON_Delete(envelope);
    if (!text) {
        http_response_text(response, 503, "out of memory\n");
        return;
    }
    response->status = status;
    response->content_type = content_type;
    response->body = text;
    response->len = strlen(text);
}

void json_success(struct http_response *response, cJSON *data)
{
    cJSON *envelope = cJSON_CreateObject();
    cJSON_AddStringToObject(envelope, "status", "success");
    cJSON_AddItemToObject(envelope, "data", data);
    answer(response, 200, envelope);
}

void json_success_tagged(
    struct http_response *response, const struct http_request *request, cJSON *data)
{
    json_success(response, data);
    if (response->status == 200)
        http_response_etag(response, request, lw_hash_bytes(0, response->body, response->len));
}

/* The errorType for an HTTP status: Prometheus' words, where it has one. */
static const char *error_type(int status)
{
    switch (status) {
    case 401:
        return "unauthorized";
    case 403:
        return "forbidden";
    case 404:
        return "not_found";
    case 429:
        return "limited";
    case 503:
        return "unavailable";
    case 504:
        return "timeout";
    default:
        return status < 500 ? "bad_data" : "internal";
    }
}

void api_error(struct http_response *response, const struct lw_err *err)
{
    int status = lw_code_http_status(err->code);
    cJSON *envelope = cJSON_CreateObject();
    cJSON_AddStringToObject(envelope, "status", "error");
    cJSON_AddStringToObject(envelope, "errorType", error_type(status));
    json_text(envelope, "error", err->msg);
    answer(response, status, envelope);
}
