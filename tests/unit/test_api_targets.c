/* The list of targets: filters, orders, pages, and that it travels only when it changed; and names
 * that somebody chose to do harm, through every endpoint that tells them. */
#include "api_room.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"

/* ---- the list ---- */

/* Targets 1, 2, … of team a and b by turns; the first leaks, the later ones are larger. */
static void set_fleet(struct api_room *f, size_t count)
{
    struct lw_labels *labels[16];
    assert_in_range(count, 1, 16);
    for (size_t i = 0; i < count; i++) {
        char instance[32];
        snprintf(instance, sizeof instance, "Host%zu:6060", i + 1);
        struct lw_label list[] = {{(char *)"job", (char *)(i % 2 ? "cart" : "shop")},
            {(char *)"instance", instance}, {(char *)"team", (char *)(i % 2 ? "b" : "a")}};
        labels[i] = lw_labels_new(list, 3);
    }
    fleet_set_labelled(f->store, labels, count);
    api_room_watch(f, 1, 150);
    for (size_t i = 1; i < count; i++)
        fleet_ingest(f->store, i + 1, 0,
            &(struct fleet_site){2, ((int64_t)i + 1) * 1000 * MIB, ((int64_t)i + 1) * 1000 * MIB},
            1);
}

/* The last digits of the ids on the page, "132", and how many there are in all. */
static void expect_list(struct api_room *f, const char *query, const char *ids, int total)
{
    char url[256], told[32] = "";
    snprintf(url, sizeof url, "/api/v1/targets?%s", query);
    cJSON *data = api_room_get(f, url);
    int count = json_at_count(data, "activeTargets");
    for (int i = 0; i < count; i++) {
        char path[64];
        snprintf(path, sizeof path, "activeTargets.%d.id", i);
        told[i] = json_at_text(data, path)[LW_ID_TEXT_BYTES - 2];
    }
    if (strcmp(told, ids) != 0 || json_at_number(data, "total") != total)
        fail_msg(
            "%s: %s of %.0f, not %s of %d", query, told, json_at_number(data, "total"), ids, total);
    cJSON_Delete(data);
}

static void test_filters(void **state)
{
    struct api_room *f = *state;
    set_fleet(f, 4); /* the walk is by job: cart 2 and 4, shop 1 and 3 */
    expect_list(f, "", "2413", 4);
    expect_list(f, "job=shop", "13", 2);
    expect_list(f, "job=nobody", "", 0);
    expect_list(f, "state=dropped", "", 0);
    expect_list(f, "label=team%3Da", "13", 2);
    expect_list(f, "label=team=a", "13", 2);
    expect_list(f, "label=team%3Da&label=instance%3DHost3:6060", "3", 1);
    expect_list(f, "label=team%3Da&label=team%3Db", "", 0);
    expect_list(f, "label=nothing%3D", "2413", 4); /* a label that is not there is empty */
    expect_list(f, "label=tea%3Da", "", 0);
    expect_list(f, "search=HOST2", "2", 1);
    expect_list(f, "search=hop", "13", 2);
    expect_list(f, "search=", "2413", 4);
    expect_list(f, "verdict=leak", "1", 1);
    expect_list(f, "verdict=warming", "243", 3);
    expect_list(f, "verdict=any&job=cart", "24", 2);
}

static void test_orders(void **state)
{
    struct api_room *f = *state;
    set_fleet(f, 4);
    expect_list(f, "sort=job", "2413", 4);
    expect_list(f, "sort=job&order=desc", "3142", 4);
    expect_list(f, "sort=inuse", "4321", 4);
    expect_list(f, "sort=inuse&order=asc", "1234", 4);
    expect_list(f, "sort=verdict&limit=1", "1", 4);
    expect_list(f, "sort=growth&limit=1", "1", 4);
}

static void test_pages(void **state)
{
    struct api_room *f = *state;
    set_fleet(f, 5); /* 2413 and then 5 */
    expect_list(f, "limit=2", "24", 5);
    expect_list(f, "limit=2&offset=2", "13", 5);
    expect_list(f, "limit=2&offset=4", "5", 5);
    expect_list(f, "limit=2&offset=5", "", 5);
    expect_list(f, "offset=1000000", "", 5);
    expect_list(f, "sort=inuse&limit=1&offset=1", "4", 5);
}

static void test_what_no_list_takes(void **state)
{
    static const struct {
        const char *query, *says;
    } cases[] = {
        {"limit=0", "from 1 to 5000"},
        {"limit=5001", "from 1 to 5000"},
        {"offset=-1", "from 0 to 1000000"},
        {"offset=1000001", "from 0 to 1000000"},
        {"sort=size", "sort \"size\" is not one of job, inuse, growth, verdict, limit"},
        {"order=up", "order \"up\" is not one of asc, desc"},
        {"verdict=bad", "verdict \"bad\" is not one of any, warming"},
        {"label=team", "label \"team\" is not name=value"},
        {"label==a", "label \"=a\" is not name=value"},
    };
    struct api_room *f = *state;
    char url[600];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(url, sizeof url, "/api/v1/targets?%s", cases[i].query);
        api_room_expect_error(f, url, 400, "bad_data", cases[i].says);
    }
    snprintf(url, sizeof url, "/api/v1/suspects?search=%0300d", 0);
    api_room_expect_error(f, url, 400, "bad_data", "search has 300 bytes, more than 256");
}

/* The status of what is asked with the ETag that is known. */
static int ask_again(struct api_room *f, const char *path, char etag[256])
{
    struct http_response response;
    struct http_request request = {
        .method = "GET", .path = path, .accept = "", .accept_encoding = "", .if_none_match = etag};
    http_router_answer(f->router, &request, &response);
    int status = response.status;
    assert_string_equal(response.headers[0].name, "ETag");
    snprintf(etag, 256, "%s", response.headers[0].value);
    assert_true((status == 304) == (response.len == 0));
    http_response_fini(&response);
    return status;
}

