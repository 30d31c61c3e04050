/* The stack of a sample, for whoever sums samples. */
#include <inttypes.h>

#include "base/hash.h"
#include "profile/decoder.h"

const struct profile_location *profile_sample_location(
    const struct profile_decoder *d, const Leakwatch__Pprof__Sample *sample, size_t i)
{
    if (sample->n_location_id == 0)
        return &d->locations[d->message->n_location];
    size_t slot = profile_ids_find(&d->location_ids, sample->location_id[i]);
    return slot == PROFILE_NO_SLOT ? NULL : &d->locations[slot];
}

size_t profile_sample_depth(const Leakwatch__Pprof__Sample *sample)
{
    return sample->n_location_id ? sample->n_location_id : 1;
}

/* Frame hashes are gathered first, because hashing them all at once is several times as fast as one
 * by one. */
int profile_sample_identify(
    const struct profile_decoder *d, struct profile_row *row, struct lw_err *err)
{
    const Leakwatch__Pprof__Sample *sample = d->message->sample[row->sample];
    uint64_t hashes[PROFILE_FRAMES_MAX], leaf_address = 0;
    size_t frames = 0, depth = profile_sample_depth(sample);
    for (size_t i = 0; i < depth; i++) {
        const struct profile_location *location = profile_sample_location(d, sample, i);
        if (!location)
            return lw_err_set(err, LW_NOT_PROFILE,
                "sample %zu refers to location %" PRIu64 ", which the profile does not have",
                row->sample, sample->location_id[i]);
        if (i == 0)
            leaf_address = location->file_address;
        for (size_t k = 0; k < location->frame_count && frames < PROFILE_FRAMES_MAX; k++)
            hashes[frames++] = d->frame_hashes[location->first_frame + k];
    }
    row->frame_count = frames;
    row->lineage = lw_hash_bytes(0, hashes, frames * sizeof *hashes);
    row->site_id = lw_hash_u64(row->lineage, leaf_address);
    return 0;
}

const struct profile_frame *const *profile_sample_frames(
    struct profile_decoder *d, const struct profile_row *row, struct lw_err *err)
{
    const Leakwatch__Pprof__Sample *sample = d->message->sample[row->sample];
    const struct profile_frame **frames =
        lw_arena_alloc(d->kept, row->frame_count * sizeof *frames);
    if (!frames) {
        profile_no_room(d, err);
        return NULL;
    }
    size_t n = 0;
    for (size_t i = 0; n < row->frame_count; i++) {
        const struct profile_location *location = profile_sample_location(d, sample, i);
        for (size_t k = 0; k < location->frame_count && n < row->frame_count; k++)
            frames[n++] = &d->frames[location->first_frame + k];
    }
    return frames;
}
