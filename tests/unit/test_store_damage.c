/* The store and a file that is not as it left it. */
#include "fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/mem.h"

/* The file was written by a clock that was half an hour ahead, by minute 49: what is seen at minute
 * 21 must count, and the past must not be lost. */
static void test_a_clock_that_was_set_back(void **state)
{
    (void)state;
    fleet_write_history();
    char set_aside[STORE_PATH_BYTES];
    struct store *store = fleet_store_new(fleet_open_db(set_aside));
    fleet_set_targets(store, 1, 20);
    const struct store_target *t = store_target_find(store, 1);
    assert_true(t->last_heap.ns < fleet_minute(20).ns);
    assert_true(t->first_seen.ns < t->last_heap.ns);
    for (int i = 1; i < 10; i++)
        assert_false(fleet_ingest(
            store, 1, 20 + i, (struct fleet_site[]){{1, (59 + i) * MIB, (140 + i) * MIB}}, 1));
    const struct trend_series *all[] = {t->series, t->sites.list[0].series};
    for (size_t i = 0; i < 2; i++) {
        struct trend_block blocks[TREND_BLOCKS_MAX];
        size_t n = trend_series_blocks(all[i], blocks, TREND_BLOCKS_MAX);
        assert_true(blocks[0].start_s < lw_wall_s(fleet_minute(-20)));
        assert_true(blocks[n - 1].end_s == lw_wall_s(fleet_minute(29)));
        assert_true(blocks[n - 1].inuse_mean_bytes > 60.0 * (double)MIB);
    }
    fleet_write_batch(store, 30);
    store_free(&store);
    store = fleet_store_new(fleet_open_db(set_aside)); /* and what it wrote is as good as any */
    fleet_set_targets(store, 1, 31);
    assert_int_equal(store_stats(store)->images_refused, 0);
    assert_true(store_target_find(store, 1)->last_heap.ns == fleet_minute(29).ns);
    store_free(&store);
}

/* Makes the file's index of series say something else than its rows: that is found only by the
 * write that comes across it. */
static void damage_index(void)
{
    fleet_run_sql("PRAGMA writable_schema = ON;"
                  "CREATE TABLE kept AS SELECT * FROM sqlite_schema WHERE name = 'series_key';"
                  "DELETE FROM sqlite_schema WHERE name = 'series_key'");
    fleet_run_sql("UPDATE series SET key = key + 1 WHERE kind = 1");
    fleet_run_sql("PRAGMA writable_schema = ON;"
                  "INSERT INTO sqlite_schema SELECT * FROM kept");
}

static void test_damage_that_a_write_finds(void **state)
{
    (void)state;
    fleet_write_history();
    damage_index();
    char set_aside[STORE_PATH_BYTES];
    struct lw_err err;
    struct store *store = fleet_store_new(fleet_open_db(set_aside));
    assert_string_equal(set_aside, "");
    fleet_set_targets(store, 2, 51);
    fleet_ingest(store, 1, 52, (struct fleet_site[]){{1, 61 * MIB, 142 * MIB}}, 1);
    struct store_batch *batch = store_batch_new(store, 0, fleet_minute(53));
    assert_int_equal(store_batch_write(batch, &err), -1);
    assert_int_equal(err.code, LW_CORRUPT);
    store_batch_done(store, &batch, false);
    assert_int_equal(store_begin_anew(store, fleet_minute(53), set_aside, &err), 0);
    assert_int_equal(access(set_aside, F_OK), 0);
    fleet_write_batch(store, 54);
    assert_false(store_is_dirty(store));
    store_free(&store);
    store = fleet_store_new(fleet_open_db(set_aside));
    assert_string_equal(set_aside, "");
    fleet_set_targets(store, 1, 55);
    struct trend_block blocks[TREND_BLOCKS_MAX];
    const struct store_target *t = store_target_find(store, 1);
    assert_int_equal(t->sites.count, 1);
    assert_true(trend_series_blocks(t->series, blocks, TREND_BLOCKS_MAX) > 10);
    store_free(&store);
}