static void test_a_list_travels_when_it_changed(void **state)
{
    static const char *const paths[] = {"/api/v1/targets", "/api/v1/suspects",
        "/api/v1/targets/0000000000000001/sites", "/api/v1/targets/0000000000000001/types"};
    struct api_room *f = *state;
    set_fleet(f, 2);
    fleet_learn(f->store, 1);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        char etag[256] = "";
        api_room_scrape(f, 1, 150 + 2 * (int)i);
        assert_int_equal(ask_again(f, paths[i], etag), 200);
        assert_int_equal(ask_again(f, paths[i], etag), 304);
        api_room_scrape(f, 1, 151 + 2 * (int)i);
        assert_int_equal(ask_again(f, paths[i], etag), 200);
    }
}

/* What is not on the page of rows is in `other`, so that both always make up the whole. */
static void test_pages_of_rows(void **state)
{
    struct api_room *f = *state;
    fleet_set_targets(f->store, 1, 0);
    api_room_scrape(f, 1, 0); /* 30, 9 and 1 MiB */
    cJSON *data = api_room_get(f, "/api/v1/targets/0000000000000001/sites?limit=1&offset=1");
    assert_int_equal(json_at_count(data, "sites"), 1);
    assert_true(json_at_number(data, "total") == 3);
    assert_true(json_at_number(data, "sites.0.inuse_bytes") == 9 * MIB);
    assert_true(json_at_number(data, "other.inuse_bytes") == 31 * MIB);
    assert_true(json_at_number(data, "other.sites") == 2);
    cJSON_Delete(data);
}

/* ---- names ---- */

#define LONG_NAME 4096

/* Every place a stranger's text can come from. */
static void set_hostile_target(struct api_room *f, const char *name)
{
    struct lw_label list[] = {{(char *)"job", (char *)name}, {(char *)"instance", (char *)name},
        {(char *)"note", (char *)name}};
    struct lw_labels *labels = lw_labels_new(list, 3);
    struct store_build_spec build = {name, name, name, name, name, name};
    struct lw_err why;
    store_free(&f->store);
    f->store = fleet_store_new(NULL);
    f->view.store = f->store;
    f->webhook.store = f->store;
    fleet_set_labelled(f->store, &labels, 1);
    fleet_scrape(f->store, 1, 0, fleet_profile_named(name, name));
    uint64_t site_id = store_target_find(f->store, 1)->sites.list[0].site->id;
    struct store_type_spec type = {site_id, name, name, name, name, name, "", NULL};
    assert_true(store_learn(f->store, 1, &build, &type, 1));
    for (int i = 1; i < 30; i++)
        fleet_scrape(f->store, 1, i, fleet_profile_named(name, name));
    lw_err_set(&why, LW_TRANSFER, "%s", name);
    store_fail(f->store, 1, &(struct store_scrape){fleet_minute(30), 0, &why});
}

static void test_hostile_names_are_json_everywhere(void **state)
{
    static const char *const paths[] = {"targets", "targets?search=script",
        "targets/0000000000000001", "targets/0000000000000001/sites",
        "targets/0000000000000001/types", "targets/0000000000000001/series",
        "targets/0000000000000001/flame?by=type", "targets/0000000000000001/goroutines",
        "targets/0000000000000001/memory", "suspects", "gate?job=a&build=%3Cscript%3E&soft=1",
        "status/config"};
    char large[LONG_NAME + 1];
    memset(large, '"', LONG_NAME);
    large[LONG_NAME] = '\0';
    const char *const names[] = {"</script><script>alert(1)</script>", "a\"b\\c\n\t\x1f", large,
        "\xe2\x80\xae txt.exe \xe2\x80\xa8\xe2\x80\xa9", "\xff\xfe\xc3(\xed\xa0\x80",
        "\xf0\x9f\x92"};
    struct api_room *f = *state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        set_hostile_target(f, names[i]);
        for (size_t p = 0; p < sizeof paths / sizeof *paths; p++) {
            char url[128];
            snprintf(url, sizeof url, "/api/v1/%s", paths[p]);
            cJSON_Delete(api_room_get(f, url)); /* which looks for UTF-8 and parses it */
        }
    }
}

/* What is asked for comes back in errors. */
static void test_hostile_questions_are_json_too(void **state)
{
    static const char *const urls[] = {"/api/v1/targets?sort=%3Cscript%3E%22%5C%ff",
        "/api/v1/targets?limit=%e2%80%ae%f0%9f%92", "/api/v1/suspects?label=%ff%fe%22",
        "/api/v1/targets/%3Cscript%3E%ff", "/api/v1/targets/0000000000000001/flame?by=%22%ff",
        "/api/v1/gate?job=%ff%22&build=%ff&baseline=%ff%22"};
    struct api_room *f = *state;
    fleet_set_targets(f->store, 1, 0);
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        int status = strstr(urls[i], "gate") ? 404 : 400;
        cJSON_Delete(api_room_ask(f, "GET", urls[i], status));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_API_ROOM(test_filters),
        WITH_API_ROOM(test_orders),
        WITH_API_ROOM(test_pages),
        WITH_API_ROOM(test_what_no_list_takes),
        WITH_API_ROOM(test_a_list_travels_when_it_changed),
        WITH_API_ROOM(test_pages_of_rows),
        WITH_API_ROOM(test_hostile_names_are_json_everywhere),
        WITH_API_ROOM(test_hostile_questions_are_json_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
