/* What the file has of a target, brought back into memory. */
#include "base/mem.h"
#include "store/db.h"
#include "store/image.h"
#include "store/rows.h"

/* The most that trend.sites_per_target can be: a file with more series of a target is not ours. */
#define FOLLOWED_MAX 4096

struct restoring {
    struct store *store;
    struct store_target *target;
    uint64_t build_id;         /* of the target; 0: none */
    struct store_build *build; /* while its sites are read */
    struct lw_map types;       /* of the build, by id */
    struct lw_map sites;       /* ids of those that were read; the values mean nothing */
    struct lw_wall now;
};

/* A row that cannot be read costs only itself; it is counted, and shown as a metric. */
static void refuse(struct restoring *r)
{
    r->store->stats.images_refused++;
}

static void restore_target(void *ctx, uint64_t build_id, const void *image, size_t len)
{
    struct restoring *r = ctx;
    struct lw_err ignored;
    r->build_id = build_id;
    if (image_decode_target(image, len, r->target, &ignored) < 0)
        refuse(r);
}

static void restore_site(void *ctx, uint64_t id, const void *image, size_t len)
{
    struct restoring *r = ctx;
    struct lw_err ignored;
    struct store_site *site = image_decode_site(id, image, len, &ignored);
    if (!site) {
        refuse(r);
        return;
    }
    sites_add(&r->store->sites, site);
    lw_map_put(&r->sites, id, r);
}

static void restore_build(void *ctx, const struct store_build_spec *build)
{
    struct restoring *r = ctx;
    r->build = types_ref_build(&r->store->types, build);
    if (r->build->id == r->build_id)
        return;
    types_unref_build(&r->store->types, &r->build); /* it would be taught another's types */
    refuse(r);
}

static void restore_typed(void *ctx, const struct store_type_spec *type)
{
    struct restoring *r = ctx;
    if (r->build)
        types_bind(&r->store->types, r->build, type);
}

static void restore_fate(void *ctx, uint64_t site_id, const struct store_fate *fate)
{
    struct restoring *r = ctx;
    if (r->build)
        types_bind_fate(r->build, site_id, fate);
}

/* The row's key in memory; false when there is none for it (any more). */
static bool restore_key(
    struct restoring *r, enum store_db_kind kind, uint64_t key, struct store_row *row)
{
    if (kind == STORE_DB_TYPE) {
        row->type = types_ref_again(lw_map_find(&r->types, key));
        return row->type != NULL;
    }
    bool has_stack = kind == STORE_DB_SITE || kind == STORE_DB_GOROUTINES;
    row->site = has_stack ? sites_ref_id(&r->store->sites, key) : NULL;
    if (row->site && kind == STORE_DB_SITE)
        row->type = types_ref_again(types_find(r->target->build, key));
    return row->site != NULL;
}

static struct store_rows *rows_of(struct store_target *target, enum store_db_kind kind)
{
    if (kind == STORE_DB_GOROUTINES)
        return &target->goroutines.groups;
    return kind == STORE_DB_TYPE ? &target->types : &target->sites;
}

static void restore_row(
    struct restoring *r, enum store_db_kind kind, uint64_t key, struct store_row *row)
{
    struct store_rows *rows = rows_of(r->target, kind);
    if (rows->followed == FOLLOWED_MAX || !restore_key(r, kind, key, row)) {
        trend_series_free(&row->series);
        refuse(r);
        return;
    }
    row->busy = r->now;
    *rows_append(rows) = *row;
    rows->followed++;
    r->store->stats.followed++;
}

static void restore_series(
    void *ctx, enum store_db_kind kind, uint64_t key, const void *image, size_t len)
{
    struct restoring *r = ctx;
    struct store_row row = {0};
    struct lw_err ignored;
    if (image_decode_row(image, len, &row, &ignored) < 0) {
        refuse(r);
    } else if (kind == STORE_DB_TOTAL) {
        trend_series_free(&r->target->series);
        r->target->series = row.series;
    } else if (kind == STORE_DB_GOROUTINES && key == 0) {
        trend_series_free(&r->target->goroutines.series);
        r->target->goroutines.series = row.series;
        r->target->goroutines.total = row.values.inuse_objects;
    } else {
        restore_row(r, kind, key, &row);
    }
}

