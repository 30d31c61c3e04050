/* The body of a scrape, inflated. */
#ifndef LW_PROFILE_GUNZIP_H
#define LW_PROFILE_GUNZIP_H

#include <stddef.h>

#include "base/err.h"
#include "base/strbuf.h"

/* Inflates a gzip'd body (RFC 1952, any number of members) into *out, once more if the result is
 * gzip again (compressing middleware in front of Go's own gzip), and copies a body that is not gzip
 * as it is. At most limit_bytes, also in between; exactly that many are still taken. The caller
 * calls lw_strbuf_fini(out) in any case. Errors: LW_TRUNCATED, LW_INFLATED_TOO_LARGE, LW_NOT_GZIP
 * (an empty body, corrupt data, or other bytes after the last member: Go's own reader refuses those
 * too). */
int profile_gunzip(const void *body, size_t body_len, size_t limit_bytes, struct lw_strbuf *out,
    struct lw_err *err) LW_MUST_CHECK;

#endif
