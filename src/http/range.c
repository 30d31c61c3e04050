#include "http/range.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/http.h"
#include "http/response.h"

#define TAG_BYTES 128

/* The digits at *text, which moves past them; numbers too large for 64 bits become the largest.
 * False when there are none. */
static bool take_number(const char **text, uint64_t *number)
{
    size_t len = strspn(*text, "0123456789");
    *number = 0;
    for (size_t i = 0; i < len; i++) {
        uint64_t digit = (uint64_t)((*text)[i] - '0');
        *number = *number > (UINT64_MAX - digit) / 10 ? UINT64_MAX : *number * 10 + digit;
    }
    *text += len;
    return len > 0;
}

enum http_range http_range_parse(const char *header, uint64_t size, uint64_t *first, uint64_t *last)
{
    static const char unit[] = "bytes=";
    if (strncasecmp(header, unit, strlen(unit)) != 0)
        return HTTP_RANGE_ALL;
    const char *text = header + strlen(unit);
    bool has_first = take_number(&text, first);
    if (*text++ != '-')
        return HTTP_RANGE_ALL;
    bool has_last = take_number(&text, last);
    if (*text || (!has_first && !has_last) || (has_first && has_last && *last < *first))
        return HTTP_RANGE_ALL;
    if (!has_first) { /* the last so many */
        uint64_t count = *last < size ? *last : size;
        *first = size - count;
        *last = size - 1;
        return count ? HTTP_RANGE_PART : HTTP_RANGE_NONE;
    }
    if (*first >= size)
        return HTTP_RANGE_NONE;
    if (!has_last || *last >= size)
        *last = size - 1;
    return HTTP_RANGE_PART;
}

/* Neither a range of a HEAD nor one of other bytes than the client thinks counts (§13.1.5, §14.2).
 */
static const char *range_that_counts(const struct http_request *request, const char *quoted_tag)
{
    bool is_other = request->if_range[0] && strcmp(request->if_range, quoted_tag) != 0;
    return request->is_head || is_other ? "" : request->range;
}

/* The part of the file that is sent. */
static void cut(struct http_response *response, const char *range, uint64_t size)
{
    char content_range[96];
    uint64_t first, last;
    switch (http_range_parse(range, size, &first, &last)) {
    case HTTP_RANGE_ALL:
        response->len = size;
        return;
    case HTTP_RANGE_PART:
        response->status = 206;
        response->offset = first;
        response->len = last - first + 1;
        snprintf(content_range, sizeof content_range, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64,
            first, last, size);
        break;
    case HTTP_RANGE_NONE:
        response->status = 416;
        response->len = 0;
        snprintf(content_range, sizeof content_range, "bytes */%" PRIu64, size);
        break;
    }
    http_response_header(response, "Content-Range", content_range);
}

void http_response_file(
    struct http_response *response, const struct http_request *request, int fd, const char *tag)
{
    char quoted[TAG_BYTES];
    struct stat st;
    snprintf(quoted, sizeof quoted, "\"%s\"", tag);
    http_response_header(response, "ETag", quoted);
    http_response_header(response, "Accept-Ranges", "bytes");
    if (http_list_names_tag(request->if_none_match, quoted)) {
        response->status = 304;
        close(fd);
        return;
    }
    if (fstat(fd, &st) < 0 || st.st_size < 0) {
        response->status = 500;
        close(fd);
        return;
    }
    cut(response, range_that_counts(request, quoted), (uint64_t)st.st_size);
    if (!response->len) {
        close(fd);
        return;
    }
    response->is_file = true;
    response->fd = fd;
}
