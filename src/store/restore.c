/* What the file has of a target, brought back into memory. */
#include "base/mem.h"
#include "store/db.h"
#include "store/image.h"
#include "store/rows.h"

struct restoring {
    struct store *store;
    struct store_target *target;
    uint64_t build_id;         /* of the target; 0: none */
    struct store_build *build; /* while its sites are read */
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
    if (site)
        sites_add(&r->store->sites, site);
    else
        refuse(r);
}

static void restore_build(void *ctx, const struct store_build_spec *build)
{
    struct restoring *r = ctx;
    r->build = types_ref_build(&r->store->types, build);
}

static void restore_typed(void *ctx, const struct store_type_spec *type)
{
    struct restoring *r = ctx;
    if (r->build)
        types_bind(&r->store->types, r->build, type);
}

static void keep_row(struct restoring *r, struct store_rows *rows, struct store_row *row)
{
    row->busy = r->now;
    *rows_append(rows) = *row;
    rows->followed++;
    r->store->stats.followed++;
}

static void restore_series(
    void *ctx, enum store_db_kind kind, uint64_t key, const void *image, size_t len)
{
    struct restoring *r = ctx;
    struct store_target *target = r->target;
    struct store_row row = {0};
    struct lw_err ignored;
    if (image_decode_row(image, len, &row, &ignored) < 0) {
        refuse(r);
        return;
    }
    if (kind == STORE_DB_TOTAL) {
        trend_series_free(&target->series);
        target->series = row.series;
        return;
    }
    if (kind == STORE_DB_SITE) {
        row.site = sites_ref_id(&r->store->sites, key);
        row.type = types_ref_again((struct store_type *)store_type_of(target, key));
    } else {
        row.type = types_ref_again(lw_map_find(&r->store->types.by_id, key));
    }
    if (kind == STORE_DB_SITE ? !row.site : !row.type) {
        trend_series_free(&row.series);
        refuse(r);
        return;
    }
    keep_row(r, kind == STORE_DB_SITE ? &target->sites : &target->types, &row);
}

/* The build is read once for all targets that run it. */
static int restore_whole_build(
    struct restoring *r, const struct store_db_reader *reader, struct lw_err *err)
{
    struct store *store = r->store;
    if (!r->build_id)
        return 0;
    r->build = types_find_build(&store->types, r->build_id);
    if (r->build) {
        r->build->refs++;
    } else {
        if (store_db_read_build(store->db, r->build_id, reader, err) < 0)
            return -1;
        if (r->build)
            r->build->dirty = false;
    }
    r->target->build = r->build;
    return 0;
}

static void drop_unused_site(void *ctx, uint64_t id, const void *image, size_t len)
{
    struct restoring *r = ctx;
    (void)image;
    (void)len;
    sites_drop_unused(&r->store->sites, id);
}

static void ignore_target(void *ctx, uint64_t build_id, const void *image, size_t len)
{
    (void)ctx;
    (void)build_id;
    (void)image;
    (void)len;
}

void store_restore(struct store *store, struct store_target *target, struct lw_wall now)
{
    if (!store->db)
        return;
    struct restoring r = {.store = store, .target = target, .now = now};
    struct store_db_reader reader = {
        &r, restore_target, restore_site, restore_build, restore_typed, restore_series};
    /* Sites whose series was refused have no row that would free them. */
    struct store_db_reader sweep = {.ctx = &r, .target = ignore_target, .site = drop_unused_site};
    struct lw_err err; /* a file that cannot be read now costs history, not the watch */
    if (store_db_read_target(store->db, target->id, &reader, &err) < 0 ||
        restore_whole_build(&r, &reader, &err) < 0 ||
        store_db_read_series(store->db, target->id, &reader, &err) < 0 ||
        store_db_read_target(store->db, target->id, &sweep, &err) < 0)
        refuse(&r);
    store->stats.sites = store->sites.by_id.count;
}
