/* One PUT, by libcurl. */
#include <curl/curl.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "upload/answer.h"
#include "upload/credentials.h"
#include "upload/upload.h"

struct upload_client {
    CURL *easy;
};

/* One transfer. */
struct put {
    const struct upload_object *object;
    const atomic_bool *stop;
    int64_t sent;
    int read_errno; /* why the file could not be read */
    bool is_short;  /* it ended before its size */
    struct upload_answer answer;
    char reason[CURL_ERROR_SIZE]; /* libcurl's */
};

struct upload_client *upload_client_new(void)
{
    return LW_NEW(struct upload_client);
}

void upload_client_free(struct upload_client **client)
{
    if (!*client)
        return;
    curl_easy_cleanup((*client)->easy);
    free(*client);
    *client = NULL;
}

/* ---- libcurl's callbacks ---- */

static size_t read_file(char *buffer, size_t size, size_t count, void *ctx)
{
    struct put *put = ctx;
    int64_t left = put->object->bytes - put->sent;
    size_t wanted = (int64_t)(size * count) < left ? size * count : (size_t)left;
    if (wanted == 0)
        return 0;
    ssize_t got;
    do
        got = pread(put->object->fd, buffer, wanted, put->sent);
    while (got < 0 && errno == EINTR);
    if (got <= 0) {
        put->read_errno = got < 0 ? errno : 0;
        put->is_short = got == 0;
        return CURL_READFUNC_ABORT;
    }
    put->sent += got;
    return (size_t)got;
}

/* A kept connection may turn out to be closed after some bytes went out. */
static int seek_file(void *ctx, curl_off_t offset, int origin)
{
    struct put *put = ctx;
    if (origin != SEEK_SET || offset < 0 || offset > put->object->bytes)
        return CURL_SEEKFUNC_FAIL;
    put->sent = offset;
    return CURL_SEEKFUNC_OK;
}

static size_t keep_answer(char *bytes, size_t size, size_t count, void *ctx)
{
    struct upload_answer *answer = &((struct put *)ctx)->answer;
    size_t room = sizeof answer->body - answer->body_len;
    size_t kept = size * count < room ? size * count : room;
    memcpy(answer->body + answer->body_len, bytes, kept);
    answer->body_len += kept;
    return size * count;
}

static int check_stop(
    void *ctx, curl_off_t in_all, curl_off_t in, curl_off_t out_all, curl_off_t out)
{
    const struct put *put = ctx;
    (void)in_all, (void)in, (void)out_all, (void)out;
    return atomic_load(put->stop);
}

/* ---- the request ---- */

LW_PRINTF(2, 3)
static int add_header(struct curl_slist **headers, const char *fmt, ...)
{
    char *line;
    va_list ap;
    va_start(ap, fmt);
    int len = vasprintf(&line, fmt, ap);
    va_end(ap);
    if (len < 0)
        return -1;
    struct curl_slist *longer = curl_slist_append(*headers, line); /* copies */
    free(line);
    if (!longer)
        return -1;
    *headers = longer;
    return 0;
}

/* All of them are signed. libcurl below 8.0 does not add x-amz-content-sha256 itself. An empty
 * "Expect:" must not be among them: libcurl would sign it and then not send it. */
static int make_headers(const struct upload_object *object,
    const struct upload_credentials *credentials, struct curl_slist **headers)
{
    int rc = add_header(headers, "x-amz-content-sha256: %s", object->sha256);
    if (rc == 0)
        rc = add_header(headers, "Content-Type: %s", object->content_type);
    if (rc == 0 && credentials->token)
        rc = add_header(headers, "x-amz-security-token: %s", credentials->token);
    return rc;
}

static int set_transfer(CURL *easy, struct put *put)
{
    int rc = CURLE_OK;
    rc |= curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    rc |= curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)put->object->bytes);
    rc |= curl_easy_setopt(easy, CURLOPT_READFUNCTION, read_file);
    rc |= curl_easy_setopt(easy, CURLOPT_READDATA, put);
    rc |= curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, seek_file);
    rc |= curl_easy_setopt(easy, CURLOPT_SEEKDATA, put);
    rc |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, keep_answer);
    rc |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, put);
    rc |= curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, check_stop);
    rc |= curl_easy_setopt(easy, CURLOPT_XFERINFODATA, put);
    rc |= curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    rc |= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, put->reason);
    return rc;
}

