#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/mem.h"
#include "profile_sketch.h"
#include "store/db.h"
#include "store/store.h"

#define MIB ((int64_t)1 << 20)
#define NOW ((struct lw_wall){1767225600 * LW_NS_PER_S})

/* ---- heaps to ingest ---- */

/* One site: function fN, its in-use and alloc bytes. */
struct site {
    int n;
    int64_t inuse_bytes;
    int64_t alloc_bytes;
};

static struct profile *heap(const struct site *sites, size_t count)
{
    struct sketch *s = LW_NEW(struct sketch);
    sketch_init(s);
    char names[16][32]; /* the sketch borrows them */
    assert_true(count <= 16);
    for (size_t i = 0; i < count; i++) {
        snprintf(names[i], sizeof names[i], "main.f%d", sites[i].n);
        uint64_t f = sketch_add_function(s, names[i], "/app/main.go", 0);
        uint64_t stack[] = {
            sketch_add_location(s, 0x401000 + 16 * (uint64_t)sites[i].n, f, sites[i].n), 0};
        struct profile_values v = {sites[i].alloc_bytes / 64, sites[i].alloc_bytes,
            sites[i].inuse_bytes / 64, sites[i].inuse_bytes};
        sketch_add_sample(s, stack, v, 64);
    }
    size_t len;
    unsigned char *bytes = sketch_pack(s, &len);
    free(s);
    struct profile_limits limits = profile_limits_for(1 << 20);
    struct lw_err err;
    struct profile *profile = profile_decode(bytes, len, &limits, &err);
    if (!profile)
        fail_msg("%s", err.msg);
    free(bytes);
    return profile;
}

static struct lw_wall minutes(int n)
{
    return (struct lw_wall){NOW.ns + n * 60 * LW_NS_PER_S};
}

static bool ingest(
    struct store *store, uint64_t target, int minute, const struct site *sites, size_t count)
{
    struct profile *profile = heap(sites, count);
    struct lw_err ok = {.code = LW_OK};
    bool restarted;
    assert_true(store_ingest(store, target,
        &(struct store_scrape){minutes(minute), 5 * LW_NS_PER_MS, &ok}, profile, &restarted));
    profile_free(&profile);
    return restarted;
}

/* ---- stores to ingest into ---- */

static struct store *new_store(struct store_db *db)
{
    struct store_options options = {.sites_per_target = 8, .now = NOW};
    trend_config_init(&options.trend, 60);
    return store_new(&options, db);
}

/* Makes the store hold targets 1..count. */
static void set_targets(struct store *store, size_t count, int minute)
{
    struct store_target_spec specs[8] = {0};
    struct lw_labels *labels[8] = {0};
    for (size_t i = 0; i < count; i++) {
        char instance[32];
        snprintf(instance, sizeof instance, "host%zu:6060", i + 1);
        struct lw_label list[] = {{(char *)"job", (char *)"shop"}, {(char *)"instance", instance}};
        labels[i] = lw_labels_new(list, 2);
        specs[i] = (struct store_target_spec){.id = i + 1,
            .labels = labels[i],
            .discovered = labels[i],
            .job_name = "shop",
            .url = "http://x/debug/pprof/heap",
            .interval_ns = 60 * LW_NS_PER_S,
            .timeout_ns = 10 * LW_NS_PER_S};
    }
    store_set_targets(store, specs, count, minutes(minute));
    for (size_t i = 0; i < count; i++)
        lw_labels_unref(&labels[i]);
}

