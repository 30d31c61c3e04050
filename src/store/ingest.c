/* What one scrape changes: rows, series, verdicts. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/store_priv.h"

/* A site is followed once it holds four samples' worth at Go's default rate: below that its numbers
 * are mostly chance, and so a heap of N bytes has at most N / 2 MiB followed sites. */
#define FOLLOW_BYTES ((int64_t)2 << 20)

/* A followed site that stays below half of that this long (in base blocks: the reach of the
 * coarsest ring) is let go. */
#define IDLE_BLOCKS 1536.0

#define SITES_SHOWN 64 /* rows kept of the newest profile only to be shown */

static struct store_target *find(struct store *store, uint64_t id)
{
    struct store_target *target = lw_map_find(&store->targets, id);
    return target && !target->retired.ns ? target : NULL;
}

static void note_scrape(struct store_target *target, const struct store_scrape *scrape)
{
    const struct lw_err *outcome = scrape->outcome;
    target->last_scrape = scrape->at;
    target->last_duration_ns = scrape->duration_ns;
    target->scrapes[outcome->code]++;
    target->last_code = outcome->code;
    target->health = outcome->code == LW_OK ? STORE_UP : STORE_DOWN;
    const char *text = outcome->code == LW_OK ? "" : outcome->msg;
    if (strcmp(target->last_error, text) != 0) {
        free(target->last_error);
        target->last_error = lw_strdup(text);
    }
}

bool store_fail(struct store *store, uint64_t target_id, const struct store_scrape *scrape)
{
    struct store_target *target = find(store, target_id);
    if (target)
        note_scrape(target, scrape);
    return target != NULL;
}

/* ---- restarts ---- */

/* alloc_* only ever grow while a process lives, and a site once in its profile stays there. So it
 * was another process when the total went down, or when more than half of the sites did or are gone
 * (a young process can have allocated more in all than an old idle one had). */
static bool process_restarted(
    const struct store_target *target, const struct profile *profile, const struct lw_map *rows)
{
    if (target->last_heap.ns == 0)
        return false;
    if (profile->total.alloc_bytes + 1 < target->total.alloc_bytes)
        return true;
    size_t known = 0, went_on = 0;
    for (size_t i = 0; i < target->row_count; i++)
        known += target->rows[i].values.alloc_bytes > 0;
    for (size_t i = 0; i < profile->site_count; i++) {
        const struct store_row *row = lw_map_find(rows, profile->sites[i].id);
        went_on += row && row->values.alloc_bytes > 0 &&
                   profile->sites[i].values.alloc_bytes + 1 >= row->values.alloc_bytes;
    }
    return went_on * 2 < known;
}

static void begin_epoch(struct store_target *target)
{
    trend_series_restart(target->series);
    for (size_t i = 0; i < target->row_count; i++) {
        struct store_row *row = &target->rows[i];
        row->values = (struct profile_values){0};
        if (row->series)
            trend_series_restart(row->series);
    }
}

/* ---- series ---- */

void store_note_change(struct store *store, const struct verdict_change *change)
{
    if (!store->db)
        return;
    if (store->change_count == CHANGES_MAX) {
        memmove(store->changes, store->changes + 1, (CHANGES_MAX - 1) * sizeof *store->changes);
        store->change_count--;
    }
    store->changes = lw_renew(store->changes, store->change_count + 1, sizeof *store->changes);
    store->changes[store->change_count++] = *change;
}

struct follow {
    struct store *store;
    const struct store_target *target;
    struct lw_wall at;
};

static void push(const struct follow *f, const struct store_site *site, struct trend_series *series,
    const struct profile_values *values, double noise_bytes)
{
    const struct trend_verdict *v = trend_series_verdict(series);
    enum trend_class from = v->class;
    struct trend_point point = {
        .t_s = lw_wall_s(f->at),
        .inuse_bytes = (double)values->inuse_bytes,
        .alloc_bytes = (double)values->alloc_bytes,
        .noise_bytes = noise_bytes,
    };
    if (!trend_series_push(series, &f->store->trend, &point))
        return;
    struct verdict_change change = {
        .at = f->at,
        .target_id = f->target->id,
        .site_id = site ? site->id : 0,
        .from = from,
        .to = v->class,
        .rate = v->rate,
        .rate_lo = v->rate_lo,
        .rate_hi = v->rate_hi,
    };
    store_note_change(f->store, &change);
    if (f->store->changed)
        f->store->changed(f->store->changed_ctx, &(struct store_change){f->target, site, from, v});
}

/* Of a whole profile: the mean of its sites' sampling variance, weighted by in-use. */
static double total_noise_bytes(const struct profile *profile)
{
    double sum = 0, weight = 0;
    for (size_t i = 0; i < profile->site_count; i++) {
        double inuse = (double)profile->sites[i].values.inuse_bytes;
        sum += inuse * profile->sites[i].noise_bytes;
        weight += inuse;
    }
    return weight > 0 ? sum / weight : 0;
}

/* ---- rows ---- */

/* The rows a scrape leaves a target with, as they come together. */
struct gathering {
    struct store *store;
    struct store_target *target;
    const struct lw_map *old; /* by site id; rows of target->rows */
    struct store_row *rows;
    size_t count;
    size_t followed;
    size_t shown;
    struct lw_wall at;
};

static void keep_in_other(struct store_target *target, const struct profile_values *v)
{
    target->other.alloc_objects += v->alloc_objects;
    target->other.alloc_bytes += v->alloc_bytes;
    target->other.inuse_objects += v->inuse_objects;
    target->other.inuse_bytes += v->inuse_bytes;
    target->other_count++;
}

