/* What a store keeps of a target across restarts: the builds it ran, and its heap before. */
#include "fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/image.h"

/* ---- builds ---- */

static void learn(struct store *store, const char *binary_id)
{
    struct store_build_spec build = fleet_build;
    build.binary_id = binary_id;
    build.version = binary_id;
    assert_true(store_learn(store, 1, &build, NULL, 0));
}

/* A scrape of a process that was started anew. */
static void restart(struct store *store, int minute)
{
    struct fleet_site young = {1, MIB, MIB};
    assert_true(fleet_ingest(store, 1, minute, &young, 1));
}

static void go_on(struct store *store, int minute, int64_t alloc_mib)
{
    struct fleet_site site = {1, 9 * MIB, alloc_mib * MIB};
    assert_false(fleet_ingest(store, 1, minute, &site, 1));
}

static void test_a_deploy_is_told_from_a_restart(void **state)
{
    (void)state;
    struct store *store = fleet_store_new(NULL);
    fleet_set_targets(store, 1, 0);
    const struct store_past *past = &store_target_find(store, 1)->past;
    go_on(store, 0, 90);
    assert_int_equal(past->run_count, 0); /* nothing is known of its binary */
    learn(store, "v1");
    go_on(store, 1, 91);
    restart(store, 2);
    learn(store, "v1");
    go_on(store, 3, 92);
    assert_int_equal(past->run_count, 1);
    restart(store, 4);
    go_on(store, 5, 93);
    learn(store, "v2"); /* from its first scrape on, although it is known only now */
    go_on(store, 6, 94);
    restart(store, 7);
    assert_true(store_unlearn(store, 1, "no binary"));
    go_on(store, 8, 95);
    assert_int_equal(past->run_count, 2);
    assert_string_equal(past->runs[0].binary_id, "v1");
    assert_string_equal(past->runs[0].version, "v1");
    assert_int_equal(past->runs[0].from.ns, fleet_minute(0).ns);
    assert_int_equal(past->runs[0].to.ns, fleet_minute(3).ns);
    assert_int_equal(past->runs[1].from.ns, fleet_minute(4).ns);
    assert_int_equal(past->runs[1].to.ns, fleet_minute(6).ns);
    store_free(&store);
}

static void test_builds_are_bounded(void **state)
{
    (void)state;
    struct store *store = fleet_store_new(NULL);
    fleet_set_targets(store, 1, 0);
    char id[16];
    for (int i = 0; i < 2 * STORE_RUNS_MAX; i++) {
        if (i)
            restart(store, 2 * i);
        snprintf(id, sizeof id, "v%d", i);
        go_on(store, 2 * i + 1, 90);
        learn(store, id);
    }
    const struct store_past *past = &store_target_find(store, 1)->past;
    assert_int_equal(past->run_count, STORE_RUNS_MAX);
    assert_string_equal(past->runs[0].version, "v16");
    assert_string_equal(past->runs[STORE_RUNS_MAX - 1].version, "v31");
    store_free(&store);
}

/* ---- blocks ---- */

static void expect_in_order(const struct store_past *past)
{
    for (size_t i = 0; i < past->block_count; i++) {
        const struct trend_block *b = &past->blocks[i];
        assert_true(b->end_s >= b->start_s);
        assert_true(b->inuse_min_bytes <= b->inuse_mean_bytes);
        assert_true(i == 0 || b->start_s >= past->blocks[i - 1].start_s);
    }
}

static void test_the_heap_is_seen_across_restarts_and_gaps(void **state)
{
    (void)state;
    struct store *store = fleet_store_new(NULL);
    fleet_set_targets(store, 1, 0);
    const struct store_past *past = &store_target_find(store, 1)->past;
    for (int i = 0; i < 20; i++)
        go_on(store, i, 90 + i);
    assert_int_equal(past->block_count, 0);
    restart(store, 20);
    size_t first = past->block_count;
    assert_true(first > 5);
    assert_true(past->blocks[0].start_s == lw_wall_s(fleet_minute(0)));
    assert_int_equal((int64_t)past->blocks[first - 1].inuse_min_bytes, 9 * MIB);
    go_on(store, 21, 120);
    go_on(store, 300, 121); /* it was not seen for hours */
    assert_true(past->block_count > first);
    assert_true(past->blocks[first].start_s == lw_wall_s(fleet_minute(20)));
    expect_in_order(past);
    store_free(&store);
}

