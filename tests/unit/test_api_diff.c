/* Profiles of incidents against each other, over a real server: requests wait for a worker. The
 * client is a job on the loop's other worker. */
#include "evidence_room.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <curl/curl.h>

#include "api/api.h"
#include "base/hash.h"
#include "base/mem.h"
#include "fleet.h"
#include "profile_sketch.h"

#define HANG_S 60L
#define KIB    ((int64_t)1024)

struct fixture {
    struct room room;
    struct store *store;
    struct config *config;
    struct loop *loop;
    struct http_router *router;
    struct http_server *server;
    struct api_profiles view;
    char incident[LW_ID_TEXT_BYTES];
    /* of the request under way */
    struct loop_job job;
    char url[512];
    const char *header; /* to be sent with it, or NULL */
    struct lw_strbuf body;
    long status;
};

/* ---- a room with an incident ---- */

/* Of two calls on one line, that much in use; packed. */
static unsigned char *pack_heap(int64_t first, int64_t second, size_t *len)
{
    static struct sketch s;
    sketch_program(&s);
    sketch_add_sample(&s, sketch_stack_1_3, sketch_inuse(first / 64, first), 64);
    if (second)
        sketch_add_sample(&s, sketch_stack_2_3, sketch_inuse(second / 64, second), 64);
    return sketch_pack(&s, len);
}

static void add_file(
    struct fixture *f, uint64_t id, const char *name, const void *bytes, size_t len)
{
    struct evidence_file file = {.state = EVIDENCE_FILE_OK};
    struct evidence_incident *changed;
    struct lw_err err;
    snprintf(file.name, sizeof file.name, "%s", name);
    if (evidence_incident_add(f->room.evidence, id, &file, bytes, len, &changed, &err) < 0)
        fail_msg("%s", err.msg);
    evidence_catalogue_put(f->room.catalogue, &changed);
}

static void add_heap(struct fixture *f, uint64_t id, const char *name, int64_t a, int64_t b)
{
    size_t len;
    unsigned char *bytes = pack_heap(a, b, &len);
    add_file(f, id, name, bytes, len);
    free(bytes);
}

/* A heap of one site, whose function has a name of 1,500 letters. */
static void add_long_heap(struct fixture *f, uint64_t id, const char *name)
{
    static struct sketch s;
    static char function[1501];
    static const uint64_t stack[] = {1, 0};
    memset(function, 'f', sizeof function - 1);
    sketch_init(&s);
    sketch_add_location(&s, 0x401000, sketch_add_function(&s, function, "/f.go", 1), 1);
    sketch_add_sample(&s, stack, sketch_inuse(1, 64), 64);
    size_t len;
    unsigned char *bytes = sketch_pack(&s, &len);
    add_file(f, id, name, bytes, len);
    free(bytes);
}

/* The target of the incident runs a build in which the first site is a main.Session. */
static void teach(struct fixture *f)
{
    struct lw_label labels[] = {{(char *)"job", (char *)"shop"}};
    struct store_target_spec spec = {.id = ROOM_TARGET,
        .labels = lw_labels_new(labels, 1),
        .discovered = lw_labels_new(labels, 1),
        .job_name = "shop",
        .url = "http://a"};
    store_set_targets(f->store, &spec, 1, FLEET_START);
    lw_labels_unref(&spec.labels);
    lw_labels_unref(&spec.discovered);
    size_t len;
    struct lw_err err;
    unsigned char *bytes = pack_heap(64 * KIB, 0, &len);
    struct profile_limits limits = profile_limits_for(1 << 20);
    struct profile *heap = profile_decode(bytes, len, &limits, &err);
    assert_non_null(heap);
    struct store_type_spec type = fleet_typed(heap->sites[0].id, "main.Session");
    assert_true(store_learn(f->store, ROOM_TARGET, &fleet_build, &type, 1));
    profile_free(&heap);
    free(bytes);
}

static void error_page(void *ctx, const struct http_request *request, const struct lw_err *err,
    struct http_response *response)
{
    (void)ctx;
    (void)request;
    api_error(response, err);
}

