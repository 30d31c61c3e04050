/* What a target comes to as a whole, and since which build of its job it leaks. */
#include "fleet.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/image.h"
#include "store/sightings.h"

/* A process that holds 64 MiB, of which leak_bytes more each minute, and a steady site beside it.
 */
static bool watch_minute(struct store *store, int minute, int age, int64_t leak_bytes)
{
    struct fleet_site sites[] = {
        {1, 64 * MIB + age * leak_bytes, 64 * MIB + age * (leak_bytes + MIB)},
        {2, 16 * MIB, 16 * MIB + age * MIB},
    };
    return fleet_ingest(store, 1, minute, sites, 2);
}

static void watch(struct store *store, int minute, int minutes, int64_t leak_bytes)
{
    for (int age = 0; age < minutes; age++)
        watch_minute(store, minute + age, age, leak_bytes);
}

static const struct store_target *target(const struct store *store)
{
    return store_target_find(store, 1);
}

static void run_build(struct store *store, const char *binary_id, const char *version)
{
    struct store_build_spec build = fleet_build;
    build.binary_id = binary_id;
    build.version = version;
    assert_true(store_learn(store, 1, &build, NULL, 0));
}

/* The first minute of a process tells that it is another one; then its binary is found. */
static void watch_build(
    struct store *store, int minute, int minutes, const char *binary_id, int64_t leak_bytes)
{
    watch_minute(store, minute, 0, leak_bytes);
    run_build(store, binary_id, binary_id);
    for (int age = 1; age < minutes; age++)
        watch_minute(store, minute + age, age, leak_bytes);
}

/* ---- the whole ---- */

static struct store_memory_look look(int minute, int64_t rss_bytes)
{
    return (struct store_memory_look){.at = fleet_minute(minute), .rss_bytes = rss_bytes};
}

static void test_a_leak_has_a_rate_and_an_onset(void **state)
{
    (void)state;
    struct store *store = fleet_store_new(NULL);
    fleet_set_targets(store, 1, 0);
    watch(store, 0, 300, MIB);
    const struct store_outlook *o = &target(store)->outlook;
    assert_int_equal(o->leaking_sites, 1);
    assert_false(o->is_diffuse);
    assert_true(fabs(o->rate.bytes_s * 60 / (double)MIB - 1) < .2 && o->rate.se > 0);
    assert_false(o->has_rest); /* the total grows just as fast */
    assert_false(o->has_forecast);
    assert_int_equal(o->limit, STORE_LIMIT_NONE);
    assert_true(o->onset_from.ns < o->onset_to.ns);
    assert_true(o->onset_to.ns <= fleet_minute(300).ns);
    store_free(&store);
}

static void test_the_limit_that_is_met_first_is_told(void **state)
{
    (void)state;
    struct store *store = fleet_store_new(NULL);
    fleet_set_targets(store, 1, 0);
    watch(store, 0, 300, MIB);
    struct store_memory_look seen = look(300, 2 * target(store)->total.inuse_bytes);
    seen.cgroup_bytes = 2000 * MIB;
    assert_true(store_learn_memory(store, 1, &seen));
    const struct store_outlook *o = &target(store)->outlook;
    assert_int_equal(o->limit, STORE_LIMIT_CGROUP);
    assert_true(o->kappa == 2);
    assert_true(o->has_forecast);
    assert_true(o->left.lo_s < o->left.seconds && o->left.seconds < o->left.hi_s);
    double minutes = (1000 - (double)target(store)->total.inuse_bytes / (double)MIB);
    assert_true(fabs(o->left.seconds / 60 / minutes - 1) < .25);
    seen.go_limit_bytes = 500 * MIB;
    seen.at = fleet_minute(301);
    assert_true(store_learn_memory(store, 1, &seen));
    assert_int_equal(o->limit, STORE_LIMIT_GO);
    assert_true(o->limit_bytes == 500.0 * (double)MIB);
    assert_false(store_learn_memory(store, 2, &seen));
    store_free(&store);
}

