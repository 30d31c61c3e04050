#include "scrape/outcome.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* How much of an excerpt a message shows, once escaped. */
#define EXCERPT_MAX_BYTES 120

/* Every result of libcurl that is not LW_TRANSFER, the code of all others. */
static const struct {
    CURLcode result;
    enum lw_code code;
    const char *hint;
} results[] = {
    {CURLE_URL_MALFORMAT, LW_INVALID, NULL},
    {CURLE_OUT_OF_MEMORY, LW_NO_MEMORY, NULL},
    {CURLE_COULDNT_RESOLVE_HOST, LW_RESOLVE, NULL},
    {CURLE_COULDNT_CONNECT, LW_CONNECT, NULL},
    {CURLE_OPERATION_TIMEDOUT, LW_TIMEOUT, NULL},
    {CURLE_TOO_MANY_REDIRECTS, LW_REDIRECT, NULL},
    {CURLE_SSL_CONNECT_ERROR, LW_TLS, NULL},
    {CURLE_SSL_CIPHER, LW_TLS, NULL},
    {CURLE_SSL_ENGINE_INITFAILED, LW_TLS, NULL},
    {CURLE_SSL_CACERT_BADFILE, LW_TLS, "see tls_config.ca_file"},
    {CURLE_PEER_FAILED_VERIFICATION, LW_TLS, "see tls_config: ca_file, server_name"},
    {CURLE_SSL_CERTPROBLEM, LW_CREDENTIALS, "see tls_config: cert_file, key_file"},
};

static const struct {
    long status;
    const char *hint;
} statuses[] = {
    {401, "see basic_auth and authorization of the job"},
    {403, "its credentials are not allowed to read this"},
    {404, "does the program import net/http/pprof? see profile_path_prefix"},
};

/* Copies foreign text so that it fits into a line of a message: runs of white space become one
 * blank, what is not printable ASCII becomes \xNN. Cuts where text ends. */
static const char *escape(const char *bytes, size_t len, char *text, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < len && n + sizeof "\\xNN" <= size; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if (c == ' ' || (c >= '\t' && c <= '\r')) {
            if (n && text[n - 1] != ' ')
                text[n++] = ' ';
        } else if (c > ' ' && c < 0x7f) {
            text[n++] = (char)c;
        } else {
            n += (size_t)snprintf(text + n, size - n, "\\x%02x", c);
        }
    }
    while (n && text[n - 1] == ' ')
        n--;
    text[n] = '\0';
    return text;
}

const char *scrape_url_shown(const char *url, char text[SCRAPE_URL_SHOWN_BYTES])
{
    /* RFC 3986, 3.2: the user information stands between "//" and the last @ of the authority. Done
     * by hand because a URL that libcurl cannot parse must not show its password either. */
    char shown[SCRAPE_URL_SHOWN_BYTES];
    const char *authority = strstr(url, "//");
    authority = authority ? authority + 2 : url;
    size_t authority_len = strcspn(authority, "/?#");
    const char *at = memrchr(authority, '@', authority_len);
    const char *rest = at ? at + 1 : authority;
    snprintf(shown, sizeof shown, "%.*s%s", (int)(authority - url), url, rest);
    return escape(shown, strlen(shown), text, SCRAPE_URL_SHOWN_BYTES);
}

static int refuse_result(const struct scrape_outcome *o, struct lw_err *err)
{
    enum lw_code code = LW_TRANSFER;
    const char *hint = NULL;
    for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
        if (results[i].result == o->result) {
            code = results[i].code;
            hint = results[i].hint;
        }
    }
    const char *why = o->detail[0] ? o->detail : curl_easy_strerror(o->result);
    return lw_err_set(
        err, code, "%s %s: %s%s%s", o->method, o->url, why, hint ? "; " : "", hint ? hint : "");
}

static int refuse_redirect(const struct scrape_outcome *o, struct lw_err *err)
{
    char location[SCRAPE_URL_SHOWN_BYTES];
    return lw_err_set(err, LW_REDIRECT,
        "%s %s: status %ld redirects to %s, and follow_redirects of job %s is false", o->method,
        o->url, o->status, scrape_url_shown(o->location, location), o->job_name);
}

static int refuse_status(const struct scrape_outcome *o, struct lw_err *err)
{
    const char *hint = NULL;
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        if (statuses[i].status == o->status)
            hint = statuses[i].hint;
    }
    char excerpt[EXCERPT_MAX_BYTES + 1];
    escape(o->excerpt, o->excerpt_len, excerpt, sizeof excerpt);
    return lw_err_set(err, LW_HTTP_STATUS, "%s %s: status %ld, not 200%s%s%s%s%s", o->method,
        o->url, o->status, hint ? "; " : "", hint ? hint : "", excerpt[0] ? ": \"" : "", excerpt,
        excerpt[0] ? "\"" : "");
}

int scrape_outcome_check(const struct scrape_outcome *outcome, struct lw_err *err)
{
    const struct scrape_outcome *o = outcome;
    bool redirect = o->status >= 300 && o->status < 400;
    if (o->result == CURLE_FILESIZE_EXCEEDED)
        return lw_err_set(err, LW_BODY_TOO_LARGE,
            "%s %s: the answer announces more than %zu bytes; see compressed_size_limit", o->method,
            o->url, o->limit_bytes);
    if (redirect && o->location)
        return refuse_redirect(o, err);
    /* A redirect that was followed and failed leaves its status behind; any other status but 200
     * says more than what happened to the body that came with it. */
    if (o->result != CURLE_OK && (redirect || o->status <= 200))
        return refuse_result(o, err);
    if (o->status != 200)
        return refuse_status(o, err);
    return 0;
}
