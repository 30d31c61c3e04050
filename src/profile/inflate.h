/* A gzip stream inflated in pieces. By ISA-L where configure found it (twice as fast), otherwise by
 * zlib. It says of what it does not take only that, not why: whoever needs the reason asks
 * profile/gunzip.h. */
#ifndef LW_PROFILE_INFLATE_H
#define LW_PROFILE_INFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct profile_inflate;

/* Reusable for one stream after the other. NULL: no memory (about 90 KiB). with_isal: false asks
 * for zlib also where there is ISA-L. */
struct profile_inflate *profile_inflate_new(bool with_isal);
void profile_inflate_free(struct profile_inflate **inflate);

/* Begins a stream; `in` is borrowed until its end, and shorter than 4 GiB. */
void profile_inflate_begin(struct profile_inflate *inflate, const void *in, size_t in_len);

/* Fills out with the next bytes: how many, fewer than `room` only at the end of the stream; 0: it
 * has ended, nothing follows, CRC and length are right. -1: corrupt, broken off, or bytes after the
 * first member. */
ssize_t profile_inflate_read(struct profile_inflate *inflate, void *out, size_t room);

/* Whether this build has ISA-L. */
bool profile_inflate_has_isal(void);

#endif
