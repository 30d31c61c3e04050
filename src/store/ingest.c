/* What one scrape changes: rows, series, verdicts. */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "store/outlook.h"
#include "store/rows.h"
#include "store/sightings.h"
#include "store/store_priv.h"

static void count_scrape(struct store_target *target, enum lw_code outcome)
{
    target->job->scrapes[outcome]++;
    target->scrapes[outcome]++;
}

/* False for a scrape that is older than the newest one known: it is only counted. */
static bool note_scrape(struct store_target *target, const struct store_scrape *scrape)
{
    const struct lw_err *outcome = scrape->outcome;
    count_scrape(target, outcome->code);
    if (scrape->at.ns < target->last_scrape.ns)
        return false;
    target->last_scrape = scrape->at;
    target->last_duration_ns = scrape->duration_ns;
    if (outcome->code == LW_BUSY && target->health == STORE_UP)
        return true; /* that we had no time for it says nothing of the target */
    target->last_code = outcome->code;
    target->health = outcome->code == LW_OK ? STORE_UP : STORE_DOWN;
    const char *text = outcome->code == LW_OK ? "" : outcome->msg;
    if (strcmp(target->last_error, text) != 0) {
        free(target->last_error);
        target->last_error = lw_strdup(text);
    }
    return true;
}

bool store_fail(struct store *store, uint64_t target_id, const struct store_scrape *scrape)
{
    struct store_target *target = store_find(store, target_id);
    if (target)
        (void)note_scrape(target, scrape);
    return target != NULL;
}

/* ---- restarts ---- */

/* Go scales what it sampled, and rounding can take a byte off. */
static bool fell(int64_t before, int64_t now)
{
    return now < before - 1;
}

/* Where the program's code lies, which differs between most builds, and between processes where the
 * system places programs at random; 0: the profile does not say. Not the build id: Go reads it anew
 * from the file at the program's path, which a deploy may have replaced under the old process. */
static uint64_t place_of(const struct profile *profile)
{
    const struct profile_mapping *main = profile->mappings;
    return profile->mapping_count && main->limit ? lw_hash_u64(main->start, main->limit) : 0;
}

/* alloc_* only ever grow while a process lives, and a site once in its profile stays there. So it
 * was another process when the total went down, or when more than half of the sites did or are gone
 * (a young process can have allocated more in all than an old idle one had), or when its code lies
 * elsewhere. */
static bool process_restarted(const struct store_target *target, const struct profile *profile)
{
    if (target->last_heap.ns == 0)
        return false;
    uint64_t place = place_of(profile);
    if (target->place && place && place != target->place)
        return true;
    if (fell(target->total.alloc_bytes, profile->total.alloc_bytes))
        return true;
    struct lw_map rows = {0};
    size_t known = 0, went_on = 0;
    for (size_t i = 0; i < target->sites.count; i++) {
        struct store_row *row = &target->sites.list[i];
        lw_map_put(&rows, row->site->id, row);
        known += row->values.alloc_bytes > 0;
    }
    for (size_t i = 0; i < profile->site_count; i++) {
        const struct store_row *row = lw_map_find(&rows, profile->sites[i].id);
        went_on += row && row->values.alloc_bytes > 0 &&
                   !fell(row->values.alloc_bytes, profile->sites[i].values.alloc_bytes);
    }
    lw_map_fini(&rows);
    return went_on * 2 < known;
}

/* After so long without a scrape the trend engine begins anew, too. */
static bool has_gap(const struct store *store, const struct store_target *target, struct lw_wall at)
{
    return lw_wall_s(at) - lw_wall_s(target->last_heap) > store->trend.gap_s;
}

static void begin_epoch(struct store_target *target, struct lw_wall at)
{
    trend_series_restart(target->series);
    rows_restart(&target->sites);
    rows_restart(&target->types);
    trend_series_restart(target->goroutines.series);
    rows_restart(&target->goroutines.groups);
    target->watched_since = at;
}

/* What was seen of the process that ended, besides its heap: the next one is looked at at once. */
static void forget_process(struct store_target *target)
{
    target->memory = (struct store_memory){0};
    target->memory_due = (struct lw_mono){0};
    target->goroutines.at = (struct lw_wall){0};
    target->goroutines.total = 0;
    target->goroutines_due = (struct lw_mono){0};
}

