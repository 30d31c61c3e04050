/* What changed between two heap profiles, site by site. Pure. */
#ifndef LW_PROFILE_DIFF_H
#define LW_PROFILE_DIFF_H

#include <stdbool.h>
#include <stddef.h>

#include "profile/profile.h"
#include "profile/sample_type.h"

/* A site in both profiles, or in one. Sites are one by id; what then is left in both, by lineage:
 * a rebuild gives a site another id. A lineage can have several sites (two calls on one line),
 * which are then one row. */
struct profile_change {
    const struct profile_site *site; /* of `to`, or of `base` where it is gone; the largest */
    struct profile_values base;      /* all 0: it is new */
    struct profile_values to;        /* all 0: it is gone */
    bool by_lineage;
};

struct profile_diff {
    struct profile_change *rows; /* owned; the largest change of `sample` first, ties by id */
    size_t count;
    struct profile_values base; /* the totals */
    struct profile_values to;
};

/* Compares; base may be NULL: then everything is new. Both are borrowed as long as the diff lives.
 * Memory: about 120 bytes a site of both, whose number profile_limits bounds. */
struct profile_diff *profile_diff_new(
    const struct profile *base, const struct profile *to, enum profile_sample sample);
void profile_diff_free(struct profile_diff **diff);

/* to − base; never overflows, because no value of a profile is negative. */
int64_t profile_change_of(const struct profile_change *change, enum profile_sample sample);

#endif
