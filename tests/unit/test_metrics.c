/* GET /metrics without sockets: over a store that was filled by hand, in both formats, and every
 * line of it read back. */
#include "fleet.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"
#include "http_room.h"
#include "metrics/metrics.h"

/* ---- the daemon around it ---- */

struct fixture {
    struct store *store;
    struct config *config;
    struct metrics_view view;
    struct http_router *router;
    char *text; /* of the last answer */
};

static struct metrics_daemon describe(void *ctx)
{
    (void)ctx;
    return (struct metrics_daemon){.reload_successful = true,
        .reload_success_at = FLEET_START,
        .scrapes_missed = 1,
        .scrapes_refused = 2,
        .jobs_under_way = 3,
        .file_sd_failing = 4,
        .store_files_set_aside = 5,
        .http_requests_by_class = {0, 0, 6, 7, 8, 9},
        .http_connections = 10};
}

static void error_page(void *ctx, const struct http_request *request, const struct lw_err *err,
    struct http_response *response)
{
    (void)ctx;
    (void)request;
    http_response_text(response, lw_code_http_status(err->code), "%s\n", err->msg);
}

/* sites_per_target and sites_total of `metrics`. */
static void set_bounds(struct fixture *f, int per_target, int total)
{
    char yaml[512];
    struct lw_err err;
    snprintf(yaml, sizeof yaml,
        "metrics: {sites_per_target: %d, sites_total: %d}\n"
        "scrape_configs:\n"
        "  - job_name: shop\n"
        "    static_configs: [{targets: ['a:1']}]\n",
        per_target, total);
    config_unref(&f->config);
    f->config = config_parse(yaml, strlen(yaml), "leakwatchd.yml", &err);
    if (!f->config)
        fail_msg("%s", err.msg);
}

static int set_up(void **state)
{
    struct fixture *f = LW_NEW(struct fixture);
    f->store = fleet_store_new(NULL);
    struct lw_err err;
    f->config = config_parse("scrape_configs: []\n", 19, "leakwatchd.yml", &err);
    set_bounds(f, 10, 10000);
    f->view = (struct metrics_view){.store = f->store,
        .config = &f->config,
        .version = "1.2.3",
        .revision = "abc",
        .daemon = describe};
    f->router = http_router_new(error_page, NULL);
    metrics_routes_add(f->router, &f->view);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    http_router_free(&f->router);
    config_unref(&f->config);
    store_free(&f->store);
    free(f->text);
    free(f);
    return 0;
}

#define OPENMETRICS "application/openmetrics-text; version=1.0.0"

static void scrape(struct fixture *f, const char *accept)
{
    struct http_request request = {.method = "GET",
        .path = "/metrics",
        .accept = accept,
        .accept_encoding = "",
        .if_none_match = ""};
    struct http_response response = {0};
    http_router_answer(f->router, &request, &response);
    assert_int_equal(response.status, 200);
    assert_non_null(
        strstr(response.content_type, accept[0] ? "application/openmetrics-text" : "text/plain"));
    free(f->text);
    f->text = lw_strndup(response.body, response.len);
    assert_int_equal(strlen(f->text), response.len);
    http_response_fini(&response);
}

/* ---- reading it back ---- */

#define LABELS_MAX 64

/* One line; its strings are unescaped and lie in `text`. */
struct sample {
    char *text;
    const char *name;
    struct {
        const char *name, *value;
    } labels[LABELS_MAX];
    size_t count;
    double value;
};

static const char *label_of(const struct sample *s, const char *name)
{
    for (size_t i = 0; i < s->count; i++) {
        if (strcmp(s->labels[i].name, name) == 0)
            return s->labels[i].value;
    }
    return NULL;
}

/* Unescapes a value in its place, from behind the opening quote; returns what follows the closing
 * one. */
static char *read_value(char *p)
{
    char *to = p;
    for (; *p != '"'; p++) {
        assert_true(*p != '\0');
        if (*p == '\\') {
            p++;
            assert_non_null(strchr("\\\"n", *p));
            *to++ = *p == 'n' ? '\n' : *p;
        } else {
            *to++ = *p;
        }
    }
    *to = '\0';
    return p + 1;
}

