/* What the builds of a job used over the last week: fed by every scrape, read by the gate, written
 * to the store's file. Part of store/.
 *
 * Bounds: USAGES_MAX pairs of job and build; past it the one that was seen longest ago is let go.
 * Each is a few kilobytes (gate/history.h), 74 KiB at most for a measure. */
#ifndef LW_STORE_USAGE_H
#define LW_STORE_USAGE_H

#include "store/store_priv.h"

#define USAGES_MAX 512

/* The usage of what the target runs now, made if need be; NULL while that is not known. */
struct store_usage *usages_touch(
    struct store *store, const struct store_target *target, struct lw_wall at);

/* Whether it is to go into a batch; min_age_ns as for targets. */
bool usage_is_due(const struct store_usage *usage, int64_t min_age_ns, struct lw_wall now);

/* Reads them all back from the file. */
void usages_restore(struct store *store);
void usages_fini(struct store *store);

void usage_encode(const struct store_usage *usage, struct lw_strbuf *out);
struct store_usage *usage_decode(const void *image, size_t len, struct lw_err *err) LW_MUST_CHECK;

#endif
