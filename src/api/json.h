/* JSON as the API writes it: cJSON with what it leaves out. Private to api/. */
#ifndef LW_API_JSON_H
#define LW_API_JSON_H

#include <cjson/cJSON.h>
#include <stdint.h>

#include "base/time.h"
#include "http/http.h"

/* Members of an object. Text may be any bytes; what is not UTF-8 becomes U+FFFD. */
void json_text(cJSON *object, const char *name, const char *text);
/* Exact, where a double would round above 2^53. */
void json_int(cJSON *object, const char *name, int64_t value);
/* null for NaN and the infinities. */
void json_double(cJSON *object, const char *name, double value);
void json_bool(cJSON *object, const char *name, bool value);
void json_null(cJSON *object, const char *name);
/* RFC 3339, or null for 0. */
void json_time(cJSON *object, const char *name, struct lw_wall at);
void json_id(cJSON *object, const char *name, uint64_t id);
cJSON *json_object(cJSON *object, const char *name);
cJSON *json_array(cJSON *object, const char *name);
/* A new object at the end of an array. */
cJSON *json_append(cJSON *array);
void json_append_double(cJSON *array, double value);

/* Answers {"status":"success","data":…}; data is taken. */
void json_success(struct http_response *response, cJSON *data);

#endif
