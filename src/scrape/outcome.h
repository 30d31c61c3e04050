/* What became of a transfer, in words: from libcurl's result and the HTTP status to one of our
 * codes and a message that says what to do. Private to scrape/. */
#ifndef LW_SCRAPE_OUTCOME_H
#define LW_SCRAPE_OUTCOME_H

#include <curl/curl.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* What is known of a transfer that is over, all of it borrowed. */
struct scrape_outcome {
    const char *method;
    const char *url; /* as shown to people: without credentials */
    const char *job_name;
    size_t limit_bytes;
    CURLcode result;
    const char *detail;   /* libcurl's words for a failure, or "" */
    long status;          /* of the last answer; 0: none came */
    const char *location; /* where a redirect points that is not to be followed, or NULL */
    const char *excerpt;  /* the beginning of the body when the status is not 200; not terminated */
    size_t excerpt_len;
};

/* 0 for a whole answer with status 200, the only one that counts as a success, as with Prometheus.
 * Errors: LW_REDIRECT, LW_HTTP_STATUS, and for what libcurl reports LW_RESOLVE, LW_CONNECT, LW_TLS,
 * LW_TIMEOUT, LW_TRANSFER, LW_BODY_TOO_LARGE, LW_CREDENTIALS, LW_INVALID, LW_NO_MEMORY. */
int scrape_outcome_check(const struct scrape_outcome *outcome, struct lw_err *err) LW_MUST_CHECK;

/* A URL as messages show it: user name and password taken out, other than printable ASCII escaped,
 * cut at 200 bytes. */
#define SCRAPE_URL_SHOWN_BYTES 201
const char *scrape_url_shown(const char *url, char text[SCRAPE_URL_SHOWN_BYTES]);

#endif
