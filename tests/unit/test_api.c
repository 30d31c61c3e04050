/* What the API tells of targets, their rows and series, and of suspects. */
#include "api_room.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"

#define TARGET_1 "/api/v1/targets/0000000000000001"

static const char *const verdict_members[] = {"verdict", "since", "growth_bytes_per_second",
    "growth_lower_bytes_per_second", "growth_upper_bytes_per_second", "growth_bytes",
    "window_seconds", "growing_since", "retention_ratio", "alloc_bytes_per_second",
    "mean_age_seconds", "resolvable_bytes_per_second", "suggested_mem_profile_rate_bytes",
    "restarts", "recurring"};

static void assert_has_verdict(const cJSON *json)
{
    for (size_t i = 0; i < sizeof verdict_members / sizeof *verdict_members; i++)
        json_at(json, verdict_members[i]);
}

/* ---- targets ---- */

static void test_targets_are_told_as_prometheus_does(void **state)
{
    struct api_room *f = *state;
    fleet_set_targets(f->store, 2, 0);
    cJSON *data = api_room_get(f, "/api/v1/targets");
    assert_int_equal(json_at_count(data, "activeTargets"), 2);
    assert_int_equal(json_at_count(data, "droppedTargets"), 0);
    assert_true(cJSON_IsObject(json_at(data, "droppedTargetCounts")));
    const cJSON *t = json_at(data, "activeTargets.0");
    assert_string_equal(json_at_text(t, "id"), "0000000000000001");
    assert_string_equal(json_at_text(t, "labels.instance"), "host1:6060");
    assert_string_equal(json_at_text(t, "discoveredLabels.job"), "shop");
    assert_string_equal(json_at_text(t, "scrapePool"), "shop");
    assert_string_equal(json_at_text(t, "scrapeUrl"), "http://x/debug/pprof/heap");
    assert_string_equal(json_at_text(t, "globalUrl"), "http://x/debug/pprof/heap");
    assert_string_equal(json_at_text(t, "health"), "unknown");
    assert_string_equal(json_at_text(t, "lastError"), "");
    assert_string_equal(json_at_text(t, "scrapeInterval"), "1m");
    assert_string_equal(json_at_text(t, "scrapeTimeout"), "10s");
    json_at_null(t, "lastScrape");
    json_at_null(t, "build");
    assert_string_equal(json_at_text(t, "buildError"), "");
    json_at_null(t, "heap.first_seen");
    assert_has_verdict(json_at(t, "heap"));
    cJSON_Delete(data);
}

/* What is not known is null: neither NaN nor an infinity, which JSON does not have. */
static void test_a_heap_grows_from_nothing_known(void **state)
{
    struct api_room *f = *state;
    fleet_set_targets(f->store, 1, 0);
    api_room_scrape(f, 1, 0);
    cJSON *data = api_room_get(f, TARGET_1);
    assert_string_equal(json_at_text(data, "health"), "up");
    assert_string_equal(json_at_text(data, "lastScrape"), "2026-01-01T00:00:00.000Z");
    assert_true(json_at_number(data, "lastScrapeDuration") == 0.005);
    assert_string_equal(json_at_text(data, "heap.verdict"), "warming");
    json_at_null(data, "heap.growth_bytes_per_second");
    json_at_null(data, "heap.growth_lower_bytes_per_second");
    json_at_null(data, "heap.growth_upper_bytes_per_second");
    json_at_null(data, "heap.growth_bytes");
    json_at_null(data, "heap.growing_since");
    assert_true(json_at_number(data, "heap.inuse_bytes") == 40 * MIB);
    assert_true(json_at_number(data, "heap.sites") == 3);
    assert_true(json_at_number(data, "heap.followed_sites") == 2);
    assert_true(json_at_number(data, "heap.sample_period_bytes") == 524288);
    assert_int_equal(json_at_count(data, "gates"), TREND_GATE_COUNT);
    assert_string_equal(json_at_text(data, "gates.0.gate"), "window_s");
    json_at_null(data, "gates.5.value");
    assert_true(json_at_number(data, "scrapes.ok") == 1);
    cJSON_Delete(data);

    struct lw_err why;
    lw_err_set(&why, LW_TIMEOUT, "no answer within 10 s");
    store_fail(f->store, 1, &(struct store_scrape){fleet_minute(1), 0, &why});
    data = api_room_get(f, TARGET_1);
    assert_string_equal(json_at_text(data, "health"), "down");
    assert_string_equal(json_at_text(data, "lastError"), "no answer within 10 s");
    assert_true(json_at_number(data, "scrapes.timeout") == 1);
    assert_true(json_at_number(data, "heap.inuse_bytes") == 40 * MIB);
    cJSON_Delete(data);
}

