/* From the ids of a profile's table to places in it. Ids that run 1..N, as Go writes them, need no
 * table at all; any others are sorted and searched, so that no choice of ids makes a lookup slow.
 */
#ifndef LW_PROFILE_IDS_H
#define LW_PROFILE_IDS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define PROFILE_NO_SLOT SIZE_MAX

struct profile_id {
    uint64_t id;
    size_t slot;
};

struct profile_ids {
    const struct profile_id *sorted; /* borrowed, by id; NULL when the ids are 1..count in order */
    size_t count;
};

/* Indexes list[i] = {id, i}, which it sorts when it has to and which must then outlive *ids. `what`
 * names an entry in messages ("location"). Errors: LW_NOT_PROFILE for an id of 0 or one used twice.
 */
int profile_ids_init(struct profile_ids *ids, const char *what, struct profile_id *list,
    size_t count, struct lw_err *err) LW_MUST_CHECK;

/* The place of id, or PROFILE_NO_SLOT. */
size_t profile_ids_find(const struct profile_ids *ids, uint64_t id);

#endif
