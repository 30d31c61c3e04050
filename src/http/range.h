/* The Range header (RFC 9110 §14). Private to http/. */
#ifndef LW_HTTP_RANGE_H
#define LW_HTTP_RANGE_H

#include <stdint.h>

enum http_range { HTTP_RANGE_ALL, HTTP_RANGE_PART, HTTP_RANGE_NONE };

/* What a Range header asks of `size` bytes: a part of them (then *first and *last, both included,
 * lie within), a part that is not there (HTTP_RANGE_NONE), or, also when it is empty, asks for more
 * than one part or makes no sense, all of them. */
enum http_range http_range_parse(
    const char *header, uint64_t size, uint64_t *first, uint64_t *last);

#endif