static void test_a_leak_is_told_with_its_reasons(void **state)
{
    struct api_room *f = *state;
    fleet_set_targets(f->store, 1, 0);
    api_room_watch(f, 1, 150);
    cJSON *data = api_room_get(f, TARGET_1);
    assert_string_equal(json_at_text(data, "heap.verdict"), "leak");
    assert_true(
        fabs(json_at_number(data, "heap.growth_bytes_per_second") - (double)MIB / 60) < 100);
    assert_true(cJSON_IsString(json_at(data, "heap.since")));
    assert_true(cJSON_IsString(json_at(data, "heap.growing_since")));
    assert_true(json_at_number(data, "heap.suspects") == 1);
    int points = json_at_count(data, "heap.sparkline");
    assert_in_range(points, 10, 48);
    for (int i = 1; i < points; i++)
        assert_true(cJSON_GetArrayItem(json_at(data, "heap.sparkline"), i)->valuedouble >=
                    cJSON_GetArrayItem(json_at(data, "heap.sparkline"), i - 1)->valuedouble);
    cJSON_Delete(data);
}

static void test_filters_of_targets(void **state)
{
    struct api_room *f = *state;
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
        cJSON *data = api_room_get(f, url);
        assert_int_equal(json_at_count(data, "activeTargets"), cases[i].count);
        cJSON_Delete(data);
    }
}

static void test_what_cannot_be_answered(void **state)
{
    struct api_room *f = *state;
    fleet_set_targets(f->store, 1, 0);
    api_room_scrape(f, 1, 0);
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
        {TARGET_1 "/types?id=1", "id \"1\" is not sixteen hex digits"},
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
        api_room_expect_error(f, bad[i].url, 400, "bad_data", bad[i].says);
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++)
        api_room_expect_error(f, missing[i].url, 404, "not_found", missing[i].says);
    cJSON_Delete(api_room_ask(f, "POST", "/api/v1/targets", 405));

    char url[5000] = "/api/v1/targets/";
    memset(url + strlen(url), 'a', 4096);
    api_room_expect_error(f, url, 400, "bad_data", "is not sixteen hex digits");
}

/* ---- sites and types ---- */

static void test_one_site_by_its_id(void **state)
{
    struct api_room *f = *state;
    fleet_set_targets(f->store, 1, 0);
    api_room_watch(f, 1, 60);
    cJSON *all = api_room_get(f, TARGET_1 "/sites");
    const char *id = json_at_text(all, "sites.2.id");
    char url[128];
    snprintf(url, sizeof url, TARGET_1 "/sites?limit=1&id=%s", id);
    cJSON *one = api_room_get(f, url);
    assert_int_equal(json_at_count(one, "sites"), 1);
    assert_string_equal(json_at_text(one, "sites.0.id"), id);
    assert_true(json_at_number(one, "total") == 1);
    assert_true(json_at_number(one, "other.sites") == 2);
    cJSON_Delete(one);
    cJSON_Delete(all);
    cJSON *none = api_room_get(f, TARGET_1 "/sites?id=00000000000000ff");
    assert_int_equal(json_at_count(none, "sites"), 0);
    assert_true(json_at_number(none, "total") == 0);
    cJSON_Delete(none);
}

