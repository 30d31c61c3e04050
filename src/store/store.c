#include "store/store.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "store/db.h"
#include "store/rows.h"
#include "store/store_priv.h"
#include "store/usage.h"

/* A target that flaps keeps its series in memory so long, if it has any. */
#define RETIRED_KEPT_NS (600 * LW_NS_PER_S)

/* ---- reading ---- */

static bool counts(const struct store_target *target, const struct store_row *row)
{
    return trend_series_verdict(row->series)->growth_bytes >= target->counted_growth_bytes;
}

bool store_row_is_suspect(const struct store_target *target, const struct store_row *row)
{
    return row->series && trend_series_verdict(row->series)->class >= TREND_GROWING &&
           counts(target, row);
}

static enum trend_class class_of(const struct trend_series *series)
{
    return trend_series_verdict(series)->class;
}

static const struct trend_series *worst_of(const struct store_target *target,
    const struct store_rows *rows, const struct trend_series *worst)
{
    for (size_t i = 0; rows->followed && i < rows->count; i++) {
        const struct store_row *row = &rows->list[i];
        if (store_row_is_suspect(target, row) && class_of(row->series) > class_of(worst))
            worst = row->series;
    }
    return worst;
}

const struct trend_series *store_target_worst(const struct store_target *target)
{
    const struct trend_series *worst = worst_of(target, &target->sites, target->series);
    return worst_of(target, &target->types, worst);
}

enum trend_class store_target_class(const struct store_target *target)
{
    return class_of(store_target_worst(target));
}

size_t store_target_count(const struct store *store)
{
    return store->listed_count;
}

const struct store_target *store_target_at(const struct store *store, size_t i)
{
    return store->listed[i];
}

struct store_target *store_find(const struct store *store, uint64_t id)
{
    struct store_target *target = lw_map_find(&store->targets, id);
    return target && !target->retired.ns ? target : NULL;
}

const struct store_target *store_target_find(const struct store *store, uint64_t id)
{
    return store_find(store, id);
}

uint64_t store_job_scrapes(const struct store *store, const char *job_name, enum lw_code outcome)
{
    const struct store_job *job = lw_map_find(&store->jobs, lw_hash_string(0, job_name));
    return job ? job->scrapes[outcome] : 0;
}

/* What people call a build; Go writes "(devel)" where it knows no version. */
static const char *name_of(const struct sightings_build *build)
{
    if (build->version[0] && strcmp(build->version, "(devel)") != 0)
        return build->version;
    return build->revision[0] ? build->revision : build->binary_id;
}

bool store_first_seen(
    const struct store_target *target, const struct store_row *row, struct store_first_seen *seen)
{
    const struct sightings *all = &target->job->sightings;
    uint64_t key = row ? sightings_key(row) : target->outlook.worst_lineage;
    bool leaks = !row || (row->series && class_of(row->series) == TREND_LEAK);
    const struct sighting *s = leaks && key ? sightings_find(all, key) : NULL;
    const struct sightings_build *build = s ? sightings_find_build(all, s->build) : NULL;
    if (!build)
        return false;
    const struct sightings_build *absent = sightings_find_build(all, s->absent);
    *seen = (struct store_first_seen){
        .at = s->at,
        .binary_id = build->binary_id,
        .version = build->version,
        .revision = build->revision,
        .absent_in = absent ? name_of(absent) : NULL,
    };
    return true;
}

const struct store_stats *store_stats(const struct store *store)
{
    return &store->stats;
}

const struct trend_config *store_trend_config(const struct store *store)
{
    return &store->trend;
}

/* ---- making and ending ---- */

struct store *store_new(const struct store_options *options, struct store_db *db)
{
    struct store *store = LW_NEW(struct store);
    store->trend = options->trend;
    store->sites_per_target = options->sites_per_target;
    store->retention_ns = INT64_MAX;
    store->pruned = options->now;
    store->db = db;
    usages_restore(store);
    return store;
}

static void target_free(struct store *store, struct store_target *target)
{
    rows_fini(store, &target->sites);
    rows_fini(store, &target->types);
    types_unref_build(&store->types, &target->build);
    store_forget_kinds(store, target);
    free(target->build_error);
    past_fini(&target->past);
    rows_fini(store, &target->goroutines.groups);
    trend_series_free(&target->goroutines.series);
    trend_series_free(&target->series);
    store->stats.followed--;
    lw_labels_unref(&target->labels);
    lw_labels_unref(&target->discovered);
    free(target->name);
    free(target->job_name);
    free(target->url);
    free(target->last_error);
    free(target);
}

static void job_free(struct store_job *job)
{
    sightings_fini(&job->sightings);
    free(job->name);
    free(job);
}

struct store_job *store_job_of(struct store *store, const char *name)
{
    uint64_t id = lw_hash_string(0, name);
    struct store_job *job = lw_map_find(&store->jobs, id);
    if (!job) {
        job = LW_NEW(struct store_job);
        job->id = id;
        job->name = lw_strdup(name);
        lw_map_put(&store->jobs, id, job);
        store_restore_job(store, job);
    }
    return job;
}

void store_free(struct store **store)
{
    struct store *s = *store;
    if (!s)
        return;
    size_t at = 0;
    void *target;
    while (lw_map_next(&s->targets, &at, NULL, &target))
        target_free(s, target);
    lw_map_fini(&s->targets);
    sweep_forget(&s->sweep);
    void *job;
    at = 0;
    while (lw_map_next(&s->jobs, &at, NULL, &job))
        job_free(job);
    lw_map_fini(&s->jobs);
    usages_fini(s);
    free(s->build_label);
    sites_fini(&s->sites);
    types_fini(&s->types);
    free(s->listed);
    free(s->changes);
    store_db_close(&s->db);
    free(s);
    *store = NULL;
}