static char *read_labels(struct sample *s, char *p)
{
    while (*p != '}') {
        assert_true(s->count < LABELS_MAX);
        s->labels[s->count].name = p;
        p += strcspn(p, "=");
        assert_memory_equal(p, "=\"", 2);
        *p = '\0';
        assert_null(label_of(s, s->labels[s->count].name)); /* each name once */
        s->labels[s->count++].value = p + 2;
        p = read_value(p + 2);
        assert_true(*p == ',' || *p == '}');
        p += *p == ',';
    }
    return p + 1;
}

static void read_sample(struct sample *s, const char *line, size_t len)
{
    *s = (struct sample){.text = lw_strndup(line, len)};
    char *p = s->text;
    s->name = p;
    p += strcspn(p, "{ ");
    bool has_labels = *p == '{';
    *p++ = '\0';
    if (has_labels) {
        p = read_labels(s, p);
        assert_int_equal(*p++, ' ');
    }
    char *end;
    s->value = strtod(p, &end);
    assert_true(end > p && *end == '\0');
}

/* Of the name and the labels, whose order does not matter. */
static uint64_t series_id(const struct sample *s)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < s->count; i++) {
        if (s->labels[i].value[0]) /* an empty label is none */
            sum += lw_hash_string(lw_hash_string(1, s->labels[i].name), s->labels[i].value);
    }
    return lw_hash_u64(lw_hash_string(0, s->name), sum);
}

/* Calls look() for each sample of the last answer. */
static void each_sample(
    const struct fixture *f, void (*look)(void *ctx, const struct sample *s), void *ctx)
{
    const char *line = f->text;
    while (*line) {
        size_t len = strcspn(line, "\n");
        assert_int_equal(line[len], '\n');
        if (line[0] != '#') {
            struct sample s;
            read_sample(&s, line, len);
            look(ctx, &s);
            free(s.text);
        }
        line += len + 1;
    }
}

/* What a test looks for: the name of samples, then some of their labels ("name=value"; "name=" for
 * none), then NULL. */
#define WORDS_MAX     6
#define WORDS(...)    ((const char *const[WORDS_MAX]){__VA_ARGS__})
#define COUNT(f, ...) (find(f, WORDS(__VA_ARGS__)).count)
#define SUM(f, ...)   (find(f, WORDS(__VA_ARGS__)).sum)
#define VALUE(f, ...) value_of(f, WORDS(__VA_ARGS__))

struct found {
    const char *const *words;
    size_t count;
    double sum;
};

static void match(void *ctx, const struct sample *s)
{
    struct found *found = ctx;
    if (strcmp(s->name, found->words[0]) != 0)
        return;
    for (int i = 1; found->words[i]; i++) {
        const char *equals = strchr(found->words[i], '=');
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)(equals - found->words[i]), found->words[i]);
        const char *value = label_of(s, name);
        if (strcmp(value ? value : "", equals + 1) != 0)
            return;
    }
    found->count++;
    found->sum += s->value;
}

static struct found find(struct fixture *f, const char *const words[WORDS_MAX])
{
    struct found found = {.words = words};
    each_sample(f, match, &found);
    return found;
}

/* The value of the one sample there must be. */
static double value_of(struct fixture *f, const char *const words[WORDS_MAX])
{
    struct found found = find(f, words);
    if (found.count != 1)
        fail_msg("%zu samples of %s", found.count, words[0]);
    return found.sum;
}

static void expect_new(void *ctx, const struct sample *s)
{
    if (lw_map_put(ctx, series_id(s), ctx))
        fail_msg("a series of %s is there twice", s->name);
}

static void expect_no_duplicates(struct fixture *f)
{
    struct lw_map seen = {0};
    each_sample(f, expect_new, &seen);
    assert_true(seen.count > 10);
    lw_map_fini(&seen);
}