static void test_sites_and_what_is_in_none_of_them(void **state)
{
    struct api_room *f = *state;
    fleet_set_targets(f->store, 1, 0);
    api_room_watch(f, 1, 60);
    cJSON *data = api_room_get(f, TARGET_1 "/sites");
    assert_int_equal(json_at_count(data, "sites"), 3);
    assert_string_equal(json_at_text(data, "sites.0.function"), "main.f1");
    const cJSON *site = json_at(data, "sites.0");
    assert_int_equal(strlen(json_at_text(site, "id")), 16);
    assert_string_equal(json_at_text(site, "file"), "/app/main.go");
    assert_true(json_at_number(site, "line") == 1);
    assert_string_equal(json_at_text(site, "responsible.function"), "main.f1");
    assert_int_equal(json_at_count(site, "stack"), 1);
    assert_true(cJSON_IsTrue(json_at(site, "followed")));
    json_at_null(site, "type");
    assert_string_equal(json_at_text(site, "type_source"), "site");
    assert_has_verdict(site);
    const cJSON *small = json_at(data, "sites.2");
    assert_true(cJSON_IsFalse(json_at(small, "followed")));
    assert_has_verdict(small);
    json_at_null(small, "verdict");
    assert_true(json_at_number(data, "other.inuse_bytes") == 0);
    cJSON_Delete(data);

    static const struct {
        const char *query, *first;
    } orders[] = {{"sort=inuse", "main.f1"}, {"sort=alloc", "main.f1"}, {"sort=growth", "main.f1"}};
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        char url[128];
        snprintf(url, sizeof url, TARGET_1 "/sites?%s&limit=1", orders[i].query);
        data = api_room_get(f, url);
        assert_int_equal(json_at_count(data, "sites"), 1);
        assert_string_equal(json_at_text(data, "sites.0.function"), orders[i].first);
        assert_true(json_at_number(data, "other.sites") == 2);
        assert_true(json_at_number(data, "other.inuse_bytes") == 31 * MIB);
        assert_true(json_at_number(data, "other.alloc_bytes") == (30 + 9 + 59) * MIB);
        cJSON_Delete(data);
    }
}

static void test_orders_of_sites(void **state)
{
    struct api_room *f = *state;
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
        cJSON *data = api_room_get(f, url);
        assert_string_equal(json_at_text(data, "sites.0.function"), firsts[i][1]);
        cJSON_Delete(data);
    }
}

static void test_types_come_from_the_binary_or_not_at_all(void **state)
{
    struct api_room *f = *state;
    fleet_set_targets(f->store, 1, 0);
    api_room_scrape(f, 1, 0);
    store_unlearn(f->store, 1, "no binary of host1:6060 was found");
    cJSON *data = api_room_get(f, TARGET_1 "/types");
    assert_int_equal(json_at_count(data, "types"), 0);
    assert_true(json_at_number(data, "other.inuse_bytes") == 40 * MIB);
    assert_true(json_at_number(data, "other.sites") == 3);
    json_at_null(data, "build");
    assert_string_equal(json_at_text(data, "buildError"), "no binary of host1:6060 was found");
    cJSON_Delete(data);
    data = api_room_get(f, TARGET_1 "/sites");
    assert_string_equal(
        json_at_text(data, "sites.0.type_unresolved"), "no binary of host1:6060 was found");
    cJSON_Delete(data);

    fleet_learn(f->store, 1);
    api_room_scrape(f, 1, 1);
    data = api_room_get(f, TARGET_1 "/types");
    assert_int_equal(json_at_count(data, "types"), 1);
    const cJSON *type = json_at(data, "types.0");
    assert_int_equal(strlen(json_at_text(type, "id")), 16);
    assert_string_equal(json_at_text(type, "type"), "main.Session");
    assert_string_equal(json_at_text(type, "kind"), "object");
    assert_string_equal(json_at_text(type, "type_source"), "binary");
    assert_string_equal(json_at_text(type, "type_import_path"), "shop");
    assert_string_equal(json_at_text(type, "type_module"), "shop");
    assert_string_equal(json_at_text(type, "type_version"), "v1");
    assert_string_equal(json_at_text(type, "type_unresolved"), "");
    assert_true(json_at_number(type, "sites") == 2);
    assert_true(json_at_number(type, "inuse_bytes") == 40 * MIB);
    assert_true(cJSON_IsTrue(json_at(type, "followed")));
    assert_has_verdict(type);
    assert_true(json_at_number(data, "other.inuse_bytes") == MIB);
    assert_true(json_at_number(data, "other.sites") == 1);
    assert_string_equal(json_at_text(data, "build.id"), "b1");
    assert_string_equal(json_at_text(data, "build.module"), "shop");
    assert_string_equal(json_at_text(data, "build.go_version"), "go1.22");
    assert_string_equal(json_at_text(data, "build.source"), "config");
    assert_true(json_at_number(data, "build.sites_typed") == 3);
    cJSON_Delete(data);

    data = api_room_get(f, TARGET_1 "/sites");
    assert_string_equal(json_at_text(data, "sites.0.type"), "main.Session");
    json_at_null(data, "sites.2.type");
    assert_string_equal(json_at_text(data, "sites.2.kind"), "object");
    assert_string_equal(json_at_text(data, "sites.2.type_unresolved"), "reflect");
    cJSON_Delete(data);
}

