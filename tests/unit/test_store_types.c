/* Types in the store: what targets' binaries teach. */
#include "fleet.h"

#include <string.h>

static void test_a_type_sums_its_sites(void **state)
{
    (void)state;
    struct store *store = fleet_store_new(NULL);
    fleet_set_targets(store, 1, 0);
    struct fleet_site sites[] = {
        {1, 9 * MIB, 90 * MIB}, {2, 3 * MIB, 30 * MIB}, {3, 5 * MIB, 5 * MIB}};
    fleet_ingest(store, 1, 0, sites, 3);
    const struct store_target *t = store_target_find(store, 1);
    assert_int_equal(t->types.count, 0);
    assert_int_equal(t->types.other.inuse_bytes, 17 * MIB);
    fleet_learn(store, 1);
    fleet_ingest(store, 1, 1, sites, 3);
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
    assert_true(fleet_ingest(store, 1, 2, (struct fleet_site[]){{1, MIB, MIB}}, 1));
    assert_null(t->build);
    assert_true(store_unlearn(store, 1, "no binary"));
    assert_string_equal(t->build_error, "no binary");
    assert_false(store_learn(store, 99, &fleet_build, NULL, 0));
    store_free(&store);
}

/* A site that is told as another one takes what it allocated along: the process did not restart, so
 * the past of the type stays. */
static void test_a_type_outlives_a_change_of_its_sites(void **state)
{
    (void)state;
    struct store *store = fleet_store_new(NULL);
    fleet_set_targets(store, 1, 0);
    struct fleet_site sites[] = {
        {1, 9 * MIB, 90 * MIB}, {2, 3 * MIB, 30 * MIB}, {3, 5 * MIB, 5 * MIB}};
    fleet_ingest(store, 1, 0, sites, 3);
    fleet_learn(store, 1);
    fleet_ingest(store, 1, 1, sites, 3);
    struct fleet_site changed[] = {
        {1, 9 * MIB, 95 * MIB}, {2, 3 * MIB, 10 * MIB}, {3, 5 * MIB, 50 * MIB}};
    for (int i = 2; i < 6; i++)
        assert_false(fleet_ingest(store, 1, i, changed, 3));
    const struct store_row *type = &store_target_find(store, 1)->types.list[0];
    assert_int_equal(type->values.alloc_bytes, 105 * MIB);
    assert_int_equal(trend_series_verdict(type->series)->restarts, 0);
    struct trend_block blocks[TREND_BLOCKS_MAX];
    assert_true(trend_series_blocks(type->series, blocks, TREND_BLOCKS_MAX) > 0);
    assert_true(blocks[0].start_s <= lw_wall_s(fleet_minute(1)));
    store_free(&store);
}

/* After a restart nothing is known of types until the binary was asked again: their series wait for
 * that, they do not fall to zero. */
static void test_what_is_not_known_is_not_zero(void **state)
{
    (void)state;
    struct store *store = fleet_store_new(NULL);
    fleet_set_targets(store, 1, 0);
    struct fleet_site sites[] = {
        {1, 9 * MIB, 90 * MIB}, {2, 3 * MIB, 30 * MIB}, {3, 5 * MIB, 5 * MIB}};
    struct fleet_site again[] = {
        {1, 9 * MIB, 9 * MIB}, {2, 3 * MIB, 3 * MIB}, {3, 5 * MIB, 5 * MIB}};
    fleet_ingest(store, 1, 0, sites, 3);
    fleet_learn(store, 1);
    fleet_ingest(store, 1, 1, sites, 3);
    assert_true(fleet_ingest(store, 1, 2, again, 3));
    const struct store_target *t = store_target_find(store, 1);
    assert_int_equal(t->types.count, 1);
    assert_false(t->types.list[0].present);
    fleet_ingest(store, 1, 3, again, 3);
    fleet_learn(store, 1);
    assert_non_null(t->build);
    assert_null(t->sites.list[0].type); /* from the next scrape on */
    for (int i = 4; i < 8; i++)
        fleet_ingest(store, 1, i, again, 3);
    fleet_learn(store, 1); /* once more, and nothing that is known goes */
    assert_non_null(t->sites.list[0].type);
    struct trend_block blocks[TREND_BLOCKS_MAX];
    size_t n = trend_series_blocks(t->types.list[0].series, blocks, TREND_BLOCKS_MAX);
    assert_true(n > 0);
    assert_true(blocks[0].start_s >= lw_wall_s(fleet_minute(4)));
    for (size_t i = 0; i < n; i++)
        assert_int_equal((int64_t)blocks[i].inuse_min_bytes, 12 * MIB);
    store_free(&store);
}

