/* Rows: what a target holds by site, and by type. Private to store/. */
#ifndef LW_STORE_ROWS_H
#define LW_STORE_ROWS_H

#include "store/store_priv.h"

/* What one scrape says of a key. */
struct row_entry {
    uint64_t id;
    const struct profile_site *site; /* NULL: a type's; its stack may be still to be made */
    struct store_type *type;         /* borrowed; may be NULL for a site */
    size_t sites;
    struct profile_values values;
    double noise_bytes;
};

/* Brings rows up to what a scrape says: entries come largest in-use first and together hold all of
 * the profile but `rest` (of rest_count sites). */
struct row_scrape {
    const struct row_entry *entries;
    size_t count;
    const struct profile *profile; /* of the entries' sites; NULL: they have their stacks */
    struct profile_values rest;
    size_t rest_count;
    struct lw_wall at;
    int64_t follow_bytes; /* in use from which on a row is followed */
    size_t followed_max;
};
void rows_update(struct store *store, struct store_rows *rows, const struct row_scrape *scrape);

/* A heap's key is followed once it holds four samples' worth at Go's default rate: below that its
 * numbers are mostly chance, and so a heap of N bytes has at most N / 2 MiB followed sites. */
#define ROWS_FOLLOW_BYTES ((int64_t)2 << 20)

/* All history is let go: the process behind it restarted. */
void rows_restart(struct store_rows *rows);

/* Room for one more row at the end, zeroed. */
struct store_row *rows_append(struct store_rows *rows);

void rows_fini(struct store *store, struct store_rows *rows);

#endif
