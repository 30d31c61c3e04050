#define OUT_BYTES_MAX ((size_t)8 << 20)

#include "config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/time.h"
#include "config_room.h"

/* The text must fail with exactly this message, which begins after "/etc/t.yml:". */
static void expect_error(const char *text, const char *message)
{
    struct lw_err err;
    struct config *config = config_parse(text, strlen(text), "/etc/t.yml", &err);
    if (config)
        fail_msg("was accepted: %s", text);
    char whole[sizeof err.msg];
    snprintf(whole, sizeof whole, "/etc/t.yml:%s", message);
    assert_string_equal(err.msg, whole);
}
/* ---- what is read ---- */

static void test_empty_files_are_all_defaults(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "\n# nothing\n", "---\n", "{}", "~",
        "global:\nscrape_configs:\n", "scrape_configs: []", "global: {scrape_interval: }"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct config *config = config_room_parse(texts[i]);
        assert_int_equal(config->global.scrape_interval_ns, 60 * LW_NS_PER_S);
        assert_int_equal(config->global.scrape_timeout_ns, 10 * LW_NS_PER_S);
        assert_int_equal(config->global.body_size_limit_bytes, 64 << 20);
        assert_int_equal(config->global.compressed_size_limit_bytes, 16 << 20);
        assert_int_equal(config->trend.base_block_ns, 60 * LW_NS_PER_S);
        assert_int_equal(config->trend.sites_per_target, 256);
        assert_int_equal(config->storage.checkpoint_interval_ns, 30 * LW_NS_PER_S);
        assert_int_equal(config->storage.retention_ns, 7 * 86400 * LW_NS_PER_S);
        assert_int_equal(config->metrics.sites_per_target, 10);
        assert_int_equal(config->metrics.sites_total, 10000);
        assert_int_equal(config->scrape_config_count, 0);
        assert_string_equal(config->text, texts[i]);
        assert_string_equal(config->path, "/etc/t.yml");
        config_unref(&config);
        assert_null(config);
    }
}

static void test_every_option_arrives(void **state)
{
    (void)state;
    struct config *config = config_room_parse(config_room_full);
    assert_int_equal(config->trend.base_block_ns, 500 * LW_NS_PER_MS);
    assert_int_equal(config->storage.retention_ns, 36 * 3600 * LW_NS_PER_S);
    assert_int_equal(config->metrics.sites_total, 0);
    assert_int_equal(config->scrape_config_count, 2);
    const struct config_job *job = &config->scrape_configs[0];
    assert_string_equal(job->job_name, "checkout");
    assert_string_equal(job->scheme, "https");
    assert_string_equal(job->profile_path_prefix, "/admin/pprof");
    assert_true(job->follow_redirects);
    assert_int_equal(job->body_size_limit_bytes, 32 << 20);
    assert_int_equal(job->compressed_size_limit_bytes, 1536 << 10);
    assert_true(job->basic_auth.present);
    assert_string_equal(job->basic_auth.username, "lw");
    assert_string_equal(job->basic_auth.password, "swordfish");
    assert_null(job->basic_auth.password_file);
    assert_false(job->authorization.present);
    assert_true(job->tls_config.insecure_skip_verify);
    assert_string_equal(lw_labels_get(job->labels, "team"), "shop");
    assert_int_equal(job->static_config_count, 2);
    assert_int_equal(job->static_configs[0].targets.count, 2);
    assert_string_equal(job->static_configs[0].targets.list[1], "[::1]:65535");
    assert_string_equal(lw_labels_get(job->static_configs[0].labels, "port"), "80");
    assert_int_equal(job->static_configs[1].targets.count, 0);
    assert_int_equal(job->file_sd_configs[0].refresh_interval_ns, LW_NS_PER_S);
    job = &config->scrape_configs[1];
    assert_string_equal(job->scheme, "http");
    assert_string_equal(job->profile_path_prefix, "/debug/pprof");
    assert_string_equal(job->authorization.type, "Bearer");
    assert_string_equal(job->authorization.credentials_file, "/run/token");
    assert_false(job->tls_config.present);
    assert_int_equal(job->labels->count, 0);
    config_unref(&config);
}