static void test_what_does_not_leak_has_no_time_left(void **state)
{
    (void)state;
    struct store *store = fleet_store_new(NULL);
    fleet_set_targets(store, 1, 0);
    watch(store, 0, 200, 0);
    struct store_memory_look seen = look(200, 200 * MIB);
    seen.cgroup_bytes = 300 * MIB;
    assert_true(store_learn_memory(store, 1, &seen));
    const struct store_outlook *o = &target(store)->outlook;
    assert_int_equal(o->limit, STORE_LIMIT_CGROUP);
    assert_false(o->has_forecast || o->has_rest || o->is_diffuse);
    assert_int_equal(o->onset_to.ns, 0);
    store_free(&store);
}

static void test_kappa_is_the_median_of_an_hour(void **state)
{
    (void)state;
    struct store *store = fleet_store_new(NULL);
    fleet_set_targets(store, 1, 0);
    watch(store, 0, 2, 0); /* 80 MiB live */
    static const int64_t rss_mib[] = {8000, 160, 800, 80};
    static const int minutes[] = {5, 70, 80, 90};
    for (int i = 0; i < 4; i++) {
        struct store_memory_look seen = look(minutes[i], rss_mib[i] * MIB);
        assert_true(store_learn_memory(store, 1, &seen));
    }
    assert_true(store_memory_kappa(&target(store)->memory) == 2);
    for (int i = 0; i < 2 * STORE_MEMORY_PAST; i++) {
        struct store_memory_look seen = look(100 + 120 * i, 240 * MIB);
        assert_true(store_learn_memory(store, 1, &seen));
    }
    assert_int_equal(target(store)->memory.past_count, STORE_MEMORY_PAST);
    assert_true(store_memory_kappa(&target(store)->memory) == 3);
    struct store_memory_look older = look(50, 8000 * MIB);
    assert_true(store_learn_memory(store, 1, &older)); /* comes late, and is left out */
    assert_true(store_memory_kappa(&target(store)->memory) == 3);
    store_free(&store);
}

static void test_a_restart_lets_go_of_memory(void **state)
{
    (void)state;
    struct store *store = fleet_store_new(NULL);
    fleet_set_targets(store, 1, 0);
    watch(store, 0, 20, 0);
    struct store_memory_look seen = look(20, 160 * MIB);
    assert_true(store_learn_memory(store, 1, &seen));
    store_set_memory_due(store, 1, (struct lw_mono){1000});
    store_set_goroutines_due(store, 1, (struct lw_mono){1000});
    assert_true(watch_minute(store, 21, 0, 0));
    assert_int_equal(target(store)->memory.newest.at.ns, 0);
    assert_true(store_memory_kappa(&target(store)->memory) == 0);
    assert_int_equal(target(store)->memory_due.ns, 0);
    assert_int_equal(target(store)->goroutines_due.ns, 0);
    store_free(&store);
}

/* ---- since which build ---- */

static void assert_first_seen(const struct store *store, const char *version, const char *absent_in)
{
    struct store_first_seen seen;
    assert_true(store_first_seen(target(store), NULL, &seen));
    assert_string_equal(seen.version, version);
    if (absent_in)
        assert_string_equal(seen.absent_in, absent_in);
    else
        assert_null(seen.absent_in);
}

static void test_a_leak_is_first_seen_in_a_build(void **state)
{
    (void)state;
    char set_aside[STORE_PATH_BYTES];
    struct store *store = fleet_store_new(fleet_open_db(set_aside));
    fleet_set_targets(store, 1, 0);
    watch_build(store, 0, 200, "v1.8.1", 0);
    watch_build(store, 200, 300, "v1.8.2", MIB);
    assert_first_seen(store, "v1.8.2", "v1.8.1");
    watch_build(store, 500, 300, "v1.8.3", MIB); /* it leaks on */
    assert_first_seen(store, "v1.8.2", "v1.8.1");
    fleet_write_batch(store, 800);
    store_free(&store);

    store = fleet_store_new(fleet_open_db(set_aside));
    assert_string_equal(set_aside, "");
    fleet_set_targets(store, 1, 801);
    assert_first_seen(store, "v1.8.2", "v1.8.1");
    struct store_first_seen seen;
    const struct store_row *steady = &target(store)->sites.list[1];
    assert_false(store_first_seen(target(store), steady, &seen));
    store_free(&store);
}

