#include "scrape/auth.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

#define CREDENTIAL_MAX_BYTES 65536

/* Appends a formatted line; the list stays the caller's to free when this fails. */
LW_PRINTF(3, 4)
static int append(struct curl_slist **list, struct lw_err *err, const char *fmt, ...)
{
    char *line;
    va_list ap;
    va_start(ap, fmt);
    int len = vasprintf(&line, fmt, ap);
    va_end(ap);
    struct curl_slist *longer = len < 0 ? NULL : curl_slist_append(*list, line); /* copies */
    if (len >= 0)
        free(line);
    if (!longer)
        return lw_err_set(err, LW_NO_MEMORY, "no memory for the headers of a request");
    *list = longer;
    return 0;
}

/* A credential goes into a header: a line break in it would let it write headers of its own. */
static int check_credential(const char *text, const char *from, struct lw_err *err)
{
    if (!*text)
        return lw_err_set(err, LW_CREDENTIALS, "%s is empty", from);
    for (const char *p = text; *p; p++) {
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            return lw_err_set(err, LW_CREDENTIALS,
                "%s holds a control character at byte %zu; it must be one line of text", from,
                (size_t)(p - text));
    }
    return 0;
}

/* The credential given inline or, when file is not NULL, in that file without the white space
 * around it. NULL on error; the caller frees it. */
static char *read_credential(const char *given, const char *file, struct lw_err *err)
{
    if (!file)
        return lw_strdup(given ? given : "");
    char *data;
    size_t len;
    if (lw_file_read(file, CREDENTIAL_MAX_BYTES, &data, &len, err) < 0) {
        err->code = LW_CREDENTIALS;
        return NULL;
    }
    static const char space[] = " \t\r\n";
    char *text = data + strspn(data, space);
    char *end = data + len; /* not strlen: a NUL inside must not pass for the end */
    while (end > text && strchr(space, end[-1]))
        end--;
    char *credential = NULL;
    if (memchr(text, '\0', (size_t)(end - text)))
        lw_err_set(err, LW_CREDENTIALS, "%s is not text: it holds a zero byte", file);
    else
        credential = lw_strndup(text, (size_t)(end - text));
    free(data);
    if (credential && check_credential(credential, file, err) < 0) {
        free(credential);
        return NULL;
    }
    return credential;
}

static int apply_basic(CURL *easy, const struct config_basic_auth *auth, struct lw_err *err)
{
    char *password = read_credential(auth->password, auth->password_file, err);
    if (!password)
        return -1;
    int rc = 0;
    rc |= curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    rc |= curl_easy_setopt(easy, CURLOPT_USERNAME, auth->username ? auth->username : "");
    rc |= curl_easy_setopt(easy, CURLOPT_PASSWORD, password); /* copied */
    free(password);
    return rc ? lw_err_set(err, LW_INTERNAL, "libcurl refuses a basic_auth option") : 0;
}

static int apply_authorization(
    const struct config_authorization *auth, struct curl_slist **headers, struct lw_err *err)
{
    char *credentials = read_credential(auth->credentials, auth->credentials_file, err);
    if (!credentials)
        return -1;
    /* libcurl keeps a header of this name from other hosts when it follows a redirect. */
    int rc = append(
        headers, err, "Authorization: %s %s", auth->type ? auth->type : "Bearer", credentials);
    free(credentials);
    return rc;
}

static int apply_tls(CURL *easy, const struct config_tls *tls, struct lw_err *err)
{
    int rc = 0;
    if (tls->ca_file)
        rc |= curl_easy_setopt(easy, CURLOPT_CAINFO, tls->ca_file);
    if (tls->cert_file)
        rc |= curl_easy_setopt(easy, CURLOPT_SSLCERT, tls->cert_file);
    if (tls->key_file)
        rc |= curl_easy_setopt(easy, CURLOPT_SSLKEY, tls->key_file);
    if (tls->insecure_skip_verify) {
        rc |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
        rc |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    return rc ? lw_err_set(err, LW_INTERNAL, "libcurl refuses an option of tls_config") : 0;
}

int scrape_auth_apply(
    CURL *easy, const struct config_job *job, struct curl_slist **headers, struct lw_err *err)
{
    if (job->basic_auth.present && apply_basic(easy, &job->basic_auth, err) < 0)
        return -1;
    if (job->authorization.present && apply_authorization(&job->authorization, headers, err) < 0)
        return -1;
    if (job->tls_config.present && apply_tls(easy, &job->tls_config, err) < 0)
        return -1;
    return 0;
}

/* The parts of a URL that server_name needs, owned by libcurl. */
struct url_parts {
    char *host; /* an IPv6 address stands in brackets */
    char *port; /* the scheme's own if the URL names none */
    char *renamed;
};

static void free_parts(struct url_parts *parts)
{
    curl_free(parts->host);
    curl_free(parts->port);
    curl_free(parts->renamed);
}

static int split_url(
    const char *url, const char *server_name, struct url_parts *parts, struct lw_err *err)
{
    CURLU *u = curl_url();
    int rc = !u;
    rc = rc || curl_url_set(u, CURLUPART_URL, url, 0);
    rc = rc || curl_url_get(u, CURLUPART_HOST, &parts->host, 0);
    rc = rc || curl_url_get(u, CURLUPART_PORT, &parts->port, CURLU_DEFAULT_PORT);
    rc = rc || curl_url_set(u, CURLUPART_HOST, server_name, 0);
    rc = rc || curl_url_get(u, CURLUPART_URL, &parts->renamed, 0);
    curl_url_cleanup(u);
    if (rc)
        return lw_err_set(err, LW_INVALID,
            "the URL cannot be verified as tls_config.server_name \"%s\": one of them is not valid",
            server_name);
    return 0;
}

int scrape_auth_server_name(CURL *easy, const char *url, const char *server_name,
    struct curl_slist **connect_to, struct curl_slist **headers, struct lw_err *err)
{
    struct url_parts parts = {0};
    if (strncasecmp(url, "https:", strlen("https:")) != 0)
        return 0;
    int rc = split_url(url, server_name, &parts, err);
    if (rc < 0)
        goto out;
    rc = append(connect_to, err, "%s:%s:%s:%s", server_name, parts.port, parts.host, parts.port);
    if (rc == 0)
        rc = append(headers, err, "Host: %s:%s", parts.host, parts.port);
    if (rc == 0 && (curl_easy_setopt(easy, CURLOPT_CONNECT_TO, *connect_to) ||
                       curl_easy_setopt(easy, CURLOPT_URL, parts.renamed)))
        rc = lw_err_set(err, LW_INTERNAL, "libcurl refuses an option for tls_config.server_name");
out:
    free_parts(&parts);
    return rc;
}