void store_set_sites_per_target(struct store *store, size_t sites)
{
    store->sites_per_target = sites;
}

void store_set_retention(struct store *store, int64_t retention_ns)
{
    store->retention_ns = retention_ns;
}

void store_on_change(
    struct store *store, void (*changed)(void *ctx, const struct store_change *change), void *ctx)
{
    store->changed = changed;
    store->changed_ctx = ctx;
}

void store_on_goroutines_change(
    struct store *store, void (*changed)(void *ctx, const struct store_change *change))
{
    store->goroutines_changed = changed;
}

void store_set_memory_due(struct store *store, uint64_t target_id, struct lw_mono due)
{
    struct store_target *target = store_find(store, target_id);
    if (target)
        target->memory_due = due;
}

void store_set_goroutines_due(struct store *store, uint64_t target_id, struct lw_mono due)
{
    struct store_target *target = store_find(store, target_id);
    if (target)
        target->goroutines_due = due;
}

/* ---- the set of targets ---- */

static struct store_target *target_new(
    struct store *store, const struct store_target_spec *spec, struct lw_wall now)
{
    struct store_target *target = LW_NEW(struct store_target);
    target->id = spec->id;
    target->labels = lw_labels_ref(spec->labels);
    target->discovered = lw_labels_ref(spec->discovered);
    target->last_error = lw_strdup("");
    target->build_error = lw_strdup("");
    target->series = trend_series_new();
    target->goroutines.series = trend_series_new();
    store->stats.followed++;
    const char *job = lw_labels_get(spec->labels, "job");
    const char *instance = lw_labels_get(spec->labels, "instance");
    size_t size = strlen(job) + strlen(instance) + 2;
    target->name = lw_new(size, 1);
    snprintf(target->name, size, "%s/%s", job, instance);
    target->job = store_job_of(store, spec->job_name);
    store_restore(store, target, now);
    lw_map_put(&store->targets, target->id, target);
    sweep_forget(&store->sweep);
    return target;
}

static void replace_string(char **slot, const char *text)
{
    if (*slot && strcmp(*slot, text) == 0)
        return;
    free(*slot);
    *slot = lw_strdup(text);
}

static void apply_spec(
    struct store *store, struct store_target *target, const struct store_target_spec *spec)
{
    if (target->discovered != spec->discovered) {
        lw_labels_unref(&target->discovered);
        target->discovered = lw_labels_ref(spec->discovered);
    }
    replace_string(&target->job_name, spec->job_name);
    replace_string(&target->url, spec->url);
    target->interval_ns = spec->interval_ns;
    target->timeout_ns = spec->timeout_ns;
    target->job = store_job_of(store, spec->job_name);
    target->memory_limit_bytes = spec->memory_limit_bytes;
    target->goroutine_interval_ns = spec->goroutine_interval_ns;
    target->retired = (struct lw_wall){0};
    outlook_update(store, target);
}

static int by_name(const void *a, const void *b)
{
    const struct store_target *x = *(struct store_target *const *)a;
    const struct store_target *y = *(struct store_target *const *)b;
    int order = strcmp(x->name, y->name);
    return order ? order : (x->id > y->id) - (x->id < y->id);
}

void store_purge_retired(struct store *store, struct lw_wall now)
{
    if (store->batch_out) /* it may fail, and would then have to be put together again */
        return;
    struct store_target **gone = lw_new(store->targets.count, sizeof(struct store_target *));
    size_t count = 0, at = 0;
    void *value;
    while (lw_map_next(&store->targets, &at, NULL, &value)) {
        struct store_target *target = value;
        bool settled = !target->dirty || !store->db;
        bool is_over = !target->last_heap.ns || now.ns - target->retired.ns > RETIRED_KEPT_NS;
        if (target->retired.ns && settled && is_over)
            gone[count++] = target;
    }
    if (count)
        sweep_forget(&store->sweep);
    for (size_t i = 0; i < count; i++) {
        lw_map_remove(&store->targets, gone[i]->id);
        target_free(store, gone[i]);
    }
    free(gone);
}

/* Ids are unique; labels need not be, when only the URLs differ. */
static void check_listed(struct store *store)
{
    struct lw_map seen = {0};
    for (size_t i = 0; i < store->listed_count; i++) {
        struct store_target *target = store->listed[i];
        assert(i == 0 || target != store->listed[i - 1]);
        target->is_twin = lw_map_put(&seen, lw_labels_hash(target->labels, 0), target) != NULL;
    }
    lw_map_fini(&seen);
}

void store_set_targets(
    struct store *store, const struct store_target_spec *specs, size_t count, struct lw_wall now)
{
    store->stats.target_sets++;
    for (size_t i = 0; i < store->listed_count; i++)
        store->listed[i]->retired = now;
    store->listed = lw_renew(store->listed, count, sizeof *store->listed);
    store->listed_count = count;
    for (size_t i = 0; i < count; i++) {
        struct store_target *target = lw_map_find(&store->targets, specs[i].id);
        if (!target)
            target = target_new(store, &specs[i], now);
        apply_spec(store, target, &specs[i]);
        store->listed[i] = target;
    }
    qsort(store->listed, count, sizeof *store->listed, by_name);
    check_listed(store);
    store_purge_retired(store, now);
}
