#include "config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/time.h"
#include "config/options.h"
#include "config_room.h"

#define OUT_BYTES_MAX ((size_t)8 << 20)

static char *reference(void)
{
    struct lw_strbuf out;
    lw_strbuf_init(&out, OUT_BYTES_MAX);
    config_reference(&out);
    char *text = lw_strbuf_take(&out, NULL);
    assert_non_null(text);
    return text;
}

static char *read_source(const char *name)
{
    const char *top = getenv("LW_SRCDIR");
    assert_non_null(top);
    char path[4096], *text;
    struct lw_err err;
    snprintf(path, sizeof path, "%s/%s", top, name);
    if (lw_file_read(path, OUT_BYTES_MAX, &text, NULL, &err) < 0)
        fail_msg("%s", err.msg);
    return text;
}
static void test_print_is_read_back_as_the_same(void **state)
{
    (void)state;
    static const char *const texts[] = {"", config_room_full};
    for (size_t i = 0; i < 2; i++) {
        struct config *config = config_room_parse(texts[i]);
        char *printed = config_room_print(config);
        struct config *again = config_room_parse(printed);
        char *printed_again = config_room_print(again);
        assert_string_equal(printed, printed_again);
        if (texts[i] == config_room_full) {
            const struct lw_labels *labels = again->scrape_configs[0].labels;
            assert_string_equal(
                lw_labels_get(labels, "odd"), "a: \"b\"\n\xe2\x80\xa8\xc2\x85\xc3\xa9# c");
            assert_string_equal(
                lw_labels_get(again->scrape_configs[0].static_configs[0].labels, "truth"), "yes");
            assert_int_equal(again->scrape_configs[0].static_config_count, 2);
            assert_int_equal(again->scrape_configs[0].scrape_timeout_ns, 5 * LW_NS_PER_S);
        }
        free(printed);
        free(printed_again);
        config_unref(&config);
        config_unref(&again);
    }
}

static void test_print_looks_like_this(void **state)
{
    (void)state;
    struct config *config = config_room_parse(
        "scrape_configs: [{job_name: a, labels: {b: \"yes\"}, basic_auth: {password: p},"
        " static_configs: [{targets: [\"c:1\", \"1.2.3.4:5\"]}]}]");
    char *printed = config_room_print(config);
    assert_string_equal(printed, "global:\n"
                                 "  scrape_interval: 1m\n"
                                 "  scrape_timeout: 10s\n"
                                 "  body_size_limit: 64MB\n"
                                 "  compressed_size_limit: 16MB\n"
                                 "trend:\n"
                                 "  base_block: 1m\n"
                                 "  sites_per_target: 256\n"
                                 "storage:\n"
                                 "  checkpoint_interval: 30s\n"
                                 "  retention: 1w\n"
                                 "metrics:\n"
                                 "  sites_per_target: 10\n"
                                 "  sites_total: 10000\n"
                                 "binaries:\n"
                                 "  proc: true\n"
                                 "  upload_size_limit: 1GB\n"
                                 "  debuginfod: false\n"
                                 "capture:\n"
                                 "  enabled: true\n"
                                 "  cooldown: 30m\n"
                                 "  concurrent: 2\n"
                                 "  size_limit: 64MB\n"
                                 "  target_bytes_per_day: 256MB\n"
                                 "  fleet_bytes_per_day: 2GB\n"
                                 "  deadline: 2m\n"
                                 "  step_timeout: 30s\n"
                                 "  cpu_seconds: 5\n"
                                 "  trace_seconds: 1\n"
                                 "  cmdline: true\n"
                                 "  goroutine_ceiling: 10000\n"
                                 "  gc_heap_limit: 4GB\n"
                                 "  gc_cpu_percent: 10\n"
                                 "  slow_percent: 50\n"
                                 "  memory_percent: 90\n"
                                 "  time_to_limit: 1h\n"
                                 "  baseline_interval: 1h\n"
                                 "evidence:\n"
                                 "  max_bytes: 5GB\n"
                                 "  max_age: 90d\n"
                                 "web:\n"
                                 "alerting:\n"
                                 "  resend_interval: 1m\n"
                                 "gate:\n"
                                 "  build_label: version\n"
                                 "  inuse_percent: 115\n"
                                 "  resident_percent: 115\n"
                                 "  gc_cpu_percent: 200\n"
                                 "  gc_frequency_percent: 200\n"
                                 "  slack: 4MB\n"
                                 "  min_samples: 30\n"
                                 "  min_baseline_samples: 100\n"
                                 "  min_age: 15m\n"
                                 "scrape_configs:\n"
                                 "  - job_name: a\n"
                                 "    scrape_interval: 1m\n"
                                 "    scrape_timeout: 10s\n"
                                 "    scheme: http\n"
                                 "    profile_path_prefix: /debug/pprof\n"
                                 "    follow_redirects: false\n"
                                 "    body_size_limit: 64MB\n"
                                 "    compressed_size_limit: 16MB\n"
                                 "    basic_auth:\n"
                                 "      username: \"\"\n"
                                 "      password: <secret>\n"
                                 "    memory_limit: 0B\n"
                                 "    memory_interval: 10m\n"
                                 "    goroutine_interval: 5m\n"
                                 "    labels:\n"
                                 "      b: \"yes\"\n"
                                 "    static_configs:\n"
                                 "      - targets:\n"
                                 "          - c:1\n"
                                 "          - \"1.2.3.4:5\"\n");
    free(printed);
    config_unref(&config);
}