static void start_following(struct gathering *g, struct store_row *row)
{
    row->series = trend_series_new();
    row->busy = g->at;
    g->followed++;
    g->store->stats.followed++;
}

/* Takes one site of the profile into the rows: as what it was, as newly followed, as shown, or into
 * `other`. Sites come largest first, so what is shown is the top. */
static void gather_site(struct gathering *g, const struct profile_site *site)
{
    struct store_row *old = lw_map_find(g->old, site->id);
    struct store_row row = {0};
    if (old) {
        row = *old;
        *old = (struct store_row){0};
    }
    bool followed = row.series != NULL;
    bool follow =
        site->values.inuse_bytes >= FOLLOW_BYTES && g->followed < g->store->sites_per_target;
    if (!followed && !follow && g->shown >= SITES_SHOWN) {
        store_row_fini(g->store, &row);
        keep_in_other(g->target, &site->values);
        return;
    }
    if (!row.site)
        row.site = sites_ref_profile(&g->store->sites, site);
    row.values = site->values;
    row.noise_bytes = site->noise_bytes;
    row.present = true;
    if (!followed && follow)
        start_following(g, &row);
    else if (!followed)
        g->shown++;
    if (site->values.inuse_bytes >= FOLLOW_BYTES / 2)
        row.busy = g->at;
    g->rows[g->count++] = row;
}

/* What the profile no longer has: a followed site goes on at zero in-use until it is idle for long;
 * what was only shown is let go. */
static void gather_absent(struct gathering *g)
{
    for (size_t i = 0; i < g->target->row_count; i++) {
        struct store_row *row = &g->target->rows[i];
        if (!row->site)
            continue;
        if (!row->series) {
            store_row_fini(g->store, row);
            continue;
        }
        row->values.inuse_bytes = 0;
        row->values.inuse_objects = 0;
        row->noise_bytes = 0;
        row->present = false;
        g->rows[g->count++] = *row;
    }
}

static void drop_idle(struct gathering *g)
{
    double idle_s = IDLE_BLOCKS * g->store->trend.base_s;
    size_t kept = 0;
    for (size_t i = 0; i < g->count; i++) {
        struct store_row *row = &g->rows[i];
        if (row->series && lw_wall_s(g->at) - lw_wall_s(row->busy) > idle_s) {
            keep_in_other(g->target, &row->values);
            store_row_fini(g->store, row);
            g->followed--;
        } else {
            g->rows[kept++] = *row;
        }
    }
    g->count = kept;
}

static int by_inuse(const void *a, const void *b)
{
    const struct store_row *x = a, *y = b;
    if (x->values.inuse_bytes != y->values.inuse_bytes)
        return x->values.inuse_bytes < y->values.inuse_bytes ? 1 : -1;
    return (x->site->id > y->site->id) - (x->site->id < y->site->id);
}

static void gather_rows(struct store *store, struct store_target *target,
    const struct profile *profile, const struct lw_map *old, struct lw_wall at)
{
    struct gathering g = {.store = store, .target = target, .old = old, .at = at};
    g.rows = lw_new(target->row_count + SITES_SHOWN + store->sites_per_target, sizeof *g.rows);
    g.followed = target->followed;
    target->other = (struct profile_values){0};
    target->other_count = 0;
    for (size_t i = 0; i < profile->site_count; i++)
        gather_site(&g, &profile->sites[i]);
    gather_absent(&g);
    drop_idle(&g);
    qsort(g.rows, g.count, sizeof *g.rows, by_inuse);
    free(target->rows);
    target->rows = lw_renew(g.rows, g.count, sizeof *g.rows);
    target->row_count = g.count;
    target->followed = g.followed;
    store->stats.sites = store->sites.by_id.count;
}

static struct lw_map index_rows(const struct store_target *target)
{
    struct lw_map map = {0};
    for (size_t i = 0; i < target->row_count; i++)
        lw_map_put(&map, target->rows[i].site->id, &target->rows[i]);
    return map;
}

bool store_ingest(struct store *store, uint64_t target_id, const struct store_scrape *scrape,
    const struct profile *profile, bool *restarted)
{
    struct store_target *target = find(store, target_id);
    if (restarted)
        *restarted = false;
    if (!target)
        return false;
    note_scrape(target, scrape);

    struct lw_map old = index_rows(target);
    bool restart = process_restarted(target, profile, &old);
    /* A new MemProfileRate makes Go rescale all history: not a restart, but nothing before
     * compares. */
    bool rescaled = target->last_heap.ns && target->period_bytes != profile->period_bytes;
    if (restart || rescaled)
        begin_epoch(target);
    if (restart) {
        target->restarts++;
        if (restarted)
            *restarted = true;
    }
    gather_rows(store, target, profile, &old, scrape->at);
    lw_map_fini(&old);

    if (!target->first_seen.ns)
        target->first_seen = scrape->at;
    target->last_heap = scrape->at;
    target->period_bytes = profile->period_bytes;
    target->total = profile->total;
    target->site_count = profile->site_count;
    target->dirty = true;

    struct follow f = {store, target, scrape->at};
    push(&f, NULL, target->series, &profile->total, total_noise_bytes(profile));
    for (size_t i = 0; i < target->row_count; i++) {
        struct store_row *row = &target->rows[i];
        if (row->series)
            push(&f, row->site, row->series, &row->values, row->noise_bytes);
    }
    return true;
}