static void test_jobs_inherit_wherever_global_stands(void **state)
{
    (void)state;
    struct config *config =
        config_room_parse("scrape_configs:\n"
                          "  - {job_name: a}\n"
                          "  - {job_name: b, scrape_interval: 5s}\n"
                          "  - {job_name: c, scrape_interval: 1h, scrape_timeout: 1h}\n"
                          "global: {scrape_interval: 20s, scrape_timeout: 8s}\n");
    assert_int_equal(config->scrape_configs[0].scrape_interval_ns, 20 * LW_NS_PER_S);
    assert_int_equal(config->scrape_configs[0].scrape_timeout_ns, 8 * LW_NS_PER_S);
    /* an inherited timeout is lowered to the job's interval, as Prometheus does */
    assert_int_equal(config->scrape_configs[1].scrape_timeout_ns, 5 * LW_NS_PER_S);
    assert_int_equal(config->scrape_configs[2].scrape_timeout_ns, 3600 * LW_NS_PER_S);
    config_unref(&config);
    config = config_room_parse("global: {scrape_interval: 3s}");
    assert_int_equal(config->global.scrape_timeout_ns, 3 * LW_NS_PER_S);
    config_unref(&config);
}

static void test_empty_text_is_left_out(void **state)
{
    (void)state;
    struct config *config =
        config_room_parse("scrape_configs: [{job_name: a, scheme: '', profile_path_prefix: '',"
                          " basic_auth: {password: '', password_file: p},"
                          " tls_config: {ca_file: ''}}]");
    const struct config_job *job = &config->scrape_configs[0];
    assert_string_equal(job->scheme, "http");
    assert_string_equal(job->basic_auth.username, "");
    assert_null(job->basic_auth.password);
    assert_string_equal(job->basic_auth.password_file, "/etc/p");
    assert_null(job->tls_config.ca_file);
    config_unref(&config);
}