static void test_secrets_are_not_printed(void **state)
{
    (void)state;
    struct config *config = config_room_parse(
        "scrape_configs: [{job_name: a, basic_auth: {username: u, password: swordfish}},"
        " {job_name: b, authorization: {credentials: swordfish}}]");
    char *printed = config_room_print(config);
    assert_null(strstr(printed, "swordfish"));
    assert_non_null(strstr(printed, "password: <secret>\n"));
    assert_non_null(strstr(printed, "credentials: <secret>\n"));
    free(printed);
    config_unref(&config);
}

static void test_reload_refuses_what_needs_a_restart(void **state)
{
    (void)state;
    struct config *now = config_room_parse("");
    struct config *live = config_room_parse(
        config_room_full + strlen("global: {scrape_interval: 30s, body_size_limit: 32MB}\n"
                                  "trend: {base_block: 500ms, sites_per_target: 8}\n"));
    struct config *restart = config_room_parse("trend: {base_block: 2m}");
    struct lw_err err;
    assert_int_equal(config_check_reload(now, now, &err), 0);
    assert_int_equal(config_check_reload(now, live, &err), 0);
    assert_int_equal(config_check_reload(now, restart, &err), -1);
    assert_string_equal(err.msg, "trend.base_block cannot change from 1m to 2m while running: "
                                 "restart, or put 1m back");
    config_unref(&now);
    config_unref(&live);
    config_unref(&restart);
}

static void test_readme_holds_the_reference(void **state)
{
    (void)state;
    static const char begin[] = "<!-- config-reference -->\n";
    static const char end[] = "<!-- /config-reference -->\n";
    char *readme = read_source("README.md");
    char *expected = reference();
    char *from = strstr(readme, begin);
    assert_non_null(from);
    from += strlen(begin);
    char *to = strstr(from, end);
    assert_non_null(to);
    *to = '\0';
    assert_string_equal(from, expected); /* if not: put leakwatchd --config.reference there */
    free(expected);
    free(readme);
}

/* Whether a line of the sample, commented out or not, begins with `entry` (after "- ", if need be).
 */
static bool has_line(const char *sample, const char *entry)
{
    for (const char *line = sample; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        const char *p = line + strspn(line, " #");
        p += strncmp(p, "- ", 2) == 0 ? 2 : 0;
        size_t len = strlen(entry);
        if (strncmp(p, entry, len) == 0 && (p[len] == '\n' || entry[len - 1] == ':'))
            return true;
    }
    return false;
}

static void check_sample(const struct config_section *section, const char *sample)
{
    for (size_t i = 0; i < section->option_count; i++) {
        const struct config_option *option = &section->options[i];
        char entry[200];
        bool empty = option->fallback && !option->fallback[0];
        snprintf(entry, sizeof entry, "%s:%s%s", option->name, option->fallback ? " " : "",
            empty              ? "\"\""
            : option->fallback ? option->fallback
                               : "");
        if (!has_line(sample, entry))
            fail_msg("etc/leakwatchd.yml has no line \"%s\"", entry);
        assert_true(option->doc && option->doc[0]);
        if (option->section)
            check_sample(option->section, sample);
    }
}

static void test_sample_shows_every_option(void **state)
{
    (void)state;
    char *sample = read_source("etc/leakwatchd.yml");
    check_sample(&config_root, sample);
    free(sample);
}

static void test_sample_is_valid_and_all_defaults(void **state)
{
    (void)state;
    char path[4096];
    struct lw_err err;
    snprintf(path, sizeof path, "%s/etc/leakwatchd.yml", getenv("LW_SRCDIR"));
    struct config *config = config_load(path, &err);
    if (!config)
        fail_msg("%s", err.msg);
    struct config *bare = config_room_parse("scrape_configs: [{job_name: go-services,"
                                            " static_configs: [{targets: [\"localhost:6060\"]}]}]");
    char *printed = config_room_print(config), *expected = config_room_print(bare);
    assert_string_equal(printed, expected);
    free(printed);
    free(expected);
    config_unref(&config);
    config_unref(&bare);
}

/* Every example that is commented out must be valid where it stands, but for the ones that exclude
 * each other, of which the later goes. */
static void test_examples_of_the_sample_are_valid(void **state)
{
    (void)state;
    char *sample = read_source("etc/leakwatchd.yml");
    struct lw_strbuf text;
    lw_strbuf_init(&text, OUT_BYTES_MAX);
    for (char *line = strtok(sample, "\n"); line; line = strtok(NULL, "\n")) {
        char *hash = line + strspn(line, " ");
        bool prose = hash[1] == '\0' || (hash[1] == ' ' && hash[2] != ' ');
        if (hash[0] == '#' && !prose)
            memmove(hash, hash + 1, strlen(hash));
        if (strstr(line, "password_file") || strstr(line, "credentials") || strstr(line, "type:") ||
            strstr(line, "authorization:"))
            continue;
        lw_strbuf_addf(&text, "%s\n", line);
    }
    struct config *config = config_room_parse(text.data);
    assert_string_equal(config->upload.bucket, "leaks");
    assert_string_equal(config->scrape_configs[0].tls_config.server_name, "checkout.internal");
    assert_int_equal(config->scrape_configs[0].scrape_interval_ns, 30 * LW_NS_PER_S);
    assert_int_equal(config->scrape_configs[0].file_sd_config_count, 1);
    config_unref(&config);
    lw_strbuf_fini(&text);
    free(sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_print_is_read_back_as_the_same),
        cmocka_unit_test(test_print_looks_like_this),
        cmocka_unit_test(test_secrets_are_not_printed),
        cmocka_unit_test(test_reload_refuses_what_needs_a_restart),
        cmocka_unit_test(test_readme_holds_the_reference),
        cmocka_unit_test(test_sample_shows_every_option),
        cmocka_unit_test(test_sample_is_valid_and_all_defaults),
        cmocka_unit_test(test_examples_of_the_sample_are_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