/* ---- series ---- */

static void expect_series(struct api_room *f, const char *key, const char *id, double inuse_bytes)
{
    char url[128];
    snprintf(url, sizeof url, TARGET_1 "/series?%s=%s", key, id);
    cJSON *data = api_room_get(f, url);
    assert_string_equal(json_at_text(data, "target"), "0000000000000001");
    assert_string_equal(json_at_text(data, key), id);
    json_at_null(data, strcmp(key, "site") == 0 ? "type" : "site");
    int count = json_at_count(data, "blocks");
    assert_in_range(count, 5, TREND_BLOCKS_MAX);
    double end = 0;
    for (int i = 0; i < count; i++) {
        const cJSON *block = cJSON_GetArrayItem(json_at(data, "blocks"), i);
        assert_true(json_at_number(block, "start") >= end);
        end = json_at_number(block, "end");
        assert_true(end >= json_at_number(block, "start"));
        assert_true(
            json_at_number(block, "inuse_bytes") >= json_at_number(block, "inuse_min_bytes"));
        json_at(block, "alloc_bytes");
    }
    const cJSON *last = cJSON_GetArrayItem(json_at(data, "blocks"), count - 1);
    assert_true(fabs(json_at_number(last, "inuse_bytes") - inuse_bytes) < (double)MIB);
    cJSON_Delete(data);
}

static void test_series_of_the_total_a_site_and_a_type(void **state)
{
    struct api_room *f = *state;
    fleet_set_targets(f->store, 1, 0);
    api_room_scrape(f, 1, 0);
    fleet_learn(f->store, 1);
    for (int i = 1; i < 40; i++)
        api_room_scrape(f, 1, i);
    cJSON *data = api_room_get(f, TARGET_1 "/series");
    json_at_null(data, "site");
    json_at_null(data, "type");
    assert_has_verdict(data);
    assert_true(json_at_count(data, "blocks") > 5);
    cJSON_Delete(data);
    data = api_room_get(f, TARGET_1 "/sites");
    expect_series(f, "site", json_at_text(data, "sites.0.id"), 48 * (double)MIB);
    char url[128];
    snprintf(url, sizeof url, TARGET_1 "/series?site=%s", json_at_text(data, "sites.2.id"));
    api_room_expect_error(f, url, 404, "not_found", "is too small to be followed so far");
    cJSON_Delete(data);
    data = api_room_get(f, TARGET_1 "/types");
    expect_series(f, "type", json_at_text(data, "types.0.id"), 78 * (double)MIB);
    cJSON_Delete(data);
}

/* ---- suspects ---- */

/* f1 leaks at the given rate, f2 is flat. */
static void leak(struct api_room *f, uint64_t target_id, int minute, int64_t bytes_per_minute)
{
    struct fleet_site sites[] = {
        {1, 9 * MIB + minute * bytes_per_minute, 90 * MIB + minute * bytes_per_minute},
        {2, 30 * MIB, (30 + minute) * MIB}};
    fleet_ingest(f->store, target_id, minute, sites, 2);
}

static void test_the_newest_heap_as_a_flame_tree(void **state)
{
    struct api_room *f = *state;
    fleet_set_targets(f->store, 1, 0);
    api_room_watch(f, 1, 2);
    cJSON *data = api_room_get(f, TARGET_1 "/flame");
    assert_string_equal(json_at_text(data, "name"), "total");
    assert_string_equal(json_at_text(data, "unit"), "bytes");
    assert_int_equal((int64_t)json_at_number(data, "value"), 41 * MIB);
    assert_string_equal(json_at_text(data, "children.0.name"), "main.f2");
    assert_int_equal((int64_t)json_at_number(data, "children.0.value"), 30 * MIB);
    assert_int_equal(json_at_count(data, "children.0.children"), 0);
    cJSON_Delete(data);
    data = api_room_get(f, TARGET_1 "/flame?sample=alloc_space&by=type");
    assert_string_equal(json_at_text(data, "children.0.name"), "main.f1");
    cJSON_Delete(data);
    api_room_expect_error(f, TARGET_1 "/flame?sample=cpu", 400, "bad_data", "sample \"cpu\"");
    api_room_expect_error(f, TARGET_1 "/flame?by=line", 400, "bad_data", "by \"line\"");
    api_room_expect_error(
        f, "/api/v1/targets/000000000000000f/flame", 404, "not_found", "no target");
}