static void test_blocks_are_bounded_and_end(void **state)
{
    (void)state;
    struct store *store = fleet_store_new(NULL);
    fleet_set_targets(store, 1, 0);
    const struct store_past *past = &store_target_find(store, 1)->past;
    int minute = 0;
    for (int life = 0; life < 6; life++) {
        if (life)
            restart(store, minute++);
        for (int i = 0; i < 120; i++)
            go_on(store, minute++, 90 + i);
    }
    assert_in_range(past->block_count, 32, STORE_PAST_BLOCKS_MAX);
    assert_true(past->blocks[0].start_s == lw_wall_s(fleet_minute(0))); /* all of it, but coarser */
    expect_in_order(past);
    for (int i = 0; i < 300; i++) { /* a crash loop: hardly anything to make one block of */
        restart(store, minute++);
        go_on(store, minute++, 9);
    }
    assert_in_range(past->block_count, 32, STORE_PAST_BLOCKS_MAX);
    expect_in_order(past);
    for (int i = 0; i < 26 * 60; i++)
        go_on(store, minute++, 100 + i);
    assert_int_equal(past->block_count, 0); /* its series reaches back as far now */
    store_free(&store);
}

/* ---- the file ---- */

static void fill(struct store *store)
{
    fleet_set_targets(store, 1, 0);
    for (int i = 0; i < 8; i++)
        go_on(store, i, 90 + i);
    learn(store, "v1");
    restart(store, 8);
    learn(store, "v2");
    go_on(store, 9, 90);
}

static void test_the_past_outlives_the_daemon(void **state)
{
    (void)state;
    char set_aside[STORE_PATH_BYTES];
    struct store *store = fleet_store_new(fleet_open_db(set_aside));
    fill(store);
    struct store_past *before = &((struct store_target *)store_target_find(store, 1))->past;
    size_t blocks = before->block_count;
    struct trend_block first = before->blocks[0];
    fleet_write_batch(store, 10);
    store_free(&store);

    store = fleet_store_new(fleet_open_db(set_aside));
    fleet_set_targets(store, 1, 11);
    const struct store_past *past = &store_target_find(store, 1)->past;
    assert_int_equal(past->run_count, 2);
    assert_string_equal(past->runs[1].version, "v2");
    assert_int_equal(past->runs[1].from.ns, fleet_minute(8).ns);
    assert_int_equal(past->block_count, blocks);
    assert_memory_equal(&past->blocks[0], &first, sizeof first);
    restart(store, 12); /* while nobody watched, it was deployed again */
    learn(store, "v3");
    assert_int_equal(past->run_count, 3);
    assert_int_equal(past->runs[2].from.ns, fleet_minute(12).ns);
    store_free(&store);
}

/* The newest scrape was at minute 9, half an hour before now: what is known moves with it. */
static void test_the_past_moves_with_a_clock_that_was_set_back(void **state)
{
    (void)state;
    char set_aside[STORE_PATH_BYTES];
    struct store *store = fleet_store_new(fleet_open_db(set_aside));
    fill(store);
    struct trend_block first = store_target_find(store, 1)->past.blocks[0];
    fleet_write_batch(store, 10);
    store_free(&store);

    store = fleet_store_new(fleet_open_db(set_aside));
    fleet_set_targets(store, 1, 9 - 30);
    const struct store_target *t = store_target_find(store, 1);
    assert_int_equal(t->last_heap.ns, fleet_minute(9 - 30).ns - LW_NS_PER_S);
    assert_int_equal(t->past.runs[1].from.ns, fleet_minute(8 - 30).ns - LW_NS_PER_S);
    assert_true(t->past.blocks[0].start_s == first.start_s - 30 * 60 - 1);
    assert_true(t->past.blocks[0].end_s == first.end_s - 30 * 60 - 1);
    store_free(&store);
}

