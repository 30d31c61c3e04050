/* What both ways of decoding a heap profile share; nobody outside this room includes this. */
#ifndef LW_PROFILE_SUMS_H
#define LW_PROFILE_SUMS_H

#include <math.h>
#include <stdint.h>

#include "base/hash.h"
#include "profile/profile.h"

/* A frame's part in the identity of a site. The line relative to the function's start stays the
 * same when code above the function changes. */
static inline uint64_t profile_hash_frame(uint64_t function_hash, int64_t line, int64_t start_line)
{
    uint64_t relative = (uint64_t)line - (start_line > 0 ? (uint64_t)start_line : 0);
    return lw_hash_u64(function_hash, relative);
}

/* profile_site.noise_bytes of objects of one size s: s (1 - p) / p with p = 1 - exp(-s / period),
 * which is s / (exp(s / period) - 1). */
static inline double profile_size_noise_bytes(double object_bytes, double period_bytes)
{
    return object_bytes > 0 ? object_bytes / expm1(object_bytes / period_bytes) : period_bytes;
}

/* LW_INFLATED_TOO_LARGE: so many sites are above the limit. */
void profile_refuse_sites(size_t sites, size_t limit, struct lw_err *err);

#endif