static void test_a_flame_tree_by_type(void **state)
{
    struct api_room *f = *state;
    fleet_set_targets(f->store, 1, 0);
    api_room_watch(f, 1, 1);
    fleet_learn(f->store, 1);
    api_room_scrape(f, 1, 1);
    cJSON *data = api_room_get(f, TARGET_1 "/flame?by=type");
    assert_string_equal(json_at_text(data, "children.0.name"), "main.f2");
    assert_string_equal(json_at_text(data, "children.0.children.0.name"), "main.Session");
    assert_int_equal((int64_t)json_at_number(data, "children.0.children.0.value"), 30 * MIB);
    cJSON_Delete(data);
}

static void test_suspects_worst_first(void **state)
{
    struct api_room *f = *state;
    fleet_set_targets(f->store, 4, 0);
    for (int i = 0; i < 150; i++) {
        leak(f, 1, i, MIB);
        leak(f, 2, i, 0);
        leak(f, 3, i, 3 * MIB);
        if (i >= 100) /* too young for a verdict of its own */
            leak(f, 4, i, 9 * MIB);
    }
    cJSON *data = api_room_get(f, "/api/v1/suspects");
    assert_int_equal(json_at_count(data, "suspects"), 3);
    assert_true(json_at_number(data, "count") == 3);
    assert_string_equal(json_at_text(data, "suspects.0.target.instance"), "host3:6060");
    assert_string_equal(json_at_text(data, "suspects.1.target.instance"), "host1:6060");
    assert_string_equal(json_at_text(data, "suspects.2.target.instance"), "host4:6060");
    assert_string_equal(json_at_text(data, "suspects.2.verdict"), "growing");
    const cJSON *s = json_at(data, "suspects.0");
    assert_string_equal(json_at_text(s, "verdict"), "leak");
    assert_string_equal(json_at_text(s, "target.id"), "0000000000000003");
    assert_string_equal(json_at_text(s, "target.job"), "shop");
    assert_string_equal(json_at_text(s, "target.labels.instance"), "host3:6060");
    json_at_null(s, "target.build");
    assert_string_equal(json_at_text(s, "site.responsible.function"), "main.f1");
    json_at_null(s, "type");
    assert_string_equal(json_at_text(s, "type_source"), "site");
    assert_has_verdict(s);
    assert_true(json_at_number(s, "inuse_bytes") == (9 + 3 * 149) * MIB);
    assert_true(json_at_number(s, "retention_ratio") > 0.99);
    assert_int_equal(json_at_count(s, "gates"), TREND_GATE_COUNT);
    assert_true(json_at_count(s, "sparkline") > 10);
    cJSON_Delete(data);

    static const struct {
        const char *query;
        int shown, count;
    } cases[] = {{"verdict=leak", 2, 2}, {"verdict=growing", 1, 1}, {"verdict=any", 3, 3},
        {"limit=1", 1, 3}, {"job=shop", 3, 3}, {"job=nobody", 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char url[128];
        snprintf(url, sizeof url, "/api/v1/suspects?%s", cases[i].query);
        data = api_room_get(f, url);
        assert_int_equal(json_at_count(data, "suspects"), cases[i].shown);
        assert_true(json_at_number(data, "count") == cases[i].count);
        cJSON_Delete(data);
    }
}

static void test_a_site_explains_its_type(void **state)
{
    struct api_room *f = *state;
    fleet_set_targets(f->store, 1, 0);
    for (int i = 0; i < 150; i++) {
        leak(f, 1, i, MIB);
        if (i == 0)
            fleet_learn(f->store, 1);
    }
    cJSON *data = api_room_get(f, "/api/v1/suspects");
    assert_int_equal(json_at_count(data, "suspects"), 1);
    assert_string_equal(json_at_text(data, "suspects.0.site.function"), "main.f1");
    assert_string_equal(json_at_text(data, "suspects.0.type"), "main.Session");
    assert_string_equal(json_at_text(data, "suspects.0.type_source"), "binary");
    assert_string_equal(json_at_text(data, "suspects.0.target.build.id"), "b1");
    cJSON_Delete(data);
}

/* Six sites that grow one after the other, 25 minutes each: none of them for long enough to mean
 * anything, all of them together without an end. The last one goes on. f3 shrinks meanwhile by
 * `shrinks` a minute. */
static void grow_in_turn(struct api_room *f, int minute, int64_t shrinks)
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
static void expect_target_and_suspects_agree(struct api_room *f)
{
    cJSON *data = api_room_get(f, "/api/v1/suspects");
    enum trend_class worst = TREND_WARMING;
    for (int i = 0; i < json_at_count(data, "suspects"); i++) {
        const cJSON *s = cJSON_GetArrayItem(json_at(data, "suspects"), i);
        enum trend_class class = class_of_word(json_at_text(s, "verdict"));
        worst = class > worst ? class : worst;
    }
    int count = (int)json_at_number(data, "count");
    cJSON_Delete(data);
    data = api_room_get(f, TARGET_1);
    enum trend_class target = class_of_word(json_at_text(data, "heap.verdict"));
    assert_int_equal(target >= TREND_GROWING ? target : TREND_WARMING, worst);
    assert_int_equal((int)json_at_number(data, "heap.suspects"), count);
    cJSON_Delete(data);
}

static void test_growth_over_many_sites_is_told_of_their_type(void **state)
{
    struct api_room *f = *state;
    fleet_set_targets(f->store, 1, 0);
    for (int i = 0; i < 150; i++) {
        grow_in_turn(f, i, 0);
        if (i == 0)
            fleet_learn(f->store, 1);
        expect_target_and_suspects_agree(f);
    }
    cJSON *data = api_room_get(f, "/api/v1/suspects?verdict=leak");
    assert_int_equal(json_at_count(data, "suspects"), 1);
    json_at_null(data, "suspects.0.site");
    assert_string_equal(json_at_text(data, "suspects.0.type"), "main.Session");
    cJSON_Delete(data);
    /* The last site becomes a suspect itself. While it is the lesser one, both are told. */
    for (int i = 150; i < 300; i++) {
        grow_in_turn(f, i, 0);
        expect_target_and_suspects_agree(f);
    }
    data = api_room_get(f, "/api/v1/suspects");
    assert_int_equal(json_at_count(data, "suspects"), 1);
    assert_string_equal(json_at_text(data, "suspects.0.site.function"), "main.f9");
    cJSON_Delete(data);
}

/* What one type grows another may give back: the target leaks all the same. */
static void test_growth_that_the_total_hides(void **state)
{
    struct api_room *f = *state;
    fleet_set_targets(f->store, 1, 0);
    for (int i = 0; i < 260; i++) {
        grow_in_turn(f, i, MIB);
        if (i == 0)
            fleet_learn(f->store, 1);
        expect_target_and_suspects_agree(f);
    }
    cJSON *data = api_room_get(f, TARGET_1);
    assert_string_equal(json_at_text(data, "heap.verdict"), "leak");
    assert_true(fabs(json_at_number(data, "heap.growth_bytes_per_second")) < 100);
    cJSON_Delete(data);
}

static void test_growth_that_nothing_explains_is_told_of_the_total(void **state)
{
    struct api_room *f = *state;
    fleet_set_targets(f->store, 1, 0);
    for (int i = 0; i < 150; i++) {
        grow_in_turn(f, i, 0);
        expect_target_and_suspects_agree(f);
    }
    cJSON *data = api_room_get(f, "/api/v1/suspects?verdict=leak");
    assert_int_equal(json_at_count(data, "suspects"), 1);
    json_at_null(data, "suspects.0.site");
    json_at_null(data, "suspects.0.type");
    json_at_null(data, "suspects.0.kind");
    assert_true(json_at_number(data, "suspects.0.inuse_bytes") == (6 * 9 + 149 + 300) * MIB);
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
    struct api_room *f = *state;
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
        cJSON *data = api_room_get(f, TARGET_1 "/sites");
        assert_string_equal(json_at_text(data, "sites.0.function"), names[i].told);
        assert_string_equal(json_at_text(data, "sites.0.file"), names[i].told);
        assert_string_equal(json_at_text(data, "sites.0.type"), names[i].told);
        cJSON_Delete(data);
        store_free(&f->store);
        f->store = fleet_store_new(NULL);
        f->view.store = f->store;
    }
}

