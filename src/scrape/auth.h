/* What a job says about who we are and whom we trust: credentials, TLS, the headers of the request.
 * Private to scrape/. */
#ifndef LW_SCRAPE_AUTH_H
#define LW_SCRAPE_AUTH_H

#include <curl/curl.h>

#include "base/err.h"
#include "config/config.h"

/* Sets the credentials and TLS options of the job on an easy handle. Credential files are read anew
 * each time, so that a rotated one counts from the next scrape on. Headers are appended to
 * *headers, which the caller sets on the handle and frees after it. Errors: LW_CREDENTIALS (a file
 * is missing, too large, or holds no credential), LW_INTERNAL. */
int scrape_auth_apply(CURL *easy, const struct config_job *job, struct curl_slist **headers,
    struct lw_err *err) LW_MUST_CHECK;

/* Makes an https URL be verified (and named by SNI) as server_name instead of its own host.
 * libcurl has no option for that: the handle gets a URL with server_name as the host, CONNECT_TO
 * the real one, and a Host header of it. *connect_to is the caller's to free after the handle. Does
 * nothing for http. Errors: LW_INVALID, LW_INTERNAL. */
int scrape_auth_server_name(CURL *easy, const char *url, const char *server_name,
    struct curl_slist **connect_to, struct curl_slist **headers, struct lw_err *err) LW_MUST_CHECK;

#endif
