/* What the API says of a target's process besides its heap, and of the target as a whole. */
#include "fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "api/api.h"
#include "base/mem.h"
#include "http/request.h"

#define TARGET "/api/v1/targets/0000000000000001"

struct fixture {
    struct store *store;
    struct config *config;
    struct api_view view;
    struct http_router *router;
    cJSON *answer; /* the last */
};

static void error_page(void *ctx, const struct http_request *request, const struct lw_err *err,
    struct http_response *response)
{
    (void)ctx;
    (void)request;
    api_error(response, err);
}

static int set_up(void **state)
{
    static const char yaml[] = "scrape_configs: [{job_name: shop}]";
    struct fixture *f = LW_NEW(struct fixture);
    struct lw_err err;
    f->store = fleet_store_new(NULL);
    f->config = config_parse(yaml, strlen(yaml), "leakwatchd.yml", &err);
    assert_non_null(f->config);
    f->view = (struct api_view){
        .store = f->store, .config = &f->config, .version = "1.2.3", .revision = "abc"};
    f->router = http_router_new(error_page, NULL);
    api_routes_add(f->router, &f->view);
    fleet_set_targets(f->store, 1, 0);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    cJSON_Delete(f->answer);
    http_router_free(&f->router);
    config_unref(&f->config);
    store_free(&f->store);
    free(f);
    return 0;
}

/* The data of an answer; borrowed until the next. */
static const cJSON *get(struct fixture *f, const char *path, int status)
{
    struct http_response response = {0};
    struct http_request request = {
        .method = "GET", .path = path, .accept = "", .accept_encoding = "", .if_none_match = ""};
    http_router_answer(f->router, &request, &response);
    assert_int_equal(response.status, status);
    cJSON_Delete(f->answer);
    f->answer = cJSON_Parse(response.body);
    http_response_fini(&response);
    assert_non_null(f->answer);
    return cJSON_GetObjectItem(f->answer, "data");
}

static const cJSON *at(const cJSON *json, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, name);
    if (!item)
        fail_msg("there is no \"%s\"", name);
    return item;
}

static double number(const cJSON *json, const char *name)
{
    assert_true(cJSON_IsNumber(at(json, name)));
    return at(json, name)->valuedouble;
}

static const char *text(const cJSON *json, const char *name)
{
    assert_true(cJSON_IsString(at(json, name)));
    return at(json, name)->valuestring;
}

static void watch(struct fixture *f, int minutes)
{
    for (int m = 0; m < minutes; m++) {
        struct fleet_site sites[] = {
            {1, (64 + m) * MIB, (64 + 2 * m) * MIB}, {2, 16 * MIB, (16 + m) * MIB}};
        fleet_ingest(f->store, 1, m, sites, 2);
        if (m == 0)
            fleet_learn(f->store, 1);
    }
}

static void test_what_is_not_known_is_null(void **state)
{
    struct fixture *f = *state;
    static const char *const members[] = {
        "leak", "timeToLimit", "limit", "onset", "firstSeenIn", "goroutines"};
    const cJSON *target = get(f, TARGET, 200);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        assert_true(cJSON_IsNull(at(target, members[i])));
    static const char *const parts[] = {"at", "rss", "inuse", "idle", "stacks", "runtime", "other",
        "limit", "gomemlimit", "nextGC", "gcCPUFraction", "residentPerLive"};
    const cJSON *memory = get(f, TARGET "/memory", 200);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        assert_true(cJSON_IsNull(at(memory, parts[i])));
    assert_int_equal(cJSON_GetArraySize(at(memory, "history")), 0);
    const cJSON *goroutines = get(f, TARGET "/goroutines", 200);
    assert_int_equal(cJSON_GetArraySize(at(goroutines, "groups")), 0);
    assert_true(cJSON_IsNull(at(goroutines, "at")));
    get(f, "/api/v1/targets/0000000000000002/memory", 404);
    get(f, "/api/v1/targets/nonsense/goroutines", 400);
}

