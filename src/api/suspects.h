/* Who is suspected: sites, types and totals that leak or grow. Private to api/. */
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

/* How many a target has. */
size_t suspects_count(const struct store_target *target);

#endif
