#include "store/rows.h"

#include <stdlib.h>

#include "base/mem.h"

/* What is followed and stays below half of that this long (in base blocks: the reach of the
 * coarsest ring) is let go. */
#define IDLE_BLOCKS 1536.0

#define ROWS_SHOWN 64 /* rows kept of the newest profile only to be shown */

uint64_t store_row_id(const struct store_row *row)
{
    return row->site ? row->site->id : row->type->id;
}

const struct store_row *store_rows_find(const struct store_rows *rows, uint64_t id)
{
    for (size_t i = 0; i < rows->count; i++) {
        if (store_row_id(&rows->list[i]) == id)
            return &rows->list[i];
    }
    return NULL;
}

static void row_fini(struct store *store, struct store_row *row)
{
    if (row->series)
        store->stats.followed--;
    trend_series_free(&row->series);
    sites_unref(&store->sites, &row->site);
    types_unref(&store->types, &row->type);
    store->stats.sites = store->sites.by_id.count;
}

struct store_row *rows_append(struct store_rows *rows)
{
    rows->list = lw_renew(rows->list, rows->count + 1, sizeof *rows->list);
    rows->list[rows->count] = (struct store_row){0};
    return &rows->list[rows->count++];
}

void rows_restart(struct store_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        rows->list[i].values = (struct profile_values){0};
        if (rows->list[i].series)
            trend_series_restart(rows->list[i].series);
    }
}

void rows_fini(struct store *store, struct store_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        row_fini(store, &rows->list[i]);
    free(rows->list);
    *rows = (struct store_rows){0};
}

/* ---- one scrape ---- */

/* The rows a scrape leaves, as they come together. */
struct gathering {
    struct store *store;
    struct store_rows next;
    size_t shown;
    const struct row_scrape *scrape;
};

static void keep_in_other(struct store_rows *rows, const struct profile_values *v, size_t sites)
{
    profile_values_add(&rows->other, v);
    rows->other_count += sites;
}

static void set_type(struct store *store, struct store_row *row, struct store_type *type)
{
    if (row->type == type)
        return;
    types_unref(&store->types, &row->type);
    row->type = types_ref_again(type);
}

/* A reference to the entry's site, known or new; NULL: no room for the stack of a new one. */
static struct store_site *ref_site(struct gathering *g, const struct row_entry *entry)
{
    struct store_site *known = sites_ref_id(&g->store->sites, entry->id);
    if (known)
        return known;
    const struct profile_site *site = entry->site;
    if (g->scrape->profile)
        site = profile_site_whole(g->scrape->profile, site);
    return site ? sites_ref_profile(&g->store->sites, site) : NULL;
}

/* Takes one entry into the rows: as what it was, as newly followed, as shown, or into `other`.
 * Entries come largest first, so what is shown is the top. */
static void gather(struct gathering *g, const struct row_entry *entry, struct store_row *old)
{
    struct store_row row = {0};
    if (old) {
        row = *old;
        *old = (struct store_row){0};
    }
    bool follow = !row.series && entry->values.inuse_bytes >= g->scrape->follow_bytes &&
                  g->next.followed < g->scrape->followed_max;
    bool is_kept = row.series || follow || g->shown < ROWS_SHOWN;
    if (is_kept && entry->site && !row.site) {
        row.site = ref_site(g, entry);
        is_kept = row.site != NULL;
    }
    if (!is_kept) {
        row_fini(g->store, &row);
        keep_in_other(&g->next, &entry->values, entry->sites);
        return;
    }
    set_type(g->store, &row, entry->type);
    row.values = entry->values;
    row.noise_bytes = entry->noise_bytes;
    row.sites = entry->sites;
    row.present = true;
    if (follow) {
        row.series = trend_series_new();
        row.busy = g->scrape->at;
        g->next.followed++;
        g->store->stats.followed++;
    } else if (!row.series) {
        g->shown++;
    }
    if (entry->values.inuse_bytes >= g->scrape->follow_bytes / 2)
        row.busy = g->scrape->at;
    g->next.list[g->next.count++] = row;
}

/* What the profile no longer has: what is followed goes on at zero in-use until it is idle for
 * long; what was only shown is let go. */
static void gather_absent(struct gathering *g, struct store_rows *old)
{
    for (size_t i = 0; i < old->count; i++) {
        struct store_row *row = &old->list[i];
        if (!row->site && !row->type)
            continue; /* taken over */
        if (!row->series) {
            row_fini(g->store, row);
            continue;
        }
        row->values.inuse_bytes = 0;
        row->values.inuse_objects = 0;
        row->noise_bytes = 0;
        row->present = false;
        row->sites = 0;
        g->next.list[g->next.count++] = *row;
    }
}

static void drop_idle(struct gathering *g)
{
    double idle_s = IDLE_BLOCKS * g->store->trend.base_s;
    size_t kept = 0;
    for (size_t i = 0; i < g->next.count; i++) {
        struct store_row *row = &g->next.list[i];
        if (row->series && lw_wall_s(g->scrape->at) - lw_wall_s(row->busy) > idle_s) {
            if (row->present)
                keep_in_other(&g->next, &row->values, row->sites);
            row_fini(g->store, row);
            g->next.followed--;
        } else {
            g->next.list[kept++] = *row;
        }
    }
    g->next.count = kept;
}

static int by_inuse(const void *a, const void *b)
{
    const struct store_row *x = a, *y = b;
    if (x->values.inuse_bytes != y->values.inuse_bytes)
        return x->values.inuse_bytes < y->values.inuse_bytes ? 1 : -1;
    uint64_t p = store_row_id(x), q = store_row_id(y);
    return (p > q) - (p < q);
}

void rows_update(struct store *store, struct store_rows *rows, const struct row_scrape *scrape)
{
    struct lw_map old = {0};
    for (size_t i = 0; i < rows->count; i++)
        lw_map_put(&old, store_row_id(&rows->list[i]), &rows->list[i]);
    struct gathering g = {.store = store, .scrape = scrape};
    g.next.list = lw_new(rows->count + ROWS_SHOWN + scrape->followed_max, sizeof *g.next.list);
    g.next.followed = rows->followed;
    g.next.other = scrape->rest;
    g.next.other_count = scrape->rest_count;
    for (size_t i = 0; i < scrape->count; i++)
        gather(&g, &scrape->entries[i], lw_map_find(&old, scrape->entries[i].id));
    gather_absent(&g, rows);
    drop_idle(&g);
    qsort(g.next.list, g.next.count, sizeof *g.next.list, by_inuse);
    lw_map_fini(&old);
    free(rows->list);
    *rows = g.next;
    rows->list = lw_renew(rows->list, rows->count, sizeof *rows->list);
    store->stats.sites = store->sites.by_id.count;
}
