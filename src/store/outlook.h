/* The whole of a target, settled from its series after each scrape. Private to store/ but for the
 * struct, which is part of a target. */
#ifndef LW_STORE_OUTLOOK_H
#define LW_STORE_OUTLOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"
#include "trend/target.h"

/* Where the limit of a process was found. X(name, word) */
#define STORE_LIMITS(X) \
    X(STORE_LIMIT_NONE, "") \
    X(STORE_LIMIT_CONFIG, "config") /* memory_limit of its job */ \
    X(STORE_LIMIT_CGROUP, "cgroup") \
    X(STORE_LIMIT_GO, "GOMEMLIMIT")

enum store_limit {
#define STORE_LIMIT_ENUM(name, word) name,
    STORE_LIMITS(STORE_LIMIT_ENUM)
#undef STORE_LIMIT_ENUM
};

const char *store_limit_word(enum store_limit limit);

struct store_outlook {
    size_t leaking_sites;   /* that count for the target */
    bool is_diffuse;        /* a leak by its types or its total, although no site of it is one */
    struct trend_rate rate; /* of all leaking sites; diffuse: of the total or the worst type */
    bool has_rest;
    struct trend_rate rest; /* the total's rate beyond that, where it is beyond chance */

    enum store_limit limit; /* the one that is met first */
    double limit_bytes;
    double kappa; /* resident bytes per byte of live heap; 0: never measured */

    bool has_forecast; /* it leaks and has a limit */
    struct trend_forecast left;
    struct lw_wall onset_from, onset_to; /* of the worst of what leaks; 0: nothing does */
    uint64_t worst_lineage;              /* of that site or type; 0: none, or the total */
};

struct store;
struct store_target;

/* To be called when series, memory or limits of the target changed. */
void outlook_update(const struct store *store, struct store_target *target);

#endif
