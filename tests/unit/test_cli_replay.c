/* Files of series, and `leakwatchd replay` over them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "cli/replay.h"
#include "cli/series_file.h"

#define MIB 1048576.0

/* A directory of its own for each test, with what the test wrote. */
struct place {
    char dir[64];
    char in[128], out[128], err[128];
};

static int set_up(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    strcpy(p->dir, "/tmp/leakwatchd-replay-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    snprintf(p->in, sizeof p->in, "%s/in.jsonl", p->dir);
    snprintf(p->out, sizeof p->out, "%s/out", p->dir);
    snprintf(p->err, sizeof p->err, "%s/err", p->dir);
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct place *p = *state;
    unlink(p->in);
    unlink(p->out);
    unlink(p->err);
    rmdir(p->dir);
    free(p);
    return 0;
}

static void write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static char *read_text(const char *path)
{
    char *text = calloc(1, 1 << 20);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    assert_true(fread(text, 1, (1 << 20) - 1, f) < (1 << 20) - 1);
    fclose(f);
    return text;
}

/* A minute's samples: from_mib, and step_mib more with each. */
static void print_series(FILE *f, const char *id, double from_mib, double step_mib, int count)
{
    fprintf(f, "{\"id\":\"%s\",\"interval_s\":60,\"points\":[", id);
    for (int i = 0; i < count; i++) {
        double inuse = (from_mib + step_mib * i) * MIB;
        fprintf(f,
            "%s{\"t\":%d,\"inuse_space\":%.0f,\"inuse_objects\":%.0f,\"alloc_space\":%.0f,"
            "\"alloc_objects\":1}",
            i ? "," : "", 60 * (i + 1), inuse, inuse / 1024, 1e9 + MIB * i);
    }
    fputs("]}\n", f);
}

/* Runs the subcommand with its output in files. The words end with NULL. */
static enum flags_exit run(const struct place *p, const char *const *words)
{
    char *argv[8] = {NULL};
    int argc = 0;
    for (; words[argc]; argc++)
        argv[argc] = (char *)words[argc];
    fflush(stdout);
    int saved_out = dup(1), saved_err = dup(2);
    int out = open(p->out, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    int err = open(p->err, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    dup2(out, 1);
    dup2(err, 2);
    optind = 0;
    enum flags_exit status = cli_replay_run(argc, argv);
    fflush(stdout);
    dup2(saved_out, 1);
    dup2(saved_err, 2);
    close(out);
    close(err);
    close(saved_out);
    close(saved_err);
    return status;
}

static cJSON *next_object(const char **text)
{
    const char *end;
    cJSON *object = cJSON_ParseWithOpts(*text, &end, false);
    assert_non_null(object);
    assert_int_equal(*end, '\n'); /* one a line */
    *text = end + 1;
    return object;
}

static double number(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    assert_true(cJSON_IsNumber(item));
    return item->valuedouble;
}

static void assert_is_null(const cJSON *object, const char *name)
{
    assert_true(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(object, name)));
}

static void assert_text(const cJSON *object, const char *name, const char *text)
{
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name)), text);
}

static void check_leak(const cJSON *o)
{
    assert_text(o, "id", "grows");
    assert_text(o, "verdict", "leak");
    assert_true(number(o, "first_growing_t") <= number(o, "first_leak_t"));
    assert_in_range((int)number(o, "first_leak_t"), 55 * 60, 80 * 60);
    assert_true(fabs(number(o, "rate_bytes_per_s") - MIB / 60) < MIB / 600);
    assert_true(number(o, "rate_lo") <= MIB / 60 && MIB / 60 <= number(o, "rate_hi"));
    assert_true(fabs(number(o, "onset_t")) < 600);
    assert_true(fabs(number(o, "retention") - 1) < .1);
    assert_true(fabs(number(o, "alloc_bytes_per_s") - MIB / 60) < MIB / 600);
    assert_true(number(o, "mean_age_s") > 32 * 60); /* as many MiB in use, at one a minute */
    assert_true(number(o, "resolvable_bytes_per_s") > 0);
    assert_is_null(o, "suggested_mem_profile_rate_bytes");
    const cJSON *gates = cJSON_GetObjectItemCaseSensitive(o, "gates");
    assert_int_equal(cJSON_GetArraySize(gates), TREND_GATE_COUNT);
    const cJSON *gate;
    cJSON_ArrayForEach(gate, gates)
    {
        assert_non_null(cJSON_GetObjectItemCaseSensitive(gate, "value"));
        assert_non_null(cJSON_GetObjectItemCaseSensitive(gate, "limit"));
        assert_true(cJSON_IsBool(cJSON_GetObjectItemCaseSensitive(gate, "passed")));
    }
}