static void test_rows_add_up_to_the_total(void **state)
{
    (void)state;
    struct store *store = new_store(NULL);
    set_targets(store, 1, 0);
    struct site sites[] = {
        {1, 9 * MIB, 9 * MIB}, {2, 3 * MIB, 30 * MIB}, {3, 1 * MIB, 2 * MIB}, {4, 0, 7 * MIB}};
    assert_false(ingest(store, 1, 0, sites, 4));
    const struct store_target *t = store_target_find(store, 1);
    assert_int_equal(t->health, STORE_UP);
    assert_int_equal(t->total.inuse_bytes, 13 * MIB);
    assert_int_equal(t->sites.followed, 2); /* two MiB and more */
    int64_t inuse = t->sites.other.inuse_bytes, alloc = t->sites.other.alloc_bytes;
    for (size_t i = 0; i < t->sites.count; i++) {
        inuse += t->sites.list[i].values.inuse_bytes;
        alloc += t->sites.list[i].values.alloc_bytes;
        if (i > 0)
            assert_true(
                t->sites.list[i - 1].values.inuse_bytes >= t->sites.list[i].values.inuse_bytes);
    }
    assert_int_equal(inuse, t->total.inuse_bytes);
    assert_int_equal(alloc, t->total.alloc_bytes);
    assert_string_equal(
        t->sites.list[0].site->frames[t->sites.list[0].site->leaf].function, "main.f1");
    store_free(&store);
}

/* Such numbers make no sense, but they are what a target may say. */
static void test_absurd_numbers_neither_overflow_nor_restart(void **state)
{
    (void)state;
    struct store *store = new_store(NULL);
    set_targets(store, 1, 0);
    struct site sites[] = {{1, INT64_MAX, INT64_MAX}, {2, INT64_MAX, INT64_MAX}};
    assert_false(ingest(store, 1, 0, sites, 2));
    assert_false(ingest(store, 1, 1, sites, 2));
    const struct store_target *t = store_target_find(store, 1);
    assert_int_equal(t->total.inuse_bytes, INT64_MAX);
    assert_int_equal(t->types.other.inuse_bytes, INT64_MAX);
    assert_int_equal(t->types.other.alloc_bytes, INT64_MAX);
    store_free(&store);
}

static void test_followed_sites_are_bounded(void **state)
{
    (void)state;
    struct store *store = new_store(NULL); /* at most 8 */
    set_targets(store, 1, 0);
    struct site sites[12];
    for (int i = 0; i < 12; i++)
        sites[i] = (struct site){i, (20 - i) * MIB, 50 * MIB};
    ingest(store, 1, 0, sites, 12);
    const struct store_target *t = store_target_find(store, 1);
    assert_int_equal(t->sites.followed, 8);
    assert_int_equal(store_stats(store)->followed, 9); /* and the total */
    assert_non_null(t->sites.list[7].series);
    assert_null(t->sites.list[8].series);
    store_free(&store);
}

static void test_a_failed_scrape_keeps_the_heap(void **state)
{
    (void)state;
    struct store *store = new_store(NULL);
    set_targets(store, 1, 0);
    ingest(store, 1, 0, (struct site[]){{1, 9 * MIB, 9 * MIB}}, 1);
    struct lw_err why;
    lw_err_set(&why, LW_TIMEOUT, "no answer within 10 s");
    assert_true(store_fail(store, 1, &(struct store_scrape){minutes(1), 0, &why}));
    const struct store_target *t = store_target_find(store, 1);
    assert_int_equal(t->health, STORE_DOWN);
    assert_string_equal(t->last_error, "no answer within 10 s");
    assert_int_equal(t->scrapes[LW_OK], 1);
    assert_int_equal(t->scrapes[LW_TIMEOUT], 1);
    assert_int_equal(t->total.inuse_bytes, 9 * MIB);
    assert_false(store_fail(store, 99, &(struct store_scrape){minutes(1), 0, &why}));
    store_free(&store);
}

static void test_restart_is_seen(void **state)
{
    (void)state;
    struct store *store = new_store(NULL);
    set_targets(store, 1, 0);
    struct site before[] = {{1, 9 * MIB, 90 * MIB}, {2, 3 * MIB, 30 * MIB}, {3, 3 * MIB, 3 * MIB}};
    struct site later[] = {{1, 9 * MIB, 95 * MIB}, {2, 3 * MIB, 30 * MIB}, {3, 3 * MIB, 3 * MIB}};
    assert_false(ingest(store, 1, 0, before, 3));
    assert_false(ingest(store, 1, 1, later, 3));
    /* The total fell. */
    struct site fell[] = {{1, 1 * MIB, 2 * MIB}, {2, 3 * MIB, 30 * MIB}, {3, 3 * MIB, 3 * MIB}};
    assert_true(ingest(store, 1, 2, fell, 3));
    /* The total rose, but two of three sites fell: a busy young process after an idle old one. */
    struct site busy[] = {{1, 1 * MIB, 900 * MIB}, {2, 3 * MIB, 3 * MIB}, {3, 1 * MIB, 1 * MIB}};
    assert_true(ingest(store, 1, 3, busy, 3));
    assert_int_equal(store_target_find(store, 1)->restarts, 2);
    store_free(&store);
}

