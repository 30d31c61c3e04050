#include "api/body.h"

#include <string.h>
#include <strings.h>

int api_body_check(const struct http_request *request, struct lw_err *err)
{
    static const char json[] = "application/json";
    const char *type = request->content_type ? request->content_type : "";
    size_t len = strcspn(type, "; \t");
    if (len == strlen(json) && strncasecmp(type, json, len) == 0)
        return 0;
    return lw_err_set(
        err, LW_MEDIA_TYPE, "the body must have Content-Type: %s, not \"%.60s\"", json, type);
}

cJSON *api_body_parse(const struct http_request *request, struct lw_err *err)
{
    if (api_body_check(request, err) < 0)
        return NULL;
    if (request->body_len == 0)
        return cJSON_CreateObject();
    cJSON *body = cJSON_ParseWithLength(request->body, request->body_len);
    if (cJSON_IsObject(body))
        return body;
    cJSON_Delete(body);
    lw_err_set(err, LW_INVALID, "the body is not a JSON object");
    return NULL;
}

int api_body_text(const cJSON *body, const char *name, const char **text, struct lw_err *err)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(body, name);
    *text = cJSON_GetStringValue(item);
    if (item && !*text && !cJSON_IsNull(item))
        return lw_err_set(err, LW_INVALID, "\"%s\" must be text", name);
    return 0;
}
