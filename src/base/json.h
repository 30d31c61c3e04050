/* Building JSON with cJSON, with what that leaves out: text that is not UTF-8, integers above 2^53,
 * numbers that are none. */
#ifndef LW_BASE_JSON_H
#define LW_BASE_JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

/* Members of an object. Text may be any bytes; what is not UTF-8 becomes U+FFFD. */
void lw_json_text(cJSON *object, const char *name, const char *text);
/* Exact, where a double would round above 2^53. */
void lw_json_int(cJSON *object, const char *name, int64_t value);
/* null for NaN and the infinities. */
void lw_json_double(cJSON *object, const char *name, double value);
void lw_json_bool(cJSON *object, const char *name, bool value);
void lw_json_null(cJSON *object, const char *name);
/* RFC 3339, or null for 0. */
void lw_json_time(cJSON *object, const char *name, struct lw_wall at);
void lw_json_id(cJSON *object, const char *name, uint64_t id);
cJSON *lw_json_object(cJSON *object, const char *name);
cJSON *lw_json_array(cJSON *object, const char *name);
/* A new object at the end of an array. */
cJSON *lw_json_append(cJSON *array);
void lw_json_append_text(cJSON *array, const char *text);
void lw_json_append_double(cJSON *array, double value);

#endif
