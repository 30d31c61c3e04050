#include "profile/ids.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>

static int by_id(const void *a, const void *b)
{
    const struct profile_id *x = a, *y = b;
    return (x->id > y->id) - (x->id < y->id);
}

static bool is_dense(const struct profile_id *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (list[i].id != i + 1)
            return false;
    }
    return true;
}

int profile_ids_init(struct profile_ids *ids, const char *what, struct profile_id *list,
    size_t count, struct lw_err *err)
{
    *ids = (struct profile_ids){.count = count};
    if (is_dense(list, count))
        return 0;
    qsort(list, count, sizeof *list, by_id);
    if (list[0].id == 0)
        return lw_err_set(
            err, LW_NOT_PROFILE, "%s %zu of the profile has the id 0", what, list[0].slot);
    for (size_t i = 1; i < count; i++) {
        if (list[i].id == list[i - 1].id)
            return lw_err_set(err, LW_NOT_PROFILE, "the profile has the %s id %" PRIu64 " twice",
                what, list[i].id);
    }
    ids->sorted = list;
    return 0;
}

size_t profile_ids_find(const struct profile_ids *ids, uint64_t id)
{
    if (!ids->sorted)
        return id >= 1 && id <= ids->count ? (size_t)(id - 1) : PROFILE_NO_SLOT;
    struct profile_id key = {.id = id};
    const struct profile_id *found =
        bsearch(&key, ids->sorted, ids->count, sizeof *ids->sorted, by_id);
    return found ? found->slot : PROFILE_NO_SLOT;
}
