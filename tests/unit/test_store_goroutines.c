/* Goroutines of a target, followed by stack. */
#include "fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define GROUPS_MAX 200

/* ---- goroutines that a test makes by hand ---- */

static struct profile_frame frames[GROUPS_MAX];
static const struct profile_frame park = {.function = "runtime.gopark", .file = "proc.go"};
static const struct profile_frame receive = {.function = "runtime.chanrecv", .file = "chan.go"};
static const struct profile_frame *stacks[GROUPS_MAX][3];
static char names[GROUPS_MAX][32];

/* Group i of counts[i] goroutines, largest first, that receive in main.gN. */
static void learn(struct store *store, int minute, const int64_t *counts, size_t count)
{
    struct profile_goroutines_group *groups = lw_new(count, sizeof *groups);
    struct profile_goroutines all = {.groups = groups, .group_count = count};
    for (size_t i = 0; i < count; i++) {
        snprintf(names[i], sizeof names[i], "main.g%d", (int)i);
        frames[i] = (struct profile_frame){.function = names[i], .file = "main.go"};
        stacks[i][0] = &park;
        stacks[i][1] = &receive;
        stacks[i][2] = &frames[i];
        groups[i] = (struct profile_goroutines_group){.id = i + 1,
            .count = counts[i],
            .frames = stacks[i],
            .frame_count = 3,
            .leaf = 2,
            .responsible = 2};
        all.total += counts[i];
    }
    assert_true(store_learn_goroutines(store, 1, fleet_minute(minute), &all));
    free(groups);
}

static const struct store_goroutines *goroutines(const struct store *store)
{
    return &store_target_find(store, 1)->goroutines;
}

static enum trend_class class_of(const struct store *store, uint64_t id)
{
    const struct store_row *row = store_rows_find(&goroutines(store)->groups, id);
    return row && row->series ? trend_series_verdict(row->series)->class : TREND_WARMING;
}

static int leaks_told;

static void changed(void *ctx, const struct store_change *change)
{
    (void)ctx;
    leaks_told += change->verdict->class == TREND_LEAK;
    assert_string_equal(profile_wait_word(store_goroutines_wait(change->row)), "chan receive");
}

/* Every five minutes: 2 goroutines a minute are left behind in the first group, 100 stay in the
 * second. The heap is scraped beside it. */
static void watch(struct store *store, int minute, int minutes)
{
    for (int m = minute; m < minute + minutes; m++) {
        fleet_ingest(store, 1, m, (struct fleet_site[]){{1, 9 * MIB, (90 + m) * MIB}}, 1);
        if (m % 5 == 0)
            learn(store, m, (int64_t[]){200 + 2 * m, 100}, 2);
    }
}

static void test_goroutines_that_stay_are_a_leak(void **state)
{
    (void)state;
    struct store *store = fleet_store_new(NULL);
    fleet_set_targets(store, 1, 0);
    store_on_goroutines_change(store, changed);
    leaks_told = 0;
    watch(store, 0, 60);
    assert_int_equal(class_of(store, 1), TREND_WARMING);
    watch(store, 60, 300);
    assert_int_equal(class_of(store, 1), TREND_LEAK);
    assert_int_equal(class_of(store, 2), TREND_HEALTHY);
    assert_int_equal(leaks_told, 1);
    assert_int_equal(goroutines(store)->total, 200 + 2 * 355 + 100);
    const struct store_row *row = store_rows_find(&goroutines(store)->groups, 1);
    double rate = trend_series_verdict(row->series)->rate * 60;
    assert_true(rate > 1.9 && rate < 2.1);
    /* They are no leak of the heap. */
    assert_true(store_target_class(store_target_find(store, 1)) < TREND_GROWING);
    store_free(&store);
}

static void test_a_restart_lets_go_of_goroutines(void **state)
{
    (void)state;
    struct store *store = fleet_store_new(NULL);
    fleet_set_targets(store, 1, 0);
    watch(store, 0, 360);
    assert_true(fleet_ingest(store, 1, 400, (struct fleet_site[]){{1, 9 * MIB, 10 * MIB}}, 1));
    assert_int_equal(class_of(store, 1), TREND_WARMING);
    store_free(&store);
}