static void test_a_build_seen_for_short_says_nothing(void **state)
{
    (void)state;
    struct store *store = fleet_store_new(NULL);
    fleet_set_targets(store, 1, 0);
    watch_build(store, 0, 100, "v1", 0);
    watch_build(store, 100, 300, "v2", MIB);
    assert_first_seen(store, "v2", NULL);
    store_free(&store);
}

static void test_a_leak_may_turn_out_to_be_older(void **state)
{
    (void)state;
    struct store *store = fleet_store_new(NULL);
    fleet_set_targets(store, 1, 0);
    watch_build(store, 0, 200, "v1", 0);
    watch_build(store, 200, 200, "v2", 0);
    watch_build(store, 400, 300, "v3", MIB);
    assert_first_seen(store, "v3", "v2");
    watch_build(store, 700, 300, "v2", MIB); /* rolled back, and more load */
    assert_first_seen(store, "v2", "v1");
    store_free(&store);
}

static void test_without_a_binary_the_build_is_unknown(void **state)
{
    (void)state;
    struct store *store = fleet_store_new(NULL);
    fleet_set_targets(store, 1, 0);
    watch(store, 0, 300, MIB);
    struct store_first_seen seen;
    assert_int_equal(target(store)->outlook.leaking_sites, 1);
    assert_false(store_first_seen(target(store), NULL, &seen));
    store_free(&store);
}

static void fill_sightings(struct sightings *s)
{
    for (uint64_t i = 1; i <= 2 * SIGHTINGS_MAX; i++) {
        char name[32];
        snprintf(name, sizeof name, "b%d", (int)i);
        struct store_build build = {.id = i,
            .binary_id = name,
            .version = (char *)"(devel)",
            .vcs_revision = (char *)"0123abcd"};
        if (i <= 2 * SIGHTINGS_BUILDS_MAX)
            sightings_watch(s, &build, fleet_minute((int)i), 1e6);
        uint64_t build_id = i < 2 * SIGHTINGS_BUILDS_MAX ? i : 2 * SIGHTINGS_BUILDS_MAX;
        assert_true(sightings_note(s, 1000 + i, build_id, fleet_minute((int)i), 1));
    }
}

static void test_sightings_are_bounded(void **state)
{
    (void)state;
    struct sightings *s = LW_NEW(struct sightings);
    assert_false(sightings_note(s, 7, 1, fleet_minute(0), 1)); /* nobody watched that build */
    fill_sightings(s);
    assert_int_equal(s->build_count, SIGHTINGS_BUILDS_MAX);
    assert_int_equal(s->count, SIGHTINGS_MAX);
    assert_null(sightings_find(s, 1001));
    assert_null(sightings_find_build(s, 1));
    for (size_t i = 0; i < s->count; i++) {
        assert_non_null(sightings_find_build(s, s->list[i].build));
        if (s->list[i].absent)
            assert_non_null(sightings_find_build(s, s->list[i].absent));
    }
    sightings_fini(s);
    free(s);
}

static void test_an_image_of_sightings_is_checked(void **state)
{
    (void)state;
    struct sightings *s = LW_NEW(struct sightings), *back = LW_NEW(struct sightings);
    struct lw_strbuf image;
    struct lw_err err;
    fill_sightings(s);
    lw_strbuf_init(&image, 1 << 20);
    sightings_encode(s, &image);
    assert_int_equal(sightings_decode(image.data, image.len, back, &err), 0);
    assert_int_equal(back->count, s->count);
    assert_memory_equal(back->list, s->list, s->count * sizeof *s->list);
    assert_string_equal(back->builds[3].binary_id, s->builds[3].binary_id);
    sightings_fini(back);
    for (size_t len = 0; len < image.len; len++) {
        assert_int_equal(sightings_decode(image.data, len, back, &err), -1);
        assert_int_equal(err.code, LW_CORRUPT);
    }
    image.data[1] = 127; /* more builds than there can be */
    assert_int_equal(sightings_decode(image.data, image.len, back, &err), -1);
    lw_strbuf_fini(&image);
    sightings_fini(s);
    free(back);
    free(s);
}

/* Of a process that ran so many cycles so far, of which runtime.GC asked for some. */
static struct store_memory_look gc_look(int minute, int64_t cycles, int64_t forced)
{
    struct store_memory_look seen = look(minute, 160 * MIB);
    seen.stats.num_gc = cycles;
    seen.stats.num_forced_gc = forced;
    return seen;
}

