/* Any body as a goroutine profile: must end in groups that can be walked, or in a reason. */
#include <stdint.h>
#include <stdlib.h>

#include "profile/goroutines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int truth)
{
    if (!truth)
        abort();
}

static void walk(const struct profile_goroutines *all)
{
    size_t characters = 0;
    for (size_t i = 0; i < all->group_count; i++) {
        const struct profile_goroutines_group *group = &all->groups[i];
        require(group->count > 0 && group->count <= all->total);
        require(i == 0 || group->count <= group[-1].count);
        require(group->frame_count >= 1 && group->frame_count <= PROFILE_FRAMES_MAX);
        require(group->leaf < group->frame_count && group->responsible < group->frame_count);
        require(profile_wait_word(group->wait)[0]);
        for (size_t k = 0; k < group->frame_count; k++)
            characters += group->frames[k]->function[0] != 0 && group->frames[k]->file[0] != 0;
    }
    require(characters != SIZE_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct profile_limits limits = {
        .inflated_bytes = 256 << 10, .decode_bytes = 4 << 20, .sites = 1000};
    struct lw_err err = {0};
    struct profile_goroutines *all = profile_goroutines_decode(data, size, &limits, &err);
    if (all)
        walk(all);
    else
        require(err.code != LW_OK && err.code != LW_INTERNAL && err.msg[0]);
    profile_goroutines_free(&all);
    return 0;
}
