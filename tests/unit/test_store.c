#include "fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/mem.h"

static void test_rows_add_up_to_the_total(void **state)
{
    (void)state;
    struct store *store = fleet_store_new(NULL);
    fleet_set_targets(store, 1, 0);
    struct fleet_site sites[] = {
        {1, 9 * MIB, 9 * MIB}, {2, 3 * MIB, 30 * MIB}, {3, 1 * MIB, 2 * MIB}, {4, 0, 7 * MIB}};
    assert_false(fleet_ingest(store, 1, 0, sites, 4));
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
    struct store *store = fleet_store_new(NULL);
    fleet_set_targets(store, 1, 0);
    struct fleet_site sites[] = {{1, INT64_MAX, INT64_MAX}, {2, INT64_MAX, INT64_MAX}};
    assert_false(fleet_ingest(store, 1, 0, sites, 2));
    assert_false(fleet_ingest(store, 1, 1, sites, 2));
    const struct store_target *t = store_target_find(store, 1);
    assert_int_equal(t->total.inuse_bytes, INT64_MAX);
    assert_int_equal(t->types.other.inuse_bytes, INT64_MAX);
    assert_int_equal(t->types.other.alloc_bytes, INT64_MAX);
    store_free(&store);
}

static void test_long_names_are_cut_between_characters(void **state)
{
    (void)state;
    for (int before = 1018; before <= 1024; before++) {
        char name[1100];
        memset(name, 'a', (size_t)before);
        strcpy(name + before, "\xf0\x9f\x92\xa7\xf0\x9f\x92\xa7"); /* two of four bytes */
        struct store *store = fleet_store_new(NULL);
        fleet_set_targets(store, 1, 0);
        fleet_scrape(store, 1, 0, fleet_profile_named(name, name));
        const struct store_frame *f = store_target_find(store, 1)->sites.list[0].site->frames;
        size_t kept = (size_t)before + (before <= 1020 ? 4 : 0);
        assert_int_equal(strlen(f->function), kept);
        assert_int_equal(strlen(f->file), kept);
        store_free(&store);
    }
}

static void test_followed_sites_are_bounded(void **state)
{
    (void)state;
    struct store *store = fleet_store_new(NULL); /* at most 8 */
    fleet_set_targets(store, 1, 0);
    struct fleet_site sites[12];
    for (int i = 0; i < 12; i++)
        sites[i] = (struct fleet_site){i, (20 - i) * MIB, 50 * MIB};
    fleet_ingest(store, 1, 0, sites, 12);
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
    struct store *store = fleet_store_new(NULL);
    fleet_set_targets(store, 1, 0);
    fleet_ingest(store, 1, 0, (struct fleet_site[]){{1, 9 * MIB, 9 * MIB}}, 1);
    struct lw_err why;
    lw_err_set(&why, LW_TIMEOUT, "no answer within 10 s");
    assert_true(store_fail(store, 1, &(struct store_scrape){fleet_minute(1), 0, &why}));
    const struct store_target *t = store_target_find(store, 1);
    assert_int_equal(t->health, STORE_DOWN);
    assert_string_equal(t->last_error, "no answer within 10 s");
    assert_int_equal(t->scrapes[LW_OK], 1);
    assert_int_equal(t->scrapes[LW_TIMEOUT], 1);
    assert_int_equal(t->total.inuse_bytes, 9 * MIB);
    assert_false(store_fail(store, 99, &(struct store_scrape){fleet_minute(1), 0, &why}));
    store_free(&store);
}

