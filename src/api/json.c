#include "api/json.h"

#include <string.h>

#include "api/api.h"

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

/* Prometheus' errorType for an HTTP status. */
static const char *error_type(int status)
{
    switch (status) {
    case 404:
        return "not_found";
    case 406:
        return "not_acceptable";
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