/* What does not go on is let go of. Returns whether it is another process. */
static bool note_process(struct store *store, struct store_target *target, struct lw_wall at,
    const struct profile *profile)
{
    bool restart = process_restarted(target, profile);
    /* A new MemProfileRate makes Go rescale all history: not a restart, but nothing before
     * compares. */
    bool rescaled = target->last_heap.ns && target->period_bytes != profile->period_bytes;
    if (restart || rescaled || has_gap(store, target, at))
        past_keep(&target->past, target->series);
    if (restart || rescaled)
        begin_epoch(target, at);
    if (restart) {
        target->restarts++;
        forget_process(target);
        store_forget_build(store, target); /* it may be another one now */
    }
    return restart;
}

/* ---- rows by site and by type ---- */

/* What the binary says, or the kind alone that the target said itself. */
static struct store_type *type_of_site(const struct store_target *target, uint64_t site_id)
{
    return target->build ? types_find(target->build, site_id)
                         : lw_map_find(&target->kinds, site_id);
}

static void update_sites(struct store *store, struct store_target *target,
    const struct profile *profile, struct lw_wall at)
{
    struct row_entry *entries = lw_new(profile->site_count, sizeof *entries);
    for (size_t i = 0; i < profile->site_count; i++) {
        const struct profile_site *site = &profile->sites[i];
        entries[i] = (struct row_entry){
            .id = site->id,
            .site = site,
            .type = type_of_site(target, site->id),
            .sites = 1,
            .values = site->values,
            .noise_bytes = site->noise_bytes,
        };
    }
    struct row_scrape scrape = {
        .entries = entries,
        .count = profile->site_count,
        .profile = profile,
        .at = at,
        .follow_bytes = ROWS_FOLLOW_BYTES,
        .followed_max = store->sites_per_target,
    };
    rows_update(store, &target->sites, &scrape);
    free(entries);
}

/* Adds a site to the sum of its type. The noise is that of the sum: the sites' weighted by in-use.
 */
static void add_site(struct row_entry *sum, const struct profile_site *site)
{
    double before = (double)sum->values.inuse_bytes, more = (double)site->values.inuse_bytes;
    if (before + more > 0)
        sum->noise_bytes = (sum->noise_bytes * before + site->noise_bytes * more) / (before + more);
    profile_values_add(&sum->values, &site->values);
    sum->sites++;
}

static int by_inuse(const void *a, const void *b)
{
    const struct row_entry *x = a, *y = b;
    return (x->values.inuse_bytes < y->values.inuse_bytes) -
           (x->values.inuse_bytes > y->values.inuse_bytes);
}

static void update_types(struct store *store, struct store_target *target,
    const struct profile *profile, struct lw_wall at)
{
    struct row_scrape scrape = {
        .at = at, .follow_bytes = ROWS_FOLLOW_BYTES, .followed_max = store->sites_per_target};
    struct row_entry *sums = lw_new(profile->site_count, sizeof *sums);
    struct lw_map by_type = {0};
    for (size_t i = 0; i < profile->site_count; i++) {
        const struct profile_site *site = &profile->sites[i];
        struct store_type *type = types_find(target->build, site->id);
        if (!type || !type->name[0]) {
            profile_values_add(&scrape.rest, &site->values);
            scrape.rest_count++;
            continue;
        }
        struct row_entry *sum = lw_map_find(&by_type, type->id);
        if (!sum) {
            sum = &sums[scrape.count++];
            *sum = (struct row_entry){.id = type->id, .type = type};
            lw_map_put(&by_type, type->id, sum);
        }
        add_site(sum, site);
    }
    lw_map_fini(&by_type);
    qsort(sums, scrape.count, sizeof *sums, by_inuse);
    scrape.entries = sums;
    rows_update(store, &target->types, &scrape);
    free(sums);
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

/* row NULL: the target's total. */
static void push(const struct follow *f, const struct store_row *row, struct trend_series *series,
    const struct profile_values *values, double noise_bytes)
{
    const struct trend_verdict *v = trend_series_verdict(series);
    enum trend_class from = v->class;
    struct trend_point point = {
        .t_s = lw_wall_s(f->at),
        .inuse_bytes = (double)values->inuse_bytes,
        .alloc_bytes = (double)values->alloc_bytes,
        .noise_bytes = noise_bytes,
        /* The sites of a type can change; whether the process restarted, its target has told. */
        .same_process = row && !row->site,
    };
    if (!trend_series_push(series, &f->store->trend, &point))
        return;
    struct verdict_change change = {
        .at = f->at,
        .target_id = f->target->id,
        .row_id = row ? store_row_id(row) : 0,
        .from = from,
        .to = v->class,
        .rate = v->rate,
        .rate_lo = v->rate_lo,
        .rate_hi = v->rate_hi,
    };
    store_note_change(f->store, &change);
    if (f->store->changed)
        f->store->changed(f->store->changed_ctx, &(struct store_change){f->target, row, from, v});
}

static void push_rows(const struct follow *f, const struct store_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        const struct store_row *row = &rows->list[i];
        if (row->series)
            push(f, row, row->series, &row->values, row->noise_bytes);
    }
}

