/* Heap profiles decoded one after the other in memory that is kept: the hot path of a daemon that
 * decodes each target's profile each minute. A profile as Go writes it is inflated in pieces
 * straight into tables of a few bytes a row, without a message in between; everything else (another
 * shape, an error) goes to profile_decode(), which takes any valid profile and says what is wrong
 * with the others. What both take, they take alike; tests/fuzz/fuzz_reader.c holds them against
 * each other. */
#ifndef LW_PROFILE_READER_H
#define LW_PROFILE_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "profile/profile.h"

struct profile_reader;

/* with_isal: by ISA-L where the build has it; false: by zlib. About 200 KiB; NULL: no memory. */
struct profile_reader *profile_reader_new(bool with_isal);
void profile_reader_free(struct profile_reader **reader);

/* As profile_decode(), but the result is lent: it lies in the reader until its next call, and
 * nobody frees it; one thread at a time may have it. A site's stack is made by
 * profile_site_whole(); its sizes are not told; sites without anything in use come last in no
 * order. Once its tables have grown to what the profiles need, a call allocates nothing; what they
 * hold beyond PROFILE_READER_KEPT_BYTES is let go at the next call. The memory of
 * limits->decode_bytes is this reader's own, which is a fraction of profile_decode's. */
const struct profile *profile_reader_decode(struct profile_reader *reader, const void *body,
    size_t body_len, const struct profile_limits *limits, struct lw_err *err) LW_MUST_CHECK;
#define PROFILE_READER_KEPT_BYTES ((size_t)16 << 20)

/* Lets go now of what is beyond that, and of the profile that was lent: for a reader that may not
 * be called again soon. */
void profile_reader_rest(struct profile_reader *reader);

/* Of the last call: whether the fast way took it; and the bytes the reader's tables hold. */
bool profile_reader_was_fast(const struct profile_reader *reader);
size_t profile_reader_bytes(const struct profile_reader *reader);

#endif
