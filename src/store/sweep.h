/* Whose turn it is to be written down. All targets have theirs once in an interval, one after the
 * other as the file sorts them, and not when they were scraped: so a batch goes to few pages of the
 * file, and each page is written once in an interval. Private to store/. */
#ifndef LW_STORE_SWEEP_H
#define LW_STORE_SWEEP_H

#include "base/map.h"
#include "store/store.h"

/* Zero-initialised is valid. */
struct sweep {
    struct store_target **list; /* owned; the targets are not. NULL: to be made anew */
    size_t count;
    size_t at;           /* who is next */
    struct lw_wall done; /* the turns until then were taken */
};

/* The set of targets changes: to be called before one of them is freed. */
void sweep_forget(struct sweep *sweep);

/* How many have their turn now, at most all of them; 0 as interval: all. Behind by more than an
 * interval it does not fall. */
size_t sweep_turns(
    struct sweep *sweep, const struct lw_map *targets, int64_t interval_ns, struct lw_wall now);

/* The next one; only as often as there are turns. */
struct store_target *sweep_next(struct sweep *sweep);

/* So many turns were taken; the others are still due. */
void sweep_took(struct sweep *sweep, size_t turns, int64_t interval_ns);

#endif
