#include "profile/gunzip.h"

#include <limits.h>
#include <stdbool.h>
#include <zlib.h>

#include "profile/sniff.h"

#define CHUNK_BYTES ((size_t)16 << 10)
#define GZIP_WINDOW (16 + MAX_WBITS) /* zlib: expect a gzip header, check CRC and length */

static int too_large(size_t limit_bytes, struct lw_err *err)
{
    return lw_err_set(err, LW_INFLATED_TOO_LARGE,
        "the inflated body is larger than the limit of %zu bytes; raise body_size_limit if the target "
        "is to be trusted",
        limit_bytes);
}

/* What to make of inflate()'s result: 1 the stream has ended, 0 go on, -1 error. */
static int judge(int rc, const z_stream *z, size_t in_len, struct lw_err *err)
{
    switch (rc) {
    case Z_OK:
        return 0;
    case Z_STREAM_END:
        return 1;
    case Z_BUF_ERROR: /* there was room for output, so input is what it lacks */
        return lw_err_set(
            err, LW_TRUNCATED, "the gzip stream breaks off after %zu bytes of body", in_len);
    default:
        return lw_err_set(err, LW_NOT_GZIP, "the gzip stream is corrupt at byte %zu of %zu: %s",
            in_len - z->avail_in, in_len, z->msg ? z->msg : zError(rc));
    }
}

/* Whether another gzip member follows: 1 yes, 0 the input is used up, -1 something else follows. */
static int next_member(const z_stream *z, struct lw_err *err)
{
    if (z->avail_in == 0)
        return 0;
    if (profile_sniff_is_gzip(z->next_in, z->avail_in))
        return 1;
    return lw_err_set(err, LW_NOT_GZIP,
        "%u bytes that are not gzip follow the gzip stream; is the body two answers in one?",
        z->avail_in);
}

static int inflate_members(z_stream *z, size_t in_len, struct lw_strbuf *out, struct lw_err *err)
{
    unsigned char chunk[CHUNK_BYTES];
    for (;;) { /* ends: each round takes input or gives output, and both are bounded */
        z->next_out = chunk;
        z->avail_out = sizeof chunk;
        int state = judge(inflate(z, Z_NO_FLUSH), z, in_len, err);
        if (state < 0)
            return -1;
        lw_strbuf_add(out, chunk, sizeof chunk - z->avail_out);
        if (out->failed)
            return too_large(out->limit, err);
        if (state == 0)
            continue;
        int more = next_member(z, err);
        if (more <= 0)
            return more;
        inflateReset(z);
    }
}

static int inflate_once(const void *in, size_t in_len, struct lw_strbuf *out, struct lw_err *err)
{
    if (in_len > UINT_MAX)
        return lw_err_set(err, LW_BODY_TOO_LARGE,
            "the body has %zu bytes; more than %u are never inflated", in_len, UINT_MAX);
    z_stream z = {.next_in = (z_const Bytef *)in, .avail_in = (uInt)in_len};
    if (inflateInit2(&z, GZIP_WINDOW) != Z_OK)
        return lw_err_set(err, LW_NO_MEMORY, "no memory for inflating a body");
    int rc = inflate_members(&z, in_len, out, err);
    inflateEnd(&z);
    return rc;
}

int profile_gunzip(const void *body, size_t body_len, size_t limit_bytes, struct lw_strbuf *out,
    struct lw_err *err)
{
    lw_strbuf_init(out, limit_bytes);
    if (body_len == 0)
        return lw_err_set(err, LW_NOT_GZIP, "the body is empty");
    if (!profile_sniff_is_gzip(body, body_len)) {
        lw_strbuf_add(out, body, body_len);
        return out->failed ? too_large(limit_bytes, err) : 0;
    }
    if (inflate_once(body, body_len, out, err))
        return -1;
    if (!profile_sniff_is_gzip(out->data, out->len))
        return 0;
    struct lw_strbuf outer = *out;
    lw_strbuf_init(out, limit_bytes);
    int rc = inflate_once(outer.data, outer.len, out, err);
    lw_strbuf_fini(&outer);
    return rc;
}