/* Spoils the file at an offset (negative: from the end) or cuts it, and expects it set aside. */
static void expect_set_aside(const char *how, long offset, long cut_to)
{
    char path[128];
    snprintf(path, sizeof path, "%s/leakwatchd.db", fleet_dir);
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
    struct store *store = fleet_store_new(fleet_open_db(set_aside));
    if (!set_aside[0])
        fail_msg("%s was not noticed", how);
    assert_int_equal(access(set_aside, F_OK), 0);
    fleet_set_targets(store, 1, 60); /* and the new file works */
    fleet_ingest(store, 1, 60, (struct fleet_site[]){{1, 9 * MIB, 90 * MIB}}, 1);
    fleet_write_batch(store, 61);
    store_free(&store);
}

static void test_damage_is_set_aside(void **state)
{
    (void)state;
    fleet_write_history();
    expect_set_aside("an overwritten header", 0, -1);
    expect_set_aside("a page of noise in the middle", 4096, -1);
    fleet_write_history();
    expect_set_aside("a cut file", 0, 5000);
}

static void test_a_damaged_row_costs_only_itself(void **state)
{
    (void)state;
    fleet_write_history();
    fleet_run_sql("UPDATE series SET image = substr(image, 1, 40) WHERE kind = 1;");
    char set_aside[STORE_PATH_BYTES];
    struct store *store = fleet_store_new(fleet_open_db(set_aside));
    fleet_set_targets(store, 1, 51);
    assert_int_equal(store_stats(store)->images_refused, 1);
    assert_int_equal(store_stats(store)->sites, 0);
    struct trend_block blocks[TREND_BLOCKS_MAX];
    assert_true(
        trend_series_blocks(store_target_find(store, 1)->series, blocks, TREND_BLOCKS_MAX) > 10);
    store_free(&store);
}

static void test_a_row_that_is_too_large_costs_only_its_target(void **state)
{
    (void)state;
    fleet_write_history();
    fleet_run_sql("UPDATE series SET image = zeroblob(2000000) WHERE kind = 0");
    char set_aside[STORE_PATH_BYTES];
    struct store *store = fleet_store_new(fleet_open_db(set_aside));
    fleet_set_targets(store, 1, 51);
    assert_int_equal(store_stats(store)->images_refused, 1);
    assert_int_equal(store_target_find(store, 1)->sites.count, 0);
    fleet_ingest(store, 1, 52, (struct fleet_site[]){{1, 9 * MIB, 90 * MIB}}, 1);
    fleet_write_batch(store, 53);
    store_free(&store);
}

/* What is not ours and in the way is told, and left as it is. */
static void test_a_file_of_somebody_else_is_not_half_taken(void **state)
{
    (void)state;
    fleet_run_sql("CREATE TABLE verdict(guilty)");
    char set_aside[STORE_PATH_BYTES];
    struct lw_err err;
    assert_null(store_db_open(fleet_dir, FLEET_START, set_aside, &err));
    assert_string_equal(set_aside, "");
    fleet_run_sql("CREATE TABLE target(guilty); DROP TABLE target; DROP TABLE verdict");
    struct store_db *db = fleet_open_db(set_aside);
    assert_string_equal(set_aside, "");
    store_db_close(&db);
}

static void test_a_newer_file_is_left_alone(void **state)
{
    (void)state;
    fleet_write_history();
    fleet_run_sql("PRAGMA user_version = 99");
    char path[128];
    snprintf(path, sizeof path, "%s/leakwatchd.db", fleet_dir);
    char set_aside[STORE_PATH_BYTES];
    struct lw_err err;
    assert_null(store_db_open(fleet_dir, FLEET_START, set_aside, &err));
    assert_int_equal(err.code, LW_INVALID);
    assert_non_null(strstr(err.msg, "newer release"));
    assert_int_equal(access(path, F_OK), 0);
}

int main(void)
{
#define WITH_DIR(f) cmocka_unit_test_setup_teardown(f, fleet_make_dir, fleet_remove_dir)
    const struct CMUnitTest tests[] = {
        WITH_DIR(test_a_clock_that_was_set_back),
        WITH_DIR(test_damage_that_a_write_finds),
        WITH_DIR(test_damage_is_set_aside),
        WITH_DIR(test_a_damaged_row_costs_only_itself),
        WITH_DIR(test_a_row_that_is_too_large_costs_only_its_target),
        WITH_DIR(test_a_file_of_somebody_else_is_not_half_taken),
        WITH_DIR(test_a_newer_file_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
