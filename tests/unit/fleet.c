#include "fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/mem.h"
#include "profile_sketch.h"

struct lw_wall fleet_minute(int n)
{
    return (struct lw_wall){FLEET_START.ns + n * 60 * LW_NS_PER_S};
}

/* ---- heaps ---- */

static void add_site(
    struct sketch *s, const struct fleet_site *site, const char *function, const char *file)
{
    uint64_t f = sketch_add_function(s, function, file, 0);
    uint64_t stack[] = {sketch_add_location(s, 0x401000 + 16 * (uint64_t)site->n, f, site->n), 0};
    struct profile_values values = {
        site->alloc_bytes / 64, site->alloc_bytes, site->inuse_bytes / 64, site->inuse_bytes};
    sketch_add_sample(s, stack, values, 64);
}

static struct profile *decode(struct sketch *s)
{
    struct lw_err err;
    struct profile *profile = sketch_decode(s, &err);
    free(s);
    if (!profile)
        fail_msg("%s", err.msg);
    return profile;
}

struct profile *fleet_profile(const struct fleet_site *sites, size_t count)
{
    struct sketch *s = LW_NEW(struct sketch);
    sketch_init(s);
    char names[FLEET_SITES_MAX][32]; /* the sketch borrows them */
    assert_true(count <= FLEET_SITES_MAX);
    for (size_t i = 0; i < count; i++) {
        snprintf(names[i], sizeof names[i], "main.f%d", sites[i].n);
        add_site(s, &sites[i], names[i], "/app/main.go");
    }
    return decode(s);
}

struct profile *fleet_profile_named(const char *function, const char *file)
{
    struct sketch *s = LW_NEW(struct sketch);
    sketch_init(s);
    add_site(s, &(struct fleet_site){1, 9 * MIB, 90 * MIB}, function, file);
    return decode(s);
}

bool fleet_scrape(struct store *store, uint64_t target_id, int minute, struct profile *profile)
{
    struct lw_err ok = {.code = LW_OK};
    struct store_scrape scrape = {fleet_minute(minute), 5 * LW_NS_PER_MS, &ok};
    bool restarted;
    assert_true(store_ingest(store, target_id, &scrape, profile, &restarted));
    profile_free(&profile);
    return restarted;
}

bool fleet_ingest(struct store *store, uint64_t target_id, int minute,
    const struct fleet_site *sites, size_t count)
{
    return fleet_scrape(store, target_id, minute, fleet_profile(sites, count));
}

/* ---- stores ---- */

struct store *fleet_store_new(struct store_db *db)
{
    struct store_options options = {.sites_per_target = 8, .now = FLEET_START};
    trend_config_init(&options.trend, 60);
    return store_new(&options, db);
}

static void set_targets(struct store *store, struct lw_labels **labels, size_t count, int minute)
{
    struct store_target_spec *specs = lw_new(count, sizeof *specs);
    for (size_t i = 0; i < count; i++) {
        specs[i] = (struct store_target_spec){.id = i + 1,
            .labels = labels[i],
            .discovered = labels[i],
            .job_name = "shop",
            .url = "http://x/debug/pprof/heap",
            .interval_ns = 60 * LW_NS_PER_S,
            .timeout_ns = 10 * LW_NS_PER_S};
    }
    store_set_targets(store, specs, count, fleet_minute(minute));
    free(specs);
    for (size_t i = 0; i < count; i++)
        lw_labels_unref(&labels[i]);
}

void fleet_set_targets(struct store *store, size_t count, int minute)
{
    struct lw_labels *labels[FLEET_TARGETS_MAX] = {0};
    assert_true(count <= FLEET_TARGETS_MAX);
    for (size_t i = 0; i < count; i++) {
        char instance[32];
        snprintf(instance, sizeof instance, "host%zu:6060", i + 1);
        struct lw_label list[] = {{(char *)"job", (char *)"shop"}, {(char *)"instance", instance}};
        labels[i] = lw_labels_new(list, 2);
    }
    set_targets(store, labels, count, minute);
}

void fleet_set_labelled(struct store *store, struct lw_labels **labels, size_t count)
{
    set_targets(store, labels, count, 0);
}

/* ---- types ---- */

const struct store_build_spec fleet_build = {.binary_id = "b1",
    .source = "config",
    .module = "shop",
    .version = "v1",
    .vcs_revision = "",
    .go_version = "go1.22"};

struct store_type_spec fleet_typed(uint64_t site_id, const char *name)
{
    return (struct store_type_spec){.site_id = site_id,
        .name = name,
        .kind = "object",
        .import_path = "shop",
        .module = "shop",
        .version = "v1",
        .unresolved = name[0] ? "" : "reflect"};
}

void fleet_learn(struct store *store, uint64_t target_id)
{
    const struct store_rows *sites = &store_target_find(store, target_id)->sites;
    struct store_type_spec specs[FLEET_SITES_MAX];
    assert_true(sites->count <= FLEET_SITES_MAX);
    for (size_t i = 0; i < sites->count; i++) {
        const struct store_site *site = sites->list[i].site;
        bool is_f3 = strcmp(site->frames[0].function, "main.f3") == 0;
        specs[i] = fleet_typed(site->id, is_f3 ? "" : "main.Session");
    }
    assert_true(store_learn(store, target_id, &fleet_build, specs, sites->count));
}

/* ---- files ---- */

char fleet_dir[64];

int fleet_make_dir(void **state)
{
    (void)state;
    snprintf(fleet_dir, sizeof fleet_dir, "/tmp/leakwatchd-test-XXXXXX");
    return mkdtemp(fleet_dir) ? 0 : -1;
}

int fleet_remove_dir(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", fleet_dir);
    return system(command);
}

struct store_db *fleet_open_db(char set_aside[STORE_PATH_BYTES])
{
    struct lw_err err;
    struct store_db *db = store_db_open(fleet_dir, FLEET_START, set_aside, &err);
    if (!db)
        fail_msg("%s", err.msg);
    return db;
}

void fleet_write_batch(struct store *store, int minute)
{
    struct store_batch *batch = store_batch_new(store, 0, fleet_minute(minute));
    assert_non_null(batch);
    struct lw_err err;
    if (store_batch_write(batch, &err) < 0)
        fail_msg("%s", err.msg);
    store_batch_done(store, &batch, true);
}

void fleet_run_sql(const char *sql)
{
    char path[128];
    snprintf(path, sizeof path, "%s/leakwatchd.db", fleet_dir);
    sqlite3 *other;
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
}

void fleet_write_history(void)
{
    char set_aside[STORE_PATH_BYTES];
    struct store *store = fleet_store_new(fleet_open_db(set_aside));
    fleet_set_targets(store, 1, 0);
    for (int i = 0; i < 50; i++)
        fleet_ingest(store, 1, i,
            (struct fleet_site[]){{1, (9 + i) * MIB, (90 + i) * MIB}, {2, MIB, MIB}}, 2);
    assert_true(store_is_dirty(store));
    fleet_write_batch(store, 50);
    assert_false(store_is_dirty(store));
    store_free(&store);
}