static int set_place(CURL *easy, const struct config_upload *config, const char *key)
{
    int rc = CURLE_OK;
    char *url = upload_url_make(config, key);
    rc |= curl_easy_setopt(easy, CURLOPT_URL, url);
    free(url);
    rc |= curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    rc |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    rc |= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    rc |= curl_easy_setopt(easy, CURLOPT_PROXY, "");
    rc |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    rc |= curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* a stop does not wait for DNS */
    rc |= curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)(config->timeout_ns / LW_NS_PER_MS));
    if (config->ca_file)
        rc |= curl_easy_setopt(easy, CURLOPT_CAINFO, config->ca_file);
    return rc;
}

static int set_signature(
    CURL *easy, const struct config_upload *config, const struct upload_credentials *credentials)
{
    char what[128];
    int rc = CURLE_OK;
    snprintf(what, sizeof what, "aws:amz:%s:s3", config->region);
    rc |= curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, what);
    rc |= curl_easy_setopt(easy, CURLOPT_USERNAME, credentials->key_id);
    rc |= curl_easy_setopt(easy, CURLOPT_PASSWORD, credentials->secret);
    return rc;
}

/* ---- the end of it ---- */

static enum lw_code code_of(CURLcode rc)
{
    switch (rc) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return LW_RESOLVE;
    case CURLE_COULDNT_CONNECT:
        return LW_CONNECT;
    case CURLE_OPERATION_TIMEDOUT:
        return LW_TIMEOUT;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
        return LW_TLS;
    default:
        return LW_TRANSFER;
    }
}

static enum upload_outcome explain(const struct put *put, CURLcode rc, struct lw_err *err)
{
    if (put->is_short) {
        lw_err_set(err, LW_CORRUPT, "the file ends after %lld of %lld bytes", (long long)put->sent,
            (long long)put->object->bytes);
        return UPLOAD_REFUSED;
    }
    if (rc == CURLE_OPERATION_TIMEDOUT && put->sent > 0 && put->sent < put->object->bytes) {
        lw_err_set(err, LW_TIMEOUT,
            "%lld of %lld bytes went out within upload.timeout: allow more time",
            (long long)put->sent, (long long)put->object->bytes);
        return UPLOAD_SLOW;
    }
    if (put->read_errno)
        lw_err_sys(err, LW_IO, put->read_errno, "cannot read the file");
    else if (atomic_load(put->stop))
        lw_err_set(err, LW_CANCELLED, "leakwatchd is stopping");
    else
        lw_err_set(err, code_of(rc), "the object storage is not to be reached: %s",
            put->reason[0] ? put->reason : curl_easy_strerror(rc));
    return UPLOAD_RETRY;
}

static void note_answer(CURL *easy, struct upload_answer *answer)
{
    struct curl_header *region;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &answer->status);
    if (curl_easy_header(easy, "x-amz-bucket-region", 0, CURLH_HEADER, -1, &region) == CURLHE_OK)
        snprintf(answer->region, sizeof answer->region, "%s", region->value);
}

static enum upload_outcome perform(CURL *easy, struct put *put, struct lw_err *err)
{
    CURLcode rc = curl_easy_perform(easy);
    if (rc != CURLE_OK)
        return explain(put, rc, err);
    note_answer(easy, &put->answer);
    return upload_answer_judge(&put->answer, err);
}

enum upload_outcome upload_put(struct upload_client *client, const struct config_upload *config,
    const struct upload_object *object, const atomic_bool *stop, struct lw_err *err)
{
    struct put put = {.object = object, .stop = stop};
    struct upload_credentials credentials;
    struct curl_slist *headers = NULL;
    enum upload_outcome outcome = UPLOAD_RETRY;
    if (upload_credentials_load(config->credentials_file, &credentials, err) < 0)
        return UPLOAD_RETRY;
    if (!client->easy)
        client->easy = curl_easy_init();
    CURL *easy = client->easy;
    if (!easy || make_headers(object, &credentials, &headers) < 0)
        lw_err_set(err, LW_NO_MEMORY, "no memory for a request");
    else if (set_transfer(easy, &put) || set_place(easy, config, object->key) ||
             set_signature(easy, config, &credentials) ||
             curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers))
        lw_err_set(err, LW_INTERNAL, "libcurl refuses an option of an upload");
    else
        outcome = perform(easy, &put, err);
    if (easy)
        curl_easy_reset(easy); /* forgets the secrets and keeps the connection */
    curl_slist_free_all(headers);
    upload_credentials_fini(&credentials);
    return outcome;
}