static void test_json_says_what_was_found_and_when(void **state)
{
    struct place *p = *state;
    FILE *f = fopen(p->in, "w");
    print_series(f, "grows", 32, 1, 200);
    print_series(f, "rests", 32, 0, 200);
    print_series(f, "short", 32, 1, 3);
    fclose(f);
    assert_int_equal(run(p, (const char *[]){"replay", "--json", p->in, NULL}), FLAGS_EXIT_OK);
    char *text = read_text(p->out);
    const char *at = text;
    cJSON *o = next_object(&at);
    check_leak(o);
    cJSON_Delete(o);
    o = next_object(&at);
    assert_text(o, "id", "rests");
    assert_is_null(o, "first_growing_t");
    assert_is_null(o, "first_leak_t");
    assert_is_null(o, "onset_t");
    assert_true(number(o, "rate_bytes_per_s") == 0);
    cJSON_Delete(o);
    o = next_object(&at);
    assert_text(o, "verdict", "warming");
    assert_is_null(o, "rate_bytes_per_s");
    assert_is_null(o, "rate_lo");
    cJSON_Delete(o);
    assert_string_equal(at, "");
    free(text);
}

static void test_gzip_is_read_as_plain(void **state)
{
    struct place *p = *state;
    const char *line = "{\"points\":[{\"t\":1,\"inuse_space\":5,\"alloc_space\":9}]}\n";
    gzFile gz = gzopen(p->in, "wb");
    gzputs(gz, line);
    gzclose(gz);
    struct lw_err err;
    struct series series;
    struct series_file *file = series_file_open(p->in, &err);
    assert_non_null(file);
    assert_int_equal(series_file_next(file, &series, &err), 1);
    assert_int_equal(series.count, 1);
    assert_true(series.points[0].inuse_bytes == 5 && series.points[0].alloc_bytes == 9);
    assert_true(series.interval_s == 60 && series.label == SERIES_UNLABELLED);
    assert_non_null(strstr(series.id, "in.jsonl:1"));
    series_fini(&series);
    assert_int_equal(series_file_next(file, &series, &err), 0);
    series_file_close(&file);
    assert_null(file);
    series_file_close(&file);
}

static void test_damaged_gzip_ends_the_file(void **state)
{
    struct place *p = *state;
    gzFile gz = gzopen(p->in, "wb");
    for (int i = 0; i < 1000; i++)
        gzprintf(gz, "{\"id\":\"%d\",\"points\":[]}\n", i * 7919);
    gzclose(gz);
    assert_int_equal(truncate(p->in, 1500), 0);
    assert_int_equal(run(p, (const char *[]){"replay", "--json", p->in, NULL}), FLAGS_EXIT_RUN);
    char *text = read_text(p->err);
    assert_non_null(strstr(text, "damaged"));
    free(text);
}

static void test_bad_line_is_said_and_the_rest_replayed(void **state)
{
    static const struct {
        const char *line, *says;
    } bad[] = {
        {"{", "not JSON"},
        {"[]", "not a JSON object"},
        {"{} x", "not JSON"},
        {"{\"points\":{}}", "not an array"},
        {"{\"id\":7,\"points\":[]}", "\"id\" is not a string"},
        {"{\"id\":\"no points\"}", "\"points\" is missing"},
        {"{\"points\":[{\"t\":1,\"alloc_space\":1}]}", "point 1: \"inuse_space\" is missing"},
        {"{\"points\":[{\"t\":\"1\",\"inuse_space\":1,\"alloc_space\":1}]}", "not a number"},
        {"{\"points\":[{\"t\":1e300,\"inuse_space\":1,\"alloc_space\":1}]}", "must lie in"},
        {"{\"points\":[7]}", "point 1: not an object"},
        {"{\"interval_s\":0,\"points\":[]}", "\"interval_s\" is 0"},
        {"{\"label\":\"odd\",\"points\":[]}", "neither leak nor healthy"},
    };
    struct place *p = *state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[512];
        snprintf(text, sizeof text, "\n%s\n{\"id\":\"good\",\"points\":[]}", bad[i].line);
        write_text(p->in, text);
        assert_int_equal(run(p, (const char *[]){"replay", "--json", p->in, NULL}), FLAGS_EXIT_RUN);
        char *err = read_text(p->err), *out = read_text(p->out);
        assert_non_null(strstr(err, "in.jsonl:2: "));
        assert_non_null(strstr(err, bad[i].says));
        assert_non_null(strstr(out, "\"good\""));
        free(err);
        free(out);
    }
}

static void test_line_too_long_is_passed_over(void **state)
{
    struct place *p = *state;
    FILE *f = fopen(p->in, "w");
    for (size_t i = 0; i < SERIES_LINE_BYTES_MAX / 8 + 20000; i++)
        fputs("        ", f);
    fputs("\n{\"id\":\"good\",\"points\":[]}\n", f);
    fclose(f);
    assert_int_equal(run(p, (const char *[]){"replay", "--json", p->in, NULL}), FLAGS_EXIT_RUN);
    char *err = read_text(p->err), *out = read_text(p->out);
    assert_non_null(strstr(err, "in.jsonl:1: a line of more than"));
    assert_non_null(strstr(out, "\"good\""));
    free(err);
    free(out);
}