static void test_a_leak_says_what_it_comes_to(void **state)
{
    struct fixture *f = *state;
    watch(f, 300);
    struct store_memory_look look = {.at = fleet_minute(300),
        .rss_bytes = 800 * MIB,
        .cgroup_bytes = 2000 * MIB,
        .stats = {.heap_inuse = 500 * MIB,
            .heap_idle = 30 * MIB,
            .heap_released = 10 * MIB,
            .stack_sys = 7,
            .gc_sys = 5,
            .buck_hash_sys = 6,
            .other_sys = 3}};
    assert_true(store_learn_memory(f->store, 1, &look));
    const cJSON *target = get(f, TARGET, 200);
    const cJSON *left = at(target, "timeToLimit");
    assert_true(number(left, "lo") < number(left, "seconds"));
    assert_true(number(left, "seconds") < number(left, "hi"));
    assert_string_equal(text(at(target, "limit"), "source"), "cgroup");
    assert_true(number(at(target, "limit"), "bytes") == 2000.0 * (double)MIB);
    assert_true(number(at(target, "leak"), "sites") == 1);
    assert_true(cJSON_IsFalse(at(at(target, "leak"), "diffuse")));
    assert_string_equal(text(at(target, "firstSeenIn"), "version"), "v1");
    assert_string_equal(text(at(target, "firstSeenIn"), "buildId"), "b1");
    assert_true(cJSON_IsNull(at(at(target, "firstSeenIn"), "absentIn")));
    assert_true(strcmp(text(at(target, "onset"), "from"), text(at(target, "onset"), "to")) < 0);
    const cJSON *memory = get(f, TARGET "/memory", 200);
    assert_true(number(memory, "rss") == 800.0 * (double)MIB);
    assert_true(number(memory, "idle") == 20.0 * (double)MIB);
    assert_true(number(memory, "runtime") == 11);
    assert_true(number(memory, "limit") == 2000.0 * (double)MIB);
    assert_true(cJSON_IsNull(at(memory, "gomemlimit")));
    assert_int_equal(cJSON_GetArraySize(at(memory, "history")), 1);
}

static void test_goroutines_are_told_by_stack(void **state)
{
    struct fixture *f = *state;
    static const struct profile_frame park = {.function = "runtime.gopark", .file = "proc.go"};
    static const struct profile_frame receive = {.function = "runtime.selectgo", .file = "s.go"};
    static const struct profile_frame own = {.function = "main.f1", .file = "main.go", .line = 3};
    static const struct profile_frame *const frames[] = {&park, &receive, &own};
    watch(f, 300);
    struct profile_goroutines_group group = {
        .id = 7, .frames = frames, .frame_count = 3, .leaf = 2, .responsible = 2};
    struct profile_goroutines all = {.groups = &group, .group_count = 1};
    for (int m = 0; m < 200; m++) {
        all.total = group.count = 100 + 2 * m;
        assert_true(store_learn_goroutines(f->store, 1, fleet_minute(m), &all));
    }
    const cJSON *answer = get(f, TARGET "/goroutines", 200);
    assert_true(number(answer, "total") == 498);
    const cJSON *g = cJSON_GetArrayItem(at(answer, "groups"), 0);
    assert_string_equal(text(g, "id"), "0000000000000007");
    assert_string_equal(text(g, "wait"), "select");
    assert_string_equal(text(g, "verdict"), "leak");
    assert_string_equal(text(at(g, "responsible"), "function"), "main.f1");
    assert_int_equal(cJSON_GetArraySize(at(g, "stack")), 3);
    assert_true(number(g, "growthPerHour") > 115 && number(g, "growthPerHour") < 125);
    assert_int_equal(cJSON_GetArraySize(at(g, "joins")), 1);
    const cJSON *join = cJSON_GetArrayItem(at(g, "joins"), 0);
    assert_string_equal(text(join, "type"), "main.Session");
    const cJSON *whole = at(get(f, TARGET, 200), "goroutines");
    assert_true(number(whole, "count") == 498);
    assert_true(number(whole, "growth") > 115 && number(whole, "growth") < 125);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_what_is_not_known_is_null),
        TEST(test_a_leak_says_what_it_comes_to),
        TEST(test_goroutines_are_told_by_stack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