static void test_a_refused_binary_takes_its_types_along(void **state)
{
    (void)state;
    char set_aside[STORE_PATH_BYTES];
    struct fleet_site sites[] = {
        {1, 9 * MIB, 90 * MIB}, {2, 3 * MIB, 30 * MIB}, {3, 5 * MIB, 5 * MIB}};
    struct store *store = fleet_store_new(fleet_open_db(set_aside));
    fleet_set_targets(store, 1, 0);
    fleet_ingest(store, 1, 0, sites, 3);
    fleet_learn(store, 1);
    fleet_ingest(store, 1, 1, sites, 3);
    fleet_write_batch(store, 2);
    assert_true(store_unlearn(store, 1, "another build"));
    const struct store_target *t = store_target_find(store, 1);
    assert_int_equal(t->types.count, 0);
    assert_int_equal(t->types.other.inuse_bytes, 17 * MIB);
    assert_int_equal(t->types.other_count, 3);
    assert_null(t->sites.list[0].type);
    fleet_write_batch(store, 3); /* and the file forgets it, too */
    store_free(&store);

    store = fleet_store_new(fleet_open_db(set_aside));
    fleet_set_targets(store, 1, 4);
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
    struct fleet_site site = {1, 9 * MIB, 90 * MIB};
    struct store *store = fleet_store_new(fleet_open_db(set_aside));
    fleet_set_targets(store, 2, 0);
    for (uint64_t id = 1; id <= 2; id++) {
        fleet_ingest(store, id, 0, &site, 1);
        struct store_build_spec b = fleet_build;
        struct store_type_spec type =
            fleet_typed(store_target_find(store, id)->sites.list[0].site->id, "main.Session");
        b.binary_id = id == 1 ? "b1" : "b2";
        type.version = id == 1 ? "v1" : "v2";
        struct store_fate fate = {
            (char *)"", (char *)"", (char *)(id == 1 ? "main.head" : "main.tail"), 16 * id};
        type.fate = &fate;
        assert_true(store_learn(store, id, &b, &type, 1));
        fleet_ingest(store, id, 1, &site, 1);
    }
    for (int reopened = 0; reopened < 2; reopened++) {
        const struct store_row *old = &store_target_find(store, 1)->types.list[0];
        const struct store_row *new = &store_target_find(store, 2)->types.list[0];
        assert_string_equal(old->type->version, "v1");
        assert_string_equal(new->type->version, "v2");
        for (uint64_t id = 1; id <= 2; id++) {
            const struct store_target *t = store_target_find(store, id);
            const struct store_fate *fate = store_fate_of(t, t->sites.list[0].site->id);
            assert_string_equal(fate->kept_in, id == 1 ? "main.head" : "main.tail");
            assert_string_equal(fate->cycle, "");
            assert_int_equal(fate->kept_bytes, 16 * id);
        }
        assert_int_equal(store_row_id(old), store_row_id(new));
        if (reopened)
            break;
        fleet_write_batch(store, 2);
        store_free(&store);
        store = fleet_store_new(fleet_open_db(set_aside));
        fleet_set_targets(store, 2, 3);
    }
    store_free(&store);
}