static void test_names_of_4_kilobytes(void **state)
{
    struct api_room *f = *state;
    char *name = lw_new(4097, 1);
    memset(name, '"', 4096);
    struct lw_label list[] = {{(char *)"job", name}, {(char *)"instance", name}};
    struct lw_labels *labels = lw_labels_new(list, 2);
    fleet_set_labelled(f->store, &labels, 1);
    fleet_scrape(f->store, 1, 0, fleet_profile_named(name, name));
    cJSON *data = api_room_get(f, "/api/v1/targets");
    assert_string_equal(json_at_text(data, "activeTargets.0.labels.job"), name);
    cJSON_Delete(data);
    data = api_room_get(f, TARGET_1 "/sites");
    assert_in_range(strlen(json_at_text(data, "sites.0.function")), 100, 4096);
    cJSON_Delete(data);
    free(name);
}

/* A double would make 9007199254740992 of the first and 9223372036854775808 of the second. */
static void test_integers_are_exact(void **state)
{
    struct api_room *f = *state;
    int64_t odd = ((int64_t)1 << 53) + 1;
    fleet_set_targets(f->store, 1, 0);
    fleet_ingest(f->store, 1, 0, (struct fleet_site[]){{1, odd, INT64_MAX}}, 1);
    static const char *const urls[] = {"/api/v1/targets", TARGET_1, TARGET_1 "/sites"};
    for (int i = 0; i < 3; i++) {
        cJSON_Delete(api_room_get(f, urls[i]));
        assert_non_null(strstr(f->body, "\"inuse_bytes\":9007199254740993,"));
        assert_non_null(strstr(f->body, "\"alloc_bytes\":9223372036854775807,"));
    }
}