/* Two workers can finish two scrapes in the other order: the older one says nothing any more, least
 * of all that allocation fell. */
static void test_an_older_scrape_is_only_counted(void **state)
{
    (void)state;
    struct store *store = new_store(NULL);
    set_targets(store, 1, 0);
    ingest(store, 1, 5, (struct site[]){{1, 9 * MIB, 95 * MIB}}, 1);
    assert_false(ingest(store, 1, 4, (struct site[]){{1, 8 * MIB, 90 * MIB}}, 1));
    struct lw_err why;
    lw_err_set(&why, LW_TIMEOUT, "no answer within 10 s");
    assert_true(store_fail(store, 1, &(struct store_scrape){minutes(3), 0, &why}));
    const struct store_target *t = store_target_find(store, 1);
    assert_int_equal(t->health, STORE_UP);
    assert_string_equal(t->last_error, "");
    assert_int_equal(t->last_scrape.ns, minutes(5).ns);
    assert_int_equal(t->total.inuse_bytes, 9 * MIB);
    assert_int_equal(t->restarts, 0);
    assert_int_equal(t->scrapes[LW_OK], 2);
    assert_int_equal(t->scrapes[LW_TIMEOUT], 1);
    store_free(&store);
}

static void test_a_new_sample_rate_is_no_restart(void **state)
{
    (void)state;
    struct store *store = new_store(NULL);
    set_targets(store, 1, 0);
    for (int i = 0; i < 10; i++)
        ingest(store, 1, i, (struct site[]){{1, 9 * MIB, (90 + i) * MIB}}, 1);
    struct profile *profile = heap((struct site[]){{1, 9 * MIB, 200 * MIB}}, 1);
    profile->period_bytes = 65536;
    struct lw_err ok = {.code = LW_OK};
    bool restarted = true;
    store_ingest(store, 1, &(struct store_scrape){minutes(10), 0, &ok}, profile, &restarted);
    profile_free(&profile);
    assert_false(restarted);
    struct trend_block blocks[TREND_BLOCKS_MAX];
    size_t n = trend_series_blocks(
        store_target_find(store, 1)->sites.list[0].series, blocks, TREND_BLOCKS_MAX);
    assert_true(n <= 1); /* what was before is let go */
    store_free(&store);
}

static void test_a_target_that_comes_back_has_its_series(void **state)
{
    (void)state;
    struct store *store = new_store(NULL);
    set_targets(store, 2, 0);
    for (int i = 0; i < 20; i++)
        ingest(store, 2, i, (struct site[]){{1, 9 * MIB, (90 + i) * MIB}}, 1);
    set_targets(store, 1, 20);
    assert_null(store_target_find(store, 2));
    assert_int_equal(store_target_count(store), 1);
    struct lw_err ok = {.code = LW_OK};
    struct profile *late = heap((struct site[]){{1, 9 * MIB, 900 * MIB}}, 1);
    assert_false(store_ingest(store, 2, &(struct store_scrape){minutes(20), 0, &ok}, late, NULL));
    profile_free(&late);
    set_targets(store, 2, 21);
    struct trend_block blocks[TREND_BLOCKS_MAX];
    assert_true(
        trend_series_blocks(store_target_find(store, 2)->series, blocks, TREND_BLOCKS_MAX) > 5);
    /* After a long absence it is gone from memory, and call stacks that nobody shows with it. */
    set_targets(store, 1, 22);
    set_targets(store, 1, 60);
    assert_int_equal(store_stats(store)->sites, 0);
    store_free(&store);
}

/* ---- the file ---- */

static char dir[64];

static int make_dir(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/leakwatchd-store-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    return system(command);
}

