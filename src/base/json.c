#include "base/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/strbuf.h"
#include "base/utf8.h"

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

void lw_json_text(cJSON *object, const char *name, const char *text)
{
    char *clean = scrub(text);
    cJSON_AddStringToObject(object, name, clean ? clean : text);
    free(clean);
}

void lw_json_int(cJSON *object, const char *name, int64_t value)
{
    char digits[32];
    snprintf(digits, sizeof digits, "%lld", (long long)value);
    cJSON_AddRawToObject(object, name, digits);
}

void lw_json_double(cJSON *object, const char *name, double value)
{
    if (isfinite(value))
        cJSON_AddNumberToObject(object, name, value);
    else
        cJSON_AddNullToObject(object, name);
}

void lw_json_bool(cJSON *object, const char *name, bool value)
{
    cJSON_AddBoolToObject(object, name, value);
}

void lw_json_null(cJSON *object, const char *name)
{
    cJSON_AddNullToObject(object, name);
}

void lw_json_time(cJSON *object, const char *name, struct lw_wall at)
{
    char text[LW_WALL_TEXT_BYTES];
    if (at.ns)
        cJSON_AddStringToObject(object, name, lw_wall_rfc3339(at, text));
    else
        cJSON_AddNullToObject(object, name);
}

void lw_json_id(cJSON *object, const char *name, uint64_t id)
{
    char text[LW_ID_TEXT_BYTES];
    cJSON_AddStringToObject(object, name, lw_id_text(id, text));
}

cJSON *lw_json_object(cJSON *object, const char *name)
{
    return cJSON_AddObjectToObject(object, name);
}

cJSON *lw_json_array(cJSON *object, const char *name)
{
    return cJSON_AddArrayToObject(object, name);
}

cJSON *lw_json_append(cJSON *array)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddItemToArray(array, object);
    return object;
}

void lw_json_append_text(cJSON *array, const char *text)
{
    char *clean = scrub(text);
    cJSON_AddItemToArray(array, cJSON_CreateString(clean ? clean : text));
    free(clean);
}

void lw_json_append_double(cJSON *array, double value)
{
    cJSON_AddItemToArray(array, isfinite(value) ? cJSON_CreateNumber(value) : cJSON_CreateNull());
}
