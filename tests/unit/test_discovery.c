#include "discovery/discovery.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "config/groups.h"

#define TEXT_BYTES_MAX ((size_t)16 << 20)
#define GUARD_NS       (60 * LW_NS_PER_S) /* far longer than any event takes */

/* ---- a discovery in a directory of its own ---- */

struct world {
    struct loop *loop;
    struct discovery *discovery;
    char dir[64];
    char *seen; /* the newest set as text */
    size_t count, dropped;
    int calls;
    int errors; /* lines logged as such */
    int warnings;
    const char *wanted;   /* stop when the set reads so */
    const char *log_word; /* stop when a line holds it */
    struct loop_timer guard;
    bool guard_fired;
};

static void give_up(void *ctx)
{
    struct world *w = ctx;
    w->guard_fired = true;
    loop_stop(w->loop);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "host:port job=… k=v\n" for each target, sorted. */
static char *describe(const struct discovery_set *set)
{
    char **lines = lw_new(set->count, sizeof *lines);
    struct lw_strbuf out;
    for (size_t i = 0; i < set->count; i++) {
        const struct discovery_target *t = &set->targets[i];
        lw_strbuf_init(&out, TEXT_BYTES_MAX);
        lw_strbuf_adds(&out, t->address);
        for (size_t l = 0; l < t->labels->count; l++)
            lw_strbuf_addf(&out, " %s=%s", t->labels->list[l].name, t->labels->list[l].value);
        lines[i] = lw_strbuf_take(&out, NULL);
    }
    if (set->count)
        qsort(lines, set->count, sizeof *lines, by_text);
    lw_strbuf_init(&out, TEXT_BYTES_MAX);
    for (size_t i = 0; i < set->count; i++) {
        lw_strbuf_addf(&out, "%s\n", lines[i]);
        free(lines[i]);
    }
    free(lines);
    return lw_strbuf_take(&out, NULL);
}

static void take_set(void *ctx, const struct discovery_set *set)
{
    struct world *w = ctx;
    free(w->seen);
    w->seen = describe(set);
    w->count = set->count;
    w->dropped = set->dropped;
    w->calls++;
    for (size_t i = 1; i < set->count; i++)
        assert_true(set->targets[i - 1].id < set->targets[i].id);
    if (w->wanted && strcmp(w->seen, w->wanted) == 0)
        loop_stop(w->loop);
}

static void take_line(void *ctx, const char *line)
{
    struct world *w = ctx;
    w->errors += strstr(line, "level=ERROR") != NULL;
    w->warnings += strstr(line, "level=WARN") != NULL;
    if (w->log_word && strstr(line, w->log_word))
        loop_stop(w->loop);
}

static struct world *new_world(bool is_virtual)
{
    struct world *w = LW_NEW(struct world);
    struct lw_err err;
    w->loop = is_virtual ? loop_new_virtual((struct lw_wall){0}) : loop_new(1, 1, &err);
    assert_non_null(w->loop);
    snprintf(w->dir, sizeof w->dir, "/tmp/test_discovery.XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    w->guard = (struct loop_timer){.fire = give_up, .ctx = w};
    w->discovery = discovery_new(w->loop, take_set, w);
    lw_log_set_sink(take_line, w);
    return w;
}

static void free_world(struct world *w)
{
    discovery_free(&w->discovery);
    assert_null(w->discovery);
    loop_free(&w->loop);
    lw_log_set_sink(NULL, NULL);
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", w->dir);
    assert_int_equal(system(command), 0);
    free(w->seen);
    free(w);
}

static const char *path_in(const struct world *w, const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", w->dir, name);
    return path;
}

static void write_file(const struct world *w, const char *name, const char *text)
{
    FILE *f = fopen(path_in(w, name), "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

/* As tools do that know what they do: another file first, then a rename. */
static void replace_file(const struct world *w, const char *name, const char *text)
{
    char temporary[256];
    write_file(w, "new", text);
    snprintf(temporary, sizeof temporary, "%s", path_in(w, "new"));
    assert_int_equal(rename(temporary, path_in(w, name)), 0);
}

static void apply(struct world *w, const char *text)
{
    struct lw_err err;
    struct config *config = config_parse(text, strlen(text), path_in(w, "leakwatchd.yml"), &err);
    if (!config)
        fail_msg("%s", err.msg);
    discovery_apply(w->discovery, config);
    config_unref(&config);
}

static void run(struct world *w)
{
    loop_timer_arm(w->loop, &w->guard, lw_mono_add(loop_now(w->loop), GUARD_NS));
    loop_run(w->loop);
    loop_timer_disarm(w->loop, &w->guard);
    w->wanted = w->log_word = NULL;
}

/* Runs until the set reads as wanted. */
static void expect_set(struct world *w, const char *wanted)
{
    w->wanted = wanted;
    if (strcmp(w->seen, wanted) != 0)
        run(w);
    assert_string_equal(w->seen, wanted);
    assert_false(w->guard_fired);
}

static void expect_log(struct world *w, const char *word)
{
    w->log_word = word;
    run(w);
    assert_false(w->guard_fired);
}

#define WATCH_ALL \
    "scrape_configs: [{job_name: a, file_sd_configs: [{files: [\"*.json\", \"*.yml\"]}]}]"

/* ---- labels and identities ---- */

static void test_labels_in_their_order(void **state)
{
    (void)state;
    struct world *w = new_world(true);
    apply(w, "scrape_configs:\n"
             "  - job_name: a\n"
             "    labels: {team: job, zone: z1}\n"
             "    static_configs:\n"
             "      - targets: [\"h:1\"]\n"
             "        labels: {team: group, __meta_x: y, empty: \"\"}\n"
             "      - targets: [\"h:2\"]\n"
             "        labels: {job: b, instance: two, __address__: \"other:9\"}\n"
             "      - targets: [\"h:3\"]\n"
             "        labels: {job: \"\", instance: \"\", team: \"\"}\n");
    assert_string_equal(w->seen, "h:1 instance=h:1 job=a team=group zone=z1\n"
                                 "h:2 instance=two job=b team=job zone=z1\n"
                                 "h:3 instance=h:3 job=a team=job zone=z1\n");
    free_world(w);
}

struct first_target {
    uint64_t id;
    char url[128];
    char discovered[128]; /* __address__ and __meta_x */
};

static void take_first(void *ctx, const struct discovery_set *set)
{
    struct first_target *first = ctx;
    assert_int_equal(set->count, 1);
    const struct discovery_target *t = &set->targets[0];
    first->id = t->id;
    snprintf(first->url, sizeof first->url, "%s", t->url);
    snprintf(first->discovered, sizeof first->discovered, "%s %s",
        lw_labels_get(t->discovered, "__address__"), lw_labels_get(t->discovered, "__meta_x"));
}

static struct first_target first_target_of(const char *job)
{
    struct first_target first;
    struct lw_err err;
    char text[512];
    snprintf(text, sizeof text, "scrape_configs: [{job_name: a, %s}]", job);
    struct config *config = config_parse(text, strlen(text), "/t.yml", &err);
    assert_non_null(config);
    struct loop *loop = loop_new_virtual((struct lw_wall){0});
    struct discovery *d = discovery_new(loop, take_first, &first);
    discovery_apply(d, config);
    discovery_free(&d);
    config_unref(&config);
    loop_free(&loop);
    return first;
}

static void test_identity_is_labels_and_url(void **state)
{
    (void)state;
    struct first_target base = first_target_of("static_configs: [{targets: [\"h:1\"]}]");
    assert_string_equal(base.url, "http://h:1/debug/pprof/heap");
    struct first_target other =
        first_target_of("static_configs: [{targets: [\"h:1\"], labels: {__meta_x: y}}]");
    assert_int_equal(base.id, other.id); /* what is not shown does not matter */
    assert_string_equal(other.discovered, "h:1 y");
    other = first_target_of("scrape_interval: 3s, static_configs: [{targets: [\"h:1\"]}]");
    assert_int_equal(base.id, other.id); /* nor does how it is scraped */
    other = first_target_of("scheme: https, profile_path_prefix: /x, static_configs: "
                            "[{targets: [\"h:1\"]}]");
    assert_string_equal(other.url, "https://h:1/x/heap");
    assert_int_not_equal(base.id, other.id);
    other = first_target_of("static_configs: [{targets: [\"h:1\"], labels: {team: t}}]");
    assert_int_not_equal(base.id, other.id);
}

static void test_duplicates_collapse(void **state)
{
    (void)state;
    struct world *w = new_world(true);
    apply(w,
        "scrape_configs:\n"
        "  - job_name: a\n"
        "    static_configs: [{targets: [\"h:1\", \"h:2\", \"h:1\"]}, {targets: [\"h:1\"]}]\n"
        "  - job_name: b\n"
        "    static_configs: [{targets: [\"h:1\"]}, {targets: [\"h:2\"], labels: {job: a}}]\n");
    assert_string_equal(w->seen, "h:1 instance=h:1 job=a\n"
                                 "h:1 instance=h:1 job=b\n"
                                 "h:2 instance=h:2 job=a\n");
    assert_int_equal(w->dropped, 3);
    free_world(w);
}

static void test_every_apply_hands_a_set_on(void **state)
{
    (void)state;
    struct world *w = new_world(true);
    apply(w, "");
    assert_string_equal(w->seen, "");
    assert_int_equal(w->calls, 1);
    apply(w, "");
    assert_int_equal(w->calls, 2);
    free_world(w);
}

/* ---- files ---- */

static void test_changes_are_taken_up_at_once(void **state)
{
    (void)state;
    struct world *w = new_world(false);
    write_file(w, "a.json", "[{\"targets\": [\"h:1\"], \"labels\": {\"k\": \"v\"}}]");
    write_file(w, "ignored.txt", "[{\"targets\": [\"h:99\"]}]");
    apply(w, WATCH_ALL);
    assert_string_equal(w->seen, "h:1 instance=h:1 job=a k=v\n");
    replace_file(w, "a.json", "[{\"targets\": [\"h:2\"]}]");
    expect_set(w, "h:2 instance=h:2 job=a\n");
    write_file(w, "a.json", "[{\"targets\": [\"h:3\"]}]");
    expect_set(w, "h:3 instance=h:3 job=a\n");
    replace_file(w, "b.yml", "- targets: [h:4]\n");
    expect_set(w, "h:3 instance=h:3 job=a\nh:4 instance=h:4 job=a\n");
    assert_int_equal(unlink(path_in(w, "a.json")), 0);
    expect_set(w, "h:4 instance=h:4 job=a\n");
    replace_file(w, "b.yml", "");
    expect_set(w, "");
    assert_int_equal(w->errors + w->warnings, 0);
    free_world(w);
}

static void test_a_wrong_file_keeps_its_targets(void **state)
{
    (void)state;
    struct world *w = new_world(false);
    replace_file(w, "a.json", "[{\"targets\": [\"h:1\"]}]");
    apply(w, WATCH_ALL);
    replace_file(w, "a.json", "[{\"targets\": [\"h:2\"");
    expect_log(w, "its former targets stay");
    assert_int_equal(discovery_failing_files(w->discovery), 1);
    assert_int_equal(w->calls, 1);
    /* still wrong: not logged again. The other file tells when that has been read. */
    replace_file(w, "a.json", "no");
    replace_file(w, "b.json", "[{\"targets\": [\"h:3\"]}]");
    expect_set(w, "h:1 instance=h:1 job=a\nh:3 instance=h:3 job=a\n");
    assert_int_equal(w->errors, 1);
    /* a reload does not lose them either */
    apply(w, WATCH_ALL);
    assert_string_equal(w->seen, "h:1 instance=h:1 job=a\nh:3 instance=h:3 job=a\n");
    assert_int_equal(discovery_failing_files(w->discovery), 1);
    assert_int_equal(w->errors, 1);
    replace_file(w, "a.json", "[{\"targets\": [\"h:1\"]}]");
    expect_log(w, "is good again");
    assert_int_equal(discovery_failing_files(w->discovery), 0);
    /* wrong once more is another edge */
    replace_file(w, "a.json", "no");
    expect_log(w, "its former targets stay");
    assert_int_equal(w->errors, 2);
    free_world(w);
}

static void test_what_says_the_same_is_not_handed_on(void **state)
{
    (void)state;
    struct world *w = new_world(false);
    replace_file(w, "a.json", "[{\"targets\": [\"h:1\"]}]");
    apply(w, WATCH_ALL);
    assert_int_equal(w->calls, 1);
    replace_file(w, "a.json", " [ {\"targets\": [ \"h:1\" ] } ] ");
    replace_file(w, "b.json", "no");
    expect_log(w, "it gives no targets"); /* both have been read */
    assert_int_equal(w->calls, 1);
    free_world(w);
}

static void test_files_no_longer_wanted_are_dropped(void **state)
{
    (void)state;
    struct world *w = new_world(false);
    write_file(w, "a.json", "no");
    apply(w, WATCH_ALL);
    assert_int_equal(discovery_failing_files(w->discovery), 1);
    apply(w, "scrape_configs: [{job_name: a, file_sd_configs: [{files: [other.json]}]}]");
    assert_int_equal(discovery_failing_files(w->discovery), 0);
    free_world(w);
}

static void test_two_jobs_may_read_one_file(void **state)
{
    (void)state;
    struct world *w = new_world(false);
    write_file(w, "a.json", "[{\"targets\": [\"h:1\"]}]");
    apply(w, "scrape_configs: [{job_name: a, file_sd_configs: [{files: [a.json]}]},"
             " {job_name: b, file_sd_configs: [{files: [\"a*.json\", \"*.json\"]}]}]");
    assert_string_equal(w->seen, "h:1 instance=h:1 job=a\nh:1 instance=h:1 job=b\n");
    assert_int_equal(w->dropped, 1);
    replace_file(w, "a.json", "[{\"targets\": [\"h:2\"]}]");
    expect_set(w, "h:2 instance=h:2 job=a\nh:2 instance=h:2 job=b\n");
    free_world(w);
}

static void test_a_virtual_loop_reads_at_the_interval(void **state)
{
    (void)state;
    struct world *w = new_world(true);
    apply(w, WATCH_ALL);
    assert_string_equal(w->seen, "");
    write_file(w, "a.json", "[{\"targets\": [\"h:1\"]}]");
    loop_run_for(w->loop, 299 * LW_NS_PER_S);
    assert_int_equal(w->calls, 1);
    loop_run_for(w->loop, 2 * LW_NS_PER_S);
    assert_string_equal(w->seen, "h:1 instance=h:1 job=a\n");
    loop_run_for(w->loop, 3600 * LW_NS_PER_S);
    assert_int_equal(w->calls, 2);
    free_world(w);
}

static void test_a_directory_may_come_and_go(void **state)
{
    (void)state;
    struct world *w = new_world(true);
    apply(w, "scrape_configs: [{job_name: a, file_sd_configs: [{files: [sd/a.json]}]}]");
    loop_run_for(w->loop, 3600 * LW_NS_PER_S);
    assert_int_equal(w->warnings, 1);
    assert_int_equal(mkdir(path_in(w, "sd"), 0755), 0);
    write_file(w, "sd/a.json", "[{\"targets\": [\"h:1\"]}]");
    loop_run_for(w->loop, 300 * LW_NS_PER_S);
    assert_string_equal(w->seen, "h:1 instance=h:1 job=a\n");
    assert_int_equal(unlink(path_in(w, "sd/a.json")), 0);
    assert_int_equal(rmdir(path_in(w, "sd")), 0);
    loop_run_for(w->loop, 300 * LW_NS_PER_S);
    assert_string_equal(w->seen, "");
    assert_int_equal(w->warnings, 2);
    free_world(w);
}

static void test_what_is_no_file_fails(void **state)
{
    (void)state;
    struct world *w = new_world(true);
    assert_int_equal(mkdir(path_in(w, "dir.json"), 0755), 0);
    assert_int_equal(symlink("nowhere", path_in(w, "link.json")), 0);
    assert_int_equal(mkfifo(path_in(w, "fifo.json"), 0600), 0);
    apply(w, WATCH_ALL);
    assert_int_equal(discovery_failing_files(w->discovery), 3);
    assert_int_equal(w->errors, 3);
    free_world(w);
}

static void test_a_large_file_fails(void **state)
{
    (void)state;
    struct world *w = new_world(true);
    struct lw_strbuf text;
    lw_strbuf_init(&text, TEXT_BYTES_MAX);
    for (int i = 0; i < (8 << 20) / 16; i++)
        lw_strbuf_adds(&text, "###############\n");
    write_file(w, "a.yml", text.data);
    apply(w, WATCH_ALL);
    assert_int_equal(discovery_failing_files(w->discovery), 0); /* 8 MiB are allowed */
    lw_strbuf_adds(&text, "\n");
    write_file(w, "a.yml", text.data);
    loop_run_for(w->loop, 300 * LW_NS_PER_S);
    assert_int_equal(discovery_failing_files(w->discovery), 1);
    lw_strbuf_fini(&text);
    free_world(w);
}

static void test_targets_are_bounded(void **state)
{
    (void)state;
    struct world *w = new_world(true);
    struct lw_strbuf text;
    lw_strbuf_init(&text, TEXT_BYTES_MAX);
    lw_strbuf_adds(&text, "[{\"targets\": [\"h:1\"");
    for (int i = 1; i < 100000; i++)
        lw_strbuf_addf(&text, ",\"h%d:1\"", i);
    lw_strbuf_adds(&text, "]}]");
    write_file(w, "a.json", text.data);
    apply(w, WATCH_ALL);
    assert_int_equal(w->count, 100000);
    assert_int_equal(w->errors, 0);
    write_file(w, "b.json", "[{\"targets\": [\"h1:1\", \"more:1\", \"more:2\"]}]");
    loop_run_for(w->loop, 3600 * LW_NS_PER_S);
    assert_int_equal(w->count, 100000);
    assert_int_equal(w->dropped, 1);
    assert_int_equal(w->errors, 1);
    lw_strbuf_fini(&text);
    free_world(w);
}

static void test_files_are_bounded(void **state)
{
    (void)state;
    struct world *w = new_world(true);
    for (int i = 0; i < 1001; i++) {
        char name[32], text[64];
        snprintf(name, sizeof name, "f%d.yml", i);
        snprintf(text, sizeof text, "- targets: [h%d:1]\n", i);
        write_file(w, name, text);
    }
    apply(w, WATCH_ALL);
    loop_run_for(w->loop, 3600 * LW_NS_PER_S);
    assert_int_equal(w->count, 1000);
    assert_int_equal(w->errors, 1);
    assert_int_equal(w->calls, 1); /* the thousand that were first stay the ones */
    free_world(w);
}

/* ---- the format of the files ---- */

static void expect_groups(const char *path, const char *text, size_t count)
{
    struct config_groups groups;
    struct lw_err err;
    if (config_groups_parse(text, strlen(text), path, &groups, &err) < 0)
        fail_msg("%s", err.msg);
    assert_int_equal(groups.count, count);
    config_groups_fini(&groups);
    assert_int_equal(groups.count, 0);
}

static void test_groups_that_are_good(void **state)
{
    (void)state;
    expect_groups("t.json", "[]", 0);
    expect_groups("t.json", "null", 0);
    expect_groups("t.json", " [{}]\n", 1);
    expect_groups("t.JSON", "[{\"targets\": null, \"labels\": null}]", 1);
    expect_groups(
        "t.json", "[{\"targets\":[\"\\u0068:1\"],\"labels\":{\"a\":\"\\\\u0000 \\u00e9\"}}]", 1);
    expect_groups("t.yml", "", 0);
    expect_groups("t.yaml", "[]", 0);
    expect_groups("t.yml", "- targets:\n- labels:\n", 2);
    expect_groups("t.yml", "[{\"targets\": [\"h:1\"], \"labels\": {\"__meta_a\": \"b\"}}]", 1);
    expect_groups("t.yml", "- {targets: [h:1], labels: {port: 80}}", 1);
}

static void test_groups_that_are_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *path, *text, *message;
    } cases[] = {
        {"t.json", "", "t.json:1:1: not JSON from here on"},
        {"t.json", "[{\"targets\":\n [h:1]}]", "t.json:2:3: not JSON from here on"},
        {"t.json", "[] []", "t.json:1:4: not JSON from here on"},
        {"t.json", "{}", "t.json: must be an array of target groups"},
        {"t.json", "[{}, null]",
            "t.json: group 2: must be an object like {\"targets\": [\"host:port\"], \"labels\": {}}"},
        {"t.json", "[{\"target\": []}]",
            "t.json: group 1: unknown key \"target\" in a target group, did you mean \"targets\"?"},
        {"t.json", "[{\"targets\": \"h:1\"}]",
            "t.json: group 1: targets: must be an array of strings"},
        {"t.json", "[{\"targets\": [\"h:1\", 5]}]",
            "t.json: group 1: targets: element 2 is not a string"},
        {"t.json", "[{\"targets\": [\"h\"]}]",
            "t.json: group 1: targets: \"h\" is not an address: write host:port, like "
            "checkout-1:6060 or [::1]:6060"},
        {"t.json", "[{\"targets\": [], \"targets\": []}]",
            "t.json: group 1: key \"targets\" is given twice"},
        {"t.json", "[{\"labels\": {}, \"labels\": {}}]",
            "t.json: group 1: key \"labels\" is given twice"},
        {"t.json", "[{\"labels\": []}]", "t.json: group 1: labels: must be an object of strings"},
        {"t.json", "[{\"labels\": {\"a\": 1}}]",
            "t.json: group 1: labels: the value of \"a\" is not a string"},
        {"t.json", "[{\"labels\": {\"a\": null}}]",
            "t.json: group 1: labels: the value of \"a\" is not a string"},
        {"t.json", "[{\"labels\": {\"a\": \"b\", \"a\": \"c\"}}]",
            "t.json: group 1: labels: \"a\" is given twice"},
        {"t.json", "[{\"labels\": {\"a-b\": \"c\"}}]",
            "t.json: group 1: labels: \"a-b\" is not a label name: letters, digits and _, not "
            "beginning with a digit"},
        {"t.json", "[{\"labels\": {\"a\": \"b\\u0000c\"}}]", "t.json:1:22: a NUL character"},
        {"t.json", "[{\"labels\": {\"a\": \"\xff\"}}]", "t.json:1:20: not UTF-8"},
        {"t.yml", "targets: []",
            "t.yml:1:1: the file: must be a list: begin each element with \"- \""},
        {"t.yml", "- ~", "t.yml:1:3: a target group is empty"},
        {"t.yml", "- target: []",
            "t.yml:1:3: unknown key \"target\" in a target group, did you mean \"targets\"?"},
        {"t.yml", "- targets: [h:1, h]",
            "t.yml:1:18: targets: \"h\" is not an address: write host:port, like checkout-1:6060 or "
            "[::1]:6060"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct config_groups groups;
        struct lw_err err;
        const char *text = cases[i].text;
        if (config_groups_parse(text, strlen(text), cases[i].path, &groups, &err) == 0)
            fail_msg("was accepted: %s", text);
        assert_string_equal(err.msg, cases[i].message);
        assert_null(groups.list);
    }
}

static void test_values_of_json_are_bounded(void **state)
{
    (void)state;
    size_t len = 2000100;
    char *text = lw_new(len + 1, 1);
    text[0] = '[';
    for (size_t i = 1; i < len; i++)
        text[i] = i % 2 ? '1' : ',';
    struct config_groups groups;
    struct lw_err err;
    assert_int_equal(config_groups_parse(text, len, "t.json", &groups, &err), -1);
    assert_int_equal(err.code, LW_TOO_LARGE);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_labels_in_their_order),
        cmocka_unit_test(test_identity_is_labels_and_url),
        cmocka_unit_test(test_duplicates_collapse),
        cmocka_unit_test(test_every_apply_hands_a_set_on),
        cmocka_unit_test(test_changes_are_taken_up_at_once),
        cmocka_unit_test(test_a_wrong_file_keeps_its_targets),
        cmocka_unit_test(test_what_says_the_same_is_not_handed_on),
        cmocka_unit_test(test_files_no_longer_wanted_are_dropped),
        cmocka_unit_test(test_two_jobs_may_read_one_file),
        cmocka_unit_test(test_a_virtual_loop_reads_at_the_interval),
        cmocka_unit_test(test_a_directory_may_come_and_go),
        cmocka_unit_test(test_what_is_no_file_fails),
        cmocka_unit_test(test_a_large_file_fails),
        cmocka_unit_test(test_targets_are_bounded),
        cmocka_unit_test(test_files_are_bounded),
        cmocka_unit_test(test_groups_that_are_good),
        cmocka_unit_test(test_groups_that_are_wrong),
        cmocka_unit_test(test_values_of_json_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