static struct store_db *open_db(char set_aside[STORE_PATH_BYTES])
{
    struct lw_err err;
    struct store_db *db = store_db_open(dir, NOW, set_aside, &err);
    if (!db)
        fail_msg("%s", err.msg);
    return db;
}

static void run_sql(const char *sql)
{
    char path[128];
    snprintf(path, sizeof path, "%s/leakwatchd.db", dir);
    sqlite3 *other;
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
}

static void write_batch(struct store *store, int minute)
{
    struct store_batch *batch = store_batch_new(store, 0, minutes(minute));
    assert_non_null(batch);
    struct lw_err err;
    if (store_batch_write(batch, &err) < 0)
        fail_msg("%s", err.msg);
    store_batch_done(store, &batch, true);
}

/* A store with one target, fifty minutes of history, written down. */
static void make_history(void)
{
    char set_aside[STORE_PATH_BYTES];
    struct store *store = new_store(open_db(set_aside));
    set_targets(store, 1, 0);
    for (int i = 0; i < 50; i++)
        ingest(store, 1, i, (struct site[]){{1, (9 + i) * MIB, (90 + i) * MIB}, {2, MIB, MIB}}, 2);
    assert_true(store_is_dirty(store));
    write_batch(store, 50);
    assert_false(store_is_dirty(store));
    store_free(&store);
}

static void test_history_comes_back(void **state)
{
    (void)state;
    make_history();
    char set_aside[STORE_PATH_BYTES];
    struct store *store = new_store(open_db(set_aside));
    assert_string_equal(set_aside, "");
    set_targets(store, 1, 51);
    const struct store_target *t = store_target_find(store, 1);
    assert_int_equal(t->health, STORE_UNKNOWN); /* until it is scraped */
    assert_int_equal(t->total.inuse_bytes, 59 * MIB);
    assert_int_equal(t->sites.count, 1); /* what is only shown is not kept */
    assert_string_equal(t->sites.list[0].site->frames[0].function, "main.f1");
    assert_int_equal(t->sites.list[0].site->frames[0].line, 1);
    struct trend_block blocks[TREND_BLOCKS_MAX];
    size_t n = trend_series_blocks(t->sites.list[0].series, blocks, TREND_BLOCKS_MAX);
    assert_true(n > 10);
    assert_true(blocks[0].start_s <= lw_wall_s(minutes(2)));
    /* The series goes on, and what happened while nobody looked is told from a restart. */
    assert_false(ingest(store, 1, 52, (struct site[]){{1, 61 * MIB, 142 * MIB}}, 1));
    assert_true(ingest(store, 1, 53, (struct site[]){{1, 1 * MIB, 2 * MIB}}, 1));
    store_free(&store);
}

static void test_a_batch_that_failed_is_tried_again(void **state)
{
    (void)state;
    char set_aside[STORE_PATH_BYTES];
    struct store *store = new_store(open_db(set_aside));
    set_targets(store, 1, 0);
    ingest(store, 1, 0, (struct site[]){{1, 9 * MIB, 90 * MIB}}, 1);
    struct store_batch *batch = store_batch_new(store, 0, minutes(1));
    assert_non_null(batch);
    assert_null(store_batch_new(store, 0, minutes(1))); /* one at a time */
    store_batch_done(store, &batch, false);             /* as if the disk were full */
    assert_true(store_is_dirty(store));
    assert_int_equal(store_stats(store)->batches_failed, 1);
    write_batch(store, 2);
    store_free(&store);
    store = new_store(open_db(set_aside));
    set_targets(store, 1, 3);
    assert_int_equal(store_target_find(store, 1)->sites.count, 1);
    store_free(&store);
}