/* Two sites of all that an integer holds: what is left out is no negative number. */
static void test_what_is_left_out_does_not_overflow(void **state)
{
    struct api_room *f = *state;
    fleet_set_targets(f->store, 1, 0);
    struct fleet_site sites[] = {
        {1, INT64_MAX, INT64_MAX}, {2, INT64_MAX, INT64_MAX}, {3, INT64_MAX, INT64_MAX}};
    fleet_ingest(f->store, 1, 0, sites, 3);
    cJSON_Delete(api_room_get(f, TARGET_1 "/sites?limit=1"));
    assert_non_null(strstr(f->body, "\"other\":{\"sites\":2,\"inuse_bytes\":9223372036854775807,"
                                    "\"alloc_bytes\":9223372036854775807}"));
}

/* ---- the daemon ---- */

static void test_the_daemon_tells_of_itself_but_no_secrets(void **state)
{
    struct api_room *f = *state;
    cJSON *data = api_room_get(f, "/api/v1/status/buildinfo");
    assert_string_equal(json_at_text(data, "version"), "1.2.3");
    assert_string_equal(json_at_text(data, "revision"), "abc");
    cJSON_Delete(data);
    data = api_room_get(f, "/api/v1/status/config");
    assert_non_null(strstr(json_at_text(data, "yaml"), "job_name: shop"));
    assert_non_null(strstr(json_at_text(data, "yaml"), "<secret>"));
    assert_null(strstr(json_at_text(data, "yaml"), "hunter2"));
    cJSON_Delete(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_API_ROOM(test_targets_are_told_as_prometheus_does),
        WITH_API_ROOM(test_a_heap_grows_from_nothing_known),
        WITH_API_ROOM(test_a_leak_is_told_with_its_reasons),
        WITH_API_ROOM(test_filters_of_targets),
        WITH_API_ROOM(test_what_cannot_be_answered),
        WITH_API_ROOM(test_one_site_by_its_id),
        WITH_API_ROOM(test_sites_and_what_is_in_none_of_them),
        WITH_API_ROOM(test_orders_of_sites),
        WITH_API_ROOM(test_types_come_from_the_binary_or_not_at_all),
        WITH_API_ROOM(test_series_of_the_total_a_site_and_a_type),
        WITH_API_ROOM(test_the_newest_heap_as_a_flame_tree),
        WITH_API_ROOM(test_a_flame_tree_by_type),
        WITH_API_ROOM(test_suspects_worst_first),
        WITH_API_ROOM(test_a_site_explains_its_type),
        WITH_API_ROOM(test_growth_over_many_sites_is_told_of_their_type),
        WITH_API_ROOM(test_growth_that_the_total_hides),
        WITH_API_ROOM(test_growth_that_nothing_explains_is_told_of_the_total),
        WITH_API_ROOM(test_names_of_any_bytes),
        WITH_API_ROOM(test_names_of_4_kilobytes),
        WITH_API_ROOM(test_integers_are_exact),
        WITH_API_ROOM(test_what_is_left_out_does_not_overflow),
        WITH_API_ROOM(test_the_daemon_tells_of_itself_but_no_secrets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
