#include "tests/unit/profile_same.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/map.h"

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

/* Rows are added in another order. */
static bool same_noise(double a, double b)
{
    return fabs(a - b) <= 1e-9 * fabs(b);
}

static const char *site_difference(const struct profile_site *a, const struct profile_site *b)
{
    if (a->id != b->id || a->lineage != b->lineage)
        return "an id";
    if (memcmp(&a->values, &b->values, sizeof a->values) != 0)
        return "a site's values";
    if (!same_noise(a->noise_bytes, b->noise_bytes))
        return "a site's noise";
    return stack_difference(a, b);
}

/* The site of `profile` that is to be the same: where nothing is in use, the order is not said. */
static const struct profile_site *counterpart(const struct profile *profile,
    const struct lw_map *by_id, const struct profile_site *site, size_t i)
{
    return site->values.inuse_bytes ? &profile->sites[i] : lw_map_find(by_id, site->id);
}

static const char *sites_difference(const struct profile *lent, const struct profile *profile)
{
    const char *difference = NULL;
    struct lw_map by_id = {0};
    for (size_t i = 0; i < profile->site_count; i++)
        lw_map_put(&by_id, profile->sites[i].id, (void *)&profile->sites[i]);
    for (size_t i = 0; i < lent->site_count && !difference; i++) {
        const struct profile_site *site = profile_site_whole(lent, &lent->sites[i]);
        const struct profile_site *other = site ? counterpart(profile, &by_id, site, i) : NULL;
        difference = other ? site_difference(site, other) : "a site, which is not there";
    }
    lw_map_fini(&by_id);
    return difference;
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

const char *profile_difference(const struct profile *lent, const struct profile *profile)
{
    const char *difference = head_difference(lent, profile);
    if (difference)
        return difference;
    for (size_t i = 0; i < lent->mapping_count; i++) {
        if (!same_mapping(&lent->mappings[i], &profile->mappings[i]))
            return "a mapping";
    }
    return sites_difference(lent, profile);
}
