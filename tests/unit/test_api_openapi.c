/* The document of the API against the daemon: its paths are the routes, no more and no less. What
 * is answered is held against it by tests/e2e/test_openapi.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "base/log.h"
#include "engine/engine.h"
#include "world.h"

#define OPENAPI "/api/v1/openapi.json"
#define START   ((struct lw_wall){1767225600 * LW_NS_PER_S})

static struct world world;
static struct engine *engine;
static char config_path[64];
static cJSON *document;

static void ignore_line(void *ctx, const char *line)
{
    (void)ctx;
    (void)line;
}

static struct http_response ask(const char *path, const char *if_none_match)
{
    struct http_response response;
    struct http_request request = {.method = "GET",
        .path = path,
        .accept = "",
        .accept_encoding = "",
        .if_none_match = if_none_match};
    http_router_answer(engine_router(engine), &request, &response);
    return response;
}

static int set_up(void **state)
{
    static const char yaml[] = "scrape_configs: []\n";
    struct lw_err err;
    (void)state;
    lw_log_set_sink(ignore_line, NULL);
    snprintf(config_path, sizeof config_path, "/tmp/leakwatchd-openapi-XXXXXX");
    int fd = mkstemp(config_path);
    assert_int_equal(write(fd, yaml, strlen(yaml)), strlen(yaml));
    close(fd);
    memset(&world, 0, sizeof world);
    world.loop = loop_new_virtual(START);
    struct engine_options options = {.loop = world.loop,
        .fetcher = world_fetcher(&world),
        .config_path = config_path,
        .version = "1",
        .revision = "x"};
    engine = engine_new(&options, &err);
    assert_non_null(engine);
    struct http_response response = ask(OPENAPI, "");
    assert_int_equal(response.status, 200);
    assert_string_equal(response.content_type, "application/json");
    document = cJSON_ParseWithLength(response.static_body, response.len);
    assert_non_null(document);
    http_response_fini(&response);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    cJSON_Delete(document);
    engine_free(&engine);
    loop_free(&world.loop);
    unlink(config_path);
    lw_log_set_sink(NULL, NULL);
    return 0;
}

static const cJSON *member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* ---- routes ---- */

/* The page and its files are for browsers. */
static bool is_for_programs(const char *path)
{
    return strncmp(path, "/api/", 5) == 0 || strncmp(path, "/-/", 3) == 0 ||
           strcmp(path, "/metrics") == 0;
}

/* Routes for POST take PUT, too: the document names the one that is meant. */
static bool is_method(const char *operation, const char *method)
{
    return strcasecmp(operation, method) == 0 ||
           (strcmp(operation, "put") == 0 && strcmp(method, "POST") == 0);
}

static bool has_operation(const cJSON *path, const char *method)
{
    const cJSON *operation;
    cJSON_ArrayForEach(operation, path)
    {
        if (is_method(operation->string, method))
            return true;
    }
    return false;
}

static bool is_routed(const char *path, const char *operation)
{
    const char *method, *route;
    for (size_t at = 0; http_router_next(engine_router(engine), &at, &method, &route);) {
        if (strcmp(path, route) == 0 && is_method(operation, method))
            return true;
    }
    return false;
}

static void test_no_route_is_undocumented(void **state)
{
    const char *method, *path;
    size_t count = 0;
    (void)state;
    for (size_t at = 0; http_router_next(engine_router(engine), &at, &method, &path);) {
        if (!is_for_programs(path))
            continue;
        count++;
        if (!has_operation(member(member(document, "paths"), path), method))
            fail_msg("openapi.json does not tell of %s %s", method, path);
    }
    assert_in_range(count, 30, 100);
}

static void test_no_path_leads_nowhere(void **state)
{
    const cJSON *path, *operation;
    (void)state;
    cJSON_ArrayForEach(path, member(document, "paths"))
    {
        cJSON_ArrayForEach(operation, path)
        {
            if (strcmp(operation->string, "parameters") != 0 &&
                !is_routed(path->string, operation->string))
                fail_msg("openapi.json tells of %s %s, which there is not", operation->string,
                    path->string);
        }
    }
}

/* ---- the document ---- */

/* What "#/components/schemas/Id" stands for, or NULL. */
static const cJSON *resolve(const char *ref)
{
    char copy[128], *save = NULL;
    const cJSON *at = document;
    snprintf(copy, sizeof copy, "%s", ref + 1);
    for (char *name = strtok_r(copy, "/", &save); name; name = strtok_r(NULL, "/", &save))
        at = member(at, name);
    return at;
}

static size_t check_references(const cJSON *json)
{
    size_t count = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, json)
    {
        if (item->string && strcmp(item->string, "$ref") == 0) {
            count++;
            if (item->valuestring[0] != '#' || !resolve(item->valuestring))
                fail_msg("openapi.json has no %s", item->valuestring);
        }
        count += check_references(item);
    }
    return count;
}

static void test_references_lead_somewhere(void **state)
{
    (void)state;
    assert_in_range(check_references(document), 100, 10000);
}

static void test_it_travels_once(void **state)
{
    (void)state;
    struct http_response response = ask(OPENAPI, "");
    assert_string_equal(response.headers[0].name, "ETag");
    char etag[256];
    snprintf(etag, sizeof etag, "%s", response.headers[0].value);
    http_response_fini(&response);
    response = ask(OPENAPI, etag);
    assert_int_equal(response.status, 304);
    assert_int_equal(response.len, 0);
    http_response_fini(&response);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_route_is_undocumented),
        cmocka_unit_test(test_no_path_leads_nowhere),
        cmocka_unit_test(test_references_lead_somewhere),
        cmocka_unit_test(test_it_travels_once),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