/* The build is read once for all targets that run it. */
static int restore_whole_build(
    struct restoring *r, const struct store_db_reader *reader, struct lw_err *err)
{
    struct store *store = r->store;
    if (!r->build_id)
        return 0;
    int rc = 0;
    r->build = types_find_build(&store->types, r->build_id);
    if (r->build) {
        r->build->refs++;
    } else {
        rc = store_db_read_build(store->db, r->build_id, reader, err);
        if (r->build && rc == 0)
            r->build->dirty = false;
    }
    r->target->build = r->build;
    return rc;
}

static void index_types(struct restoring *r)
{
    size_t at = 0;
    void *type;
    while (r->build && lw_map_next(&r->build->types, &at, NULL, &type))
        lw_map_put(&r->types, ((const struct store_type *)type)->id, type);
}

/* Sites whose series was refused have no row that would free them. */
static void drop_unused_sites(struct restoring *r)
{
    size_t at = 0;
    uint64_t id;
    void *value;
    while (lw_map_next(&r->sites, &at, &id, &value))
        sites_drop_unused(&r->store->sites, id);
}

/* ---- a clock that was set back ---- */

static void set_back_rows(struct store_rows *rows, int64_t seconds)
{
    for (size_t i = 0; i < rows->count; i++) {
        if (rows->list[i].series)
            trend_series_set_back(rows->list[i].series, seconds);
    }
}

/* Whoever wrote the file had a clock that was ahead of ours, as machines have that start before
 * they are told the time: everything that was seen of the target moves before now, so that what is
 * seen next comes after it. How long nobody looked is not known. */
static void undo_future(struct store_target *target, struct lw_wall now)
{
    int64_t ahead_ns = target->last_heap.ns - now.ns;
    if (ahead_ns < 0)
        return;
    int64_t seconds = ahead_ns / LW_NS_PER_S + 1;
    target->first_seen = lw_wall_before(target->first_seen, seconds);
    target->last_heap = lw_wall_before(target->last_heap, seconds);
    target->memory.newest.at = lw_wall_before(target->memory.newest.at, seconds);
    for (size_t i = 0; i < target->memory.past_count; i++)
        target->memory.past[i].at = lw_wall_before(target->memory.past[i].at, seconds);
    past_set_back(&target->past, seconds);
    trend_series_set_back(target->series, seconds);
    trend_series_set_back(target->goroutines.series, seconds);
    set_back_rows(&target->sites, seconds);
    set_back_rows(&target->types, seconds);
    set_back_rows(&target->goroutines.groups, seconds);
}

/* ---- a target ---- */

void store_restore(struct store *store, struct store_target *target, struct lw_wall now)
{
    if (!store->db)
        return;
    struct restoring r = {.store = store, .target = target, .now = now};
    struct store_db_reader reader = {
        .ctx = &r,
        .target = restore_target,
        .site = restore_site,
        .build = restore_build,
        .typed = restore_typed,
        .fate = restore_fate,
        .series = restore_series,
    };
    struct lw_err err; /* a file that cannot be read now costs history, not the watch */
    int rc = store_db_read_target(store->db, target->id, &reader, &err);
    if (rc == 0)
        rc = restore_whole_build(&r, &reader, &err);
    index_types(&r);
    if (rc == 0)
        rc = store_db_read_series(store->db, target->id, &reader, &err);
    if (rc < 0)
        refuse(&r);
    drop_unused_sites(&r);
    undo_future(target, now);
    lw_map_fini(&r.types);
    lw_map_fini(&r.sites);
    store->stats.sites = store->sites.by_id.count;
}

/* ---- jobs ---- */

struct restoring_job {
    struct store *store;
    struct store_job *job;
};

static void restore_job(void *ctx, const void *image, size_t len)
{
    struct restoring_job *r = ctx;
    struct lw_err ignored;
    if (sightings_decode(image, len, &r->job->sightings, &ignored) < 0)
        r->store->stats.images_refused++;
}

void store_restore_job(struct store *store, struct store_job *job)
{
    struct restoring_job r = {store, job};
    struct store_db_reader reader = {.ctx = &r, .job = restore_job};
    struct lw_err err;
    if (store->db && store_db_read_job(store->db, job->id, &reader, &err) < 0)
        store->stats.images_refused++;
}
