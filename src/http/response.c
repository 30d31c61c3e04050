#include "http/response.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/mem.h"
#include "http/request.h"

#define COMPRESS_FROM_BYTES ((size_t)1024)
#define COMPRESS_MAX_BYTES  ((size_t)1 << 30) /* well within zlib's 32-bit counters */
#define GZIP_WINDOW_BITS    (15 + 16)         /* zlib's way to ask for a gzip header */

void http_response_header(struct http_response *response, const char *name, const char *value)
{
    assert(response->header_count < HTTP_HEADERS_MAX);
    size_t i = response->header_count++;
    char *to = response->headers[i].value;
    response->headers[i].name = name;
    snprintf(to, sizeof response->headers[i].value, "%s", value);
    for (; *to; to++) {
        if ((unsigned char)*to < 0x20 || *to == 0x7f)
            *to = '_';
    }
}

static bool has_header(const struct http_response *response, const char *name)
{
    for (size_t i = 0; i < response->header_count; i++) {
        if (strcasecmp(response->headers[i].name, name) == 0)
            return true;
    }
    return false;
}

static void replace_body(struct http_response *response, char *body, size_t len)
{
    free(response->body);
    response->body = body;
    response->static_body = NULL;
    response->len = len;
}

void http_response_text(struct http_response *response, int status, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = NULL;
    int len = vasprintf(&text, fmt, ap);
    va_end(ap);
    if (len < 0) {
        text = NULL;
        len = 0;
    }
    replace_body(response, text, (size_t)len);
    response->status = status;
    response->content_type = "text/plain; charset=utf-8";
}

bool http_list_names_tag(const char *list, const char *tag)
{
    size_t tag_len = strlen(tag);
    while (*list) {
        list += strspn(list, " \t,");
        size_t len = strcspn(list, " \t,");
        const char *item = list;
        list += len;
        if (len == 1 && item[0] == '*')
            return true;
        if (len > 2 && strncmp(item, "W/", 2) == 0) {
            item += 2;
            len -= 2;
        }
        if (len == tag_len && memcmp(item, tag, len) == 0)
            return true;
    }
    return false;
}

bool http_response_etag(
    struct http_response *response, const struct http_request *request, uint64_t version)
{
    char etag[32];
    snprintf(etag, sizeof etag, "W/\"%016" PRIx64 "\"", version);
    http_response_header(response, "ETag", etag);
    if (!http_list_names_tag(request->if_none_match, etag + 2))
        return false;
    replace_body(response, NULL, 0);
    response->status = 304;
    return true;
}

void http_response_fini(struct http_response *response)
{
    free(response->body);
    if (response->is_file)
        close(response->fd);
    *response = (struct http_response){0};
}

static bool type_compresses(const char *type)
{
    static const char *const prefixes[] = {"text/", "application/json", "application/javascript",
        "application/openmetrics-text", "image/svg+xml"};
    for (size_t i = 0; type && i < sizeof prefixes / sizeof prefixes[0]; i++) {
        if (strncmp(type, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    }
    return false;
}

/* The bytes as gzip, or NULL when they do not get shorter. Level 1: it takes most of the size off
 * for little of the loop's time. */
static char *gzip(const void *bytes, size_t len, size_t *gzip_len)
{
    z_stream z = {0};
    if (deflateInit2(&z, 1, Z_DEFLATED, GZIP_WINDOW_BITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return NULL;
    char *out = malloc(len);
    if (out) {
        z.next_in = (unsigned char *)bytes; /* zlib only reads it */
        z.avail_in = (unsigned)len;
        z.next_out = (unsigned char *)out;
        z.avail_out = (unsigned)len;
        if (deflate(&z, Z_FINISH) != Z_STREAM_END) {
            free(out);
            out = NULL;
        }
    }
    *gzip_len = z.total_out;
    deflateEnd(&z);
    return out;
}

bool http_response_wants_gzip(struct http_response *response, const struct http_request *request)
{
    if (response->is_file || response->len < COMPRESS_FROM_BYTES ||
        response->len > COMPRESS_MAX_BYTES || !type_compresses(response->content_type) ||
        has_header(response, "Content-Encoding"))
        return false;
    http_response_header(response, "Vary", "Accept-Encoding");
    return http_list_accepts(request->accept_encoding, "gzip");
}

void http_response_gzip(struct http_response *response)
{
    size_t len;
    char *compressed =
        gzip(response->body ? response->body : response->static_body, response->len, &len);
    if (!compressed)
        return;
    replace_body(response, compressed, len);
    http_response_header(response, "Content-Encoding", "gzip");
}