/* A row of the file that names another build must not teach that one. */
static void test_a_forged_build_is_refused(void **state)
{
    (void)state;
    char set_aside[STORE_PATH_BYTES];
    struct fleet_site sites[] = {
        {1, 9 * MIB, 90 * MIB}, {2, 3 * MIB, 30 * MIB}, {3, 5 * MIB, 5 * MIB}};
    struct store *store = fleet_store_new(fleet_open_db(set_aside));
    fleet_set_targets(store, 1, 0);
    fleet_ingest(store, 1, 0, sites, 3);
    fleet_learn(store, 1);
    fleet_ingest(store, 1, 1, sites, 3);
    fleet_write_batch(store, 2);
    store_free(&store);
    fleet_run_sql("UPDATE build SET binary_id = 'b2'; UPDATE series SET kind = 7 WHERE key = "
                  "(SELECT min(key) FROM series WHERE kind = 1)");
    store = fleet_store_new(fleet_open_db(set_aside));
    fleet_set_targets(store, 1, 3);
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
    struct fleet_site sites[] = {
        {1, 9 * MIB, 90 * MIB}, {2, 3 * MIB, 30 * MIB}, {3, 5 * MIB, 5 * MIB}};
    struct store *store = fleet_store_new(fleet_open_db(set_aside));
    fleet_set_targets(store, 2, 0);
    for (int i = 0; i < 30; i++) {
        for (uint64_t target = 1; target <= 2; target++) {
            fleet_ingest(store, target, i, sites, 3);
            if (i == 0)
                fleet_learn(store, target);
        }
    }
    assert_ptr_equal(store_target_find(store, 1)->build, store_target_find(store, 2)->build);
    fleet_write_batch(store, 30);
    store_free(&store);

    store = fleet_store_new(fleet_open_db(set_aside));
    fleet_set_targets(store, 2, 31);
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

/* What a target without a binary says itself: a kind, and no type. */
static void test_a_kind_is_no_type(void **state)
{
    (void)state;
    struct store *store = fleet_store_new(NULL);
    fleet_set_targets(store, 1, 0);
    struct fleet_site sites[] = {{1, 9 * MIB, 90 * MIB}, {2, 3 * MIB, 30 * MIB}};
    fleet_ingest(store, 1, 0, sites, 2);
    const struct store_target *t = store_target_find(store, 1);
    uint64_t id = t->sites.list[0].site->id;
    struct store_type_spec kind = fleet_typed(id, "");
    assert_true(store_unlearn(store, 1, "no binary"));
    assert_true(store_learn_kinds(store, 1, &kind, 1));
    assert_null(t->sites.list[0].type); /* from the next scrape on */
    fleet_ingest(store, 1, 1, sites, 2);
    assert_string_equal(t->sites.list[0].type->kind, "object");
    assert_string_equal(t->sites.list[0].type->name, "");
    assert_null(t->sites.list[1].type);
    assert_null(store_type_of(t, id)); /* a binary would still be asked */
    assert_int_equal(t->types.count, 0);
    assert_int_equal(t->types.other_count, 2);
    assert_true(store_unlearn(store, 1, "no binary")); /* nothing new */
    assert_non_null(store_kind_of(t, id));
    assert_true(store_unlearn(store, 1, "another build")); /* another reason for no more than it */
    assert_null(store_kind_of(t, id));
    assert_false(store_learn_kinds(store, 99, &kind, 1));
    store_free(&store);
}

static void test_kinds_go_with_the_process_and_before_a_binary(void **state)
{
    (void)state;
    struct store *store = fleet_store_new(NULL);
    fleet_set_targets(store, 1, 0);
    struct fleet_site site = {1, 9 * MIB, 90 * MIB}, again = {1, 9 * MIB, 9 * MIB};
    fleet_ingest(store, 1, 0, &site, 1);
    const struct store_target *t = store_target_find(store, 1);
    struct store_type_spec kind = fleet_typed(t->sites.list[0].site->id, "");
    assert_true(store_learn_kinds(store, 1, &kind, 1));
    /* What was told just before the restart was found may be of another program: never shown. */
    assert_true(fleet_ingest(store, 1, 1, &again, 1));
    assert_null(t->sites.list[0].type);
    assert_true(store_learn_kinds(store, 1, &kind, 1));
    fleet_learn(store, 1);
    fleet_ingest(store, 1, 2, &again, 1);
    assert_string_equal(t->sites.list[0].type->name, "main.Session");
    assert_int_equal(t->kinds.count, 0);
    assert_false(store_learn_kinds(store, 1, &kind, 1));
    store_free(&store);
}

static void test_kinds_are_bounded(void **state)
{
    (void)state;
    struct store *store = fleet_store_new(NULL);
    fleet_set_targets(store, 1, 0);
    for (uint64_t id = 1; id <= 10000; id++) {
        struct store_type_spec kind = fleet_typed(id, "");
        assert_true(store_learn_kinds(store, 1, &kind, 1));
    }
    const struct store_target *t = store_target_find(store, 1);
    assert_int_equal(t->kinds.count, 4096);
    struct store_type_spec map = fleet_typed(1, "");
    map.kind = "map";
    assert_true(store_learn_kinds(store, 1, &map, 1)); /* what is there can still change */
    assert_string_equal(store_kind_of(t, 1)->kind, "map");
    store_free(&store);
}

#define WITH_DIR(f) cmocka_unit_test_setup_teardown(f, fleet_make_dir, fleet_remove_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_type_sums_its_sites),
        cmocka_unit_test(test_a_type_outlives_a_change_of_its_sites),
        cmocka_unit_test(test_what_is_not_known_is_not_zero),
        cmocka_unit_test(test_a_kind_is_no_type),
        cmocka_unit_test(test_kinds_go_with_the_process_and_before_a_binary),
        cmocka_unit_test(test_kinds_are_bounded),
        WITH_DIR(test_a_refused_binary_takes_its_types_along),
        WITH_DIR(test_each_build_has_its_versions),
        WITH_DIR(test_a_forged_build_is_refused),
        WITH_DIR(test_types_come_back_and_are_shared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
