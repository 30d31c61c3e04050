#include "profile/diff.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"

struct comparison {
    struct profile_diff *diff;
    const struct profile *base; /* NULL: none */
    const struct profile *to;
    struct lw_map left; /* sites of `base` whose id is not in `to`, by id */
    struct lw_map lost; /* the same by lineage: one of each */
    struct lw_map rows; /* of lineages that are left in both */
};

static struct profile_change *append(struct comparison *c, const struct profile_site *site)
{
    struct profile_change *row = &c->diff->rows[c->diff->count++];
    row->site = site;
    return row;
}

/* What is in both by id. Returns the sites of `to` that are not (the caller frees the list). */
static const struct profile_site **match_ids(struct comparison *c, size_t *count)
{
    const struct profile_site **fresh = lw_new(c->to->site_count, sizeof *fresh);
    for (size_t i = 0; c->base && i < c->base->site_count; i++)
        lw_map_put(&c->left, c->base->sites[i].id, (void *)&c->base->sites[i]);
    for (size_t i = 0; i < c->to->site_count; i++) {
        const struct profile_site *site = &c->to->sites[i];
        const struct profile_site *partner = lw_map_remove(&c->left, site->id);
        if (!partner) {
            fresh[(*count)++] = site;
            continue;
        }
        struct profile_change *row = append(c, site);
        row->base = partner->values;
        row->to = site->values;
    }
    return fresh;
}

/* Sites come largest first, so the first of a lineage is what its row shows. */
static void add_fresh(struct comparison *c, const struct profile_site *site)
{
    struct profile_change *row = lw_map_find(&c->rows, site->lineage);
    if (!row)
        row = append(c, site);
    if (lw_map_find(&c->lost, site->lineage)) {
        row->by_lineage = true;
        lw_map_put(&c->rows, site->lineage, row);
    }
    profile_values_add(&row->to, &site->values);
}

static void add_lost(struct comparison *c, const struct profile_site *site)
{
    struct profile_change *row = lw_map_find(&c->rows, site->lineage);
    if (!row)
        row = append(c, site);
    profile_values_add(&row->base, &site->values);
}

static void compare(struct comparison *c)
{
    size_t fresh_count = 0, at = 0;
    const struct profile_site **fresh = match_ids(c, &fresh_count);
    uint64_t id;
    void *value;
    while (lw_map_next(&c->left, &at, &id, &value))
        lw_map_put(&c->lost, ((const struct profile_site *)value)->lineage, value);
    for (size_t i = 0; i < fresh_count; i++)
        add_fresh(c, fresh[i]);
    free(fresh);
    for (size_t i = 0; c->base && i < c->base->site_count; i++) {
        const struct profile_site *site = &c->base->sites[i];
        if (lw_map_find(&c->left, site->id))
            add_lost(c, site);
    }
}

int64_t profile_change_of(const struct profile_change *change, enum profile_sample sample)
{
    return profile_sample_of(&change->to, sample) - profile_sample_of(&change->base, sample);
}

struct ordered {
    uint64_t size;
    struct profile_change row;
};

static int largest_first(const void *a, const void *b)
{
    const struct ordered *x = a, *y = b;
    if (x->size != y->size)
        return x->size < y->size ? 1 : -1;
    return (x->row.site->id > y->row.site->id) - (x->row.site->id < y->row.site->id);
}

static void sort(struct profile_diff *diff, enum profile_sample sample)
{
    struct ordered *list = lw_new(diff->count, sizeof *list);
    for (size_t i = 0; i < diff->count; i++) {
        int64_t change = profile_change_of(&diff->rows[i], sample);
        list[i] = (struct ordered){(uint64_t)(change < 0 ? -change : change), diff->rows[i]};
    }
    if (diff->count)
        qsort(list, diff->count, sizeof *list, largest_first);
    for (size_t i = 0; i < diff->count; i++)
        diff->rows[i] = list[i].row;
    free(list);
}

struct profile_diff *profile_diff_new(
    const struct profile *base, const struct profile *to, enum profile_sample sample)
{
    struct comparison c = {.diff = LW_NEW(struct profile_diff), .base = base, .to = to};
    c.diff->rows = lw_new(to->site_count + (base ? base->site_count : 0), sizeof *c.diff->rows);
    compare(&c);
    c.diff->to = to->total;
    if (base)
        c.diff->base = base->total;
    sort(c.diff, sample);
    lw_map_fini(&c.left);
    lw_map_fini(&c.lost);
    lw_map_fini(&c.rows);
    return c.diff;
}

void profile_diff_free(struct profile_diff **diff)
{
    if (!*diff)
        return;
    free((*diff)->rows);
    free(*diff);
    *diff = NULL;
}