/* Who has no time for a profile must not call its target down, and up again, in turn. */
static void test_a_busy_daemon_is_no_target_that_is_down(void **state)
{
    (void)state;
    struct store *store = fleet_store_new(NULL);
    const struct store_target *t;
    struct lw_err busy;
    lw_err_set(&busy, LW_BUSY, "the workers are behind");
    fleet_set_targets(store, 1, 0);
    t = store_target_find(store, 1);
    assert_true(store_fail(store, 1, &(struct store_scrape){fleet_minute(0), 0, &busy}));
    assert_int_equal(t->health, STORE_DOWN); /* nothing better is known of it */
    fleet_ingest(store, 1, 1, (struct fleet_site[]){{1, 9 * MIB, 9 * MIB}}, 1);
    assert_true(store_fail(store, 1, &(struct store_scrape){fleet_minute(2), 0, &busy}));
    assert_int_equal(t->health, STORE_UP);
    assert_string_equal(t->last_error, "");
    assert_int_equal(t->scrapes[LW_BUSY], 2);
    assert_true(t->last_scrape.ns == fleet_minute(2).ns);
    store_free(&store);
}

static void test_restart_is_seen(void **state)
{
    (void)state;
    struct store *store = fleet_store_new(NULL);
    fleet_set_targets(store, 1, 0);
    struct fleet_site before[] = {
        {1, 9 * MIB, 90 * MIB}, {2, 3 * MIB, 30 * MIB}, {3, 3 * MIB, 3 * MIB}};
    struct fleet_site later[] = {
        {1, 9 * MIB, 95 * MIB}, {2, 3 * MIB, 30 * MIB}, {3, 3 * MIB, 3 * MIB}};
    assert_false(fleet_ingest(store, 1, 0, before, 3));
    assert_false(fleet_ingest(store, 1, 1, later, 3));
    /* The total fell. */
    struct fleet_site fell[] = {
        {1, 1 * MIB, 2 * MIB}, {2, 3 * MIB, 30 * MIB}, {3, 3 * MIB, 3 * MIB}};
    assert_true(fleet_ingest(store, 1, 2, fell, 3));
    /* The total rose, but two of three sites fell: a busy young process after an idle old one. */
    struct fleet_site busy[] = {
        {1, 1 * MIB, 900 * MIB}, {2, 3 * MIB, 3 * MIB}, {3, 1 * MIB, 1 * MIB}};
    assert_true(fleet_ingest(store, 1, 3, busy, 3));
    assert_int_equal(store_target_find(store, 1)->restarts, 2);
    store_free(&store);
}

/* Two workers can finish two scrapes in the other order: the older one says nothing any more, least
 * of all that allocation fell. */
static void test_an_older_scrape_is_only_counted(void **state)
{
    (void)state;
    struct store *store = fleet_store_new(NULL);
    fleet_set_targets(store, 1, 0);
    fleet_ingest(store, 1, 5, (struct fleet_site[]){{1, 9 * MIB, 95 * MIB}}, 1);
    assert_false(fleet_ingest(store, 1, 4, (struct fleet_site[]){{1, 8 * MIB, 90 * MIB}}, 1));
    struct lw_err why;
    lw_err_set(&why, LW_TIMEOUT, "no answer within 10 s");
    assert_true(store_fail(store, 1, &(struct store_scrape){fleet_minute(3), 0, &why}));
    const struct store_target *t = store_target_find(store, 1);
    assert_int_equal(t->health, STORE_UP);
    assert_string_equal(t->last_error, "");
    assert_int_equal(t->last_scrape.ns, fleet_minute(5).ns);
    assert_int_equal(t->total.inuse_bytes, 9 * MIB);
    assert_int_equal(t->restarts, 0);
    assert_int_equal(t->scrapes[LW_OK], 2);
    assert_int_equal(t->scrapes[LW_TIMEOUT], 1);
    store_free(&store);
}

/* A new build that allocated more between two scrapes than the old one ever did. */
static void test_another_program_is_another_process(void **state)
{
    (void)state;
    /* 0: it could not be read */
    static const uint64_t limits[] = {0, 0x500000, 0x500000, 0, 0x500000, 0x501000};
    struct store *store = fleet_store_new(NULL);
    fleet_set_targets(store, 1, 0);
    for (int minute = 0; minute < 6; minute++) {
        struct fleet_site site = {1, 9 * MIB, (90 + minute) * MIB};
        struct profile *profile = fleet_profile(&site, 1);
        struct profile_mapping mapping = profile->mappings[0];
        mapping.limit = limits[minute];
        mapping.build_id = minute & 1 ? "b1" : "b2"; /* of what lies at the path by now */
        profile->mappings = &mapping;
        assert_int_equal(fleet_scrape(store, 1, minute, profile), minute == 5);
    }
    store_free(&store);
}

