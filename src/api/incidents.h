/* What the files about incidents share. Private to api/. */
#ifndef LW_API_INCIDENTS_H
#define LW_API_INCIDENTS_H

#include "api/api.h"
#include "api/json.h"

#define INCIDENTS_LIMIT_DEFAULT 100
#define INCIDENTS_LIMIT_MAX     1000

/* The incident of the request's {id}; NULL: LW_INVALID, LW_NOT_FOUND. */
const struct evidence_incident *incidents_find(const struct api_incidents *view,
    const struct http_request *request, struct lw_err *err) LW_MUST_CHECK;

/* The members of an incident wherever it appears. */
void incidents_render(cJSON *object, const struct evidence_incident *incident, struct lw_wall now);

/* A text, or null where there is none. */
void incidents_text(cJSON *object, const char *name, const char *text);

http_handler incidents_endpoint_file;   /* files.c */
http_handler incidents_endpoint_report; /* files.c: report.md */

/* incident.c: one incident with its report and files */
extern const struct http_stream_handler incidents_showing;

/* incident_changes.c */
extern const struct http_stream_handler incidents_changes;

#endif