static void test_goroutines_come_back(void **state)
{
    (void)state;
    char set_aside[STORE_PATH_BYTES];
    struct store *store = fleet_store_new(fleet_open_db(set_aside));
    fleet_set_targets(store, 1, 0);
    watch(store, 0, 360);
    fleet_write_batch(store, 360);
    store_free(&store);
    store = fleet_store_new(fleet_open_db(set_aside));
    fleet_set_targets(store, 1, 361);
    assert_int_equal(class_of(store, 1), TREND_LEAK);
    assert_int_equal(goroutines(store)->total, 200 + 2 * 355 + 100);
    const struct store_row *row = store_rows_find(&goroutines(store)->groups, 1);
    assert_string_equal(row->site->frames[2].function, "main.g0");
    assert_int_equal(store_stats(store)->images_refused, 0);
    watch(store, 365, 10);
    assert_int_equal(class_of(store, 1), TREND_LEAK);
    store_free(&store);
}

static void test_groups_are_bounded(void **state)
{
    (void)state;
    int64_t counts[GROUPS_MAX], sum = 0;
    struct store *store = fleet_store_new(NULL);
    fleet_set_targets(store, 1, 0);
    fleet_ingest(store, 1, 0, (struct fleet_site[]){{1, 9 * MIB, 90 * MIB}}, 1);
    for (int i = 0; i < GROUPS_MAX; i++)
        counts[i] = 1000 - i;
    learn(store, 0, counts, GROUPS_MAX);
    const struct store_rows *groups = &goroutines(store)->groups;
    assert_int_equal(groups->followed, 64);
    assert_int_equal(groups->count, 128);
    assert_int_equal(groups->other_count, GROUPS_MAX - 128);
    for (size_t i = 0; i < groups->count; i++)
        sum += groups->list[i].values.inuse_objects;
    assert_int_equal(sum + groups->other.inuse_objects, goroutines(store)->total);
    learn(store, 5, counts, 0);
    assert_int_equal(goroutines(store)->total, 0);
    store_free(&store);
}

/* ---- joins ---- */

/* A row whose stack has these functions, the responsible one first. */
struct stack {
    struct store_frame frames[4];
    struct store_site site;
    struct store_row row;
};

static const struct store_row *row_of(struct stack *s, const char *first, const char *second)
{
    *s = (struct stack){.frames = {{.function = (char *)"runtime.chanrecv"},
                            {.function = (char *)first}, {.function = (char *)second}}};
    s->site =
        (struct store_site){.frames = s->frames, .frame_count = 3, .leaf = 1, .responsible = 1};
    s->row.site = &s->site;
    return &s->row;
}

static void test_goroutines_join_what_they_may_hold(void **state)
{
    (void)state;
    static const struct {
        const char *waits_in, *started_in, *allocates_in, *called_by;
        bool joins;
    } rows[] = {
        {"main.Search.func1", "", "main.Search.func1", "main.serve", true},
        {"main.Search.func1", "", "main.Search", "main.serve", true},
        {"main.Search.func1.2", "", "main.Search.gowrap1", "main.serve", true},
        {"main.(*Hub).wait", "main.(*Hub).run", "main.decode", "main.(*Hub).wait", true},
        {"main.wait", "main.(*Hub).run", "main.(*Hub).run", "main.serve", true},
        {"main.wait", "net/http.(*conn).serve", "main.other", "net/http.(*conn).serve", false},
        {"main.Search", "main.run", "main.SearchAll", "main.go", false},
        {"main.function", "main.run", "main", "main.go", false},
    };
    struct stack group, site;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(store_goroutines_join(row_of(&group, rows[i].waits_in, rows[i].started_in),
                             row_of(&site, rows[i].allocates_in, rows[i].called_by)),
            rows[i].joins);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_goroutines_that_stay_are_a_leak),
        cmocka_unit_test(test_a_restart_lets_go_of_goroutines),
        cmocka_unit_test_setup_teardown(
            test_goroutines_come_back, fleet_make_dir, fleet_remove_dir),
        cmocka_unit_test(test_groups_are_bounded),
        cmocka_unit_test(test_goroutines_join_what_they_may_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