static void test_a_new_sample_rate_is_no_restart(void **state)
{
    (void)state;
    struct store *store = fleet_store_new(NULL);
    fleet_set_targets(store, 1, 0);
    for (int i = 0; i < 10; i++)
        fleet_ingest(store, 1, i, (struct fleet_site[]){{1, 9 * MIB, (90 + i) * MIB}}, 1);
    struct profile *profile = fleet_profile((struct fleet_site[]){{1, 9 * MIB, 200 * MIB}}, 1);
    profile->period_bytes = 65536;
    struct lw_err ok = {.code = LW_OK};
    bool restarted = true;
    store_ingest(store, 1, &(struct store_scrape){fleet_minute(10), 0, &ok}, profile, &restarted);
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
    struct store *store = fleet_store_new(NULL);
    fleet_set_targets(store, 2, 0);
    for (int i = 0; i < 20; i++)
        fleet_ingest(store, 2, i, (struct fleet_site[]){{1, 9 * MIB, (90 + i) * MIB}}, 1);
    fleet_set_targets(store, 1, 20);
    assert_null(store_target_find(store, 2));
    assert_int_equal(store_target_count(store), 1);
    struct lw_err ok = {.code = LW_OK};
    struct profile *late = fleet_profile((struct fleet_site[]){{1, 9 * MIB, 900 * MIB}}, 1);
    assert_false(
        store_ingest(store, 2, &(struct store_scrape){fleet_minute(20), 0, &ok}, late, NULL));
    profile_free(&late);
    fleet_set_targets(store, 2, 21);
    struct trend_block blocks[TREND_BLOCKS_MAX];
    assert_true(
        trend_series_blocks(store_target_find(store, 2)->series, blocks, TREND_BLOCKS_MAX) > 5);
    /* After a long absence it is gone from memory, and call stacks that nobody shows with it. */
    fleet_set_targets(store, 1, 22);
    fleet_set_targets(store, 1, 60);
    assert_int_equal(store_stats(store)->sites, 0);
    store_free(&store);
}

/* What is counted for a job never falls, whichever targets come and go. */
static void test_a_job_counts_what_left(void **state)
{
    (void)state;
    struct store *store = fleet_store_new(NULL);
    struct fleet_site site = {1, 9 * MIB, 90 * MIB};
    fleet_set_targets(store, 2, 0);
    fleet_ingest(store, 1, 0, &site, 1);
    fleet_ingest(store, 2, 0, &site, 1);
    fleet_set_targets(store, 1, 1);
    fleet_set_targets(store, 1, 60); /* the other one is not even in memory any more */
    fleet_set_targets(store, 2, 61);
    fleet_ingest(store, 2, 61, &site, 1);
    assert_int_equal(store_job_scrapes(store, "shop", LW_OK), 3);
    assert_int_equal(store_job_scrapes(store, "shop", LW_TIMEOUT), 0);
    assert_int_equal(store_job_scrapes(store, "no such job", LW_OK), 0);
    store_free(&store);
}

static void test_targets_of_the_same_labels_are_told_apart(void **state)
{
    (void)state;
    struct store *store = fleet_store_new(NULL);
    struct lw_label list[] = {{(char *)"job", (char *)"shop"}, {(char *)"instance", (char *)"a"}};
    struct lw_labels *labels[3];
    for (int i = 0; i < 3; i++)
        labels[i] = lw_labels_new(list, i < 2 ? 2 : 1);
    fleet_set_labelled(store, labels, 3);
    assert_false(store_target_find(store, 1)->is_twin);
    assert_true(store_target_find(store, 2)->is_twin);
    assert_false(store_target_find(store, 3)->is_twin);
    store_free(&store);
}

