/* JSON as the API writes it. Private to api/. */
#ifndef LW_API_JSON_H
#define LW_API_JSON_H

#include "base/json.h"
#include "http/http.h"

/* base/json.h under the short names that are used on every other line here. */
#define json_text          lw_json_text
#define json_int           lw_json_int
#define json_double        lw_json_double
#define json_bool          lw_json_bool
#define json_null          lw_json_null
#define json_time          lw_json_time
#define json_id            lw_json_id
#define json_object        lw_json_object
#define json_array         lw_json_array
#define json_append        lw_json_append
#define json_append_double lw_json_append_double

/* Answers {"status":"success","data":…}; data is taken. */
void json_success(struct http_response *response, cJSON *data);

/* As json_success, with an ETag of what is answered: an answer that has not changed since the
 * client last asked does not travel again. */
void json_success_tagged(
    struct http_response *response, const struct http_request *request, cJSON *data);

#endif
