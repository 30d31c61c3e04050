#include "api/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "base/hash.h"
#include "base/strbuf.h"
#include "base/utf8.h"

static const char content_type[] = "application/json";

/* NULL when the text is good as it is; else a scrubbed copy that the caller frees. */
static char *scrub(const char *text)
{
    const char *p = text;
    size_t n;
    while ((n = lw_utf8_sequence(p)))
        p += n;
    if (!*p)
        return NULL;
    struct lw_strbuf clean;
    lw_strbuf_init(&clean, strlen(text) * strlen(LW_UTF8_REPLACEMENT));
    for (p = text; *p; p += n ? n : 1) {
        n = lw_utf8_sequence(p);
        if (n)
            lw_strbuf_add(&clean, p, n);
        else
            lw_strbuf_adds(&clean, LW_UTF8_REPLACEMENT);
    }
    return lw_strbuf_take(&clean, NULL);
}

void json_text(cJSON *object, const char *name, const char *text)
{
    char *clean = scrub(text);
    cJSON_AddStringToObject(object, name, clean ? clean : text);
    free(clean);
}

void json_int(cJSON *object, const char *name, int64_t value)
{
    char digits[32];
    snprintf(digits, sizeof digits, "%lld", (long long)value);
    cJSON_AddRawToObject(object, name, digits);
}

void json_double(cJSON *object, const char *name, double value)
{
    if (isfinite(value))
        cJSON_AddNumberToObject(object, name, value);
    else
        cJSON_AddNullToObject(object, name);
}

void json_bool(cJSON *object, const char *name, bool value)
{
    cJSON_AddBoolToObject(object, name, value);
}

void json_null(cJSON *object, const char *name)
{
    cJSON_AddNullToObject(object, name);
}

void json_time(cJSON *object, const char *name, struct lw_wall at)
{
    char text[LW_WALL_TEXT_BYTES];
    if (at.ns)
        cJSON_AddStringToObject(object, name, lw_wall_rfc3339(at, text));
    else
        cJSON_AddNullToObject(object, name);
}

void json_id(cJSON *object, const char *name, uint64_t id)
{
    char text[LW_ID_TEXT_BYTES];
    cJSON_AddStringToObject(object, name, lw_id_text(id, text));
}

cJSON *json_object(cJSON *object, const char *name)
{
    return cJSON_AddObjectToObject(object, name);
}

cJSON *json_array(cJSON *object, const char *name)
{
    return cJSON_AddArrayToObject(object, name);
}

cJSON *json_append(cJSON *array)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddItemToArray(array, object);
    return object;
}

void json_append_double(cJSON *array, double value)
{
    cJSON_AddItemToArray(array, isfinite(value) ? cJSON_CreateNumber(value) : cJSON_CreateNull());
}

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