static void test_files_are_relative_to_the_configuration(void **state)
{
    (void)state;
    static const char text[] =
        "scrape_configs: [{job_name: a, file_sd_configs: [{files: [sd/*.yml]}]}]";
    static const struct {
        const char *path;
        const char *ending; /* of the file's path */
        bool whole;         /* the ending is all of it */
    } cases[] = {
        {"/etc/lw/t.yml", "/etc/lw/sd/*.yml", true},
        {"/t.yml", "/sd/*.yml", true},
        {"t.yml", "/sd/*.yml", false},
        {"conf/t.yml", "/conf/sd/*.yml", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lw_err err;
        struct config *config = config_parse(text, strlen(text), cases[i].path, &err);
        assert_non_null(config);
        const char *file = config->scrape_configs[0].file_sd_configs[0].files.list[0];
        size_t len = strlen(file), n = strlen(cases[i].ending);
        assert_true(file[0] == '/' && len >= n && (len == n || !cases[i].whole));
        assert_string_equal(file + len - n, cases[i].ending);
        config_unref(&config);
    }
}

static void test_references_are_counted(void **state)
{
    (void)state;
    struct config *config = config_room_parse("");
    struct config *other = config_ref(config);
    config_unref(&config);
    assert_null(config);
    assert_string_equal(other->path, "/etc/t.yml");
    config_unref(&other);
    config_unref(&other);
}

static void test_a_missing_file_is_named(void **state)
{
    (void)state;
    struct lw_err err;
    assert_null(config_load("/nowhere/leakwatchd.yml", &err));
    assert_int_equal(err.code, LW_IO);
    assert_non_null(strstr(err.msg, "/nowhere/leakwatchd.yml"));
}

/* ---- what is refused, and how ---- */

#define JOB "scrape_configs:\n  - job_name: a\n"

static void test_errors_name_place_and_remedy(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *message;
    } cases[] = {
        {"global:\n  scrape_intervall: 1m\n",
            "2:3: unknown key \"scrape_intervall\" in global, did you mean \"scrape_interval\"?"},
        {"globl: {}", "1:1: unknown key \"globl\" in the configuration, did you mean \"global\"?"},
        {"rule_files: []", "1:1: unknown key \"rule_files\" in the configuration"},
        {"global:\n  scrape_interval: 1m\n  scrape_timeout: 1s\n  scrape_interval: 2m\n",
            "4:3: key \"scrape_interval\" is given twice, first in line 2"},
        {"global:\nglobal: {}\n", "2:1: key \"global\" is given twice, first in line 1"},
        {"global: 5", "1:9: global must be a map of options, like \"name: value\""},
        {"- a", "1:1: the configuration must be a map of options, like \"name: value\""},
        {"scrape_configs: {}",
            "1:17: scrape_configs: must be a list: begin each element with \"- \""},
        {"global:\n  scrape_interval: 5x\n",
            "2:20: scrape_interval: \"5x\" is not a duration of at most 292y: write it like 1h30m, "
            "15s or 500ms"},
        {"global:\n  scrape_interval: [1m]\n",
            "2:20: scrape_interval: must be a single value, not a list or map"},
        {"global: {scrape_interval: 99ms}",
            "1:27: scrape_interval: 99ms is below the minimum of 100ms"},
        {"trend: {base_block: 61m}", "1:21: base_block: 1h1m is above the maximum of 1h"},
        {"trend: {sites_per_target: 7}", "1:27: sites_per_target: 7 is below the minimum of 8"},
        {"trend: {sites_per_target: -7}", "1:27: sites_per_target: \"-7\" is not a whole number"},
        {"trend: {sites_per_target: \"9\"}",
            "1:27: sites_per_target: is quoted text: write it without quotes"},
        {"global: {body_size_limit: 0B}", "1:27: body_size_limit: 0B is below the minimum of 1KB"},
        {"global: {body_size_limit: 64}",
            "1:27: body_size_limit: \"64\" is not a size below 8EB: write a whole number with its "
            "unit, like 64MB"},
        {"global: {scrape_timeout: 2m}",
            "1:26: scrape_timeout: 2m is above scrape_interval, which is 1m"},
        {JOB "    scrape_interval: 5s\n    scrape_timeout: 6s\n",
            "4:21: scrape_timeout: 6s is above scrape_interval, which is 5s"},
        {"scrape_configs:\n  - scheme: http\n", "2:5: a scrape_configs entry has no job_name"},
        {"scrape_configs:\n  - job_name: ''\n", "2:5: a scrape_configs entry has no job_name"},
        {"scrape_configs:\n  -\n", "2:4: a scrape_configs entry is empty"},
        {JOB "  - job_name: b\n  - job_name: a\n", "4:5: job_name \"a\" is used twice"},
        {JOB "    scheme: ftp\n", "3:13: scheme: \"ftp\" is neither http nor https"},
        {JOB "    profile_path_prefix: pprof\n",
            "3:26: profile_path_prefix: \"pprof\" must begin with / and not end with it, like "
            "/debug/pprof"},
        {JOB "    profile_path_prefix: /p?x\n",
            "3:26: profile_path_prefix: \"/p?x\" holds a character that has no place in the path of "
            "a URL: write it as %XX"},
        {JOB "    follow_redirects: maybe\n",
            "3:23: follow_redirects: \"maybe\" is neither true nor false"},
        {JOB "    basic_auth: {password: a, password_file: b}\n",
            "3:17: at most one of basic_auth password & password_file must be configured"},
        {JOB "    authorization: {credentials: a, credentials_file: b}\n",
            "3:20: at most one of authorization credentials & credentials_file must be configured"},
        {JOB "    authorization: {}\n",
            "3:20: authorization needs credentials or credentials_file"},
        {JOB "    authorization: {type: Basic, credentials: a}\n",
            "3:20: authorization type cannot be set to \"basic\", use \"basic_auth\" instead"},
        {JOB "    authorization: {credentials: a}\n    basic_auth: {username: b}\n",
            "2:5: at most one of basic_auth & authorization must be configured"},
        {JOB "    tls_config: {cert_file: a}\n",
            "3:17: key_file must be configured when a client certificate is configured"},
        {JOB "    tls_config: {key_file: a}\n",
            "3:17: cert_file must be configured when a client key is configured"},
        {JOB "    labels: [a]\n", "3:13: labels: must be a map, like {team: shop}"},
        {JOB "    labels: {a-b: c}\n",
            "3:14: labels: \"a-b\" is not a label name: letters, digits and _, not beginning with a "
            "digit"},
        {JOB "    labels: {__a: c}\n",
            "3:14: labels: label name \"__a\" begins with __, which is reserved: choose another"},
        {JOB "    labels: {a: b, a: c}\n", "3:20: labels: label \"a\" is given twice"},
        {JOB "    labels: {a: [b]}\n", "3:14: labels: the value of label \"a\" must be text"},
        {JOB "    static_configs:\n      - targets: [\"a:1\", http://b:2/x]\n",
            "4:26: targets: \"http://b:2/x\" is not an address: host:port only, without scheme and "
            "path (those are scheme and profile_path_prefix)"},
        {JOB "    static_configs:\n      - targets: [a]\n",
            "4:19: targets: \"a\" is not an address: write host:port, like checkout-1:6060 or "
            "[::1]:6060"},
        {JOB "    static_configs:\n      - targets: a:1\n",
            "4:18: targets: must be a list, like [a, b]"},
        {JOB "    static_configs:\n      - targets: [~]\n",
            "4:19: targets: an element must be text"},
        {JOB "    static_configs:\n      - target: []\n",
            "4:9: unknown key \"target\" in a target group, did you mean \"targets\"?"},
        {JOB "    static_configs: [~]\n", "3:22: a target group is empty"},
        {JOB "    file_sd_configs:\n      - files: [a.txt]\n",
            "4:17: files: \"a.txt\" does not end in .json, .yml or .yaml"},
        {JOB "    file_sd_configs:\n      - files: [\"a*/b.json\"]\n",
            "4:17: files: \"a*/b.json\": a * may only stand in the last part of the path"},
        {JOB "    file_sd_configs:\n      - refresh_interval: 1m\n",
            "4:9: file_sd_configs needs at least one path in files"},
        {"upload: {bucket: leaks}", "1:9: upload has no endpoint"},
        {"upload: {endpoint: s3.local}",
            "1:20: endpoint: \"s3.local\" is not a URL that begins with http:// or https:// and a host"},
        {"upload: {endpoint: \"http://s3/b\"}",
            "1:20: endpoint: \"http://s3/b\" must not have a path: the bucket goes into bucket, the "
            "rest into prefix"},
        {"upload: {bucket: a..b}",
            "1:18: bucket: \"a..b\" is no name of a bucket: 3 to 63 of a-z, 0-9, '.' and '-', "
            "beginning and ending with a letter or digit"},
        {"upload: {prefix: a/../b}",
            "1:18: prefix: \"a/../b\" is no prefix of keys: at most 256 bytes of text, parts between "
            "single slashes, none of them . or .., and no slash at either end"},
        {"upload: {prefix: a/}",
            "1:18: prefix: \"a/\" is no prefix of keys: at most 256 bytes of text, parts between "
            "single slashes, none of them . or .., and no slash at either end"},
        {"upload: {region: \"eu:s3\"}",
            "1:18: region: \"eu:s3\" is no region: write it like eu-central-1"},
        {"a: b: c", "1:5: not YAML: mapping values are not allowed in this context"},
        {"global: {\n",
            "2:1: not YAML: did not find expected node content, while parsing a flow node"},
        {"global:\n  # \xff\n", "2:5: not YAML: invalid leading UTF-8 octet"},
        {"global: {}\n---\nglobal: {}\n", "2:1: a second document begins: keep one"},
        {"global: !!str x",
            "1:9: tags such as tag:yaml.org,2002:str are not supported: leave it out"},
        {"\"a\\0b\": 1", "1:1: the text holds a NUL byte"},
        {"? [a]\n: b\n", "1:5: a list or map cannot be a key: use a word"},
        {"global: *a", "1:9: alias *a has no anchor before it"},
        {"global: &a {x: *a}", "1:16: alias *a refers to what it stands in"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_error(cases[i].text, cases[i].message);
}

static void test_aliases_share_what_they_name(void **state)
{
    (void)state;
    struct config *config = config_room_parse("scrape_configs:\n"
                                              "  - {job_name: a, labels: &common {team: shop}}\n"
                                              "  - {job_name: b, labels: *common}\n");
    assert_string_equal(lw_labels_get(config->scrape_configs[1].labels, "team"), "shop");
    config_unref(&config);
}

static void expect_code(const char *text, size_t len, enum lw_code code, const char *part)
{
    struct lw_err err;
    assert_null(config_parse(text, len, "t.yml", &err));
    assert_int_equal(err.code, code);
    if (!strstr(err.msg, part))
        fail_msg("\"%s\" is not in: %s", part, err.msg);
}

static void test_an_alias_bomb_is_an_error(void **state)
{
    (void)state;
    struct lw_strbuf text;
    lw_strbuf_init(&text, OUT_BYTES_MAX);
    lw_strbuf_adds(&text, "l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 20; i++) {
        lw_strbuf_addf(&text, "l%d: &l%d [*l%d", i, i, i - 1);
        for (int j = 1; j < 10; j++)
            lw_strbuf_addf(&text, ", *l%d", i - 1);
        lw_strbuf_adds(&text, "]\n");
    }
    expect_code(text.data, text.len, LW_TOO_LARGE, "more than 200000 nodes, aliases expanded");
    lw_strbuf_fini(&text);
}

static void test_aliases_of_long_text_are_bounded(void **state)
{
    (void)state;
    struct lw_strbuf text;
    lw_strbuf_init(&text, OUT_BYTES_MAX);
    lw_strbuf_adds(&text, "a: [&long ");
    for (int i = 0; i < 100000; i++)
        lw_strbuf_adds(&text, "0123456789");
    for (int i = 0; i < 100; i++)
        lw_strbuf_adds(&text, ", *long");
    lw_strbuf_adds(&text, "]");
    expect_code(text.data, text.len, LW_TOO_LARGE, "more than 200000 nodes, aliases expanded");
    lw_strbuf_fini(&text);
}

static void test_depth_is_bounded(void **state)
{
    (void)state;
    char text[201];
    memset(text, '[', 200);
    text[200] = '\0';
    expect_code(text, 200, LW_TOO_LARGE, "t.yml:1:33: nested deeper than 32 levels");
    /* by way of an alias, too: 20 levels and then 20 more */
    char deep[256];
    snprintf(deep, sizeof deep, "a: &a %.20s%s\nb: %.20s*a", text, "]]]]]]]]]]]]]]]]]]]]", text);
    expect_code(deep, strlen(deep), LW_TOO_LARGE, "nested deeper than 32 levels");
}

static void test_size_and_nodes_are_bounded(void **state)
{
    (void)state;
    size_t len = ((size_t)4 << 20) + 1;
    char *text = lw_new(len + 1, 1);
    memset(text, '\n', len);
    expect_code(text, len, LW_TOO_LARGE, "has 4194305 bytes, at most 4194304 are taken");
    struct lw_err err;
    struct config *config = config_parse(text, len - 1, "t.yml", &err);
    assert_non_null(config);
    config_unref(&config);
    text[0] = '[';
    for (size_t i = 1; i < len; i++)
        text[i] = i % 2 ? 'x' : ',';
    expect_code(text, len - 1, LW_TOO_LARGE, "more than 200000 nodes");
    free(text);
}

static void test_labels_are_bounded(void **state)
{
    (void)state;
    for (int count = 64; count <= 65; count++) {
        struct lw_strbuf text;
        lw_strbuf_init(&text, OUT_BYTES_MAX);
        lw_strbuf_adds(&text, "scrape_configs: [{job_name: a, labels: {");
        for (int i = 0; i < count; i++)
            lw_strbuf_addf(&text, "l%d: v,", i);
        lw_strbuf_adds(&text, "}}]");
        if (count == 65) {
            expect_code(text.data, text.len, LW_TOO_LARGE, "has 65 labels, at most 64 are taken");
        } else {
            struct config *config = config_room_parse(text.data);
            assert_int_equal(config->scrape_configs[0].labels->count, 64);
            config_unref(&config);
        }
        lw_strbuf_fini(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty_files_are_all_defaults),
        cmocka_unit_test(test_every_option_arrives),
        cmocka_unit_test(test_jobs_inherit_wherever_global_stands),
        cmocka_unit_test(test_empty_text_is_left_out),
        cmocka_unit_test(test_files_are_relative_to_the_configuration),
        cmocka_unit_test(test_references_are_counted),
        cmocka_unit_test(test_a_missing_file_is_named),
        cmocka_unit_test(test_errors_name_place_and_remedy),
        cmocka_unit_test(test_aliases_share_what_they_name),
        cmocka_unit_test(test_an_alias_bomb_is_an_error),
        cmocka_unit_test(test_aliases_of_long_text_are_bounded),
        cmocka_unit_test(test_depth_is_bounded),
        cmocka_unit_test(test_size_and_nodes_are_bounded),
        cmocka_unit_test(test_labels_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