/* Targets that left are let go also when nothing changes any more, but never before they are
 * written down, or while it is not sure that they are. */
static void test_what_left_is_let_go_when_it_is_safe(void **state)
{
    (void)state;
    char set_aside[STORE_PATH_BYTES];
    struct store *store = fleet_store_new(fleet_open_db(set_aside));
    struct fleet_site site = {1, 9 * MIB, 90 * MIB};
    fleet_set_targets(store, 1, 0);
    fleet_ingest(store, 1, 0, &site, 1);
    fleet_set_targets(store, 0, 1);
    struct store_batch *batch = store_batch_new(store, 0, fleet_minute(30));
    assert_non_null(batch);
    fleet_set_targets(store, 0, 31);
    assert_int_equal(store_stats(store)->sites, 1);
    store_batch_done(store, &batch, false);
    fleet_write_batch(store, 32);
    assert_int_equal(store_stats(store)->sites, 1);
    assert_null(store_batch_new(store, 0, fleet_minute(33)));
    assert_int_equal(store_stats(store)->sites, 0);
    fleet_set_targets(store, 1, 34);
    assert_int_equal(store_target_find(store, 1)->sites.count, 1);
    store_free(&store);
}

/* ---- the file ---- */

static void test_history_comes_back(void **state)
{
    (void)state;
    fleet_write_history();
    char set_aside[STORE_PATH_BYTES];
    struct store *store = fleet_store_new(fleet_open_db(set_aside));
    assert_string_equal(set_aside, "");
    fleet_set_targets(store, 1, 51);
    const struct store_target *t = store_target_find(store, 1);
    assert_int_equal(t->health, STORE_UNKNOWN); /* until it is scraped */
    assert_int_equal(t->total.inuse_bytes, 59 * MIB);
    assert_int_equal(t->sites.count, 1); /* what is only shown is not kept */
    assert_string_equal(t->sites.list[0].site->frames[0].function, "main.f1");
    assert_int_equal(t->sites.list[0].site->frames[0].line, 1);
    struct trend_block blocks[TREND_BLOCKS_MAX];
    size_t n = trend_series_blocks(t->sites.list[0].series, blocks, TREND_BLOCKS_MAX);
    assert_true(n > 10);
    assert_true(blocks[0].start_s <= lw_wall_s(fleet_minute(2)));
    /* The series goes on, and what happened while nobody looked is told from a restart. */
    assert_false(fleet_ingest(store, 1, 52, (struct fleet_site[]){{1, 61 * MIB, 142 * MIB}}, 1));
    assert_true(fleet_ingest(store, 1, 53, (struct fleet_site[]){{1, 1 * MIB, 2 * MIB}}, 1));
    store_free(&store);
}

/* Only what was ever seen is worth its memory: names that come and go must not add up. */
static void test_a_target_that_never_answered_is_forgotten_at_once(void **state)
{
    (void)state;
    struct store *store = fleet_store_new(NULL);
    fleet_set_targets(store, 100, 0);
    fleet_ingest(store, 1, 0, (struct fleet_site[]){{1, 9 * MIB, 9 * MIB}}, 1);
    size_t followed = store_stats(store)->followed;
    fleet_set_targets(store, 0, 1);
    assert_int_equal(store_stats(store)->followed, followed - 99);
    fleet_set_targets(store, 1, 2);
    assert_int_equal(store_target_find(store, 1)->total.inuse_bytes, 9 * MIB);
    store_free(&store);
}

static void test_its_files_are_not_for_all(void **state)
{
    (void)state;
    mode_t before = umask(0);
    char set_aside[STORE_PATH_BYTES];
    struct store *store = fleet_store_new(fleet_open_db(set_aside));
    umask(before);
    static const char *const names[] = {"leakwatchd.db", "leakwatchd.db-wal", "leakwatchd.db-shm"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[sizeof fleet_dir + 32];
        struct stat st;
        snprintf(path, sizeof path, "%s/%s", fleet_dir, names[i]);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0640);
    }
    store_free(&store);
}