/* Of a whole profile: the mean of its sites' sampling variance, weighted by in-use. */
static double total_noise_bytes(const struct profile *profile)
{
    struct row_entry total = {0};
    for (size_t i = 0; i < profile->site_count; i++)
        add_site(&total, &profile->sites[i]);
    return total.noise_bytes;
}

/* ---- builds ---- */

/* What leaks is noted for the job, with the build it leaks in. */
static void note_leaks(
    struct store_target *target, const struct store_rows *rows, double long_enough_s)
{
    struct store_job *job = target->job;
    for (size_t i = 0; i < rows->count; i++) {
        const struct store_row *row = &rows->list[i];
        if (row->series && trend_series_verdict(row->series)->class == TREND_LEAK &&
            sightings_note(&job->sightings, sightings_key(row), target->build->id,
                target->last_heap, long_enough_s))
            job->saved.ns = 0; /* not to be lost: written with the next batch */
    }
}

/* A process that was watched for as long as the trend engine asks of a young one, from the end of
 * its youth on, would have shown the leak. */
static void watch_build(struct store *store, struct store_target *target)
{
    if (!target->build)
        return;
    past_note_build(&target->past, target->build, target->watched_since, target->last_heap);
    struct store_job *job = target->job;
    double watched_s = lw_wall_s(target->last_heap) - lw_wall_s(target->watched_since);
    sightings_watch(&job->sightings, target->build, target->last_heap, watched_s);
    job->dirty = true;
    double long_enough_s = store->trend.age_s + store->trend.young_s;
    note_leaks(target, &target->sites, long_enough_s);
    note_leaks(target, &target->types, long_enough_s);
}

bool store_ingest(struct store *store, uint64_t target_id, const struct store_scrape *scrape,
    const struct profile *profile, bool *restarted)
{
    struct store_target *target = store_find(store, target_id);
    if (restarted)
        *restarted = false;
    if (!target)
        return false;
    if (!note_scrape(target, scrape))
        return true;

    bool restart = note_process(store, target, scrape->at, profile);
    if (restarted)
        *restarted = restart;
    if (!target->first_seen.ns)
        target->first_seen = scrape->at;
    if (!target->watched_since.ns)
        target->watched_since = scrape->at;
    target->last_heap = scrape->at;
    past_trim(&target->past, store->trend.base_s, scrape->at);
    target->place = place_of(profile);
    target->period_bytes = profile->period_bytes;
    target->total = profile->total;
    target->site_count = profile->site_count;
    target->dirty = true;
    store_note_measure(store, target, GATE_INUSE, scrape->at, (double)profile->total.inuse_bytes);
    update_sites(store, target, profile, scrape->at);
    update_types(store, target, profile, scrape->at);

    struct follow f = {store, target, scrape->at};
    push(&f, NULL, target->series, &profile->total, total_noise_bytes(profile));
    push_rows(&f, &target->sites);
    if (target->build) /* what is not known is not zero */
        push_rows(&f, &target->types);
    outlook_update(store, target);
    watch_build(store, target);
    return true;
}