static void test_a_full_disk_is_an_error_and_passes(void **state)
{
    (void)state;
    char set_aside[STORE_PATH_BYTES];
    struct store_db *db = open_db(set_aside);
    struct lw_err err;
    struct store *store = new_store(db);
    set_targets(store, 1, 0);
    ingest(store, 1, 0, (struct site[]){{1, 9 * MIB, 90 * MIB}}, 1);
    /* Another process holds the write lock, which fails a write as a full disk would. */
    char path[128];
    snprintf(path, sizeof path, "%s/leakwatchd.db", dir);
    sqlite3 *other;
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    struct store_batch *batch = store_batch_new(store, 0, minutes(1));
    assert_int_equal(store_batch_write(batch, &err), -1);
    assert_int_equal(err.code, LW_BUSY);
    assert_non_null(strstr(err.msg, "leakwatchd.db"));
    store_batch_done(store, &batch, false);
    sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL);
    sqlite3_close(other);
    write_batch(store, 2);
    store_free(&store);
}

/* Spoils the file at an offset (negative: from the end) or cuts it, and expects it set aside. */
static void expect_set_aside(const char *how, long offset, long cut_to)
{
    char path[128];
    snprintf(path, sizeof path, "%s/leakwatchd.db", dir);
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    if (cut_to >= 0) {
        assert_int_equal(ftruncate(fileno(f), cut_to), 0);
    } else {
        assert_int_equal(fseek(f, offset, SEEK_SET), 0);
        for (int i = 0; i < 3000; i++)
            fputc(0xa5 ^ i, f);
    }
    fclose(f);
    char set_aside[STORE_PATH_BYTES];
    struct store *store = new_store(open_db(set_aside));
    if (!set_aside[0])
        fail_msg("%s was not noticed", how);
    assert_int_equal(access(set_aside, F_OK), 0);
    set_targets(store, 1, 60); /* and the new file works */
    ingest(store, 1, 60, (struct site[]){{1, 9 * MIB, 90 * MIB}}, 1);
    write_batch(store, 61);
    store_free(&store);
}

static void test_damage_is_set_aside(void **state)
{
    (void)state;
    make_history();
    expect_set_aside("an overwritten header", 0, -1);
    expect_set_aside("a page of noise in the middle", 4096, -1);
    make_history();
    expect_set_aside("a cut file", 0, 5000);
}

static void test_a_damaged_row_costs_only_itself(void **state)
{
    (void)state;
    make_history();
    run_sql("UPDATE series SET image = substr(image, 1, 40) WHERE kind = 1;");
    char set_aside[STORE_PATH_BYTES];
    struct store *store = new_store(open_db(set_aside));
    set_targets(store, 1, 51);
    assert_int_equal(store_stats(store)->images_refused, 1);
    assert_int_equal(store_stats(store)->sites, 0);
    struct trend_block blocks[TREND_BLOCKS_MAX];
    assert_true(
        trend_series_blocks(store_target_find(store, 1)->series, blocks, TREND_BLOCKS_MAX) > 10);
    store_free(&store);
}

static void test_a_newer_file_is_left_alone(void **state)
{
    (void)state;
    make_history();
    run_sql("PRAGMA user_version = 99");
    char path[128];
    snprintf(path, sizeof path, "%s/leakwatchd.db", dir);
    char set_aside[STORE_PATH_BYTES];
    struct lw_err err;
    assert_null(store_db_open(dir, NOW, set_aside, &err));
    assert_int_equal(err.code, LW_INVALID);
    assert_non_null(strstr(err.msg, "newer release"));
    assert_int_equal(access(path, F_OK), 0);
}

static void test_one_daemon_a_directory(void **state)
{
    (void)state;
    char set_aside[STORE_PATH_BYTES];
    struct store_db *db = open_db(set_aside);
    struct lw_err err;
    assert_null(store_db_open(dir, NOW, set_aside, &err));
    assert_int_equal(err.code, LW_BUSY);
    store_db_close(&db);
    db = open_db(set_aside);
    store_db_close(&db);
}

static void test_a_directory_that_cannot_be_made(void **state)
{
    (void)state;
    char set_aside[STORE_PATH_BYTES];
    struct lw_err err;
    assert_null(store_db_open("/proc/nowhere/data", NOW, set_aside, &err));
    assert_int_equal(err.code, LW_IO);
    assert_non_null(strstr(err.msg, "--storage.path"));
}