static void test_garbage_is_given_up(void **state)
{
    struct place *p = *state;
    FILE *f = fopen(p->in, "w");
    for (int i = 0; i < 1000; i++)
        fputs("garbage\n", f);
    fclose(f);
    assert_int_equal(run(p, (const char *[]){"replay", p->in, NULL}), FLAGS_EXIT_RUN);
    char *err = read_text(p->err);
    int lines = 0;
    for (const char *c = err; *c; c++)
        lines += *c == '\n';
    assert_in_range(lines, 1, 30);
    free(err);
}

static void test_table_shows_times_since_the_first_point(void **state)
{
    struct place *p = *state;
    FILE *f = fopen(p->in, "w");
    print_series(f, "grows\\u001b[31m", 32, 1, 200);
    fclose(f);
    assert_int_equal(run(p, (const char *[]){"replay", p->in, NULL}), FLAGS_EXIT_OK);
    char *text = read_text(p->out);
    assert_non_null(strstr(text, "VERDICT"));
    assert_non_null(strstr(text, "grows?[31m"));
    assert_non_null(strstr(text, "leak"));
    assert_non_null(strstr(text, "1024.0 ("));
    assert_non_null(strstr(text, "100 %")); /* of what is allocated stays */
    assert_null(strstr(text, "MemProfileRate"));
    free(text);
}

/* Six samples of 512 KiB stay: who wants to see more is told how. */
static void test_unresolvable_says_what_would_help(void **state)
{
    struct place *p = *state;
    FILE *f = fopen(p->in, "w");
    print_series(f, "small", 3, 0, 300);
    fclose(f);
    assert_int_equal(run(p, (const char *[]){"replay", "--json", p->in, NULL}), FLAGS_EXIT_OK);
    char *text = read_text(p->out);
    cJSON *o = cJSON_Parse(text);
    assert_text(o, "verdict", "unresolvable");
    assert_true(number(o, "resolvable_bytes_per_s") > 10 * MIB / 96 / 60 / 32);
    assert_true(number(o, "suggested_mem_profile_rate_bytes") == 65536);
    cJSON_Delete(o);
    free(text);
    assert_int_equal(run(p, (const char *[]){"replay", p->in, NULL}), FLAGS_EXIT_OK);
    text = read_text(p->out);
    assert_non_null(strstr(text, "MiB/h would be found, less with MemProfileRate=65536"));
    free(text);
}

static void test_flags_are_checked(void **state)
{
    struct place *p = *state;
    write_text(p->in, "");
    const char *const wrong[][4] = {
        {"replay", NULL},
        {"replay", "--interval=0", p->in, NULL},
        {"replay", "--interval=x", p->in, NULL},
        {"replay", "--what", p->in, NULL},
        {"replay", "--config=/nonexistent", p->in, NULL},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(run(p, wrong[i]), FLAGS_EXIT_USAGE);
    assert_int_equal(run(p, (const char *[]){"replay", "--help", NULL}), FLAGS_EXIT_OK);
    assert_int_equal(run(p, (const char *[]){"replay", "/nonexistent", NULL}), FLAGS_EXIT_RUN);
}

static void test_config_scales_time(void **state)
{
    struct place *p = *state;
    char path[128], config[160];
    snprintf(path, sizeof path, "%s/config.yml", p->dir);
    snprintf(config, sizeof config, "--config=%s", path);
    write_text(path, "trend: {base_block: 1h}\n");
    FILE *f = fopen(p->in, "w");
    print_series(f, "grows", 32, 1, 200);
    fclose(f);
    assert_int_equal(
        run(p, (const char *[]){"replay", "--json", config, p->in, NULL}), FLAGS_EXIT_OK);
    unlink(path);
    char *text = read_text(p->out);
    assert_non_null(strstr(text, "\"warming\"")); /* three hours are nothing at this scale */
    free(text);
}

static void test_noise_of_an_object_size(void **state)
{
    (void)state;
    assert_true(fabs(series_noise_bytes(1, 524288) - 524288) < 1);
    assert_true(series_noise_bytes(64 * MIB, 524288) < 1);
    assert_true(series_noise_bytes(1024, 1) == 0);
    double half = 524288 * log(2); /* sampled every other time: s (1 - p) / p = s */
    assert_true(fabs(series_noise_bytes(half, 524288) - half) < 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_json_says_what_was_found_and_when),
        TEST(test_gzip_is_read_as_plain),
        TEST(test_damaged_gzip_ends_the_file),
        TEST(test_bad_line_is_said_and_the_rest_replayed),
        TEST(test_line_too_long_is_passed_over),
        TEST(test_garbage_is_given_up),
        TEST(test_table_shows_times_since_the_first_point),
        TEST(test_unresolvable_says_what_would_help),
        TEST(test_flags_are_checked),
        TEST(test_config_scales_time),
        TEST(test_noise_of_an_object_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
