/* The API without sockets: requests through the router over a store that was filled by hand,
 * answers parsed back. */
#include "fleet.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "api/api.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "http/request.h"

/* ---- asking ---- */

static const char config_text[] = "scrape_configs:\n"
                                  "  - job_name: shop\n"
                                  "    basic_auth: {username: u, password: hunter2}\n"
                                  "    static_configs: [{targets: ['a:1']}]\n";

struct fixture {
    struct store *store;
    struct config *config;
    struct api_view view;
    struct http_router *router;
    char *body; /* of the last answer */

    struct alert_index *index;
    struct api_webhook webhook;
    struct lw_err refusal; /* what captures are refused with; LW_OK: they are not */
    uint64_t captured[8];  /* targets, in order */
    size_t captured_count;
};

static void error_page(void *ctx, const struct http_request *request, const struct lw_err *err,
    struct http_response *response)
{
    (void)ctx;
    (void)request;
    api_error(response, err);
}

static int capture(
    void *ctx, uint64_t target_id, const struct alert_notice *notice, struct lw_err *err)
{
    struct fixture *f = ctx;
    assert_true(notice->firing);
    if (f->refusal.code != LW_OK) {
        *err = f->refusal;
        return -1;
    }
    assert_in_range(f->captured_count, 0, 7);
    f->captured[f->captured_count++] = target_id;
    return 0;
}

static int set_up(void **state)
{
    struct fixture *f = LW_NEW(struct fixture);
    struct lw_err err;
    f->store = fleet_store_new(NULL);
    f->config = config_parse(config_text, strlen(config_text), "leakwatchd.yml", &err);
    assert_non_null(f->config);
    f->view = (struct api_view){
        .store = f->store, .config = &f->config, .version = "1.2.3", .revision = "abc"};
    f->router = http_router_new(error_page, NULL);
    api_routes_add(f->router, &f->view);
    f->index = alert_index_new();
    f->webhook = (struct api_webhook){.store = f->store,
        .config = &f->config,
        .index = &f->index,
        .seen = alert_seen_new(),
        .capture = capture,
        .ctx = f};
    api_webhook_routes_add(f->router, &f->webhook);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    http_router_free(&f->router);
    alert_index_free(&f->index);
    alert_seen_free(&f->webhook.seen);
    config_unref(&f->config);
    store_free(&f->store);
    free(f->body);
    free(f);
    return 0;
}

static void assert_utf8(const char *text)
{
    size_t n;
    while ((n = lw_utf8_sequence(text)))
        text += n;
    assert_int_equal(*text, '\0');
}

/* The whole answer to a request with that body (NULL: none); the caller deletes it. */
static cJSON *ask_with(
    struct fixture *f, const char *method, const char *url, const char *body, int status)
{
    struct http_target target;
    struct http_response response = {0};
    struct lw_err err;
    if (http_target_parse(&target, url, &err) < 0)
        fail_msg("%s: %s", url, err.msg);
    struct http_request request = {.method = method,
        .path = target.path,
        .params = target.params,
        .param_count = target.param_count,
        .accept = "",
        .accept_encoding = "",
        .if_none_match = "",
        .content_type = "application/json",
        .body = body,
        .body_len = body ? strlen(body) : 0};
    http_router_answer(f->router, &request, &response);
    http_target_fini(&target);
    if (response.status != status)
        fail_msg("%.100s: status %d: %s", url, response.status, response.body);
    assert_string_equal(response.content_type, "application/json");
    assert_int_equal(response.len, strlen(response.body));
    assert_utf8(response.body);
    free(f->body);
    f->body = lw_strdup(response.body);
    http_response_fini(&response);
    cJSON *answer = cJSON_Parse(f->body);
    assert_non_null(answer);
    return answer;
}

static cJSON *ask(struct fixture *f, const char *method, const char *url, int status)
{
    return ask_with(f, method, url, NULL, status);
}

/* The data of an answer that must be a success; the caller deletes it. */
static cJSON *get(struct fixture *f, const char *url)
{
    cJSON *answer = ask(f, "GET", url, 200);
    assert_string_equal(cJSON_GetObjectItem(answer, "status")->valuestring, "success");
    cJSON *data = cJSON_DetachItemFromObject(answer, "data");
    assert_non_null(data);
    cJSON_Delete(answer);
    return data;
}

/* An answer that must be a failure of that type and say that. */
static void expect_error(
    struct fixture *f, const char *url, int status, const char *type, const char *says)
{
    cJSON *answer = ask(f, "GET", url, status);
    assert_string_equal(cJSON_GetObjectItem(answer, "status")->valuestring, "error");
    assert_string_equal(cJSON_GetObjectItem(answer, "errorType")->valuestring, type);
    const char *error = cJSON_GetObjectItem(answer, "error")->valuestring;
    if (!strstr(error, says))
        fail_msg("%.100s: \"%s\" does not say \"%s\"", url, error, says);
    cJSON_Delete(answer);
}

/* ---- looking at answers ---- */

/* A member by its path, "heap.verdict" or "suspects.0.site": there must be one. */
static const cJSON *at(const cJSON *json, const char *path)
{
    char copy[256], *save = NULL;
    snprintf(copy, sizeof copy, "%s", path);
    for (char *name = strtok_r(copy, ".", &save); name; name = strtok_r(NULL, ".", &save)) {
        json = cJSON_IsArray(json) ? cJSON_GetArrayItem(json, atoi(name))
                                   : cJSON_GetObjectItemCaseSensitive(json, name);
        if (!json)
            fail_msg("there is no \"%s\" of \"%s\"", name, path);
    }
    return json;
}

static const char *text_at(const cJSON *json, const char *path)
{
    const cJSON *item = at(json, path);
    if (!cJSON_IsString(item))
        fail_msg("\"%s\" is no text", path);
    return item->valuestring;
}

static double number_at(const cJSON *json, const char *path)
{
    const cJSON *item = at(json, path);
    if (!cJSON_IsNumber(item))
        fail_msg("\"%s\" is no number", path);
    return item->valuedouble;
}