static void test_what_left_is_forgotten_in_time(void **state)
{
    (void)state;
    make_history();
    char set_aside[STORE_PATH_BYTES];
    struct store *store = new_store(open_db(set_aside));
    store_set_retention(store, 86400 * LW_NS_PER_S);
    set_targets(store, 0, 51);
    write_batch(store, 3 * 24 * 60);
    store_free(&store);
    store = new_store(open_db(set_aside));
    set_targets(store, 1, 3 * 24 * 60 + 1);
    assert_int_equal(store_target_find(store, 1)->sites.count, 0);
    store_free(&store);
}

/* ---- types ---- */

static const struct store_build_spec build = {.binary_id = "b1",
    .source = "config",
    .module = "shop",
    .version = "v1",
    .vcs_revision = "",
    .go_version = "go1.22"};

static struct store_type_spec typed(uint64_t site_id, const char *name)
{
    return (struct store_type_spec){.site_id = site_id,
        .name = name,
        .kind = "object",
        .import_path = "shop",
        .module = "shop",
        .version = "v1",
        .unresolved = name[0] ? "" : "reflect"};
}

/* Teaches that f1 and f2 allocate main.Session, and that f3's type cannot be told. */
static void learn(struct store *store, uint64_t target_id)
{
    const struct store_rows *sites = &store_target_find(store, target_id)->sites;
    struct store_type_spec specs[3];
    for (size_t i = 0; i < 3; i++) {
        const char *function = sites->list[i].site->frames[0].function;
        specs[i] =
            typed(sites->list[i].site->id, strcmp(function, "main.f3") ? "main.Session" : "");
    }
    assert_true(store_learn(store, target_id, &build, specs, 3));
}

static void test_a_type_sums_its_sites(void **state)
{
    (void)state;
    struct store *store = new_store(NULL);
    set_targets(store, 1, 0);
    struct site sites[] = {{1, 9 * MIB, 90 * MIB}, {2, 3 * MIB, 30 * MIB}, {3, 5 * MIB, 5 * MIB}};
    ingest(store, 1, 0, sites, 3);
    const struct store_target *t = store_target_find(store, 1);
    assert_int_equal(t->types.count, 0);
    assert_int_equal(t->types.other.inuse_bytes, 17 * MIB);
    learn(store, 1);
    ingest(store, 1, 1, sites, 3);
    assert_int_equal(t->types.count, 1);
    assert_string_equal(t->types.list[0].type->name, "main.Session");
    assert_int_equal(t->types.list[0].values.inuse_bytes, 12 * MIB);
    assert_int_equal(t->types.list[0].values.alloc_bytes, 120 * MIB);
    assert_int_equal(t->types.list[0].sites, 2);
    assert_non_null(t->types.list[0].series);
    assert_int_equal(t->types.other.inuse_bytes, 5 * MIB); /* what cannot be told is no type */
    assert_int_equal(t->types.other_count, 1);
    for (size_t i = 0; i < 3; i++)
        assert_non_null(t->sites.list[i].type);
    /* A restart may be another build: nothing is believed until it was looked at again. */
    assert_true(ingest(store, 1, 2, (struct site[]){{1, MIB, MIB}}, 1));
    assert_null(t->build);
    assert_true(store_unlearn(store, 1, "no binary"));
    assert_string_equal(t->build_error, "no binary");
    assert_false(store_learn(store, 99, &build, NULL, 0));
    store_free(&store);
}

/* After a restart nothing is known of types until the binary was asked again: their series wait for
 * that, they do not fall to zero. */