static int set_up(void **state)
{
    static const char text[] = "scrape_configs: []\n";
    struct fixture *f = LW_NEW(struct fixture);
    struct lw_err err;
    room_init(&f->room);
    uint64_t id = room_put(&f->room, 0, 10);
    lw_id_text(id, f->incident);
    add_heap(f, id, "baseline.pb.gz", 4 * KIB, 8 * KIB);
    add_heap(f, id, "heap-gc.pb.gz", 64 * KIB, 6 * KIB);
    add_long_heap(f, id, "last.pb.gz");
    add_file(f, id, "cmdline", "/bin/app", 8);
    f->store = fleet_store_new(NULL);
    teach(f);
    f->config = config_parse(text, strlen(text), "leakwatchd.yml", &err);
    f->loop = loop_new(2, 16, &err);
    assert_non_null(f->config);
    assert_non_null(f->loop);
    f->router = http_router_new(error_page, NULL);
    f->view = (struct api_profiles){.loop = f->loop,
        .store = f->store,
        .config = &f->config,
        .evidence = f->room.evidence,
        .catalogue = f->room.catalogue};
    api_profiles_routes_add(f->router, &f->view);
    f->server = http_server_new(f->loop, f->router, "127.0.0.1:0", &err);
    assert_non_null(f->server);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    http_server_free(&f->server);
    loop_jobs_finish(f->loop);
    http_router_free(&f->router);
    loop_free(&f->loop);
    config_unref(&f->config);
    store_free(&f->store);
    room_fini(&f->room);
    lw_strbuf_fini(&f->body);
    free(f);
    return 0;
}

/* ---- asking ---- */

static size_t take(char *bytes, size_t size, size_t count, void *ctx)
{
    lw_strbuf_add(ctx, bytes, size * count);
    return size * count;
}

static void run_client(struct loop_job *job)
{
    struct fixture *f = (struct fixture *)((char *)job - offsetof(struct fixture, job));
    CURL *curl = curl_easy_init();
    f->status = 0;
    if (!curl)
        return;
    curl_easy_setopt(curl, CURLOPT_URL, f->url);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, HANG_S);
    struct curl_slist *headers = f->header ? curl_slist_append(NULL, f->header) : NULL;
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &f->body);
    if (curl_easy_perform(curl) == CURLE_OK)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &f->status);
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
}

static void client_done(struct loop_job *job)
{
    struct fixture *f = (struct fixture *)((char *)job - offsetof(struct fixture, job));
    loop_stop(f->loop);
}

/* The body stays in f->body. Each % of the query is the incident's id. */
static void ask(struct fixture *f, const char *query, long status)
{
    struct lw_err err;
    int len = snprintf(f->url, sizeof f->url, "http://127.0.0.1:%d", http_server_port(f->server));
    for (const char *p = query; *p; p++)
        len += snprintf(f->url + len, sizeof f->url - (size_t)len, "%.*s",
            *p == '%' ? (int)strlen(f->incident) : 1, *p == '%' ? f->incident : p);
    lw_strbuf_fini(&f->body);
    lw_strbuf_init(&f->body, 1 << 20);
    f->job = (struct loop_job){.run = run_client, .done = client_done};
    assert_int_equal(loop_job_submit(f->loop, &f->job, &err), 0);
    loop_run(f->loop);
    if (f->status != status)
        fail_msg("%s: status %ld: %s", f->url, f->status, f->body.data ? f->body.data : "");
}

/* The data of a success; the caller deletes it. */
static cJSON *get(struct fixture *f, const char *query)
{
    ask(f, query, 200);
    cJSON *answer = cJSON_Parse(f->body.data);
    assert_non_null(answer);
    cJSON *data = cJSON_DetachItemFromObject(answer, "data");
    assert_non_null(data);
    cJSON_Delete(answer);
    return data;
}

static void refused(struct fixture *f, const char *query, long status, const char *says)
{
    ask(f, query, status);
    assert_non_null(f->body.data);
    if (!strstr(f->body.data, says))
        fail_msg("%s does not say \"%s\": %s", query, says, f->body.data);
}

static int64_t number(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItem(object, name);
    assert_true(cJSON_IsNumber(item));
    return (int64_t)item->valuedouble;
}

static const char *text(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItem(object, name);
    assert_true(cJSON_IsString(item));
    return item->valuestring;
}

static const cJSON *element(const cJSON *object, const char *list, int i)
{
    const cJSON *item = cJSON_GetArrayItem(cJSON_GetObjectItem(object, list), i);
    assert_non_null(item);
    return item;
}

/* ---- tests ---- */

#define FILES "base=%/baseline.pb.gz&to=%/heap-gc.pb.gz"

