/* `leakwatchd analyze` over files that the test writes, and what it takes for a URL. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/analyze.h"
#include "cli/analyze_url.h"
#include "profile_sketch.h"

#define MIB      ((int64_t)1 << 20)
#define MINUTE   (60 * LW_NS_PER_S)
#define START_NS (1000 * 86400 * LW_NS_PER_S)

/* A directory of its own for each test: profiles in heaps/, the output beside it. */
struct place {
    char dir[64];
    char heaps[96], out[96], err[96];
};

static int set_up(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    strcpy(p->dir, "/tmp/leakwatchd-analyze-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    snprintf(p->heaps, sizeof p->heaps, "%s/heaps", p->dir);
    snprintf(p->out, sizeof p->out, "%s/out", p->dir);
    snprintf(p->err, sizeof p->err, "%s/err", p->dir);
    assert_int_equal(mkdir(p->heaps, 0700), 0);
    unsetenv("NO_COLOR");
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct place *p = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", p->dir);
    assert_int_equal(system(command), 0);
    free(p);
    return 0;
}

static char *path_of(const struct place *p, const char *name)
{
    static char path[160];
    snprintf(path, sizeof path, "%s/%s", p->heaps, name);
    return path;
}

static void write_bytes(const struct place *p, const char *name, const void *bytes, size_t len)
{
    FILE *f = fopen(path_of(p, name), "w");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    fclose(f);
}

/* A program with one site that has inuse_mib of 1 KiB objects. */
static void write_heap(const struct place *p, const char *name, int64_t taken_ns, int64_t inuse_mib)
{
    static struct sketch s;
    int64_t bytes = inuse_mib * MIB;
    sketch_program(&s);
    s.profile.time_nanos = taken_ns;
    struct profile_values values = {bytes / 512, 2 * bytes, bytes / 1024, bytes};
    sketch_add_sample(&s, sketch_stack_1_3, values, 1024);
    size_t len;
    unsigned char *packed = sketch_pack(&s, &len);
    write_bytes(p, name, packed, len);
    free(packed);
}

/* A profile a minute. Names are in the other order than times. */
static void write_series(
    const struct place *p, int count, int64_t from_mib, int64_t step_mib, bool with_time)
{
    for (int i = 0; i < count; i++) {
        char name[32];
        snprintf(name, sizeof name, "heap-%04d", with_time ? count - i : i);
        write_heap(p, name, with_time ? START_NS + i * MINUTE : 0, from_mib + i * step_mib);
    }
}

/* Runs the subcommand with its output in files. The words end with NULL. */
static enum flags_exit run(const struct place *p, const char *const *words)
{
    char *argv[12] = {(char *)"analyze"};
    int argc = 1;
    for (; words[argc - 1]; argc++)
        argv[argc] = (char *)words[argc - 1];
    fflush(stdout);
    int saved_out = dup(1), saved_err = dup(2);
    int out = open(p->out, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    int err = open(p->err, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    dup2(out, 1);
    dup2(err, 2);
    optind = 0;
    enum flags_exit status = cli_analyze_run(argc, argv);
    fflush(stdout);
    dup2(saved_out, 1);
    dup2(saved_err, 2);
    close(out);
    close(err);
    close(saved_out);
    close(saved_err);
    return status;
}
#define RUN(p, ...) run(p, (const char *const[]){__VA_ARGS__, NULL})

static const char *text_of(const char *path)
{
    static char text[1 << 16];
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    return text;
}

static cJSON *json_of(const struct place *p)
{
    cJSON *json = cJSON_Parse(text_of(p->out));
    assert_non_null(json);
    return json;
}

static double number(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    assert_true(cJSON_IsNumber(item));
    return item->valuedouble;
}

static const cJSON *member(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    assert_non_null(item);
    return item;
}

static void assert_word(const cJSON *object, const char *name, const char *word)
{
    assert_string_equal(cJSON_GetStringValue(member(object, name)), word);
}

/* ---- modes ---- */

static void test_one_profile_is_listed(void **state)
{
    struct place *p = *state;
    write_heap(p, "heap", START_NS, 8);
    assert_int_equal(RUN(p, "--json", path_of(p, "heap")), FLAGS_EXIT_OK);
    cJSON *json = json_of(p);
    assert_word(json, "mode", "profile");
    assert_word(json, "time_source", "profile");
    assert_true(cJSON_IsNull(member(json, "verdict")) && cJSON_IsNull(member(json, "build")));
    assert_int_equal(cJSON_GetArraySize(member(json, "types")), 0);
    const cJSON *site = cJSON_GetArrayItem(member(json, "sites"), 0);
    assert_word(site, "function", "main.leak");
    assert_true(number(member(site, "to"), "inuse_bytes") == (double)(8 * MIB));
    assert_true(number(site, "retention_ratio") == 0.5);
    assert_true(cJSON_IsNull(member(site, "trend")));
    assert_null(cJSON_GetObjectItemCaseSensitive(site, "change_bytes"));
    cJSON_Delete(json);
}

static void test_two_profiles_are_compared_in_their_order(void **state)
{
    struct place *p = *state;
    write_heap(p, "a-heap", START_NS + MINUTE, 8); /* the later one */
    write_heap(p, "b-heap", START_NS, 5);
    assert_int_equal(RUN(p, "--json", p->heaps), FLAGS_EXIT_OK);
    cJSON *json = json_of(p);
    assert_word(json, "mode", "diff");
    const cJSON *site = cJSON_GetArrayItem(member(json, "sites"), 0);
    assert_true(number(site, "change_bytes") == (double)(3 * MIB));
    assert_true(number(member(site, "from"), "inuse_bytes") == (double)(5 * MIB));
    cJSON_Delete(json);
    assert_int_equal(RUN(p, p->heaps), FLAGS_EXIT_OK);
    assert_non_null(strstr(text_of(p->out), "+3.0 MiB"));
}

static void test_a_restart_between_two_is_told(void **state)
{
    struct place *p = *state;
    write_heap(p, "heap-1", START_NS, 8);
    write_heap(p, "heap-2", START_NS + MINUTE, 5);
    assert_int_equal(RUN(p, p->heaps), FLAGS_EXIT_OK);
    const char *said = text_of(p->out);
    assert_non_null(strstr(said, "Restarts of the process: 1;"));
    assert_non_null(strstr(said, "-3.0 MiB  5.0 MiB     5120          -     -  main.leak"));
}

static void test_a_series_is_judged_in_its_own_time(void **state)
{
    struct place *p = *state;
    write_series(p, 150, 32, 1, true);
    assert_int_equal(RUN(p, "--json", p->heaps), FLAGS_EXIT_OK);
    cJSON *json = json_of(p);
    assert_word(json, "mode", "series");
    assert_word(json, "verdict", "leak");
    assert_int_equal((int)number(json, "profiles"), 150);
    assert_true(number(json, "base_block_seconds") == 60);
    const cJSON *site = cJSON_GetArrayItem(member(json, "sites"), 0);
    assert_word(member(site, "trend"), "verdict", "leak");
    double rate = number(member(site, "trend"), "growth_bytes_per_second");
    assert_true(rate > 0.9 * (double)MIB / 60 && rate < 1.1 * (double)MIB / 60);
    /* 2 MiB a minute are allocated, and up to 181 are in use. */
    double age_s = number(member(site, "trend"), "mean_age_seconds");
    assert_true(age_s > 60 * 60 && age_s < 90 * 60);
    assert_true(cJSON_IsNull(member(member(site, "trend"), "suggested_mem_profile_rate_bytes")));
    cJSON_Delete(json);
    assert_int_equal(RUN(p, "--fail-on=leak", p->heaps), FLAGS_EXIT_FOUND);
    assert_non_null(strstr(text_of(p->out), "Verdict: leak, by 1.0 MiB a minute"));
    assert_null(strchr(text_of(p->out), '\x1b'));
    assert_int_equal(RUN(p, "--color=always", p->heaps), FLAGS_EXIT_OK);
    assert_non_null(strstr(text_of(p->out), "\x1b[31m"));
}

static void test_what_rests_passes(void **state)
{
    struct place *p = *state;
    write_series(p, 150, 32, 0, true);
    assert_int_equal(RUN(p, "--fail-on=growing", p->heaps), FLAGS_EXIT_OK);
}

static void test_too_few_samples_say_what_would_help(void **state)
{
    struct place *p = *state;
    write_series(p, 150, 3, 0, true); /* six samples of 512 KiB */
    assert_int_equal(RUN(p, "--json", p->heaps), FLAGS_EXIT_OK);
    cJSON *json = json_of(p);
    const cJSON *trend = member(member(json, "total"), "trend");
    assert_word(trend, "verdict", "unresolvable");
    assert_true(number(trend, "resolvable_bytes_per_second") > 0);
    assert_true(number(trend, "suggested_mem_profile_rate_bytes") == 65536);
    assert_true(cJSON_IsNull(member(trend, "mean_age_seconds"))); /* nothing was allocated */
    cJSON_Delete(json);
    assert_int_equal(RUN(p, p->heaps), FLAGS_EXIT_OK);
    assert_non_null(strstr(text_of(p->out), "runtime.MemProfileRate = 65536 would"));
}

static void test_what_cannot_be_judged_does_not_pass(void **state)
{
    struct place *p = *state;
    write_series(p, 5, 32, 1, true);
    assert_int_equal(RUN(p, "--fail-on=leak", p->heaps), FLAGS_EXIT_RUN);
    assert_non_null(strstr(text_of(p->err), "too little to judge"));
    assert_int_equal(RUN(p, p->heaps), FLAGS_EXIT_OK);
    assert_non_null(strstr(text_of(p->out), "Verdict: warming: too little was seen"));
}

/* ---- whose time it is ---- */

static void test_without_times_files_or_names_tell_the_order(void **state)
{
    struct place *p = *state;
    write_series(p, 3, 8, 1, false);
    struct timespec same[2] = {{1000, 0}, {1000, 0}};
    char name[32];
    for (int i = 0; i < 3; i++) {
        snprintf(name, sizeof name, "heap-%04d", i);
        assert_int_equal(utimensat(AT_FDCWD, path_of(p, name), same, 0), 0);
    }
    assert_int_equal(RUN(p, "--json", "--interval=2m", p->heaps), FLAGS_EXIT_OK);
    cJSON *json = json_of(p);
    assert_word(json, "time_source", "name");
    assert_true(number(member(json, "total"), "change_bytes") == (double)(2 * MIB));
    cJSON_Delete(json);
    for (int i = 0; i < 3; i++) { /* now the other way round */
        struct timespec t[2] = {{5000 - 100 * i, 0}, {5000 - 100 * i, 0}};
        snprintf(name, sizeof name, "heap-%04d", i);
        assert_int_equal(utimensat(AT_FDCWD, path_of(p, name), t, 0), 0);
    }
    assert_int_equal(RUN(p, "--json", p->heaps), FLAGS_EXIT_OK);
    json = json_of(p);
    assert_word(json, "time_source", "mtime");
    assert_true(number(member(json, "total"), "change_bytes") == (double)(-2 * MIB));
    cJSON_Delete(json);
}

/* ---- what is not as it should be ---- */

static void test_bad_files_are_said_and_the_rest_analyzed(void **state)
{
    struct place *p = *state;
    size_t len;
    char *bytes = sketch_read_file("goroutines.pb.gz", &len);
    write_bytes(p, "goroutines.pb.gz", bytes, len);
    free(bytes);
    bytes = sketch_read_file("nats-2.pb.gz", &len);
    write_bytes(p, "half.pb.gz", bytes, len / 2);
    free(bytes);
    write_bytes(p, "empty.pb.gz", "", 0);
    write_bytes(p, "page-heap", "<html>", 6);
    write_bytes(p, "notes.txt", "not asked for", 13);
    assert_int_equal(mkfifo(path_of(p, "heap.fifo"), 0600), 0); /* would hang who opens it */
    write_heap(p, "heap", START_NS, 8);
    assert_int_equal(RUN(p, "--json", p->heaps), FLAGS_EXIT_RUN);
    cJSON *json = json_of(p);
    assert_int_equal((int)number(json, "profiles"), 1);
    assert_int_equal((int)number(json, "profiles_failed"), 3);
    assert_int_equal((int)number(json, "profiles_skipped"), 1);
    cJSON_Delete(json);
    const char *said = text_of(p->err);
    assert_true(strstr(said, "half.pb.gz: ") && strstr(said, "empty.pb.gz: "));
    assert_true(strstr(said, "page-heap: ") && strstr(said, "HTML"));
    assert_true(!strstr(said, "goroutines") && !strstr(said, "notes") && !strstr(said, "fifo"));
    /* Who names it means it. */
    assert_int_equal(RUN(p, path_of(p, "goroutines.pb.gz")), FLAGS_EXIT_RUN);
    assert_non_null(strstr(text_of(p->err), "goroutines.pb.gz: "));
    assert_int_equal(RUN(p, path_of(p, "none")), FLAGS_EXIT_RUN);
    assert_non_null(strstr(text_of(p->err), "none: No such file"));
}

static void test_a_binary_of_something_else_gives_no_types(void **state)
{
    struct place *p = *state;
    write_heap(p, "heap", START_NS, 8);
    assert_int_equal(RUN(p, "--binary=/proc/self/exe", path_of(p, "heap")), FLAGS_EXIT_OK);
    assert_non_null(strstr(text_of(p->out), "No types: "));
}

static void test_wrong_flags(void **state)
{
    struct place *p = *state;
    static const char *const wrong[] = {"--top=x", "--sort=size", "--fail-on=warming",
        "--color=red", "--for=1h", "--interval=0", "--nonsense", "--base-block=-1s",
        "--token-file=/x", "http://127.0.0.1:1", "--json=yes"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(RUN(p, wrong[i], "heap"), FLAGS_EXIT_USAGE);
    assert_int_equal(run(p, (const char *const[]){NULL}), FLAGS_EXIT_USAGE);
    assert_int_equal(RUN(p, "--help"), FLAGS_EXIT_OK);
}

/* ---- URLs ---- */

static void test_urls_are_completed(void **state)
{
    (void)state;
    static const struct {
        const char *text, *url, *address;
    } cases[] = {
        {"http://shop:6060", "http://shop:6060/debug/pprof/heap", "shop:6060"},
        {"http://shop:6060/", "http://shop:6060/debug/pprof/heap", "shop:6060"},
        {"https://shop/debug/pprof", "https://shop/debug/pprof/heap", "shop:443"},
        {"http://shop/debug/pprof/", "http://shop/debug/pprof/heap", "shop:80"},
        {"http://shop/x/heap?gc=1", "http://shop/x/heap?gc=1", "shop:80"},
        {"http://[::1]:6060", "http://[::1]:6060/debug/pprof/heap", "[::1]:6060"},
        {"http://me:a%2Fb@shop:1/#x", "http://shop:1/debug/pprof/heap", "shop:1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct analyze_url url;
        struct lw_err err;
        assert_true(analyze_url_is_one(cases[i].text));
        assert_int_equal(analyze_url_parse(cases[i].text, &url, &err), 0);
        assert_string_equal(url.url, cases[i].url);
        assert_string_equal(url.address, cases[i].address);
        if (strchr(cases[i].text, '@'))
            assert_true(strcmp(url.user, "me") == 0 && strcmp(url.password, "a/b") == 0);
        else
            assert_true(!url.user && !url.password);
        analyze_url_fini(&url);
    }
}

static void test_what_is_no_url_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"http://", "http://a b", "http://x:99999", "http://x:y"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct analyze_url url;
        struct lw_err err;
        assert_int_equal(analyze_url_parse(wrong[i], &url, &err), -1);
        assert_int_equal(err.code, LW_INVALID);
    }
    assert_false(analyze_url_is_one("heap.pb.gz"));
    assert_false(analyze_url_is_one("./http:"));
}

static void test_a_service_that_is_not_there_is_an_error(void **state)
{
    struct place *p = *state;
    assert_int_equal(RUN(p, "--for=1h", "http://127.0.0.1:1"), FLAGS_EXIT_RUN);
    assert_non_null(strstr(text_of(p->err), "127.0.0.1:1/debug/pprof/heap"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_one_profile_is_listed),
        TEST(test_two_profiles_are_compared_in_their_order),
        TEST(test_a_restart_between_two_is_told),
        TEST(test_a_series_is_judged_in_its_own_time),
        TEST(test_what_rests_passes),
        TEST(test_too_few_samples_say_what_would_help),
        TEST(test_what_cannot_be_judged_does_not_pass),
        TEST(test_without_times_files_or_names_tell_the_order),
        TEST(test_bad_files_are_said_and_the_rest_analyzed),
        TEST(test_a_binary_of_something_else_gives_no_types),
        TEST(test_wrong_flags),
        cmocka_unit_test(test_urls_are_completed),
        cmocka_unit_test(test_what_is_no_url_is_refused),
        TEST(test_a_service_that_is_not_there_is_an_error),
    };
    return cmocka_run_group_tests_name("analyze", tests, NULL, NULL);
}