static void test_what_is_not_known_is_not_zero(void **state)
{
    (void)state;
    struct store *store = new_store(NULL);
    set_targets(store, 1, 0);
    struct site sites[] = {{1, 9 * MIB, 90 * MIB}, {2, 3 * MIB, 30 * MIB}, {3, 5 * MIB, 5 * MIB}};
    struct site again[] = {{1, 9 * MIB, 9 * MIB}, {2, 3 * MIB, 3 * MIB}, {3, 5 * MIB, 5 * MIB}};
    ingest(store, 1, 0, sites, 3);
    learn(store, 1);
    ingest(store, 1, 1, sites, 3);
    assert_true(ingest(store, 1, 2, again, 3));
    const struct store_target *t = store_target_find(store, 1);
    assert_int_equal(t->types.count, 1);
    assert_false(t->types.list[0].present);
    ingest(store, 1, 3, again, 3);
    learn(store, 1);
    assert_non_null(t->build);
    assert_null(t->sites.list[0].type); /* from the next scrape on */
    for (int i = 4; i < 8; i++)
        ingest(store, 1, i, again, 3);
    learn(store, 1); /* once more, and nothing that is known goes */
    assert_non_null(t->sites.list[0].type);
    struct trend_block blocks[TREND_BLOCKS_MAX];
    size_t n = trend_series_blocks(t->types.list[0].series, blocks, TREND_BLOCKS_MAX);
    assert_true(n > 0);
    assert_true(blocks[0].start_s >= lw_wall_s(minutes(4)));
    for (size_t i = 0; i < n; i++)
        assert_int_equal((int64_t)blocks[i].inuse_min_bytes, 12 * MIB);
    store_free(&store);
}

static void test_a_refused_binary_takes_its_types_along(void **state)
{
    (void)state;
    char set_aside[STORE_PATH_BYTES];
    struct site sites[] = {{1, 9 * MIB, 90 * MIB}, {2, 3 * MIB, 30 * MIB}, {3, 5 * MIB, 5 * MIB}};
    struct store *store = new_store(open_db(set_aside));
    set_targets(store, 1, 0);
    ingest(store, 1, 0, sites, 3);
    learn(store, 1);
    ingest(store, 1, 1, sites, 3);
    write_batch(store, 2);
    assert_true(store_unlearn(store, 1, "another build"));
    const struct store_target *t = store_target_find(store, 1);
    assert_int_equal(t->types.count, 0);
    assert_int_equal(t->types.other.inuse_bytes, 17 * MIB);
    assert_int_equal(t->types.other_count, 3);
    assert_null(t->sites.list[0].type);
    write_batch(store, 3); /* and the file forgets it, too */
    store_free(&store);

    store = new_store(open_db(set_aside));
    set_targets(store, 1, 4);
    t = store_target_find(store, 1);
    assert_null(t->build);
    assert_int_equal(t->types.count, 0);
    assert_int_equal(t->sites.count, 3);
    store_free(&store);
}

/* A rolling update: one type, two versions of the module it is from. */
static void test_each_build_has_its_versions(void **state)
{
    (void)state;
    char set_aside[STORE_PATH_BYTES];
    struct site site = {1, 9 * MIB, 90 * MIB};
    struct store *store = new_store(open_db(set_aside));
    set_targets(store, 2, 0);
    for (uint64_t id = 1; id <= 2; id++) {
        ingest(store, id, 0, &site, 1);
        struct store_build_spec b = build;
        struct store_type_spec type =
            typed(store_target_find(store, id)->sites.list[0].site->id, "main.Session");
        b.binary_id = id == 1 ? "b1" : "b2";
        type.version = id == 1 ? "v1" : "v2";
        assert_true(store_learn(store, id, &b, &type, 1));
        ingest(store, id, 1, &site, 1);
    }
    for (int reopened = 0; reopened < 2; reopened++) {
        const struct store_row *old = &store_target_find(store, 1)->types.list[0];
        const struct store_row *new = &store_target_find(store, 2)->types.list[0];
        assert_string_equal(old->type->version, "v1");
        assert_string_equal(new->type->version, "v2");
        assert_int_equal(store_row_id(old), store_row_id(new));
        if (reopened)
            break;
        write_batch(store, 2);
        store_free(&store);
        store = new_store(open_db(set_aside));
        set_targets(store, 2, 3);
    }
    store_free(&store);
}

