/* The files of an incident as bytes: for `go tool pprof`, curl and browsers. They are opened and
 * sent on the loop's thread: what may be waited for is the disk's answer for the manifest, of a few
 * KiB, and then for the 4 KiB that libmicrohttpd reads at once, mostly of what the system read
 * ahead. Whatever reads a file whole or looks through directories is a job. */
#include <stdio.h>
#include <string.h>

#include "api/incidents.h"

static void send_file(const struct api_incidents *view, const struct http_request *request,
    const char *name, struct http_response *response)
{
    struct lw_err err;
    char tag[EVIDENCE_SHA256_BYTES];
    const struct evidence_incident *incident = incidents_find(view, request, &err);
    int fd = -1;
    if (incident && incident->state == EVIDENCE_COLLECTING)
        lw_err_set(&err, LW_BUSY, "incident %s is still being collected", request->id);
    else if (incident && view->evidence)
        fd = evidence_file_open(view->evidence, incident->id, name, tag, &err);
    else if (incident)
        lw_err_set(&err, LW_NOT_FOUND, "no files are kept without --storage.path");
    if (fd < 0) {
        api_error(response, &err);
        return;
    }
    if (!tag[0]) /* the manifest: its revision says which one it is */
        snprintf(tag, sizeof tag, "%016llx%llu", (unsigned long long)incident->id,
            (unsigned long long)incident->revision);
    response->content_type = evidence_name_content_type(name);
    http_response_file(response, request, fd, tag);
}

void incidents_endpoint_file(
    void *ctx, const struct http_request *request, struct http_response *response)
{
    struct lw_err err;
    if (evidence_name_is_valid(request->name) || strcmp(request->name, "manifest.json") == 0) {
        send_file(ctx, request, request->name, response);
        return;
    }
    lw_err_set(&err, LW_NOT_FOUND, "\"%.60s\" is no name of a file of an incident", request->name);
    api_error(response, &err);
}

void incidents_endpoint_report(
    void *ctx, const struct http_request *request, struct http_response *response)
{
    send_file(ctx, request, "report.md", response);
}
