/* The target of a request line taken apart. Private to http/. */
#ifndef LW_HTTP_REQUEST_H
#define LW_HTTP_REQUEST_H

#include "http/http.h"

/* "/targets/a%20b?limit=5&q=x+y": path and query percent-decoded, "+" in the query a blank. */
struct http_target {
    char *text; /* owned: what path and params point into */
    const char *path;
    struct http_param params[HTTP_PARAMS_MAX];
    size_t param_count;
};

/* Fills *target from the bytes of a client. Errors: LW_INVALID for a broken escape, for %00 and for
 * more than HTTP_PARAMS_MAX parameters; the path is then decoded if it could be, and as sent if
 * not. In both cases the caller ends with http_target_fini. */
int http_target_parse(
    struct http_target *target, const char *sent, struct lw_err *err) LW_MUST_CHECK;
void http_target_fini(struct http_target *target);

/* Whether a header that lists names with q values ("gzip, br;q=0.5") lets `name` pass, by itself or
 * by "*". */
bool http_list_accepts(const char *list, const char *name);

#endif
