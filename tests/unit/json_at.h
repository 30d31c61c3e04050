/* What a test finds in JSON: a member goes by its path, "heap.verdict" or "suspects.0.site". One
 * that is not there, or of another kind, fails the test. */
#ifndef LW_TESTS_JSON_AT_H
#define LW_TESTS_JSON_AT_H

#include <cjson/cJSON.h>

const cJSON *json_at(const cJSON *json, const char *path);
const char *json_at_text(const cJSON *json, const char *path);
double json_at_number(const cJSON *json, const char *path);
void json_at_null(const cJSON *json, const char *path);

/* Of an array. */
int json_at_count(const cJSON *json, const char *path);

#endif