/* Prometheus' own opinion, where it is to be had. */
static void expect_promtool_takes_it(struct fixture *f)
{
    if (system("command -v promtool >/dev/null 2>&1") != 0)
        return;
    FILE *promtool = popen("promtool check metrics >&2", "w");
    assert_non_null(promtool);
    fputs(f->text, promtool);
    int status = pclose(promtool);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* Both formats are read, and nothing is there twice. */
static void expect_sound(struct fixture *f)
{
    scrape(f, OPENMETRICS);
    expect_no_duplicates(f);
    size_t len = strlen(f->text);
    assert_string_equal(f->text + len - 6, "# EOF\n");
    scrape(f, "");
    expect_no_duplicates(f);
}

/* ---- heaps ---- */

/* f1 leaks, f2 is large and flat, f3 is too small to be followed. */
static void watch(struct fixture *f, uint64_t target_id, int minutes)
{
    for (int i = 0; i < minutes; i++) {
        struct fleet_site sites[] = {
            {1, (9 + i) * MIB, (90 + 2 * i) * MIB}, {2, 900 * MIB, 900 * MIB}, {3, MIB, MIB}};
        fleet_ingest(f->store, target_id, i, sites, 3);
    }
}

/* ---- tests ---- */

static void test_the_daemon_in_both_formats(void **state)
{
    struct fixture *f = *state;
    expect_sound(f);
    expect_promtool_takes_it(f);
    assert_true(VALUE(f, "leakwatch_build_info", "version=1.2.3", "revision=abc") == 1);
    assert_true(VALUE(f, "leakwatch_config_last_reload_success_timestamp_seconds") ==
                lw_wall_s(FLEET_START));
    assert_true(VALUE(f, "leakwatch_scrapes_missed_total") == 1);
    assert_true(VALUE(f, "leakwatch_http_requests_total", "status=5xx") == 9);
    assert_true(VALUE(f, "leakwatch_scrapes_total", "job=shop", "outcome=ok") == 0);
    assert_true(VALUE(f, "leakwatch_targets", "state=up") == 0);
    assert_true(VALUE(f, "process_resident_memory_bytes") > (double)MIB);
    assert_true(VALUE(f, "process_open_fds") >= 3);
    assert_true(VALUE(f, "process_start_time_seconds") > 1e9);
    assert_int_equal(COUNT(f, "leakwatch_target_up"), 0);
    scrape(f, OPENMETRICS);
    assert_non_null(strstr(f->text, "# TYPE leakwatch_build info\n"));
    assert_non_null(strstr(f->text, "# UNIT leakwatch_target_inuse_bytes bytes\n"));
}

static void test_a_target_from_unknown_to_leak(void **state)
{
    struct fixture *f = *state;
    fleet_set_targets(f->store, 1, 0);
    expect_sound(f);
    assert_true(VALUE(f, "leakwatch_targets", "state=unknown") == 1);
    assert_int_equal(COUNT(f, "leakwatch_target_up"), 0);
    assert_int_equal(COUNT(f, "leakwatch_target_inuse_bytes"), 0);
    assert_int_equal(COUNT(f, "leakwatch_site_inuse_bytes"), 0);

    watch(f, 1, 150);
    expect_sound(f);
    expect_promtool_takes_it(f);
    assert_true(VALUE(f, "leakwatch_target_up", "job=shop", "instance=host1:6060") == 1);
    assert_true(VALUE(f, "leakwatch_target_inuse_bytes") == (9 + 149 + 901) * MIB);
    assert_true(VALUE(f, "leakwatch_target_alloc_bytes_total") == (90 + 298 + 901) * MIB);
    assert_true(VALUE(f, "leakwatch_target_sites") == 3);
    assert_true(VALUE(f, "leakwatch_target_followed_sites") == 2);
    assert_true(VALUE(f, "leakwatch_target_restarts_total") == 0);
    assert_true(VALUE(f, "leakwatch_target_verdict", "verdict=leak") == 1);
    assert_true(SUM(f, "leakwatch_target_verdict") == 1);
    assert_int_equal(COUNT(f, "leakwatch_target_verdict"), TREND_CLASS_COUNT);
    double rate = VALUE(f, "leakwatch_site_growth_bytes_per_second", "function=main.f1");
    assert_true(fabs(rate - (double)MIB / 60) < 100);
    assert_true(VALUE(f, "leakwatch_site_leak", "function=main.f1", "source=main.go:1") == 1);
    assert_true(VALUE(f, "leakwatch_site_leak", "function=main.f2") == 0);
    assert_true(VALUE(f, "leakwatch_site_retention_ratio", "function=main.f1") < 0.51);
    double age_s = VALUE(f, "leakwatch_site_mean_age_seconds", "function=main.f1");
    double inuse = VALUE(f, "leakwatch_site_inuse_bytes", "function=main.f1");
    assert_true(fabs(age_s * 2 * rate / inuse - 1) < .2); /* it allocates twice what it keeps */
    assert_true(VALUE(f, "leakwatch_target_mean_age_seconds") > 0);
    assert_true(VALUE(f, "leakwatch_scrapes_total", "job=shop", "outcome=ok") == 150);

    struct lw_err why;
    lw_err_set(&why, LW_TIMEOUT, "no answer");
    store_fail(f->store, 1, &(struct store_scrape){fleet_minute(150), 0, &why});
    expect_sound(f);
    assert_true(VALUE(f, "leakwatch_target_up") == 0);
    assert_true(VALUE(f, "leakwatch_scrapes_total", "outcome=timeout") == 1);
    assert_true(VALUE(f, "leakwatch_target_inuse_bytes") == (9 + 149 + 901) * MIB);
}

static void expect_rows_add_up(struct fixture *f, double inuse_bytes)
{
    assert_true(SUM(f, "leakwatch_site_inuse_bytes") == inuse_bytes);
    assert_true(SUM(f, "leakwatch_type_inuse_bytes") == inuse_bytes);
    assert_true(SUM(f, "leakwatch_site_inuse_objects") == inuse_bytes / 64);
}

static void test_rows_are_bounded_and_add_up(void **state)
{
    struct fixture *f = *state;
    fleet_set_targets(f->store, 2, 0);
    watch(f, 1, 150);
    watch(f, 2, 150);
    double inuse = 2 * (double)(9 + 149 + 901) * (double)MIB;
    static const struct {
        int per_target, total;
        size_t rows; /* of a target, without `other` */
    } cases[] = {{10, 10000, 2}, {1, 10000, 1}, {10, 3, 1}, {10, 1, 0}, {0, 10000, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        set_bounds(f, cases[i].per_target, cases[i].total);
        expect_sound(f);
        assert_int_equal(COUNT(f, "leakwatch_site_inuse_bytes"), 2 * (cases[i].rows + 1));
        assert_int_equal(COUNT(f, "leakwatch_type_inuse_bytes"), 2 * (cases[i].rows + 1));
        assert_int_equal(COUNT(f, "leakwatch_site_alloc_bytes_total"), 2 * cases[i].rows);
        expect_rows_add_up(f, inuse);
        /* The suspect is shown before what is only large. */
        size_t suspects = COUNT(f, "leakwatch_site_leak", "function=main.f1");
        assert_int_equal(suspects, cases[i].rows ? 2 : 0);
    }
}

static void test_types_with_and_without_a_binary(void **state)
{
    struct fixture *f = *state;
    fleet_set_targets(f->store, 1, 0);
    struct fleet_site sites[] = {
        {1, 9 * MIB, 90 * MIB}, {2, 3 * MIB, 30 * MIB}, {3, 5 * MIB, 5 * MIB}};
    fleet_ingest(f->store, 1, 0, sites, 3);
    expect_sound(f);
    assert_true(VALUE(f, "leakwatch_type_inuse_bytes", "type=main.f1 main.go:1",
                    "type_source=site") == 9 * MIB);
    assert_true(VALUE(f, "leakwatch_type_inuse_bytes", "type=other", "type_source=site") == 0);
    assert_int_equal(COUNT(f, "leakwatch_target_build_info"), 0);

    fleet_learn(f->store, 1);
    fleet_ingest(f->store, 1, 1, sites, 3);
    expect_sound(f);
    expect_promtool_takes_it(f);
    assert_true(VALUE(f, "leakwatch_type_inuse_bytes", "type=main.Session", "kind=object",
                    "type_source=binary") == 12 * MIB);
    assert_true(
        VALUE(f, "leakwatch_type_inuse_bytes", "type=other", "type_source=binary") == 5 * MIB);
    assert_true(
        VALUE(f, "leakwatch_site_inuse_bytes", "type=main.Session", "function=main.f2") == 3 * MIB);
    assert_true(VALUE(f, "leakwatch_target_build_info", "build_id=b1", "go_version=go1.22",
                    "module=shop", "source=config") == 1);
    expect_rows_add_up(f, 17 * (double)MIB);
}

/* Names of labels that are ours, that would become ours, that Prometheus takes and the linter does
 * not like; values that need escaping. Every subset of them is a target. */
static void test_no_labels_make_a_series_twice(void **state)
{
    static const char *const names[] = {"type", "exported_type", "exported_exported_type",
        "target_id", "le", "_Zone9", "verdict", "site"};
    static const char *const values[] = {
        "a\"b", "a\\", "a\nb", "\xff\xfe", "<script>", "other", "leak", "0000000000000001"};
    enum { SUBSETS = 1 << 8 };
    struct fixture *f = *state;
    struct lw_labels *labels[SUBSETS];
    for (unsigned subset = 0; subset < SUBSETS; subset++) {
        struct lw_label list[10] = {
            {(char *)"job", (char *)"shop"}, {(char *)"instance", (char *)"a:1"}};
        size_t count = 2;
        for (int i = 0; i < 8; i++) {
            if (subset & 1u << i)
                list[count++] = (struct lw_label){(char *)names[i], (char *)values[i]};
        }
        labels[subset] = lw_labels_new(list, count);
    }
    fleet_set_labelled(f->store, labels, SUBSETS);
    struct fleet_site sites[] = {{1, 9 * MIB, 90 * MIB}, {2, 3 * MIB, 30 * MIB}};
    for (uint64_t id = 1; id <= SUBSETS; id++) {
        fleet_ingest(f->store, id, 0, sites, 2);
        if (id % 2)
            fleet_learn(f->store, id);
        fleet_ingest(f->store, id, 1, sites, 2);
    }
    expect_sound(f);
    assert_int_equal(COUNT(f, "leakwatch_target_up"), SUBSETS);
    assert_int_equal(COUNT(f, "leakwatch_target_up", "exported_target_id=\xef\xbf\xbd"), 0);
    assert_int_equal(COUNT(f, "leakwatch_target_up", "exported_type=a\"b"), SUBSETS / 2);
    assert_int_equal(COUNT(f, "leakwatch_target_up", "exported_exported_type=a\\"), SUBSETS / 2);
    assert_int_equal(COUNT(f, "leakwatch_target_up", "_Zone9=other"), SUBSETS / 2);
    assert_int_equal(COUNT(f, "leakwatch_target_up", "type=", "target_id="), SUBSETS);
    expect_promtool_takes_it(f);
}

static void test_targets_that_differ_by_url_only(void **state)
{
    struct fixture *f = *state;
    struct lw_label list[] = {{(char *)"job", (char *)"shop"}, {(char *)"instance", (char *)"a:1"}};
    struct lw_labels *labels[3];
    for (int i = 0; i < 3; i++)
        labels[i] = lw_labels_new(list, 2);
    fleet_set_labelled(f->store, labels, 3);
    for (uint64_t id = 1; id <= 3; id++)
        fleet_ingest(f->store, id, 0, (struct fleet_site[]){{1, 9 * MIB, 90 * MIB}}, 1);
    expect_sound(f);
    assert_true(VALUE(f, "leakwatch_target_up", "target_id=") == 1);
    assert_true(VALUE(f, "leakwatch_target_up", "target_id=0000000000000002") == 1);
    assert_true(VALUE(f, "leakwatch_target_up", "target_id=0000000000000003") == 1);
}

static void test_names_of_any_bytes(void **state)
{
    static const struct {
        const char *given, *told;
    } names[] = {{"<script>", "<script>"}, {"a\"b\\n", "a\"b\\n"}, {"line\nline", "line\nline"},
        {"\xff\xc3(", "\xef\xbf\xbd\xef\xbf\xbd("}, {"}{,=\" 1 #", "}{,=\" 1 #"}};
    struct fixture *f = *state;
    fleet_set_targets(f->store, 5, 0);
    for (uint64_t i = 0; i < 5; i++) {
        struct profile *profile = fleet_profile_named(names[i].given, names[i].given);
        fleet_scrape(f->store, i + 1, 0, profile);
        const struct store_site *site = store_target_find(f->store, i + 1)->sites.list[0].site;
        struct store_type_spec type = fleet_typed(site->id, names[i].given);
        store_learn(f->store, i + 1, &fleet_build, &type, 1);
        fleet_scrape(f->store, i + 1, 1, fleet_profile_named(names[i].given, names[i].given));
    }
    expect_sound(f);
    expect_promtool_takes_it(f);
    for (int i = 0; i < 5; i++) {
        char function[64], type[64];
        snprintf(function, sizeof function, "function=%s", names[i].told);
        snprintf(type, sizeof type, "type=%s", names[i].told);
        assert_true(VALUE(f, "leakwatch_site_inuse_bytes", function, type) == 9 * MIB);
        assert_true(VALUE(f, "leakwatch_type_inuse_bytes", type) == 9 * MIB);
    }
}

static void test_absurd_numbers_leave_no_negative_rest(void **state)
{
    struct fixture *f = *state;
    fleet_set_targets(f->store, 1, 0);
    struct fleet_site sites[] = {{1, INT64_MAX, INT64_MAX}, {2, INT64_MAX, INT64_MAX}};
    fleet_ingest(f->store, 1, 0, sites, 2);
    expect_sound(f);
    assert_true(VALUE(f, "leakwatch_site_inuse_bytes", "site=other") == 0);
    assert_true(VALUE(f, "leakwatch_site_inuse_objects", "site=other") == 0);
    assert_true(VALUE(f, "leakwatch_type_inuse_bytes", "type=other") == 0);
}

/* ---- over a socket, in steps ---- */

static void ask_for_metrics(struct http_room *room)
{
    room->replies[0] = http_client_ask(room, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    room->replies[1] = http_client_ask(room, "HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
}

static void test_the_route_gives_the_same(void **state)
{
    struct fixture *f = *state;
    struct http_room *room = http_room_open();
    assert_non_null(room);
    f->view.loop = room->loop;
    metrics_routes_add(room->router, &f->view);
    fleet_set_targets(f->store, 3, 0);
    for (uint64_t id = 1; id <= 3; id++)
        fleet_ingest(f->store, id, 0, &(struct fleet_site){1, 9 * MIB, 90 * MIB}, 1);
    http_room_serve(room, ask_for_metrics);
    assert_int_equal(room->replies[0].status, 200);
    assert_int_equal(room->replies[1].status, 200);
    scrape(f, "");
    /* From where the families of targets begin: those of the process change all the time. */
    const char *begin = "# HELP leakwatch_targets ";
    const char *route = strstr(room->replies[0].body, begin), *at_once = strstr(f->text, begin);
    assert_non_null(route);
    assert_non_null(at_once);
    assert_string_equal(route, at_once);
    http_room_close(&room);
}

/* Takes targets away and brings them back, each time the loop comes by. */
struct unrest {
    struct loop *loop;
    struct store *store;
    struct loop_timer timer;
    int times;
};

static void unsettle(void *ctx)
{
    struct unrest *u = ctx;
    fleet_set_targets(u->store, u->times++ % 2 ? 20 : 10, 1);
    loop_timer_arm(u->loop, &u->timer, loop_now(u->loop));
}

static void test_targets_come_and_go_between_steps(void **state)
{
    struct fixture *f = *state;
    struct http_room *room = http_room_open();
    assert_non_null(room);
    f->view.loop = room->loop;
    metrics_routes_add(room->router, &f->view);
    fleet_set_targets(f->store, 20, 0);
    for (uint64_t id = 1; id <= 20; id++)
        fleet_ingest(f->store, id, 0, &(struct fleet_site){1, 9 * MIB, 90 * MIB}, 1);
    struct unrest unrest = {.loop = room->loop, .store = f->store};
    unrest.timer = (struct loop_timer){.fire = unsettle, .ctx = &unrest};
    loop_timer_arm(room->loop, &unrest.timer, loop_now(room->loop));
    http_room_serve(room, ask_for_metrics);
    loop_timer_disarm(room->loop, &unrest.timer);
    assert_int_equal(room->replies[0].status, 200);
    assert_true(unrest.times > 2);
    assert_non_null(strstr(room->replies[0].body,
        "\nleakwatch_site_inuse_bytes{instance=\"host1:6060\",job=\"shop\",site=\"other\"} 0\n"));
    http_room_close(&room);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(test_the_daemon_in_both_formats),
        WITH_STORE(test_a_target_from_unknown_to_leak),
        WITH_STORE(test_rows_are_bounded_and_add_up),
        WITH_STORE(test_types_with_and_without_a_binary),
        WITH_STORE(test_no_labels_make_a_series_twice),
        WITH_STORE(test_targets_that_differ_by_url_only),
        WITH_STORE(test_names_of_any_bytes),
        WITH_STORE(test_absurd_numbers_leave_no_negative_rest),
        WITH_STORE(test_the_route_gives_the_same),
        WITH_STORE(test_targets_come_and_go_between_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
