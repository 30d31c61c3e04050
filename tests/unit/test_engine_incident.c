/* What becomes of a bundle on disk, through the whole engine: read back as the next start would. */
#include "evidence_room.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "engine/captures.h"
#include "engine/engine.h"
#include "engine/engine_priv.h"
#include "evidence/durable.h"
#include "world.h"

#define S     LW_NS_PER_S
#define START ((struct lw_wall){1767225600 * S})

static struct world world;
static struct room room;
static struct engine *engine;
static char config_path[128];

static void ignore_line(void *ctx, const char *line)
{
    (void)ctx;
    (void)line;
}

static int set_up(void **state)
{
    struct lw_err err;
    (void)state;
    lw_log_set_sink(ignore_line, NULL);
    room_init(&room);
    room_close(&room); /* the engine opens it */
    snprintf(config_path, sizeof config_path, "%s/leakwatchd.yml", room.path);
    FILE *f = fopen(config_path, "we");
    assert_non_null(f);
    fprintf(f, "global: {scrape_interval: 10s}\ncapture: {cooldown: 1s}\nscrape_configs:\n"
               "  - job_name: shop\n    static_configs: [{targets: ['a:1']}]\n");
    assert_int_equal(fclose(f), 0);
    memset(&world, 0, sizeof world);
    world.loop = loop_new_virtual(START);
    world_add_site(world_add(&world, "a:1"), "main.open")->start_bytes = 8 << 20;
    struct engine_options options = {
        .loop = world.loop,
        .fetcher = world_fetcher(&world),
        .storage_path = room.path,
        .config_path = config_path,
        .version = "1",
        .revision = "x",
    };
    engine = engine_new(&options, &err);
    assert_non_null(engine);
    loop_run_for(world.loop, 25 * S);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    durable_fault = NULL;
    engine_free(&engine);
    loop_free(&world.loop);
    room_fini(&room);
    lw_log_set_sink(NULL, NULL);
    return 0;
}

/* Captures, ends the engine, and opens the evidence anew. Returns the incident as it is then. */
static const struct evidence_incident *capture(int (*fault)(const char *step, const char *name))
{
    struct engine_capture_wish wish = {
        .target_id = store_target_at(engine_store(engine), 0)->id,
        .trigger = CAPTURE_BY_API,
        .reason = "a look",
    };
    struct engine_capture_answer answer;
    durable_fault = fault;
    engine_capture_request(engine, &wish, &answer);
    assert_int_equal(answer.result, ENGINE_CAPTURE_ACCEPTED);
    loop_run_for(world.loop, 120 * S);
    durable_fault = NULL;
    const struct evidence_incident *shown =
        evidence_catalogue_find(engine->incidents, answer.incident_id);
    enum evidence_state state = shown->state;
    engine_free(&engine);
    room_open(&room);
    room_assert_whole(&room);
    const struct evidence_incident *found =
        evidence_catalogue_find(room.catalogue, answer.incident_id);
    assert_non_null(found);
    assert_int_equal(found->state, state);
    return found;
}

static enum evidence_file_state state_of(const struct evidence_incident *incident, const char *name)
{
    const struct evidence_file *file = evidence_incident_file(incident, name);
    assert_non_null(file);
    return file->state;
}

/* The report as it lies on the disk; the caller frees it. */
static char *report_of(const struct evidence_incident *incident, const char *name)
{
    struct evidence_wanted wanted = {
        .id = incident->id, .name = name, .limit_bytes = (size_t)1 << 20};
    struct lw_err err;
    char *text;
    size_t len;
    if (evidence_file_read(room.evidence, &wanted, &text, &len, &err) < 0)
        fail_msg("%s", err.msg);
    return text;
}

/* Whether the report says of each file that was fetched what became of it. */
static void assert_report_is_true(const struct evidence_incident *incident)
{
    char *text = report_of(incident, "report.json");
    cJSON *report = cJSON_Parse(text);
    const cJSON *told;
    size_t count = 0;
    cJSON_ArrayForEach(told, cJSON_GetObjectItem(report, "bundle"))
    {
        const char *name = cJSON_GetObjectItem(told, "name")->valuestring;
        const char *state = cJSON_GetObjectItem(told, "state")->valuestring;
        assert_int_equal(strcmp(state, "ok") == 0, state_of(incident, name) == EVIDENCE_FILE_OK);
        count++;
    }
    assert_true(count > 5);
    cJSON_Delete(report);
    free(text);
}

/* ---- a disk that fills in the middle ---- */

static int no_room_for_heap(const char *step, const char *name)
{
    return strcmp(step, "write") == 0 && strcmp(name, "heap.pb.gz") == 0 ? ENOSPC : 0;
}