static void assert_null_at(const cJSON *json, const char *path)
{
    if (!cJSON_IsNull(at(json, path)))
        fail_msg("\"%s\" is not null", path);
}

static int count_at(const cJSON *json, const char *path)
{
    const cJSON *item = at(json, path);
    assert_true(cJSON_IsArray(item));
    return cJSON_GetArraySize(item);
}

/* ---- heaps ---- */

/* f1 leaks; of f2 nothing is ever freed, but it is full; f3 is too small to be followed. */
static void scrape_minute(struct fixture *f, uint64_t target_id, int minute)
{
    struct fleet_site sites[] = {{1, (9 + minute) * MIB, (90 + 2 * minute) * MIB},
        {2, 30 * MIB, 30 * MIB}, {3, MIB, (9 + minute) * MIB}};
    fleet_ingest(f->store, target_id, minute, sites, 3);
}

static void watch(struct fixture *f, uint64_t target_id, int minutes)
{
    for (int i = 0; i < minutes; i++)
        scrape_minute(f, target_id, i);
}

#define TARGET_1 "/api/v1/targets/0000000000000001"

static const char *const verdict_members[] = {"verdict", "since", "growth_bytes_per_second",
    "growth_lower_bytes_per_second", "growth_upper_bytes_per_second", "growth_bytes",
    "window_seconds", "growing_since", "retention_ratio", "alloc_bytes_per_second",
    "mean_age_seconds", "resolvable_bytes_per_second", "suggested_mem_profile_rate_bytes",
    "restarts", "recurring"};

static void assert_has_verdict(const cJSON *json)
{
    for (size_t i = 0; i < sizeof verdict_members / sizeof *verdict_members; i++)
        at(json, verdict_members[i]);
}

/* ---- targets ---- */

static void test_targets_are_told_as_prometheus_does(void **state)
{
    struct fixture *f = *state;
    fleet_set_targets(f->store, 2, 0);
    cJSON *data = get(f, "/api/v1/targets");
    assert_int_equal(count_at(data, "activeTargets"), 2);
    assert_int_equal(count_at(data, "droppedTargets"), 0);
    assert_true(cJSON_IsObject(at(data, "droppedTargetCounts")));
    const cJSON *t = at(data, "activeTargets.0");
    assert_string_equal(text_at(t, "id"), "0000000000000001");
    assert_string_equal(text_at(t, "labels.instance"), "host1:6060");
    assert_string_equal(text_at(t, "discoveredLabels.job"), "shop");
    assert_string_equal(text_at(t, "scrapePool"), "shop");
    assert_string_equal(text_at(t, "scrapeUrl"), "http://x/debug/pprof/heap");
    assert_string_equal(text_at(t, "globalUrl"), "http://x/debug/pprof/heap");
    assert_string_equal(text_at(t, "health"), "unknown");
    assert_string_equal(text_at(t, "lastError"), "");
    assert_string_equal(text_at(t, "scrapeInterval"), "1m");
    assert_string_equal(text_at(t, "scrapeTimeout"), "10s");
    assert_null_at(t, "lastScrape");
    assert_null_at(t, "build");
    assert_string_equal(text_at(t, "buildError"), "");
    assert_null_at(t, "heap.first_seen");
    assert_has_verdict(at(t, "heap"));
    cJSON_Delete(data);
}

/* What is not known is null: neither NaN nor an infinity, which JSON does not have. */
static void test_a_heap_grows_from_nothing_known(void **state)
{
    struct fixture *f = *state;
    fleet_set_targets(f->store, 1, 0);
    scrape_minute(f, 1, 0);
    cJSON *data = get(f, TARGET_1);
    assert_string_equal(text_at(data, "health"), "up");
    assert_string_equal(text_at(data, "lastScrape"), "2026-01-01T00:00:00.000Z");
    assert_true(number_at(data, "lastScrapeDuration") == 0.005);
    assert_string_equal(text_at(data, "heap.verdict"), "warming");
    assert_null_at(data, "heap.growth_bytes_per_second");
    assert_null_at(data, "heap.growth_lower_bytes_per_second");
    assert_null_at(data, "heap.growth_upper_bytes_per_second");
    assert_null_at(data, "heap.growth_bytes");
    assert_null_at(data, "heap.growing_since");
    assert_true(number_at(data, "heap.inuse_bytes") == 40 * MIB);
    assert_true(number_at(data, "heap.sites") == 3);
    assert_true(number_at(data, "heap.followed_sites") == 2);
    assert_true(number_at(data, "heap.sample_period_bytes") == 524288);
    assert_int_equal(count_at(data, "gates"), TREND_GATE_COUNT);
    assert_string_equal(text_at(data, "gates.0.gate"), "window_s");
    assert_null_at(data, "gates.5.value");
    assert_true(number_at(data, "scrapes.ok") == 1);
    cJSON_Delete(data);

    struct lw_err why;
    lw_err_set(&why, LW_TIMEOUT, "no answer within 10 s");
    store_fail(f->store, 1, &(struct store_scrape){fleet_minute(1), 0, &why});
    data = get(f, TARGET_1);
    assert_string_equal(text_at(data, "health"), "down");
    assert_string_equal(text_at(data, "lastError"), "no answer within 10 s");
    assert_true(number_at(data, "scrapes.timeout") == 1);
    assert_true(number_at(data, "heap.inuse_bytes") == 40 * MIB);
    cJSON_Delete(data);
}

static void test_a_leak_is_told_with_its_reasons(void **state)
{
    struct fixture *f = *state;
    fleet_set_targets(f->store, 1, 0);
    watch(f, 1, 150);
    cJSON *data = get(f, TARGET_1);
    assert_string_equal(text_at(data, "heap.verdict"), "leak");
    assert_true(fabs(number_at(data, "heap.growth_bytes_per_second") - (double)MIB / 60) < 100);
    assert_true(cJSON_IsString(at(data, "heap.since")));
    assert_true(cJSON_IsString(at(data, "heap.growing_since")));
    assert_true(number_at(data, "heap.suspects") == 1);
    int points = count_at(data, "heap.sparkline");
    assert_in_range(points, 10, 48);
    for (int i = 1; i < points; i++)
        assert_true(cJSON_GetArrayItem(at(data, "heap.sparkline"), i)->valuedouble >=
                    cJSON_GetArrayItem(at(data, "heap.sparkline"), i - 1)->valuedouble);
    cJSON_Delete(data);
}

