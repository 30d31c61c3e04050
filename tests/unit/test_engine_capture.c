/* Captures through the whole engine, over a world that does not exist and on its clock: asked for
 * by HTTP, refused, overtaken by reloads and by the end. */
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

#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/engine.h"
#include "engine/engine_priv.h"
#include "world.h"

#define S     LW_NS_PER_S
#define START ((struct lw_wall){1767225600 * S})

static struct world world;
static struct engine *engine;
static char dir[64];
static char config_path[128];
static char id[LW_ID_TEXT_BYTES]; /* of the one target */
static struct http_response answer;

static void ignore_line(void *ctx, const char *line)
{
    (void)ctx;
    (void)line;
}

static void write_config(const char *capture, const char *address)
{
    FILE *f = fopen(config_path, "we");
    assert_non_null(f);
    fprintf(f,
        "global: {scrape_interval: 10s}\ncapture: {%s}\nscrape_configs:\n"
        "  - job_name: shop\n    static_configs: [{targets: ['%s']}]\n",
        capture, address);
    fclose(f);
}

static void start(const char *capture)
{
    struct lw_err err;
    write_config(capture, "a:1");
    struct engine_options options = {
        .loop = world.loop,
        .fetcher = world_fetcher(&world),
        .config_path = config_path,
        .version = "1",
        .revision = "x",
    };
    engine = engine_new(&options, &err);
    assert_non_null(engine);
    loop_run_for(world.loop, 25 * S);
    assert_int_equal(store_target_count(engine_store(engine)), 1);
    lw_id_text(store_target_at(engine_store(engine), 0)->id, id);
}

static int set_up(void **state)
{
    (void)state;
    lw_log_set_sink(ignore_line, NULL);
    snprintf(dir, sizeof dir, "/tmp/leakwatchd-capture-XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(config_path, sizeof config_path, "%s/leakwatchd.yml", dir);
    memset(&world, 0, sizeof world);
    world.loop = loop_new_virtual(START);
    struct world_target *target = world_add(&world, "a:1");
    struct world_site *site = world_add_site(target, "main.open");
    site->start_bytes = 8 << 20;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    http_response_fini(&answer);
    answer = (struct http_response){0};
    engine_free(&engine);
    loop_free(&world.loop);
    unlink(config_path);
    rmdir(dir);
    lw_log_set_sink(NULL, NULL);
    return 0;
}

/* ---- HTTP ---- */

static void ask(const char *method, const char *what, const char *type, const char *body)
{
    char path[128];
    snprintf(path, sizeof path, "/api/v1/targets/%s/%s", id, what);
    struct http_request request = {
        .method = method,
        .path = path,
        .accept = "",
        .accept_encoding = "",
        .if_none_match = "",
        .content_type = type,
        .body = body,
        .body_len = strlen(body),
    };
    http_response_fini(&answer);
    http_router_answer(engine_router(engine), &request, &answer);
}

static int post(const char *body)
{
    ask("POST", "capture", "application/json; charset=utf-8", body);
    return answer.status;
}

static uint64_t posted_incident(void)
{
    cJSON *json = cJSON_Parse(answer.body);
    const cJSON *data = cJSON_GetObjectItem(json, "data");
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(data, "incident"));
    uint64_t incident_id = 0;
    assert_non_null(text);
    assert_int_equal(lw_id_parse(text, &incident_id), 0);
    cJSON_Delete(json);
    return incident_id;
}

static bool answer_has(const char *part)
{
    return answer.body && strstr(answer.body, part);
}

static const struct evidence_incident *incident_of(uint64_t incident_id)
{
    return evidence_catalogue_find(engine->incidents, incident_id);
}

/* ---- tests ---- */

static void test_a_request_becomes_an_incident(void **state)
{
    (void)state;
    start("cpu_seconds: 0, trace_seconds: 0");
    assert_int_equal(post("{\"reason\":\"a look\"}"), 202);
    uint64_t incident_id = posted_incident();
    assert_int_equal(incident_of(incident_id)->state, EVIDENCE_COLLECTING);
    assert_int_equal(post(""), 202); /* who asks meanwhile is given the same one */
    assert_int_equal(posted_incident(), incident_id);
    loop_run_for(world.loop, 60 * S);
    const struct evidence_incident *incident = incident_of(incident_id);
    assert_int_equal(incident->state, EVIDENCE_READY);
    assert_string_equal(incident->why, "a look");
    assert_string_equal(incident->job, "shop");
    assert_string_equal(incident->instance, "a:1");
    assert_non_null(incident->title);
    assert_int_equal(evidence_catalogue_count(engine->incidents), 1);
}

static void test_a_refusal_says_which_rule(void **state)
{
    (void)state;
    start("cooldown: 100s");
    assert_int_equal(post("{}"), 202);
    loop_run_for(world.loop, 50 * S);
    assert_int_equal(post("{}"), 429);
    assert_true(answer_has("cooldown: "));
    assert_string_equal(answer.headers[0].name, "Retry-After");
    ask("GET", "why", "", "");
    assert_int_equal(answer.status, 200);
    assert_true(answer_has("\"allowed\":false"));
    assert_true(answer_has("\"lastRefusals\":[{\"at\":"));
    assert_true(answer_has("\"trigger\":\"api\",\"rule\":\"cooldown\""));
    assert_true(answer_has("\"gates\":"));
    loop_run_for(world.loop, 60 * S);
    assert_int_equal(post("{}"), 202);
    write_config("enabled: false", "a:1");
    struct lw_err err;
    assert_int_equal(engine_reload(engine, &err), 0);
    loop_run_for(world.loop, 300 * S);
    assert_int_equal(post("{}"), 429);
    assert_true(answer_has("enabled: "));
}

