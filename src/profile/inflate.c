#include "profile/inflate.h"

#include <stdlib.h>
#include <zlib.h>

#include "config.h"

#if HAVE_ISAL
#include <isa-l/igzip_lib.h>
#endif

#define GZIP_WINDOW (16 + MAX_WBITS) /* zlib: expect a gzip header, check CRC and length */

struct profile_inflate {
    bool with_isal;
    bool ended;
    z_stream zlib;
#if HAVE_ISAL
    struct inflate_state isal;
#endif
};

bool profile_inflate_has_isal(void)
{
    return HAVE_ISAL;
}

struct profile_inflate *profile_inflate_new(bool with_isal)
{
    struct profile_inflate *inflate = calloc(1, sizeof *inflate);
    if (!inflate)
        return NULL;
    inflate->with_isal = with_isal && HAVE_ISAL;
    if (!inflate->with_isal && inflateInit2(&inflate->zlib, GZIP_WINDOW) != Z_OK) {
        free(inflate);
        return NULL;
    }
    return inflate;
}

void profile_inflate_free(struct profile_inflate **inflate)
{
    if (*inflate && !(*inflate)->with_isal)
        inflateEnd(&(*inflate)->zlib);
    free(*inflate);
    *inflate = NULL;
}

/* ---- zlib ---- */

static void zlib_begin(z_stream *z, const void *in, size_t in_len)
{
    inflateReset(z);
    z->next_in = (z_const Bytef *)in;
    z->avail_in = (uInt)in_len;
}

/* Z_BUF_ERROR and Z_OK with room left both mean that input is what is lacking. */
static ssize_t zlib_read(struct profile_inflate *stream, void *out, size_t room)
{
    z_stream *z = &stream->zlib;
    z->next_out = out;
    z->avail_out = (uInt)room;
    int rc = inflate(z, Z_NO_FLUSH);
    stream->ended = rc == Z_STREAM_END;
    if (stream->ended ? z->avail_in > 0 : rc != Z_OK || z->avail_out > 0)
        return -1;
    return (ssize_t)(room - z->avail_out);
}

/* ---- ISA-L ---- */

#if HAVE_ISAL
static void isal_begin(struct inflate_state *state, const void *in, size_t in_len)
{
    isal_inflate_init(state);
    state->crc_flag = ISAL_GZIP;
    state->next_in = (uint8_t *)in;
    state->avail_in = (uint32_t)in_len;
}

/* A stream that breaks off is no error to ISA-L: it says so by not being finished. */
static ssize_t isal_read(struct profile_inflate *inflate, void *out, size_t room)
{
    struct inflate_state *state = &inflate->isal;
    state->next_out = out;
    state->avail_out = (uint32_t)room;
    int rc = isal_inflate(state);
    inflate->ended = state->block_state == ISAL_BLOCK_FINISH;
    if (rc != ISAL_DECOMP_OK || (inflate->ended ? state->avail_in > 0 : state->avail_out > 0))
        return -1;
    return (ssize_t)(room - state->avail_out);
}
#else
#define isal_begin(state, in, in_len) ((void)0)
#define isal_read(inflate, out, room) ((ssize_t)-1)
#endif

void profile_inflate_begin(struct profile_inflate *inflate, const void *in, size_t in_len)
{
    inflate->ended = false;
    if (inflate->with_isal)
        isal_begin(&inflate->isal, in, in_len);
    else
        zlib_begin(&inflate->zlib, in, in_len);
}

ssize_t profile_inflate_read(struct profile_inflate *inflate, void *out, size_t room)
{
    if (inflate->ended)
        return 0;
    return inflate->with_isal ? isal_read(inflate, out, room) : zlib_read(inflate, out, room);
}