static void test_cycles_of_the_collector_a_minute(void **state)
{
    (void)state;
    static const struct {
        int64_t cycles[2];
        int64_t forced[2];
        int minutes;
        double wanted; /* negative: not known */
    } rows[] = {
        {{100, 160}, {0, 0}, 10, 6},
        {{100, 162}, {1, 3}, 10, 6}, /* two of them were captures */
        {{100, 100}, {0, 0}, 10, 0},
        {{0, 60}, {0, 0}, 10, -1}, /* not told, or an older image */
        {{100, 60}, {0, 0}, 10, -1},
        {{100, 101}, {0, 5}, 10, -1}, /* no such process */
        {{100, 160}, {0, 0}, 0, -1},
        {{1, INT64_MAX}, {0, 0}, 10, (double)INT64_MAX / 10},
        {{100, INT64_MAX}, {INT64_MAX, 0}, 10, (double)INT64_MAX / 5},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct store_memory_look before = gc_look(0, rows[i].cycles[0], rows[i].forced[0]);
        struct store_memory_look now =
            gc_look(rows[i].minutes, rows[i].cycles[1], rows[i].forced[1]);
        double a_minute = store_memory_gc_frequency(&before, &now);
        if (rows[i].wanted < 0)
            assert_true(isnan(a_minute));
        else
            assert_true(fabs(a_minute - rows[i].wanted) <= rows[i].wanted * 1e-9);
    }
}

static const struct store_usage *only_usage(const struct store *store)
{
    const struct store_usage *usage = NULL;
    size_t at = 0;
    assert_true(store_usage_next(store, &at, &usage));
    return usage;
}

/* A restart in between is one that counters show: then there is nothing to compare with. */
static void test_the_gate_is_told_how_often_the_collector_runs(void **state)
{
    (void)state;
    struct store *store = fleet_store_new(NULL);
    fleet_set_targets(store, 1, 0);
    watch(store, 0, 3, 0);
    run_build(store, "b1", "v1");
    static const int64_t cycles[] = {100, 160, 220, 20, 80};
    for (int i = 0; i < 5; i++) {
        struct store_memory_look seen = gc_look(10 * i, cycles[i], 0);
        assert_true(store_learn_memory(store, 1, &seen));
    }
    const struct gate_history *history = &only_usage(store)->measures[GATE_GC_FREQUENCY];
    assert_int_equal(gate_history_count(history, fleet_minute(50)), 3);
    assert_true(fabs(gate_history_quantile(history, fleet_minute(50), 1) / 6 - 1) < 0.023);
    store_free(&store);
}

/* ---- the file ---- */

static void test_memory_comes_back(void **state)
{
    (void)state;
    char set_aside[STORE_PATH_BYTES];
    struct store *store = fleet_store_new(fleet_open_db(set_aside));
    fleet_set_targets(store, 1, 0);
    watch(store, 0, 3, 0);
    struct store_memory_look seen = look(3, 160 * MIB);
    seen.stats.next_gc = 123;
    seen.stats.gc_cpu_fraction = .25;
    seen.stats.num_gc = 77;
    seen.go_limit_bytes = 456;
    assert_true(store_learn_memory(store, 1, &seen));
    fleet_write_batch(store, 4);
    store_free(&store);
    store = fleet_store_new(fleet_open_db(set_aside));
    fleet_set_targets(store, 1, 5);
    const struct store_memory *memory = &target(store)->memory;
    assert_int_equal(memory->newest.at.ns, fleet_minute(3).ns);
    assert_int_equal(memory->newest.stats.next_gc, 123);
    assert_true(memory->newest.stats.gc_cpu_fraction == .25);
    assert_int_equal(memory->newest.stats.num_gc, 77);
    assert_int_equal(memory->newest.go_limit_bytes, 456);
    assert_int_equal(memory->past_count, 1);
    assert_true(store_memory_kappa(memory) == 2);
    store_free(&store);
}