/* More than a batch of old images takes is written in several, which go on where the last ended. */
static void test_a_large_fleet_is_written_in_turn(void **state)
{
    (void)state;
    enum { TARGETS = 1500 };
    char set_aside[STORE_PATH_BYTES];
    struct store *store = fleet_store_new(fleet_open_db(set_aside));
    struct fleet_site site = {1, 9 * MIB, 90 * MIB};
    fleet_set_targets(store, TARGETS, 0);
    for (uint64_t id = 1; id <= TARGETS; id++)
        fleet_ingest(store, id, 0, &site, 1);
    int batches = 0;
    struct store_batch *batch;
    struct lw_err err;
    while ((batch = store_batch_new(store, LW_NS_PER_S, fleet_minute(1)))) {
        assert_true(batches++ < TARGETS);
        assert_int_equal(store_batch_write(batch, &err), 0);
        store_batch_done(store, &batch, true);
    }
    assert_true(batches > 1);
    assert_false(store_is_dirty(store));
    store_free(&store);
}

static void write_turns(struct store *store, int second)
{
    struct lw_err err;
    struct lw_wall now = {FLEET_START.ns + second * LW_NS_PER_S};
    struct store_batch *batch = store_batch_new(store, 60 * LW_NS_PER_S, now);
    if (!batch)
        return;
    assert_int_equal(store_batch_write(batch, &err), 0);
    store_batch_done(store, &batch, true);
}

/* The first target that waits to be written; 0: none does. */
static uint64_t first_dirty(const struct store *store, uint64_t count)
{
    for (uint64_t id = 1; id <= count; id++) {
        if (store_target_find(store, id)->dirty)
            return id;
    }
    return 0;
}

/* By id, whenever they were scraped: neighbours in the file are written together. */
static void test_each_target_has_its_turn_once_in_an_interval(void **state)
{
    (void)state;
    enum { TARGETS = 120 };
    char set_aside[STORE_PATH_BYTES];
    struct store *store = fleet_store_new(fleet_open_db(set_aside));
    struct fleet_site site = {1, 9 * MIB, 90 * MIB};
    fleet_set_targets(store, TARGETS, 0);
    write_turns(store, 60);
    assert_int_equal(first_dirty(store, TARGETS), 0);
    for (uint64_t id = TARGETS; id >= 1; id--)
        fleet_ingest(store, id, 1, &site, 1);
    for (int second = 1; second < 60; second++) {
        write_turns(store, 60 + second);
        assert_int_equal(first_dirty(store, TARGETS), 2 * second + 1);
    }
    write_turns(store, 120);
    assert_int_equal(first_dirty(store, TARGETS), 0);
    store_free(&store);
}

static void test_a_batch_that_failed_is_tried_again(void **state)
{
    (void)state;
    char set_aside[STORE_PATH_BYTES];
    struct store *store = fleet_store_new(fleet_open_db(set_aside));
    fleet_set_targets(store, 1, 0);
    fleet_ingest(store, 1, 0, (struct fleet_site[]){{1, 9 * MIB, 90 * MIB}}, 1);
    struct store_batch *batch = store_batch_new(store, 0, fleet_minute(1));
    assert_non_null(batch);
    assert_null(store_batch_new(store, 0, fleet_minute(1))); /* one at a time */
    store_batch_done(store, &batch, false);                  /* as if the disk were full */
    assert_true(store_is_dirty(store));
    assert_int_equal(store_stats(store)->batches_failed, 1);
    fleet_write_batch(store, 2);
    store_free(&store);
    store = fleet_store_new(fleet_open_db(set_aside));
    fleet_set_targets(store, 1, 3);
    assert_int_equal(store_target_find(store, 1)->sites.count, 1);
    store_free(&store);
}

