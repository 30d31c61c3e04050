/* The gate as the API answers it. */
#include "api_room.h"

#include <math.h>

static struct lw_labels *labels_of_build(const char *instance, const char *version)
{
    struct lw_label list[] = {{(char *)"job", (char *)"shop"},
        {(char *)"instance", (char *)instance}, {(char *)"version", (char *)version}};
    return lw_labels_new(list, 3);
}

/* Target 1 runs v1 and target 2 runs v2, each scraped once a minute. */
static void watch_builds(struct api_room *f, int minutes, int64_t v2_inuse_bytes)
{
    struct lw_labels *labels[] = {labels_of_build("a:1", "v1"), labels_of_build("b:1", "v2")};
    store_set_build_label(f->store, "version");
    fleet_set_labelled(f->store, labels, 2);
    for (int i = 0; i < minutes; i++) {
        fleet_ingest(f->store, 1, i, &(struct fleet_site){1, 50 * MIB, (50 + i) * MIB}, 1);
        fleet_ingest(f->store, 2, i, &(struct fleet_site){2, v2_inuse_bytes, (90 + i) * MIB}, 1);
    }
}

#define GATE "/api/v1/gate?job=shop&build="

static void expect_gate(struct api_room *f, const char *url, int status, const char *result)
{
    cJSON *answer = api_room_ask(f, "GET", url, status);
    assert_string_equal(json_at_text(answer, "data.result"), result);
    assert_true(json_at_count(answer, "data.reasons") >= 1);
    cJSON_Delete(answer);
}

static void test_the_gate_compares_builds(void **state)
{
    struct api_room *f = *state;
    watch_builds(f, 120, 52 * MIB);
    expect_gate(f, GATE "v2", 200, "pass");
    cJSON *data = api_room_get(f, GATE "v2");
    assert_string_equal(json_at_text(data, "baseline.build"), "v1");
    assert_string_equal(json_at_text(data, "checks.0.check"), "inuse");
    assert_true(fabs(json_at_number(data, "checks.0.value") / (52 * MIB) - 1) < 0.023);
    cJSON_Delete(data);
}

static void test_the_gate_stops_a_larger_build(void **state)
{
    struct api_room *f = *state;
    watch_builds(f, 120, 70 * MIB);
    expect_gate(f, GATE "v2", 409, "fail");
    expect_gate(f, GATE "v2&soft=1", 200, "fail");
    expect_gate(f, GATE "v1&baseline=v2", 200, "pass");
    expect_gate(f, GATE "v3", 425, "not_enough_data"); /* never seen */
}

static void test_the_gate_waits_for_data(void **state)
{
    struct api_room *f = *state;
    expect_gate(f, GATE "v2", 425, "not_enough_data");
    watch_builds(f, 99, 52 * MIB);
    expect_gate(f, GATE "v2", 425, "not_enough_data");
    api_room_expect_error(
        f, "/api/v1/gate?job=shop", 400, "bad_data", "job and build must be given");
    api_room_expect_error(f, GATE "v2&baseline=v0", 404, "not_found", "no build \"v0\"");
    api_room_expect_error(f, GATE "v2&soft=yes", 400, "bad_data", "is not one of 0, 1");
    api_room_expect_error(f, GATE "v2&baseline=v2", 400, "bad_data", "are the same");
}

static void test_the_gate_stops_a_new_leak(void **state)
{
    struct api_room *f = *state;
    struct lw_labels *labels[] = {labels_of_build("a:1", "v1"), labels_of_build("b:1", "v2")};
    store_set_build_label(f->store, "version");
    fleet_set_labelled(f->store, labels, 2);
    for (int i = 0; i < 150; i++) {
        fleet_ingest(f->store, 1, i, &(struct fleet_site){1, 500 * MIB, (500 + i) * MIB}, 1);
        api_room_scrape(f, 2, i);
    }
    cJSON *answer = api_room_ask(f, "GET", GATE "v2", 409);
    assert_string_equal(json_at_text(answer, "data.newLeaks.0.leaks"), "main.f1");
    assert_string_equal(json_at_text(answer, "data.newLeaks.0.instance"), "b:1");
    cJSON_Delete(answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_API_ROOM(test_the_gate_compares_builds),
        WITH_API_ROOM(test_the_gate_stops_a_larger_build),
        WITH_API_ROOM(test_the_gate_waits_for_data),
        WITH_API_ROOM(test_the_gate_stops_a_new_leak),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
