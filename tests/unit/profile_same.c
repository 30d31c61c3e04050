#include "tests/unit/profile_same.h"

#include <stdbool.h>
#include <string.h>

static bool same_frame(const struct profile_frame *a, const struct profile_frame *b)
{
    return strcmp(a->function, b->function) == 0 && strcmp(a->file, b->file) == 0 &&
           a->line == b->line && a->start_line == b->start_line && a->owner == b->owner;
}

static const char *stack_difference(const struct profile_site *a, const struct profile_site *b)
{
    if (a->frame_count != b->frame_count || a->address_count != b->address_count)
        return "the depth of a stack";
    for (size_t i = 0; i < a->frame_count; i++) {
        if (!same_frame(a->frames[i], b->frames[i]))
            return "a frame";
    }
    for (size_t i = 0; i < a->address_count; i++) {
        if (a->addresses[i] != b->addresses[i])
            return "an address";
    }
    if (a->leaf != b->leaf || a->responsible != b->responsible ||
        a->leaf_location != b->leaf_location || a->leaf_address != b->leaf_address)
        return "a leaf";
    return NULL;
}

static const char *site_difference(const struct profile_site *a, const struct profile_site *b)
{
    if (a->id != b->id || a->lineage != b->lineage)
        return "an id";
    if (memcmp(&a->values, &b->values, sizeof a->values) != 0)
        return "a site's values";
    if (a->size_count != b->size_count ||
        memcmp(a->sizes, b->sizes, a->size_count * sizeof *a->sizes) != 0)
        return "a site's sizes";
    if (memcmp(&a->noise_bytes, &b->noise_bytes, sizeof a->noise_bytes) != 0)
        return "a site's noise";
    return stack_difference(a, b);
}

static bool same_mapping(const struct profile_mapping *a, const struct profile_mapping *b)
{
    return a->start == b->start && a->limit == b->limit && a->offset == b->offset &&
           strcmp(a->file, b->file) == 0 && strcmp(a->build_id, b->build_id) == 0;
}

static const char *head_difference(const struct profile *a, const struct profile *b)
{
    if (a->site_count != b->site_count || a->mapping_count != b->mapping_count)
        return "the number of sites or mappings";
    if (a->period_bytes != b->period_bytes || a->taken.ns != b->taken.ns)
        return "the period or the time";
    if (a->sample_count != b->sample_count || a->raw_bytes != b->raw_bytes)
        return "the number of samples or bytes";
    if (memcmp(&a->total, &b->total, sizeof a->total) != 0)
        return "the totals";
    return NULL;
}

const char *profile_difference(const struct profile *a, const struct profile *b)
{
    const char *difference = head_difference(a, b);
    if (difference)
        return difference;
    for (size_t i = 0; i < a->mapping_count; i++) {
        if (!same_mapping(&a->mappings[i], &b->mappings[i]))
            return "a mapping";
    }
    for (size_t i = 0; i < a->site_count && !difference; i++)
        difference = site_difference(&a->sites[i], &b->sites[i]);
    return difference;
}
