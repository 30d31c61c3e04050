/* Bodies of POST requests. Private to api/. */
#ifndef LW_API_BODY_H
#define LW_API_BODY_H

#include <cjson/cJSON.h>

#include "base/err.h"
#include "http/http.h"

/* Whether the body is called application/json: a form on another site cannot send that without
 * being asked first. LW_MEDIA_TYPE. */
int api_body_check(const struct http_request *request, struct lw_err *err) LW_MUST_CHECK;

/* A body that is a JSON object; an empty one is an empty object. The caller deletes it. NULL:
 * LW_MEDIA_TYPE, LW_INVALID. */
cJSON *api_body_parse(const struct http_request *request, struct lw_err *err) LW_MUST_CHECK;

/* A text member, borrowed; *text is NULL where it is missing. LW_INVALID: it is not text. */
int api_body_text(
    const cJSON *body, const char *name, const char **text, struct lw_err *err) LW_MUST_CHECK;

#endif