/* Without a capture: by the looks that are taken anyway. */
static void test_rules_of_steps_are_judged_by_the_newest_looks(void **state)
{
    (void)state;
    struct world_goroutines *waiting = world_add_goroutines(world_find(&world, "a:1"), "main.wait");
    waiting->start = 700;
    start("goroutine_ceiling: 500, gc_heap_limit: 8MB");
    ask("GET", "why", "", "");
    assert_int_equal(answer.status, 200);
    assert_true(answer_has("it has 700 goroutines; their stacks are asked for as text up to 500"));
    assert_true(answer_has("1.0 % of its CPU is spent in GC"));
    assert_true(answer_has("{\"rule\":\"gc_heap_limit\",\"value\":12")); /* with its garbage */
    waiting->start = 300;
    world_find(&world, "a:1")->sites[0].start_bytes = 1 << 20; /* of another process */
    loop_run_for(world.loop, 10 * S);
    ask("GET", "why", "", "");
    assert_true(answer_has("it has 300 goroutines"));
    assert_true(answer_has("{\"rule\":\"gc_heap_limit\",\"value\":157"));
}

static void test_what_nobody_looked_at_is_not_known(void **state)
{
    (void)state;
    world_find(&world, "a:1")->state = WORLD_DOWN;
    start("");
    ask("GET", "why", "", "");
    assert_true(answer_has("the number of goroutines is not known"));
    assert_true(answer_has("the size of the live heap is not known"));
}

static void test_what_is_no_request(void **state)
{
    (void)state;
    start("");
    ask("POST", "capture", "application/x-www-form-urlencoded", "reason=x");
    assert_int_equal(answer.status, 415);
    ask("POST", "capture", NULL, "{}");
    assert_int_equal(answer.status, 415);
    assert_int_equal(post("[]"), 400);
    assert_int_equal(post("{\"reason\":"), 400);
    assert_int_equal(post("{\"reason\":7}"), 400);
    snprintf(id, sizeof id, "0123456789abcdef");
    assert_int_equal(post("{}"), 404);
    ask("GET", "why", "", "");
    assert_int_equal(answer.status, 404);
    assert_int_equal(evidence_catalogue_count(engine->incidents), 0);
}

static void test_who_is_down_gives_a_failed_incident(void **state)
{
    (void)state;
    start("");
    world_find(&world, "a:1")->state = WORLD_DOWN;
    assert_int_equal(post("{}"), 202);
    uint64_t incident_id = posted_incident();
    loop_run_for(world.loop, 60 * S);
    assert_int_equal(incident_of(incident_id)->state, EVIDENCE_FAILED);
    assert_non_null(strstr(incident_of(incident_id)->why, "connection refused"));
}

static void test_a_target_may_leave_meanwhile(void **state)
{
    (void)state;
    start("cooldown: 1s");
    assert_int_equal(post("{}"), 202);
    uint64_t incident_id = posted_incident();
    write_config("cooldown: 1s", "b:1");
    struct lw_err err;
    assert_int_equal(engine_reload(engine, &err), 0);
    loop_run_for(world.loop, 60 * S);
    assert_int_equal(incident_of(incident_id)->state, EVIDENCE_READY);
    assert_int_equal(post("{}"), 404);
}

static void test_an_alert_is_a_request(void **state)
{
    (void)state;
    start("cooldown: 1s");
    struct engine_capture_wish wish = {
        .trigger = CAPTURE_BY_WEBHOOK, .reason = "alert GoMemoryLeak"};
    struct engine_capture_answer got;
    engine_capture_request(engine, &wish, &got);
    assert_int_equal(got.result, ENGINE_CAPTURE_UNKNOWN);
    assert_true(got.why.text[0]);
    lw_id_parse(id, &wish.target_id);
    engine_capture_request(engine, &wish, &got);
    assert_int_equal(got.result, ENGINE_CAPTURE_ACCEPTED);
    uint64_t incident_id = got.incident_id;
    engine_capture_request(engine, &wish, &got);
    assert_int_equal(got.result, ENGINE_CAPTURE_DUPLICATE);
    assert_int_equal(got.incident_id, incident_id);
    assert_int_equal(incident_of(incident_id)->trigger, EVIDENCE_BY_WEBHOOK);
}

static void test_the_end_may_come_meanwhile(void **state)
{
    (void)state;
    start("");
    assert_int_equal(post("{}"), 202); /* and tear_down frees the engine */
    world_find(&world, "a:1")->state = WORLD_SLOW;
    loop_run_for(world.loop, S);
    assert_int_equal(incident_of(posted_incident())->state, EVIDENCE_COLLECTING);
}

#define ON_ENGINE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_ENGINE(test_a_request_becomes_an_incident),
        ON_ENGINE(test_a_refusal_says_which_rule),
        ON_ENGINE(test_rules_of_steps_are_judged_by_the_newest_looks),
        ON_ENGINE(test_what_nobody_looked_at_is_not_known),
        ON_ENGINE(test_what_is_no_request),
        ON_ENGINE(test_who_is_down_gives_a_failed_incident),
        ON_ENGINE(test_a_target_may_leave_meanwhile),
        ON_ENGINE(test_an_alert_is_a_request),
        ON_ENGINE(test_the_end_may_come_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
