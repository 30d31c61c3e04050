/* A heap profile, or the difference of two, as `go tool pprof` opens it. Pure. */
#ifndef LW_PROFILE_ENCODE_H
#define LW_PROFILE_ENCODE_H

#include "base/err.h"
#include "base/strbuf.h"
#include "profile/diff.h"

/* Appends a gzip'd profile.proto with the rows of a diff: four sample types in Go's order, each
 * row's to − base, which may be negative; rows that did not change are left out. `of` gives period,
 * time and the main mapping. Addresses are not kept: they would be of two builds at once. The
 * caller inits *out with a limit. Errors: LW_TOO_LARGE (the limit, or a message above 1 GiB),
 * LW_NO_MEMORY.
 */
int profile_encode_diff(const struct profile_diff *diff, const struct profile *of,
    struct lw_strbuf *out, struct lw_err *err) LW_MUST_CHECK;

#endif
