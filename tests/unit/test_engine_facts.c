/* What is copied of the store for a report. */
#include "fleet.h"

#include "engine/facts.h"

#define SITES   16 /* of which a store of the fleet follows 8 */
#define MINUTES 300

/* A process whose large sites are steady. Its small ones, which nobody follows, grow together. */
static void scrape_diffuse(struct store *store, uint64_t target_id, int minute, int64_t growth)
{
    struct fleet_site sites[SITES];
    for (int i = 0; i < SITES; i++) {
        bool is_small = i >= SITES / 2;
        int64_t inuse = is_small ? MIB + growth * minute : 64 * MIB;
        sites[i] = (struct fleet_site){i + 1, inuse, inuse + minute * MIB};
    }
    fleet_ingest(store, target_id, minute, sites, SITES);
}

/* A process of which one site grows. */
static void scrape_leak(struct store *store, uint64_t target_id, int minute, int64_t growth)
{
    struct fleet_site sites[] = {
        {1, 64 * MIB + growth * minute, 64 * MIB + (growth + MIB) * minute},
        {2, 16 * MIB, 16 * MIB + minute * MIB},
    };
    fleet_ingest(store, target_id, minute, sites, 2);
}

/* Three replicas, of which the first and the last grow. */
static struct store *watch(void (*scrape)(struct store *, uint64_t, int, int64_t), int64_t growth)
{
    struct store *store = fleet_store_new(NULL);
    fleet_set_targets(store, 3, 0);
    for (int minute = 0; minute < MINUTES; minute++) {
        for (uint64_t id = 1; id <= 3; id++)
            scrape(store, id, minute, id == 2 ? 0 : growth);
    }
    return store;
}

static void test_replicas_of_a_growing_total(void **state)
{
    (void)state;
    struct store *store = watch(scrape_diffuse, MIB / 16);
    struct facts *facts = facts_new(store, store_target_find(store, 1));
    assert_int_equal(facts->subject, 0);
    assert_string_not_equal(facts->report.subject.verdict, "");
    assert_int_equal(facts->report.replicas, 3);
    assert_int_equal(facts->report.replicas_growing, 2);
    facts_free(&facts);
    store_free(&store);
}

static void test_replicas_of_a_site(void **state)
{
    (void)state;
    struct store *store = watch(scrape_leak, MIB);
    struct facts *facts = facts_new(store, store_target_find(store, 3));
    assert_int_not_equal(facts->subject, 0);
    assert_int_equal(facts->report.subject.stack.count, 1);
    assert_string_equal(facts->report.subject.stack.frames[0].function, "main.f1");
    assert_int_equal(facts->report.replicas, 3);
    assert_int_equal(facts->report.replicas_growing, 2);
    facts_free(&facts);
    store_free(&store);
}

static void test_who_does_well_has_no_growing_replica(void **state)
{
    (void)state;
    struct store *store = watch(scrape_leak, 0);
    struct facts *facts = facts_new(store, store_target_find(store, 1));
    assert_int_equal(facts->subject, 0);
    assert_string_equal(facts->report.subject.verdict, "");
    assert_int_equal(facts->report.replicas, 3);
    assert_int_equal(facts->report.replicas_growing, 0);
    assert_int_equal(facts->report.other_count, 0);
    facts_free(&facts);
    store_free(&store);
}

static void test_a_target_that_nobody_has_scraped(void **state)
{
    (void)state;
    struct store *store = fleet_store_new(NULL);
    fleet_set_targets(store, 1, 0);
    struct facts *facts = facts_new(store, store_target_find(store, 1));
    assert_int_equal(facts->report.replicas, 1);
    assert_int_equal(facts->report.replicas_growing, 0);
    assert_int_equal(facts->group_count, 0);
    assert_string_equal(facts->report.target.job, "shop");
    facts_free(&facts);
    store_free(&store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replicas_of_a_growing_total),
        cmocka_unit_test(test_replicas_of_a_site),
        cmocka_unit_test(test_who_does_well_has_no_growing_replica),
        cmocka_unit_test(test_a_target_that_nobody_has_scraped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