static void test_a_full_disk_is_an_error_and_passes(void **state)
{
    (void)state;
    char set_aside[STORE_PATH_BYTES];
    struct store_db *db = fleet_open_db(set_aside);
    struct lw_err err;
    struct store *store = fleet_store_new(db);
    fleet_set_targets(store, 1, 0);
    fleet_ingest(store, 1, 0, (struct fleet_site[]){{1, 9 * MIB, 90 * MIB}}, 1);
    /* Another process holds the write lock, which fails a write as a full disk would. */
    char path[128];
    snprintf(path, sizeof path, "%s/leakwatchd.db", fleet_dir);
    sqlite3 *other;
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    struct store_batch *batch = store_batch_new(store, 0, fleet_minute(1));
    assert_int_equal(store_batch_write(batch, &err), -1);
    assert_int_equal(err.code, LW_BUSY);
    assert_non_null(strstr(err.msg, "leakwatchd.db"));
    store_batch_done(store, &batch, false);
    sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL);
    sqlite3_close(other);
    fleet_write_batch(store, 2);
    store_free(&store);
}

static const struct store_usage *usage_of(const struct store *store, const char *build)
{
    const struct store_usage *usage;
    for (size_t at = 0; store_usage_next(store, &at, &usage);) {
        if (strcmp(usage->build, build) == 0)
            return usage;
    }
    return NULL;
}

static size_t usage_count(const struct store *store)
{
    const struct store_usage *usage;
    size_t count = 0;
    for (size_t at = 0; store_usage_next(store, &at, &usage);)
        count++;
    return count;
}

/* Targets 1..count, which run v1..v<count>. */
static void set_builds(struct store *store, size_t count)
{
    struct lw_labels **labels = lw_new(count, sizeof *labels);
    for (size_t i = 0; i < count; i++) {
        char version[16];
        snprintf(version, sizeof version, "v%zu", i + 1);
        struct lw_label list[] = {{(char *)"job", (char *)"shop"}, {(char *)"version", version}};
        labels[i] = lw_labels_new(list, 2);
    }
    store_set_build_label(store, "version");
    fleet_set_labelled(store, labels, count);
    free(labels);
}

static void test_what_a_build_used_comes_back(void **state)
{
    (void)state;
    char set_aside[STORE_PATH_BYTES];
    struct store *store = fleet_store_new(fleet_open_db(set_aside));
    set_builds(store, 1);
    for (int i = 0; i < 10; i++)
        fleet_ingest(store, 1, i, &(struct fleet_site){1, 9 * MIB, 9 * MIB}, 1);
    fleet_write_batch(store, 10);
    assert_false(store_is_dirty(store));
    store_free(&store);

    fleet_run_sql("INSERT INTO usage VALUES(7, 'x', 1, x'010203')");
    store = fleet_store_new(fleet_open_db(set_aside));
    const struct store_usage *usage = usage_of(store, "v1");
    assert_non_null(usage);
    assert_string_equal(usage->job, "shop");
    assert_true(usage->first_seen.ns == fleet_minute(0).ns);
    assert_true(usage->last_seen.ns == fleet_minute(9).ns);
    assert_int_equal(gate_history_count(&usage->measures[GATE_INUSE], fleet_minute(9)), 10);
    assert_int_equal(usage_count(store), 1);
    assert_int_equal(store_stats(store)->images_refused, 1);
    store_free(&store);
}

static void test_builds_are_bounded(void **state)
{
    (void)state;
    struct store *store = fleet_store_new(NULL);
    set_builds(store, 520);
    for (int i = 1; i <= 520; i++)
        fleet_ingest(store, (uint64_t)i, i, &(struct fleet_site){1, 9 * MIB, 9 * MIB}, 1);
    assert_int_equal(usage_count(store), 512);
    assert_null(usage_of(store, "v8"));
    assert_non_null(usage_of(store, "v9"));
    assert_non_null(usage_of(store, "v520"));
    store_free(&store);
}

