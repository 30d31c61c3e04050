/* Who is suspected: sites, types and totals that leak or grow. */
#ifndef LW_API_SUSPECTS_H
#define LW_API_SUSPECTS_H

#include "store/store.h"
#include "trend/trend.h"

struct suspect {
    const struct store_target *target;
    const struct store_row *row; /* of a site, or of a type that none of its sites explains; NULL:
                                    the total, which no site and no type explains */
    const struct trend_series *series;
};

struct suspects {
    struct suspect *list; /* owned */
    size_t count;
    size_t cap;
};

/* Appends those of a target, whose rows they borrow; free the list. Sites first; a type only where
 * none of its sites is as bad (growth spread over many); the total only where neither is. So each
 * growth is told once, at the place that says most, and the worst is always told. */
void suspects_collect(struct suspects *all, const struct store_target *target);

/* How many a target has. */
size_t suspects_count(const struct store_target *target);

#endif