static void test_an_image_is_checked(void **state)
{
    (void)state;
    struct store *store = fleet_store_new(NULL);
    fill(store);
    struct lw_strbuf image;
    struct lw_err err;
    lw_strbuf_init(&image, 1 << 20);
    image_encode_target(store_target_find(store, 1), &image);
    struct store_target *back = LW_NEW(struct store_target);
    for (size_t len = 0; len < image.len; len++) {
        assert_int_equal(image_decode_target(image.data, len, back, &err), -1);
        assert_int_equal(err.code, LW_CORRUPT);
    }
    assert_int_equal(image_decode_target(image.data, image.len, back, &err), 0);
    assert_int_equal(back->past.run_count, 2);
    past_fini(&back->past);
    memset(image.data + image.len - 8, 0xff, 8); /* NaN bytes were never allocated */
    assert_int_equal(image_decode_target(image.data, image.len, back, &err), -1);
    free(back);
    lw_strbuf_fini(&image);
    store_free(&store);
}

/* A binary may have any version in it: one too long for an image costs its end, not the target. */
static void test_a_long_version_can_be_read_back(void **state)
{
    (void)state;
    struct store *store = fleet_store_new(NULL);
    struct lw_strbuf version, image;
    struct lw_err err;
    fleet_set_targets(store, 1, 0);
    go_on(store, 0, 90);
    lw_strbuf_init(&version, 1 << 20);
    for (int i = 0; i < 1000; i++)
        lw_strbuf_adds(&version, "v1.2.3-");
    learn(store, version.data);
    lw_strbuf_init(&image, 1 << 20);
    image_encode_target(store_target_find(store, 1), &image);
    struct store_target *back = LW_NEW(struct store_target);
    assert_int_equal(image_decode_target(image.data, image.len, back, &err), 0);
    assert_int_equal(back->past.run_count, 1);
    assert_int_equal(strlen(back->past.runs[0].version), 4096);
    assert_memory_equal(back->past.runs[0].version, version.data, 4096);
    past_fini(&back->past);
    free(back);
    lw_strbuf_fini(&image);
    lw_strbuf_fini(&version);
    store_free(&store);
}

/* What the release before wrote ends with the memory. */
static void test_an_older_image_is_read(void **state)
{
    (void)state;
    struct store *store = fleet_store_new(NULL);
    fleet_set_targets(store, 1, 0);
    go_on(store, 0, 90);
    struct lw_strbuf image;
    struct lw_err err;
    lw_strbuf_init(&image, 1 << 20);
    image_encode_target(store_target_find(store, 1), &image);
    struct store_target *back = LW_NEW(struct store_target);
    image.data[0] = 3;
    assert_int_equal(image_decode_target(image.data, image.len - 8, back, &err), 0);
    assert_int_equal(back->last_heap.ns, fleet_minute(0).ns);
    assert_int_equal(back->past.run_count + back->past.block_count, 0);
    free(back);
    lw_strbuf_fini(&image);
    store_free(&store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_deploy_is_told_from_a_restart),
        cmocka_unit_test(test_builds_are_bounded),
        cmocka_unit_test(test_the_heap_is_seen_across_restarts_and_gaps),
        cmocka_unit_test(test_blocks_are_bounded_and_end),
        cmocka_unit_test_setup_teardown(
            test_the_past_outlives_the_daemon, fleet_make_dir, fleet_remove_dir),
        cmocka_unit_test_setup_teardown(
            test_the_past_moves_with_a_clock_that_was_set_back, fleet_make_dir, fleet_remove_dir),
        cmocka_unit_test(test_an_image_is_checked),
        cmocka_unit_test(test_a_long_version_can_be_read_back),
        cmocka_unit_test(test_an_older_image_is_read),
    };
    return cmocka_run_group_tests_name("store past", tests, NULL, NULL);
}