static void test_a_file_of_an_older_release_is_brought_up(void **state)
{
    (void)state;
    static const char *const older[] = {"DROP TABLE fate; PRAGMA user_version = 3",
        "DROP TABLE fate; DROP TABLE usage; PRAGMA user_version = 2",
        "DROP TABLE fate; DROP TABLE usage; DROP TABLE job; PRAGMA user_version = 1"};
    for (size_t i = 0; i < sizeof older / sizeof *older; i++) {
        char set_aside[STORE_PATH_BYTES];
        struct store_db *db = fleet_open_db(set_aside);
        store_db_close(&db);
        fleet_run_sql(older[i]);
        db = fleet_open_db(set_aside);
        assert_string_equal(set_aside, "");
        store_db_close(&db);
    }
}

static void test_one_daemon_a_directory(void **state)
{
    (void)state;
    char set_aside[STORE_PATH_BYTES];
    struct store_db *db = fleet_open_db(set_aside);
    struct lw_err err;
    assert_null(store_db_open(fleet_dir, FLEET_START, set_aside, &err));
    assert_int_equal(err.code, LW_BUSY);
    store_db_close(&db);
    db = fleet_open_db(set_aside);
    store_db_close(&db);
}

static void test_a_directory_that_cannot_be_made(void **state)
{
    (void)state;
    char set_aside[STORE_PATH_BYTES];
    struct lw_err err;
    assert_null(store_db_open("/proc/nowhere/data", FLEET_START, set_aside, &err));
    assert_int_equal(err.code, LW_IO);
    assert_non_null(strstr(err.msg, "--storage.path"));
}

static void test_what_left_is_forgotten_in_time(void **state)
{
    (void)state;
    fleet_write_history();
    char set_aside[STORE_PATH_BYTES];
    struct store *store = fleet_store_new(fleet_open_db(set_aside));
    store_set_retention(store, 86400 * LW_NS_PER_S);
    fleet_set_targets(store, 0, 51);
    fleet_write_batch(store, 3 * 24 * 60);
    store_free(&store);
    store = fleet_store_new(fleet_open_db(set_aside));
    fleet_set_targets(store, 1, 3 * 24 * 60 + 1);
    assert_int_equal(store_target_find(store, 1)->sites.count, 0);
    store_free(&store);
}

#define WITH_DIR(f) cmocka_unit_test_setup_teardown(f, fleet_make_dir, fleet_remove_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_add_up_to_the_total),
        cmocka_unit_test(test_absurd_numbers_neither_overflow_nor_restart),
        cmocka_unit_test(test_long_names_are_cut_between_characters),
        cmocka_unit_test(test_followed_sites_are_bounded),
        cmocka_unit_test(test_a_failed_scrape_keeps_the_heap),
        cmocka_unit_test(test_a_busy_daemon_is_no_target_that_is_down),
        cmocka_unit_test(test_restart_is_seen),
        cmocka_unit_test(test_an_older_scrape_is_only_counted),
        cmocka_unit_test(test_another_program_is_another_process),
        cmocka_unit_test(test_a_new_sample_rate_is_no_restart),
        cmocka_unit_test(test_a_target_that_comes_back_has_its_series),
        cmocka_unit_test(test_a_job_counts_what_left),
        cmocka_unit_test(test_targets_of_the_same_labels_are_told_apart),
        WITH_DIR(test_what_left_is_let_go_when_it_is_safe),
        WITH_DIR(test_history_comes_back),
        cmocka_unit_test(test_a_target_that_never_answered_is_forgotten_at_once),
        WITH_DIR(test_its_files_are_not_for_all),
        WITH_DIR(test_what_a_build_used_comes_back),
        cmocka_unit_test(test_builds_are_bounded),
        WITH_DIR(test_a_file_of_an_older_release_is_brought_up),
        WITH_DIR(test_a_large_fleet_is_written_in_turn),
        WITH_DIR(test_each_target_has_its_turn_once_in_an_interval),
        WITH_DIR(test_a_batch_that_failed_is_tried_again),
        WITH_DIR(test_a_full_disk_is_an_error_and_passes),
        WITH_DIR(test_one_daemon_a_directory),
        WITH_DIR(test_a_directory_that_cannot_be_made),
        WITH_DIR(test_what_left_is_forgotten_in_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
