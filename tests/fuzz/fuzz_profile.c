/* Any body with tight limits: must end in a profile that can be walked, or in a reason. */
#include <stdint.h>
#include <stdlib.h>

#include "profile/profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int truth)
{
    if (!truth)
        abort();
}

static void walk(const struct profile *profile)
{
    int64_t inuse_bytes = 0;
    size_t characters = 0;
    for (size_t i = 0; i < profile->site_count; i++) {
        const struct profile_site *site = &profile->sites[i];
        require(site->frame_count >= 1 && site->frame_count <= PROFILE_FRAMES_MAX);
        require(site->leaf < site->frame_count && site->responsible < site->frame_count);
        require(site->size_count >= 1 && site->noise_bytes >= 0);
        for (size_t k = 0; k < site->frame_count; k++)
            characters += site->frames[k]->function[0] != 0 && site->frames[k]->file[0] != 0;
        require(site->values.inuse_bytes >= 0);
        if (__builtin_add_overflow(inuse_bytes, site->values.inuse_bytes, &inuse_bytes))
            inuse_bytes = INT64_MAX;
    }
    require(characters != SIZE_MAX && inuse_bytes == profile->total.inuse_bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct profile_limits limits = {
        .inflated_bytes = 256 << 10, .decode_bytes = 4 << 20, .sites = 1000};
    struct lw_err err = {0};
    struct profile *profile = profile_decode(data, size, &limits, &err);
    if (profile)
        walk(profile);
    else
        require(err.code != LW_OK && err.code != LW_INTERNAL && err.msg[0]);
    profile_free(&profile);
    return 0;
}