static void test_filters_of_targets(void **state)
{
    struct fixture *f = *state;
    fleet_set_targets(f->store, 2, 0);
    static const struct {
        const char *query;
        int count;
    } cases[] = {{"state=active", 2}, {"state=any", 2}, {"state=dropped", 0},
        {"scrapePool=shop", 2}, {"scrapePool=sho", 0}, {"scrapePool=", 0},
        {"state=active&scrapePool=shop", 2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char url[128];
        snprintf(url, sizeof url, "/api/v1/targets?%s", cases[i].query);
        cJSON *data = get(f, url);
        assert_int_equal(count_at(data, "activeTargets"), cases[i].count);
        cJSON_Delete(data);
    }
}

static void test_what_cannot_be_answered(void **state)
{
    struct fixture *f = *state;
    fleet_set_targets(f->store, 1, 0);
    scrape_minute(f, 1, 0);
    static const struct {
        const char *url, *says;
    } bad[] = {
        {"/api/v1/targets?state=x", "state \"x\" is not one of active, any, dropped"},
        {"/api/v1/targets/1", "target id \"1\" is not sixteen hex digits"},
        {"/api/v1/targets/000000000000000A", "is not sixteen hex digits"},
        {"/api/v1/targets/%3Cscript%3E/sites", "\"<script>\" is not sixteen hex digits"},
        {"/api/v1/targets/%ff%fe", "is not sixteen hex digits"},
        {TARGET_1 "/sites?limit=0", "limit=\"0\" is not an integer from 1 to 8192"},
        {TARGET_1 "/sites?limit=8193", "from 1 to 8192"},
        {TARGET_1 "/sites?limit=", "from 1 to 8192"},
        {TARGET_1 "/types?limit=99999999999999999999", "from 1 to 8192"},
        {TARGET_1 "/types?limit=1e3", "from 1 to 8192"},
        {TARGET_1 "/sites?sort=size", "sort \"size\" is not one of inuse, alloc, growth"},
        {TARGET_1 "/series?site=xyz", "site \"xyz\" is not sixteen hex digits"},
        {TARGET_1 "/series?type=", "type \"\" is not sixteen hex digits"},
        {TARGET_1 "/series?site=0000000000000001&type=0000000000000001",
            "site and type exclude each other"},
        {"/api/v1/suspects?verdict=healthy",
            "verdict \"healthy\" is not one of any, leak, growing"},
        {"/api/v1/suspects?limit=-1", "limit=\"-1\" is not an integer from 1 to 1000"},
    };
    static const struct {
        const char *url, *says;
    } missing[] = {
        {"/api/v1/targets/0000000000000002", "no target has the id 0000000000000002"},
        {"/api/v1/targets/ffffffffffffffff/types", "no target has the id"},
        {TARGET_1 "/series?site=00000000000000aa", "the target has no site 00000000000000aa"},
        {TARGET_1 "/series?type=00000000000000aa", "the target has no type 00000000000000aa"},
        {"/api/v1/nothing", "there is nothing at /api/v1/nothing"},
        {"/api/v1/targets/", "there is nothing at"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        expect_error(f, bad[i].url, 400, "bad_data", bad[i].says);
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++)
        expect_error(f, missing[i].url, 404, "not_found", missing[i].says);
    cJSON_Delete(ask(f, "POST", "/api/v1/targets", 405));

    char url[5000] = "/api/v1/targets/";
    memset(url + strlen(url), 'a', 4096);
    expect_error(f, url, 400, "bad_data", "is not sixteen hex digits");
}

/* ---- sites and types ---- */

static void test_sites_and_what_is_in_none_of_them(void **state)
{
    struct fixture *f = *state;
    fleet_set_targets(f->store, 1, 0);
    watch(f, 1, 60);
    cJSON *data = get(f, TARGET_1 "/sites");
    assert_int_equal(count_at(data, "sites"), 3);
    assert_string_equal(text_at(data, "sites.0.function"), "main.f1");
    const cJSON *site = at(data, "sites.0");
    assert_int_equal(strlen(text_at(site, "id")), 16);
    assert_string_equal(text_at(site, "file"), "/app/main.go");
    assert_true(number_at(site, "line") == 1);
    assert_string_equal(text_at(site, "responsible.function"), "main.f1");
    assert_int_equal(count_at(site, "stack"), 1);
    assert_true(cJSON_IsTrue(at(site, "followed")));
    assert_null_at(site, "type");
    assert_string_equal(text_at(site, "type_source"), "site");
    assert_has_verdict(site);
    const cJSON *small = at(data, "sites.2");
    assert_true(cJSON_IsFalse(at(small, "followed")));
    assert_has_verdict(small);
    assert_null_at(small, "verdict");
    assert_true(number_at(data, "other.inuse_bytes") == 0);
    cJSON_Delete(data);

    static const struct {
        const char *query, *first;
    } orders[] = {{"sort=inuse", "main.f1"}, {"sort=alloc", "main.f1"}, {"sort=growth", "main.f1"}};
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        char url[128];
        snprintf(url, sizeof url, TARGET_1 "/sites?%s&limit=1", orders[i].query);
        data = get(f, url);
        assert_int_equal(count_at(data, "sites"), 1);
        assert_string_equal(text_at(data, "sites.0.function"), orders[i].first);
        assert_true(number_at(data, "other.sites") == 2);
        assert_true(number_at(data, "other.inuse_bytes") == 31 * MIB);
        assert_true(number_at(data, "other.alloc_bytes") == (30 + 9 + 59) * MIB);
        cJSON_Delete(data);
    }
}

static void test_orders_of_sites(void **state)
{
    struct fixture *f = *state;
    fleet_set_targets(f->store, 1, 0);
    for (int i = 0; i < 60; i++) {
        struct fleet_site sites[] = {{1, 90 * MIB, 90 * MIB}, {2, 9 * MIB, (90 + 90 * i) * MIB},
            {3, (9 + i) * MIB, (9 + i) * MIB}};
        fleet_ingest(f->store, 1, i, sites, 3);
    }
    static const char *const firsts[][2] = {
        {"inuse", "main.f1"}, {"alloc", "main.f2"}, {"growth", "main.f3"}};
    for (int i = 0; i < 3; i++) {
        char url[128];
        snprintf(url, sizeof url, TARGET_1 "/sites?sort=%s", firsts[i][0]);
        cJSON *data = get(f, url);
        assert_string_equal(text_at(data, "sites.0.function"), firsts[i][1]);
        cJSON_Delete(data);
    }
}

static void test_types_come_from_the_binary_or_not_at_all(void **state)
{
    struct fixture *f = *state;
    fleet_set_targets(f->store, 1, 0);
    scrape_minute(f, 1, 0);
    store_unlearn(f->store, 1, "no binary of host1:6060 was found");
    cJSON *data = get(f, TARGET_1 "/types");
    assert_int_equal(count_at(data, "types"), 0);
    assert_true(number_at(data, "other.inuse_bytes") == 40 * MIB);
    assert_true(number_at(data, "other.sites") == 3);
    assert_null_at(data, "build");
    assert_string_equal(text_at(data, "buildError"), "no binary of host1:6060 was found");
    cJSON_Delete(data);
    data = get(f, TARGET_1 "/sites");
    assert_string_equal(
        text_at(data, "sites.0.type_unresolved"), "no binary of host1:6060 was found");
    cJSON_Delete(data);

    fleet_learn(f->store, 1);
    scrape_minute(f, 1, 1);
    data = get(f, TARGET_1 "/types");
    assert_int_equal(count_at(data, "types"), 1);
    const cJSON *type = at(data, "types.0");
    assert_int_equal(strlen(text_at(type, "id")), 16);
    assert_string_equal(text_at(type, "type"), "main.Session");
    assert_string_equal(text_at(type, "kind"), "object");
    assert_string_equal(text_at(type, "type_source"), "binary");
    assert_string_equal(text_at(type, "type_import_path"), "shop");
    assert_string_equal(text_at(type, "type_module"), "shop");
    assert_string_equal(text_at(type, "type_version"), "v1");
    assert_string_equal(text_at(type, "type_unresolved"), "");
    assert_true(number_at(type, "sites") == 2);
    assert_true(number_at(type, "inuse_bytes") == 40 * MIB);
    assert_true(cJSON_IsTrue(at(type, "followed")));
    assert_has_verdict(type);
    assert_true(number_at(data, "other.inuse_bytes") == MIB);
    assert_true(number_at(data, "other.sites") == 1);
    assert_string_equal(text_at(data, "build.id"), "b1");
    assert_string_equal(text_at(data, "build.module"), "shop");
    assert_string_equal(text_at(data, "build.go_version"), "go1.22");
    assert_string_equal(text_at(data, "build.source"), "config");
    assert_true(number_at(data, "build.sites_typed") == 3);
    cJSON_Delete(data);

    data = get(f, TARGET_1 "/sites");
    assert_string_equal(text_at(data, "sites.0.type"), "main.Session");
    assert_null_at(data, "sites.2.type");
    assert_string_equal(text_at(data, "sites.2.kind"), "object");
    assert_string_equal(text_at(data, "sites.2.type_unresolved"), "reflect");
    cJSON_Delete(data);
}

/* ---- series ---- */

static void expect_series(struct fixture *f, const char *key, const char *id, double inuse_bytes)
{
    char url[128];
    snprintf(url, sizeof url, TARGET_1 "/series?%s=%s", key, id);
    cJSON *data = get(f, url);
    assert_string_equal(text_at(data, "target"), "0000000000000001");
    assert_string_equal(text_at(data, key), id);
    assert_null_at(data, strcmp(key, "site") == 0 ? "type" : "site");
    int count = count_at(data, "blocks");
    assert_in_range(count, 5, TREND_BLOCKS_MAX);
    double end = 0;
    for (int i = 0; i < count; i++) {
        const cJSON *block = cJSON_GetArrayItem(at(data, "blocks"), i);
        assert_true(number_at(block, "start") >= end);
        end = number_at(block, "end");
        assert_true(end >= number_at(block, "start"));
        assert_true(number_at(block, "inuse_bytes") >= number_at(block, "inuse_min_bytes"));
        at(block, "alloc_bytes");
    }
    const cJSON *last = cJSON_GetArrayItem(at(data, "blocks"), count - 1);
    assert_true(fabs(number_at(last, "inuse_bytes") - inuse_bytes) < (double)MIB);
    cJSON_Delete(data);
}

static void test_series_of_the_total_a_site_and_a_type(void **state)
{
    struct fixture *f = *state;
    fleet_set_targets(f->store, 1, 0);
    scrape_minute(f, 1, 0);
    fleet_learn(f->store, 1);
    for (int i = 1; i < 40; i++)
        scrape_minute(f, 1, i);
    cJSON *data = get(f, TARGET_1 "/series");
    assert_null_at(data, "site");
    assert_null_at(data, "type");
    assert_has_verdict(data);
    assert_true(count_at(data, "blocks") > 5);
    cJSON_Delete(data);
    data = get(f, TARGET_1 "/sites");
    expect_series(f, "site", text_at(data, "sites.0.id"), 48 * (double)MIB);
    char url[128];
    snprintf(url, sizeof url, TARGET_1 "/series?site=%s", text_at(data, "sites.2.id"));
    expect_error(f, url, 404, "not_found", "is too small to be followed so far");
    cJSON_Delete(data);
    data = get(f, TARGET_1 "/types");
    expect_series(f, "type", text_at(data, "types.0.id"), 78 * (double)MIB);
    cJSON_Delete(data);
}

/* ---- suspects ---- */

/* f1 leaks at the given rate, f2 is flat. */
static void leak(struct fixture *f, uint64_t target_id, int minute, int64_t bytes_per_minute)
{
    struct fleet_site sites[] = {
        {1, 9 * MIB + minute * bytes_per_minute, 90 * MIB + minute * bytes_per_minute},
        {2, 30 * MIB, (30 + minute) * MIB}};
    fleet_ingest(f->store, target_id, minute, sites, 2);
}

static void test_the_newest_heap_as_a_flame_tree(void **state)
{
    struct fixture *f = *state;
    fleet_set_targets(f->store, 1, 0);
    watch(f, 1, 2);
    cJSON *data = get(f, TARGET_1 "/flame");
    assert_string_equal(text_at(data, "name"), "total");
    assert_string_equal(text_at(data, "unit"), "bytes");
    assert_int_equal((int64_t)number_at(data, "value"), 41 * MIB);
    assert_string_equal(text_at(data, "children.0.name"), "main.f2");
    assert_int_equal((int64_t)number_at(data, "children.0.value"), 30 * MIB);
    assert_int_equal(count_at(data, "children.0.children"), 0);
    cJSON_Delete(data);
    data = get(f, TARGET_1 "/flame?sample=alloc_space&by=type");
    assert_string_equal(text_at(data, "children.0.name"), "main.f1");
    cJSON_Delete(data);
    expect_error(f, TARGET_1 "/flame?sample=cpu", 400, "bad_data", "sample \"cpu\"");
    expect_error(f, TARGET_1 "/flame?by=line", 400, "bad_data", "by \"line\"");
    expect_error(f, "/api/v1/targets/000000000000000f/flame", 404, "not_found", "no target");
}

static void test_a_flame_tree_by_type(void **state)
{
    struct fixture *f = *state;
    fleet_set_targets(f->store, 1, 0);
    watch(f, 1, 1);
    fleet_learn(f->store, 1);
    scrape_minute(f, 1, 1);
    cJSON *data = get(f, TARGET_1 "/flame?by=type");
    assert_string_equal(text_at(data, "children.0.name"), "main.f2");
    assert_string_equal(text_at(data, "children.0.children.0.name"), "main.Session");
    assert_int_equal((int64_t)number_at(data, "children.0.children.0.value"), 30 * MIB);
    cJSON_Delete(data);
}

static void test_suspects_worst_first(void **state)
{
    struct fixture *f = *state;
    fleet_set_targets(f->store, 4, 0);
    for (int i = 0; i < 150; i++) {
        leak(f, 1, i, MIB);
        leak(f, 2, i, 0);
        leak(f, 3, i, 3 * MIB);
        if (i >= 100) /* too young for a verdict of its own */
            leak(f, 4, i, 9 * MIB);
    }
    cJSON *data = get(f, "/api/v1/suspects");
    assert_int_equal(count_at(data, "suspects"), 3);
    assert_true(number_at(data, "count") == 3);
    assert_string_equal(text_at(data, "suspects.0.target.instance"), "host3:6060");
    assert_string_equal(text_at(data, "suspects.1.target.instance"), "host1:6060");
    assert_string_equal(text_at(data, "suspects.2.target.instance"), "host4:6060");
    assert_string_equal(text_at(data, "suspects.2.verdict"), "growing");
    const cJSON *s = at(data, "suspects.0");
    assert_string_equal(text_at(s, "verdict"), "leak");
    assert_string_equal(text_at(s, "target.id"), "0000000000000003");
    assert_string_equal(text_at(s, "target.job"), "shop");
    assert_string_equal(text_at(s, "target.labels.instance"), "host3:6060");
    assert_null_at(s, "target.build");
    assert_string_equal(text_at(s, "site.responsible.function"), "main.f1");
    assert_null_at(s, "type");
    assert_string_equal(text_at(s, "type_source"), "site");
    assert_has_verdict(s);
    assert_true(number_at(s, "inuse_bytes") == (9 + 3 * 149) * MIB);
    assert_true(number_at(s, "retention_ratio") > 0.99);
    assert_int_equal(count_at(s, "gates"), TREND_GATE_COUNT);
    assert_true(count_at(s, "sparkline") > 10);
    cJSON_Delete(data);

    static const struct {
        const char *query;
        int shown, count;
    } cases[] = {{"verdict=leak", 2, 2}, {"verdict=growing", 1, 1}, {"verdict=any", 3, 3},
        {"limit=1", 1, 3}, {"job=shop", 3, 3}, {"job=nobody", 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char url[128];
        snprintf(url, sizeof url, "/api/v1/suspects?%s", cases[i].query);
        data = get(f, url);
        assert_int_equal(count_at(data, "suspects"), cases[i].shown);
        assert_true(number_at(data, "count") == cases[i].count);
        cJSON_Delete(data);
    }
}

static void test_a_site_explains_its_type(void **state)
{
    struct fixture *f = *state;
    fleet_set_targets(f->store, 1, 0);
    for (int i = 0; i < 150; i++) {
        leak(f, 1, i, MIB);
        if (i == 0)
            fleet_learn(f->store, 1);
    }
    cJSON *data = get(f, "/api/v1/suspects");
    assert_int_equal(count_at(data, "suspects"), 1);
    assert_string_equal(text_at(data, "suspects.0.site.function"), "main.f1");
    assert_string_equal(text_at(data, "suspects.0.type"), "main.Session");
    assert_string_equal(text_at(data, "suspects.0.type_source"), "binary");
    assert_string_equal(text_at(data, "suspects.0.target.build.id"), "b1");
    cJSON_Delete(data);
}

/* Six sites that grow one after the other, 25 minutes each: none of them for long enough to mean
 * anything, all of them together without an end. The last one goes on. f3 shrinks meanwhile by
 * `shrinks` a minute. */
static void grow_in_turn(struct fixture *f, int minute, int64_t shrinks)
{
    struct fleet_site sites[7];
    for (int i = 0; i < 6; i++) {
        int grown = minute - 25 * i;
        grown = grown < 0 ? 0 : grown > 25 && i < 5 ? 25 : grown;
        sites[i] = (struct fleet_site){i + 4, (9 + grown) * MIB, (90 + grown) * MIB};
    }
    sites[6] = (struct fleet_site){3, 300 * MIB - minute * shrinks, 900 * MIB};
    fleet_ingest(f->store, 1, minute, sites, 7);
}

static enum trend_class class_of_word(const char *word)
{
    int c = 0;
    while (strcmp(word, trend_class_word((enum trend_class)c)) != 0)
        c++;
    return (enum trend_class)c;
}

/* At all times the worst suspect is what the target is said to be. */
static void expect_target_and_suspects_agree(struct fixture *f)
{
    cJSON *data = get(f, "/api/v1/suspects");
    enum trend_class worst = TREND_WARMING;
    for (int i = 0; i < count_at(data, "suspects"); i++) {
        const cJSON *s = cJSON_GetArrayItem(at(data, "suspects"), i);
        enum trend_class class = class_of_word(text_at(s, "verdict"));
        worst = class > worst ? class : worst;
    }
    int count = (int)number_at(data, "count");
    cJSON_Delete(data);
    data = get(f, TARGET_1);
    enum trend_class target = class_of_word(text_at(data, "heap.verdict"));
    assert_int_equal(target >= TREND_GROWING ? target : TREND_WARMING, worst);
    assert_int_equal((int)number_at(data, "heap.suspects"), count);
    cJSON_Delete(data);
}

static void test_growth_over_many_sites_is_told_of_their_type(void **state)
{
    struct fixture *f = *state;
    fleet_set_targets(f->store, 1, 0);
    for (int i = 0; i < 150; i++) {
        grow_in_turn(f, i, 0);
        if (i == 0)
            fleet_learn(f->store, 1);
        expect_target_and_suspects_agree(f);
    }
    cJSON *data = get(f, "/api/v1/suspects?verdict=leak");
    assert_int_equal(count_at(data, "suspects"), 1);
    assert_null_at(data, "suspects.0.site");
    assert_string_equal(text_at(data, "suspects.0.type"), "main.Session");
    cJSON_Delete(data);
    /* The last site becomes a suspect itself. While it is the lesser one, both are told. */
    for (int i = 150; i < 300; i++) {
        grow_in_turn(f, i, 0);
        expect_target_and_suspects_agree(f);
    }
    data = get(f, "/api/v1/suspects");
    assert_int_equal(count_at(data, "suspects"), 1);
    assert_string_equal(text_at(data, "suspects.0.site.function"), "main.f9");
    cJSON_Delete(data);
}

/* What one type grows another may give back: the target leaks all the same. */
static void test_growth_that_the_total_hides(void **state)
{
    struct fixture *f = *state;
    fleet_set_targets(f->store, 1, 0);
    for (int i = 0; i < 260; i++) {
        grow_in_turn(f, i, MIB);
        if (i == 0)
            fleet_learn(f->store, 1);
        expect_target_and_suspects_agree(f);
    }
    cJSON *data = get(f, TARGET_1);
    assert_string_equal(text_at(data, "heap.verdict"), "leak");
    assert_true(fabs(number_at(data, "heap.growth_bytes_per_second")) < 100);
    cJSON_Delete(data);
}

static void test_growth_that_nothing_explains_is_told_of_the_total(void **state)
{
    struct fixture *f = *state;
    fleet_set_targets(f->store, 1, 0);
    for (int i = 0; i < 150; i++) {
        grow_in_turn(f, i, 0);
        expect_target_and_suspects_agree(f);
    }
    cJSON *data = get(f, "/api/v1/suspects?verdict=leak");
    assert_int_equal(count_at(data, "suspects"), 1);
    assert_null_at(data, "suspects.0.site");
    assert_null_at(data, "suspects.0.type");
    assert_null_at(data, "suspects.0.kind");
    assert_true(number_at(data, "suspects.0.inuse_bytes") == (6 * 9 + 149 + 300) * MIB);
    cJSON_Delete(data);
}

/* ---- what outsiders choose ---- */

static void test_names_of_any_bytes(void **state)
{
    static const struct {
        const char *given, *told;
    } names[] = {{"<script>alert(1)</script>", "<script>alert(1)</script>"},
        {"a\"b\\c/d", "a\"b\\c/d"},
        {"tab\tline\nbell\aend\x1f\x7f", "tab\tline\nbell\aend\x1f\x7f"},
        {"caf\xc3\xa9 \xf0\x9f\x92\xa7", "caf\xc3\xa9 \xf0\x9f\x92\xa7"},
        {"\xff\xfe\xc3(\xed\xa0\x80",
            "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xe2\x80\xa8\xe2\x80\xae", "\xe2\x80\xa8\xe2\x80\xae"}};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct lw_label list[] = {
            {(char *)"job", (char *)names[i].given}, {(char *)"instance", (char *)names[i].given}};
        struct lw_labels *labels = lw_labels_new(list, 2);
        fleet_set_labelled(f->store, &labels, 1);
        struct profile *profile = fleet_profile_named(names[i].given, names[i].given);
        fleet_scrape(f->store, 1, (int)i + 1, profile);
        const struct store_site *site = store_target_find(f->store, 1)->sites.list[0].site;
        struct store_type_spec type = fleet_typed(site->id, names[i].given);
        store_learn(f->store, 1, &fleet_build, &type, 1);
        fleet_scrape(f->store, 1, (int)i + 1, fleet_profile_named(names[i].given, names[i].given));
        cJSON *data = get(f, TARGET_1 "/sites");
        assert_string_equal(text_at(data, "sites.0.function"), names[i].told);
        assert_string_equal(text_at(data, "sites.0.file"), names[i].told);
        assert_string_equal(text_at(data, "sites.0.type"), names[i].told);
        cJSON_Delete(data);
        store_free(&f->store);
        f->store = fleet_store_new(NULL);
        f->view.store = f->store;
    }
}

static void test_names_of_4_kilobytes(void **state)
{
    struct fixture *f = *state;
    char *name = lw_new(4097, 1);
    memset(name, '"', 4096);
    struct lw_label list[] = {{(char *)"job", name}, {(char *)"instance", name}};
    struct lw_labels *labels = lw_labels_new(list, 2);
    fleet_set_labelled(f->store, &labels, 1);
    fleet_scrape(f->store, 1, 0, fleet_profile_named(name, name));
    cJSON *data = get(f, "/api/v1/targets");
    assert_string_equal(text_at(data, "activeTargets.0.labels.job"), name);
    cJSON_Delete(data);
    data = get(f, TARGET_1 "/sites");
    assert_in_range(strlen(text_at(data, "sites.0.function")), 100, 4096);
    cJSON_Delete(data);
    free(name);
}

/* A double would make 9007199254740992 of the first and 9223372036854775808 of the second. */
static void test_integers_are_exact(void **state)
{
    struct fixture *f = *state;
    int64_t odd = ((int64_t)1 << 53) + 1;
    fleet_set_targets(f->store, 1, 0);
    fleet_ingest(f->store, 1, 0, (struct fleet_site[]){{1, odd, INT64_MAX}}, 1);
    static const char *const urls[] = {"/api/v1/targets", TARGET_1, TARGET_1 "/sites"};
    for (int i = 0; i < 3; i++) {
        cJSON_Delete(get(f, urls[i]));
        assert_non_null(strstr(f->body, "\"inuse_bytes\":9007199254740993,"));
        assert_non_null(strstr(f->body, "\"alloc_bytes\":9223372036854775807,"));
    }
}

/* Two sites of all that an integer holds: what is left out is no negative number. */
static void test_what_is_left_out_does_not_overflow(void **state)
{
    struct fixture *f = *state;
    fleet_set_targets(f->store, 1, 0);
    struct fleet_site sites[] = {
        {1, INT64_MAX, INT64_MAX}, {2, INT64_MAX, INT64_MAX}, {3, INT64_MAX, INT64_MAX}};
    fleet_ingest(f->store, 1, 0, sites, 3);
    cJSON_Delete(get(f, TARGET_1 "/sites?limit=1"));
    assert_non_null(strstr(f->body, "\"other\":{\"sites\":2,\"inuse_bytes\":9223372036854775807,"
                                    "\"alloc_bytes\":9223372036854775807}"));
}

/* ---- the daemon ---- */

static void test_the_daemon_tells_of_itself_but_no_secrets(void **state)
{
    struct fixture *f = *state;
    cJSON *data = get(f, "/api/v1/status/buildinfo");
    assert_string_equal(text_at(data, "version"), "1.2.3");
    assert_string_equal(text_at(data, "revision"), "abc");
    cJSON_Delete(data);
    data = get(f, "/api/v1/status/config");
    assert_non_null(strstr(text_at(data, "yaml"), "job_name: shop"));
    assert_non_null(strstr(text_at(data, "yaml"), "<secret>"));
    assert_null(strstr(text_at(data, "yaml"), "hunter2"));
    cJSON_Delete(data);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

/* ---- alerts that come in ---- */

#define WEBHOOK "/api/v1/webhook/alertmanager"
#define ONE_ALERT(status, print, instance) \
    "{\"version\":\"4\",\"alerts\":[{\"status\":\"" status "\",\"fingerprint\":\"" print \
    "\",\"startsAt\":\"2026-11-21T12:00:00Z\",\"endsAt\":\"0001-01-01T00:00:00Z\"," \
    "\"labels\":{\"alertname\":\"High\",\"job\":\"shop\",\"instance\":\"" instance "\"}}]}"
#define PRINT_1 "fcb7eea146db0a80"
#define PRINT_2 "fcb7eea146db0a81"

static void watch_two(struct fixture *f)
{
    fleet_set_targets(f->store, 2, 0);
    for (size_t i = 0; i < 2; i++) {
        const struct store_target *target = store_target_at(f->store, i);
        alert_index_add(f->index, target->id, target->labels);
    }
}

/* The word of the one alert that was posted; the answer must be a success. */
static void expect_result(struct fixture *f, const char *body, const char *word)
{
    cJSON *answer = ask_with(f, "POST", WEBHOOK, body, 200);
    assert_string_equal(text_at(answer, "data.alerts.0.result"), word);
    char path[64];
    snprintf(path, sizeof path, "data.%s", word);
    assert_true(number_at(answer, path) == 1);
    cJSON_Delete(answer);
}

static void test_an_alert_captures_its_target_once(void **state)
{
    struct fixture *f = *state;
    watch_two(f);
    expect_result(f, ONE_ALERT("firing", PRINT_1, "host2:6060"), "captured");
    expect_result(f, ONE_ALERT("firing", PRINT_1, "host2:6060"), "repeated");
    expect_result(f, ONE_ALERT("resolved", PRINT_1, "host2:6060"), "resolved");
    expect_result(f, ONE_ALERT("firing", PRINT_2, "host7:6060"), "unmatched");
    assert_int_equal(f->captured_count, 1);
    assert_true(f->captured[0] == 2);
    assert_true(f->webhook.alerts[ALERT_REPEATED] == 1);
    cJSON *answer = ask_with(f, "POST", WEBHOOK, ONE_ALERT("firing", PRINT_1, "host2:6060"), 200);
    assert_string_equal(text_at(answer, "data.alerts.0.target.instance"), "host2:6060");
    assert_string_equal(text_at(answer, "data.alerts.0.matchedBy"), "job, instance");
    cJSON_Delete(answer);
}

/* A full queue asks for another try; a spent budget does not. */
static void test_what_alertmanager_is_to_send_again(void **state)
{
    struct fixture *f = *state;
    watch_two(f);
    lw_err_set(&f->refusal, LW_BUSY, "100 captures wait already");
    cJSON *answer = ask_with(f, "POST", WEBHOOK, ONE_ALERT("firing", PRINT_1, "host1:6060"), 503);
    assert_string_equal(text_at(answer, "error"), "100 captures wait already");
    cJSON_Delete(answer);
    lw_err_clear(&f->refusal);
    expect_result(f, ONE_ALERT("firing", PRINT_1, "host1:6060"), "captured");
    lw_err_set(&f->refusal, LW_FORBIDDEN, "captured an hour ago");
    expect_result(f, ONE_ALERT("firing", PRINT_2, "host1:6060"), "refused");
    expect_result(f, ONE_ALERT("firing", PRINT_2, "host1:6060"), "repeated");
    assert_int_equal(f->captured_count, 1);
}

static void test_webhooks_that_no_retry_mends(void **state)
{
    struct fixture *f = *state;
    char large[ALERT_WEBHOOK_BYTES_MAX + 2];
    memset(large, ' ', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    const struct {
        const char *body;
        int status;
    } cases[] = {{"{", 400}, {"{}", 400}, {"", 400}, {large, 413},
        {"{\"version\":\"3\",\"alerts\":[]}", 422}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cJSON *answer = ask_with(f, "POST", WEBHOOK, cases[i].body, cases[i].status);
        assert_string_equal(text_at(answer, "errorType"), "bad_data");
        cJSON_Delete(answer);
    }
    cJSON_Delete(ask(f, "GET", WEBHOOK, 405));
}

/* ---- the gate ---- */

static struct lw_labels *labels_of_build(const char *instance, const char *version)
{
    struct lw_label list[] = {{(char *)"job", (char *)"shop"},
        {(char *)"instance", (char *)instance}, {(char *)"version", (char *)version}};
    return lw_labels_new(list, 3);
}

/* Target 1 runs v1 and target 2 runs v2, each scraped once a minute. */
static void watch_builds(struct fixture *f, int minutes, int64_t v2_inuse_bytes)
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

static void expect_gate(struct fixture *f, const char *url, int status, const char *result)
{
    cJSON *answer = ask(f, "GET", url, status);
    assert_string_equal(text_at(answer, "data.result"), result);
    assert_true(count_at(answer, "data.reasons") >= 1);
    cJSON_Delete(answer);
}

static void test_the_gate_compares_builds(void **state)
{
    struct fixture *f = *state;
    watch_builds(f, 120, 52 * MIB);
    expect_gate(f, GATE "v2", 200, "pass");
    cJSON *data = get(f, GATE "v2");
    assert_string_equal(text_at(data, "baseline.build"), "v1");
    assert_string_equal(text_at(data, "checks.0.check"), "inuse");
    assert_true(fabs(number_at(data, "checks.0.value") / (52 * MIB) - 1) < 0.023);
    cJSON_Delete(data);
}

static void test_the_gate_stops_a_larger_build(void **state)
{
    struct fixture *f = *state;
    watch_builds(f, 120, 70 * MIB);
    expect_gate(f, GATE "v2", 409, "fail");
    expect_gate(f, GATE "v2&soft=1", 200, "fail");
    expect_gate(f, GATE "v1&baseline=v2", 200, "pass");
    expect_gate(f, GATE "v3", 425, "not_enough_data"); /* never seen */
}

static void test_the_gate_waits_for_data(void **state)
{
    struct fixture *f = *state;
    expect_gate(f, GATE "v2", 425, "not_enough_data");
    watch_builds(f, 99, 52 * MIB);
    expect_gate(f, GATE "v2", 425, "not_enough_data");
    expect_error(f, "/api/v1/gate?job=shop", 400, "bad_data", "job and build must be given");
    expect_error(f, GATE "v2&baseline=v0", 404, "not_found", "no build \"v0\"");
    expect_error(f, GATE "v2&baseline=v2", 400, "bad_data", "are the same");
}

static void test_the_gate_stops_a_new_leak(void **state)
{
    struct fixture *f = *state;
    struct lw_labels *labels[] = {labels_of_build("a:1", "v1"), labels_of_build("b:1", "v2")};
    store_set_build_label(f->store, "version");
    fleet_set_labelled(f->store, labels, 2);
    for (int i = 0; i < 150; i++) {
        fleet_ingest(f->store, 1, i, &(struct fleet_site){1, 500 * MIB, (500 + i) * MIB}, 1);
        scrape_minute(f, 2, i);
    }
    cJSON *answer = ask(f, "GET", GATE "v2", 409);
    assert_string_equal(text_at(answer, "data.newLeaks.0.leaks"), "main.f1");
    assert_string_equal(text_at(answer, "data.newLeaks.0.instance"), "b:1");
    cJSON_Delete(answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(test_targets_are_told_as_prometheus_does),
        WITH_STORE(test_a_heap_grows_from_nothing_known),
        WITH_STORE(test_a_leak_is_told_with_its_reasons),
        WITH_STORE(test_filters_of_targets),
        WITH_STORE(test_what_cannot_be_answered),
        WITH_STORE(test_sites_and_what_is_in_none_of_them),
        WITH_STORE(test_orders_of_sites),
        WITH_STORE(test_types_come_from_the_binary_or_not_at_all),
        WITH_STORE(test_series_of_the_total_a_site_and_a_type),
        WITH_STORE(test_the_newest_heap_as_a_flame_tree),
        WITH_STORE(test_a_flame_tree_by_type),
        WITH_STORE(test_suspects_worst_first),
        WITH_STORE(test_a_site_explains_its_type),
        WITH_STORE(test_growth_over_many_sites_is_told_of_their_type),
        WITH_STORE(test_growth_that_the_total_hides),
        WITH_STORE(test_growth_that_nothing_explains_is_told_of_the_total),
        WITH_STORE(test_names_of_any_bytes),
        WITH_STORE(test_names_of_4_kilobytes),
        WITH_STORE(test_integers_are_exact),
        WITH_STORE(test_what_is_left_out_does_not_overflow),
        WITH_STORE(test_the_daemon_tells_of_itself_but_no_secrets),
        WITH_STORE(test_the_gate_compares_builds),
        WITH_STORE(test_the_gate_stops_a_larger_build),
        WITH_STORE(test_the_gate_waits_for_data),
        WITH_STORE(test_the_gate_stops_a_new_leak),
        WITH_STORE(test_an_alert_captures_its_target_once),
        WITH_STORE(test_what_alertmanager_is_to_send_again),
        WITH_STORE(test_webhooks_that_no_retry_mends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