/* A file of the release before has no table of jobs, and shorter images of targets. */
static void test_a_file_of_schema_1_is_taken_over(void **state)
{
    (void)state;
    char set_aside[STORE_PATH_BYTES];
    struct store *store = fleet_store_new(fleet_open_db(set_aside));
    fleet_set_targets(store, 1, 0);
    watch(store, 0, 3, 0);
    fleet_write_batch(store, 4);
    store_free(&store);
    fleet_run_sql("DROP TABLE job; DROP TABLE usage; DROP TABLE fate; PRAGMA user_version = 1;"
                  "UPDATE target SET image = CAST(X'01' || substr(image, 2, 64) AS BLOB);");
    store = fleet_store_new(fleet_open_db(set_aside));
    assert_string_equal(set_aside, "");
    fleet_set_targets(store, 1, 5);
    assert_int_equal(target(store)->last_heap.ns, fleet_minute(2).ns);
    assert_int_equal(target(store)->memory.newest.at.ns, 0);
    assert_int_equal(store_stats(store)->images_refused, 0);
    run_build(store, "b1", "v1");
    watch_minute(store, 6, 6, 0);
    fleet_write_batch(store, 7); /* the job's row, too */
    store_free(&store);
}

/* Older images lack what tells how often the collector runs; the rest of them counts. */
static void test_images_without_cycles_are_taken_over(void **state)
{
    (void)state;
    char set_aside[STORE_PATH_BYTES];
    struct store *store = fleet_store_new(fleet_open_db(set_aside));
    fleet_set_targets(store, 1, 0);
    watch(store, 0, 3, 0);
    run_build(store, "b1", "v1");
    struct store_memory_look seen = gc_look(3, 77, 7);
    seen.stats.gc_cpu_fraction = .25;
    assert_true(store_learn_memory(store, 1, &seen));
    fleet_write_batch(store, 4);
    store_free(&store);
    fleet_run_sql("UPDATE target SET image ="
                  "  CAST(X'02' || substr(image, 2, 216) || substr(image, 234, 44) AS BLOB);"
                  "UPDATE usage SET image ="
                  "  CAST(X'01' || substr(image, 2, length(image) - 129) AS BLOB);");
    store = fleet_store_new(fleet_open_db(set_aside));
    fleet_set_targets(store, 1, 5);
    const struct store_memory *memory = &target(store)->memory;
    assert_int_equal(memory->newest.rss_bytes, 160 * MIB);
    assert_true(memory->newest.stats.gc_cpu_fraction == .25);
    assert_int_equal(memory->newest.stats.num_gc, 0);
    assert_int_equal(memory->past_count, 1);
    const struct store_usage *usage = only_usage(store);
    assert_int_equal(gate_history_count(&usage->measures[GATE_GC], fleet_minute(5)), 1);
    assert_int_equal(gate_history_count(&usage->measures[GATE_GC_FREQUENCY], fleet_minute(5)), 0);
    assert_int_equal(store_stats(store)->images_refused, 0);
    store_free(&store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_leak_has_a_rate_and_an_onset),
        cmocka_unit_test(test_the_limit_that_is_met_first_is_told),
        cmocka_unit_test(test_what_does_not_leak_has_no_time_left),
        cmocka_unit_test(test_kappa_is_the_median_of_an_hour),
        cmocka_unit_test(test_a_restart_lets_go_of_memory),
        cmocka_unit_test(test_cycles_of_the_collector_a_minute),
        cmocka_unit_test(test_the_gate_is_told_how_often_the_collector_runs),
        cmocka_unit_test_setup_teardown(
            test_a_leak_is_first_seen_in_a_build, fleet_make_dir, fleet_remove_dir),
        cmocka_unit_test(test_a_build_seen_for_short_says_nothing),
        cmocka_unit_test(test_a_leak_may_turn_out_to_be_older),
        cmocka_unit_test(test_without_a_binary_the_build_is_unknown),
        cmocka_unit_test(test_sightings_are_bounded),
        cmocka_unit_test(test_an_image_of_sightings_is_checked),
        cmocka_unit_test_setup_teardown(test_memory_comes_back, fleet_make_dir, fleet_remove_dir),
        cmocka_unit_test_setup_teardown(
            test_a_file_of_schema_1_is_taken_over, fleet_make_dir, fleet_remove_dir),
        cmocka_unit_test_setup_teardown(
            test_images_without_cycles_are_taken_over, fleet_make_dir, fleet_remove_dir),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