static void test_what_has_room_is_kept(void **state)
{
    (void)state;
    const struct evidence_incident *incident = capture(no_room_for_heap);
    assert_int_equal(incident->state, EVIDENCE_FAILED);
    assert_non_null(strstr(incident->why, "1 of its files could not be kept"));
    assert_non_null(strstr(incident->why, "heap.pb.gz: No space left"));
    assert_int_equal(state_of(incident, "heap.pb.gz"), EVIDENCE_FILE_FAILED);
    assert_non_null(strstr(evidence_incident_file(incident, "heap.pb.gz")->why, "No space left"));
    assert_int_equal(state_of(incident, "report.json"), EVIDENCE_FILE_OK);
    assert_int_equal(state_of(incident, "goroutine.pb.gz"), EVIDENCE_FILE_OK);
    assert_report_is_true(incident);
    char *markdown = report_of(incident, "report.md");
    assert_non_null(strstr(markdown, "heap.pb.gz: No space left"));
    free(markdown);
}

/* Room for the manifest once two files have gone. */
static int manifests_refused;

static int no_room_for_manifest(const char *step, const char *name)
{
    bool is_full = strcmp(step, "write") == 0 && strcmp(name, "manifest.json") == 0;
    return is_full && manifests_refused++ < 2 ? ENOSPC : 0;
}

static void test_files_make_room_for_the_manifest(void **state)
{
    (void)state;
    manifests_refused = 0;
    const struct evidence_incident *incident = capture(no_room_for_manifest);
    size_t given_up = 0;
    for (size_t i = 0; i < incident->file_count; i++) {
        const struct evidence_file *file = &incident->files[i];
        given_up += file->why && strstr(file->why, "given up");
    }
    assert_int_equal(given_up, 2);
    assert_int_equal(incident->state, EVIDENCE_FAILED);
    assert_non_null(strstr(incident->why, "manifest.json: No space left"));
    assert_int_equal(state_of(incident, "report.json"), EVIDENCE_FILE_OK);
    assert_int_equal(state_of(incident, "heap.pb.gz"), EVIDENCE_FILE_OK);
    assert_report_is_true(incident);
}

/* The disk has no room for the heap, and after that for no report either until one file more has
 * gone. */
static int reports_written;

static int no_room_for_the_second_report(const char *step, const char *name)
{
    bool is_report = strcmp(step, "write") == 0 && strcmp(name, "report.json") == 0;
    if (is_report && ++reports_written == 2)
        return ENOSPC;
    return no_room_for_heap(step, name);
}

static void test_files_make_room_for_a_report_that_tells_of_them(void **state)
{
    (void)state;
    reports_written = 0;
    const struct evidence_incident *incident = capture(no_room_for_the_second_report);
    assert_int_equal(incident->state, EVIDENCE_FAILED);
    assert_non_null(strstr(incident->why, "2 of its files could not be kept"));
    assert_true(reports_written > 3);
    assert_report_is_true(incident);
}

/* A report that tells what is not so is worse than none. */
static int only_one_report(const char *step, const char *name)
{
    bool is_report = strcmp(step, "write") == 0 && strncmp(name, "report.", 7) == 0;
    if (is_report && ++reports_written > 2)
        return EIO;
    return no_room_for_heap(step, name);
}

static void test_a_report_that_cannot_be_mended_goes(void **state)
{
    (void)state;
    reports_written = 0;
    const struct evidence_incident *incident = capture(only_one_report);
    assert_int_equal(state_of(incident, "report.json"), EVIDENCE_FILE_FAILED);
    assert_int_equal(state_of(incident, "report.md"), EVIDENCE_FILE_FAILED);
    assert_int_equal(state_of(incident, "goroutine.pb.gz"), EVIDENCE_FILE_OK);
    assert_non_null(strstr(incident->why, "3 of its files could not be kept"));
}

static int no_fault(const char *step, const char *name)
{
    (void)step, (void)name;
    return 0;
}

static void test_with_room_all_of_it_is_kept(void **state)
{
    (void)state;
    const struct evidence_incident *incident = capture(no_fault);
    assert_int_equal(incident->state, EVIDENCE_READY);
    assert_string_equal(incident->why, "a look");
    assert_report_is_true(incident);
    assert_int_equal(state_of(incident, "heap.pb.gz"), EVIDENCE_FILE_OK);
}

#define ON_ENGINE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_ENGINE(test_what_has_room_is_kept),
        ON_ENGINE(test_files_make_room_for_the_manifest),
        ON_ENGINE(test_files_make_room_for_a_report_that_tells_of_them),
        ON_ENGINE(test_a_report_that_cannot_be_mended_goes),
        ON_ENGINE(test_with_room_all_of_it_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