/* A row of the file that names another build must not teach that one. */
static void test_a_forged_build_is_refused(void **state)
{
    (void)state;
    char set_aside[STORE_PATH_BYTES];
    struct site sites[] = {{1, 9 * MIB, 90 * MIB}, {2, 3 * MIB, 30 * MIB}, {3, 5 * MIB, 5 * MIB}};
    struct store *store = new_store(open_db(set_aside));
    set_targets(store, 1, 0);
    ingest(store, 1, 0, sites, 3);
    learn(store, 1);
    ingest(store, 1, 1, sites, 3);
    write_batch(store, 2);
    store_free(&store);
    run_sql("UPDATE build SET binary_id = 'b2'; UPDATE series SET kind = 7 WHERE key = "
            "(SELECT min(key) FROM series WHERE kind = 1)");
    store = new_store(open_db(set_aside));
    set_targets(store, 1, 3);
    const struct store_target *t = store_target_find(store, 1);
    assert_null(t->build);
    assert_int_equal(t->types.count, 0);
    assert_int_equal(t->sites.count, 2);
    assert_int_equal(store_stats(store)->sites, 2);
    /* the build, its type's series, and the series of a kind that there is not */
    assert_int_equal(store_stats(store)->images_refused, 3);
    store_free(&store);
}

static void test_types_come_back_and_are_shared(void **state)
{
    (void)state;
    char set_aside[STORE_PATH_BYTES];
    struct site sites[] = {{1, 9 * MIB, 90 * MIB}, {2, 3 * MIB, 30 * MIB}, {3, 5 * MIB, 5 * MIB}};
    struct store *store = new_store(open_db(set_aside));
    set_targets(store, 2, 0);
    for (int i = 0; i < 30; i++) {
        for (uint64_t target = 1; target <= 2; target++) {
            ingest(store, target, i, sites, 3);
            if (i == 0)
                learn(store, target);
        }
    }
    assert_ptr_equal(store_target_find(store, 1)->build, store_target_find(store, 2)->build);
    write_batch(store, 30);
    store_free(&store);

    store = new_store(open_db(set_aside));
    set_targets(store, 2, 31);
    const struct store_target *t = store_target_find(store, 2);
    assert_non_null(t->build);
    assert_ptr_equal(store_target_find(store, 1)->build, t->build);
    assert_string_equal(t->build->go_version, "go1.22");
    assert_int_equal(t->types.count, 1);
    assert_string_equal(t->types.list[0].type->name, "main.Session");
    struct trend_block blocks[TREND_BLOCKS_MAX];
    assert_true(trend_series_blocks(t->types.list[0].series, blocks, TREND_BLOCKS_MAX) > 10);
    const struct store_type *f3 = NULL;
    for (size_t i = 0; i < t->sites.count; i++) {
        if (strcmp(t->sites.list[i].site->frames[0].function, "main.f3") == 0)
            f3 = store_type_of(t, t->sites.list[i].site->id);
    }
    assert_non_null(f3);
    assert_string_equal(f3->unresolved, "reflect");
    assert_int_equal(store_stats(store)->images_refused, 0);
    store_free(&store);
}

#define WITH_DIR(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_add_up_to_the_total),
        cmocka_unit_test(test_absurd_numbers_neither_overflow_nor_restart),
        cmocka_unit_test(test_followed_sites_are_bounded),
        cmocka_unit_test(test_a_failed_scrape_keeps_the_heap),
        cmocka_unit_test(test_restart_is_seen),
        cmocka_unit_test(test_an_older_scrape_is_only_counted),
        cmocka_unit_test(test_a_new_sample_rate_is_no_restart),
        cmocka_unit_test(test_a_target_that_comes_back_has_its_series),
        WITH_DIR(test_history_comes_back),
        WITH_DIR(test_a_batch_that_failed_is_tried_again),
        WITH_DIR(test_a_full_disk_is_an_error_and_passes),
        WITH_DIR(test_damage_is_set_aside),
        WITH_DIR(test_a_damaged_row_costs_only_itself),
        WITH_DIR(test_a_newer_file_is_left_alone),
        WITH_DIR(test_one_daemon_a_directory),
        WITH_DIR(test_a_directory_that_cannot_be_made),
        WITH_DIR(test_what_left_is_forgotten_in_time),
        cmocka_unit_test(test_a_type_sums_its_sites),
        cmocka_unit_test(test_what_is_not_known_is_not_zero),
        WITH_DIR(test_a_refused_binary_takes_its_types_along),
        WITH_DIR(test_each_build_has_its_versions),
        WITH_DIR(test_a_forged_build_is_refused),
        WITH_DIR(test_types_come_back_and_are_shared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
