/* A profile against nothing and against itself, written down and read again: nothing may be lost on
 * the way. */
#include <stdint.h>
#include <stdlib.h>

#include "profile/diff.h"
#include "profile/encode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Absurd sums stay at INT64_MAX, in whatever order they come. */
#define SAFE_TOTAL (INT64_MAX / 4)

static void require(int truth)
{
    if (!truth)
        abort();
}

static void check_unchanged(const struct profile *profile)
{
    struct profile_diff *diff = profile_diff_new(profile, profile, PROFILE_INUSE_SPACE);
    require(diff->count == profile->site_count);
    for (size_t i = 0; i < diff->count; i++)
        require(profile_change_of(&diff->rows[i], PROFILE_ALLOC_SPACE) == 0);
    profile_diff_free(&diff);
}

static void check_written(const struct profile *profile)
{
    static const struct profile_limits limits = {
        .inflated_bytes = 16 << 20, .decode_bytes = 256 << 20, .sites = 200000};
    struct profile_diff *diff = profile_diff_new(NULL, profile, PROFILE_INUSE_SPACE);
    struct lw_strbuf out;
    struct lw_err err;
    lw_strbuf_init(&out, 16 << 20);
    require(profile_encode_diff(diff, profile, &out, &err) == 0);
    struct profile *again = profile_decode(out.data, out.len, &limits, &err);
    require(again != NULL);
    if (profile->total.inuse_bytes < SAFE_TOTAL)
        require(again->total.inuse_bytes == profile->total.inuse_bytes);
    profile_free(&again);
    lw_strbuf_fini(&out);
    profile_diff_free(&diff);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct profile_limits limits = {
        .inflated_bytes = 256 << 10, .decode_bytes = 4 << 20, .sites = 1000};
    struct lw_err err;
    struct profile *profile = profile_decode(data, size, &limits, &err);
    if (!profile)
        return 0;
    check_unchanged(profile);
    check_written(profile);
    profile_free(&profile);
    return 0;
}
