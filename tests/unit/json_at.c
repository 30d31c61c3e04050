#include "json_at.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

const cJSON *json_at(const cJSON *json, const char *path)
{
    char copy[256], *save = NULL;
    snprintf(copy, sizeof copy, "%s", path);
    for (char *name = strtok_r(copy, ".", &save); name; name = strtok_r(NULL, ".", &save)) {
        json = cJSON_IsArray(json) ? cJSON_GetArrayItem(json, atoi(name))
                                   : cJSON_GetObjectItemCaseSensitive(json, name);
        if (!json)
            fail_msg("there is no \"%s\" of \"%s\"", name, path);
    }
    return json;
}

const char *json_at_text(const cJSON *json, const char *path)
{
    const cJSON *item = json_at(json, path);
    if (!cJSON_IsString(item))
        fail_msg("\"%s\" is no text", path);
    return item->valuestring;
}

double json_at_number(const cJSON *json, const char *path)
{
    const cJSON *item = json_at(json, path);
    if (!cJSON_IsNumber(item))
        fail_msg("\"%s\" is no number", path);
    return item->valuedouble;
}

void json_at_null(const cJSON *json, const char *path)
{
    if (!cJSON_IsNull(json_at(json, path)))
        fail_msg("\"%s\" is not null", path);
}

int json_at_count(const cJSON *json, const char *path)
{
    const cJSON *item = json_at(json, path);
    assert_true(cJSON_IsArray(item));
    return cJSON_GetArraySize(item);
}