static void test_what_changed_by_site_function_and_type(void **state)
{
    struct fixture *f = *state;
    cJSON *data = get(f, "/api/v1/diff?" FILES "&by=site");
    assert_int_equal(number(data, "total"), 2);
    assert_int_equal(number(data, "base"), 12 * KIB);
    assert_int_equal(number(data, "to"), 70 * KIB);
    const cJSON *row = element(data, "rows", 0);
    assert_int_equal(number(row, "delta"), 60 * KIB);
    assert_string_equal(text(row, "function"), "main.leak");
    assert_string_equal(text(row, "type"), "main.Session");
    row = element(data, "rows", 1);
    assert_int_equal(number(row, "delta"), -2 * KIB);
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(row, "type")));
    cJSON_Delete(data);

    data = get(f, "/api/v1/diff?" FILES);
    assert_int_equal(number(data, "total"), 1);
    assert_string_equal(text(element(data, "rows", 0), "key"), "main.leak");
    assert_int_equal(number(element(data, "rows", 0), "delta"), 58 * KIB);
    cJSON_Delete(data);

    data = get(f, "/api/v1/diff?" FILES "&by=type&limit=1&sample=inuse_objects");
    assert_int_equal(number(data, "total"), 2);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(data, "rows")), 1);
    assert_string_equal(text(element(data, "rows", 0), "key"), "main.Session");
    assert_int_equal(number(element(data, "rows", 0), "delta"), 60 * KIB / 64);
    cJSON_Delete(data);
}

static void test_a_profile_for_pprof(void **state)
{
    struct fixture *f = *state;
    ask(f, "/api/v1/diff?" FILES "&format=pprof", 200);
    assert_memory_equal(f->body.data, "\x1f\x8b", 2);
}

static void test_flames(void **state)
{
    struct fixture *f = *state;
    cJSON *data = get(f, "/api/v1/flame?profile=%/heap-gc.pb.gz");
    assert_int_equal(number(data, "value"), 70 * KIB);
    assert_null(cJSON_GetObjectItem(data, "delta"));
    const cJSON *leak = element(element(data, "children", 0), "children", 0);
    assert_string_equal(text(leak, "name"), "main.leak");
    cJSON_Delete(data);
    data = get(f, "/api/v1/flame?profile=%/heap-gc.pb.gz&base=%/baseline.pb.gz&by=type");
    assert_int_equal(number(data, "delta"), 58 * KIB);
    leak = element(element(data, "children", 0), "children", 0);
    assert_string_equal(text(element(leak, "children", 0), "name"), "main.Session");
    assert_int_equal(number(element(leak, "children", 0), "delta"), 60 * KIB);
    cJSON_Delete(data);
}

static void test_large_answers_are_compressed(void **state)
{
    struct fixture *f = *state;
    ask(f, "/api/v1/flame?profile=%/last.pb.gz", 200);
    assert_true(f->body.len > 1500);
    f->header = "Accept-Encoding: gzip";
    ask(f, "/api/v1/flame?profile=%/last.pb.gz", 200);
    assert_true(f->body.len < 1500);
    assert_memory_equal(f->body.data, "\x1f\x8b", 2);
}

static void test_questions_without_an_answer(void **state)
{
    struct fixture *f = *state;
    refused(f, "/api/v1/diff?to=%/heap-gc.pb.gz", 400, "base is missing");
    refused(f, "/api/v1/diff?base=heap.pb.gz&to=%/heap-gc.pb.gz", 400, "sixteen hex digits");
    refused(f, "/api/v1/diff?base=%/..&to=%/heap-gc.pb.gz", 400, "the name of a file");
    refused(f, "/api/v1/diff?base=%/nothing&to=%/heap-gc.pb.gz", 404, "nothing");
    refused(f, "/api/v1/diff?base=%/cmdline&to=%/heap-gc.pb.gz", 400, "cmdline");
    refused(f, "/api/v1/diff?" FILES "&by=line", 400, "function, type, site");
    refused(f, "/api/v1/diff?" FILES "&sample=cpu", 400, "inuse_space");
    refused(f, "/api/v1/diff?" FILES "&format=svg", 400, "json, pprof");
    refused(f, "/api/v1/flame?profile=%/heap-gc.pb.gz&by=site", 400, "function, type");
    refused(f, "/api/v1/flame", 400, "profile is missing");
    refused(f, "/api/v1/flame?profile=0123456789abcdef/heap.pb.gz", 404, "");
    f->view.under_way = 2;
    refused(f, "/api/v1/diff?" FILES, 503, "try again");
    f->view.under_way = 0;
    f->view.evidence = NULL;
    refused(f, "/api/v1/diff?" FILES, 404, "storage.path");
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(test_what_changed_by_site_function_and_type),
        WITH_SERVER(test_a_profile_for_pprof),
        WITH_SERVER(test_flames),
        WITH_SERVER(test_large_answers_are_compressed),
        WITH_SERVER(test_questions_without_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
