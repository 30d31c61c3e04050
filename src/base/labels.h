/* A set of Prometheus labels: sorted by name, names unique, values any UTF-8. Immutable and
 * reference-counted once made, because a target, its scrape and its series all point at it. */
#ifndef LW_BASE_LABELS_H
#define LW_BASE_LABELS_H

#include <stddef.h>
#include <stdint.h>

struct lw_label {
    char *name;
    char *value;
};

struct lw_labels {
    int refs;
    size_t count;
    struct lw_label *list; /* owned */
};

/* A copy of `count` labels, sorted by name; of two with one name the later one wins; empty values
 * are dropped, as Prometheus does. The caller owns the one reference. */
struct lw_labels *lw_labels_new(const struct lw_label *list, size_t count);
struct lw_labels *lw_labels_ref(struct lw_labels *labels);
void lw_labels_unref(struct lw_labels **labels);

/* The value of a label, or "" where there is none. */
const char *lw_labels_get(const struct lw_labels *labels, const char *name);

/* The identity of the set. */
uint64_t lw_labels_hash(const struct lw_labels *labels, uint64_t seed);

#endif
