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
#include "base/mem.h"
#include "base/time.h"
#include "config/options.h"
#include "config/scalar.h"

#define OUT_BYTES_MAX ((size_t)8 << 20)

/* ---- helpers ---- */

static struct config *parse(const char *text)
{
    struct lw_err err;
    struct config *config = config_parse(text, strlen(text), "/etc/t.yml", &err);
    if (!config)
        fail_msg("%s", err.msg);
    return config;
}

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

static char *print(const struct config *config)
{
    struct lw_strbuf out;
    lw_strbuf_init(&out, OUT_BYTES_MAX);
    config_print(config, &out);
    char *text = lw_strbuf_take(&out, NULL);
    assert_non_null(text);
    return text;
}

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

static const char full[] =
    "global: {scrape_interval: 30s, body_size_limit: 32MB}\n"
    "trend: {base_block: 500ms, sites_per_target: 8}\n"
    "storage: {checkpoint_interval: 1s, retention: 1d12h}\n"
    "metrics: {sites_per_target: 0, sites_total: 0}\n"
    "scrape_configs:\n"
    "  - job_name: checkout\n"
    "    scrape_interval: 5s\n"
    "    scheme: https\n"
    "    profile_path_prefix: /admin/pprof\n"
    "    follow_redirects: yes\n"
    "    compressed_size_limit: 1536KB\n"
    "    basic_auth: {username: lw, password: swordfish}\n"
    "    tls_config: {ca_file: tls/ca.pem, insecure_skip_verify: on}\n"
    "    labels: {team: shop, \"odd\": \"a: \\\"b\\\"\\n\\u2028\\x85é# c\"}\n"
    "    static_configs:\n"
    "      - targets: [\"a:1\", \"[::1]:65535\"]\n"
    "        labels: {__meta_rack: r1, port: 80, truth: \"yes\"}\n"
    "      - {}\n"
    "    file_sd_configs:\n"
    "      - files: [sd/*.json, /abs/x.yml]\n"
    "        refresh_interval: 1s\n"
    "  - job_name: search\n"
    "    authorization: {credentials_file: /run/token}\n";

/* ---- what is read ---- */

static void test_empty_files_are_all_defaults(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "\n# nothing\n", "---\n", "{}", "~",
        "global:\nscrape_configs:\n", "scrape_configs: []", "global: {scrape_interval: }"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct config *config = parse(texts[i]);
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
    struct config *config = parse(full);
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
    struct config *config = parse("scrape_configs:\n"
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
    config = parse("global: {scrape_interval: 3s}");
    assert_int_equal(config->global.scrape_timeout_ns, 3 * LW_NS_PER_S);
    config_unref(&config);
}

static void test_empty_text_is_left_out(void **state)
{
    (void)state;
    struct config *config =
        parse("scrape_configs: [{job_name: a, scheme: '', profile_path_prefix: '',"
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
    struct config *config = parse("");
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
    struct config *config = parse("scrape_configs:\n"
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
            struct config *config = parse(text.data);
            assert_int_equal(config->scrape_configs[0].labels->count, 64);
            config_unref(&config);
        }
        lw_strbuf_fini(&text);
    }
}

/* ---- single values ---- */

static void test_durations(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;          /* -1: refused */
        const char *printed; /* NULL: as text */
    } cases[] = {
        {"0", 0, "0s"},
        {"0s", 0, NULL},
        {"1ms", 1, NULL},
        {"1s500ms", 1500, NULL},
        {"1500ms", 1500, "1s500ms"},
        {"90s", 90000, "1m30s"},
        {"90m", 5400000, "1h30m"},
        {"48h", 172800000, "2d"},
        {"10d", 864000000, NULL},
        {"14d", 1209600000, "2w"},
        {"1y", 31536000000, NULL},
        {"1w1d", 691200000, "8d"},
        {"1d1h", 90000000, "25h"},
        {"", -1, NULL},
        {"1", -1, NULL},
        {"s", -1, NULL},
        {"1.5h", -1, NULL},
        {"-1s", -1, NULL},
        {"1m1h", -1, NULL},
        {"1m1m", -1, NULL},
        {"1 m", -1, NULL},
        {"1us", -1, NULL},
        {"300y", -1, NULL},
        {"99999999999999999999s", -1, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t ns = 42;
        struct lw_err err;
        int rc = config_duration_parse(cases[i].text, &ns, &err);
        assert_int_equal(rc, cases[i].ms < 0 ? -1 : 0);
        if (rc < 0) {
            assert_int_equal(ns, 42);
            continue;
        }
        assert_int_equal(ns, cases[i].ms * LW_NS_PER_MS);
        struct lw_strbuf out;
        lw_strbuf_init(&out, 100);
        config_duration_print(ns, &out);
        assert_string_equal(out.data, cases[i].printed ? cases[i].printed : cases[i].text);
        lw_strbuf_fini(&out);
    }
}

static void test_sizes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t bytes; /* -1: refused */
        const char *printed;
    } cases[] = {
        {"0B", 0, "0B"},
        {"1B", 1, "1B"},
        {"1KB", 1024, "1KB"},
        {"1KiB", 1024, "1KB"},
        {"1536MB", (int64_t)1536 << 20, "1536MB"},
        {"2048MB", (int64_t)2048 << 20, "2GB"},
        {"7EB", (int64_t)7 << 60, "7EB"},
        {"8EB", -1, NULL},
        {"", -1, NULL},
        {"1", -1, NULL},
        {"MB", -1, NULL},
        {"1kb", -1, NULL},
        {"1MB ", -1, NULL},
        {"1.5MB", -1, NULL},
        {"-1MB", -1, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t bytes = 42;
        struct lw_err err;
        int rc = config_size_parse(cases[i].text, &bytes, &err);
        assert_int_equal(rc, cases[i].bytes < 0 ? -1 : 0);
        assert_int_equal(bytes, rc < 0 ? 42 : cases[i].bytes);
        if (rc < 0)
            continue;
        struct lw_strbuf out;
        lw_strbuf_init(&out, 100);
        config_size_print(bytes, &out);
        assert_string_equal(out.data, cases[i].printed);
        lw_strbuf_fini(&out);
    }
}

static void test_addresses(void **state)
{
    (void)state;
    static const char *const good[] = {
        "a:1", "10.0.0.1:65535", "[::1]:80", "[fe80::1]:6060", "a-b_c.svc.local.:6060"};
    static const char *const bad[] = {"", ":", ":80", "a", "a:", "a:0", "a:080", "a:65536", "a:1x",
        "a:-1", "a:1:2", "::1:80", "[::1]", "[]:80", "[::1:80", "[::g]:80", "a b:80", "u@h:80",
        "h:80/x", "h:80?x", "h:80#x", "h\n:80", "http://h:80", "h:99999999999999999999"};
    struct lw_err err;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_int_equal(config_address_check(good[i], &err), 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(config_address_check(bad[i], &err), -1);
}

static void test_utf8(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int32_t point;
        size_t bytes;
    } cases[] = {
        {"", 0, 0},
        {"a", 'a', 1},
        {"\x7f", 0x7f, 1},
        {"\xc2\x80", 0x80, 2},
        {"\xdf\xbf", 0x7ff, 2},
        {"\xe0\xa0\x80", 0x800, 3},
        {"\xef\xbf\xbf", 0xffff, 3},
        {"\xf0\x90\x80\x80", 0x10000, 4},
        {"\xf0\xa0\x80\x80", 0x20000, 4},
        {"\xf4\x8f\xbf\xbf", 0x10ffff, 4},
        {"\x80", -1, 0},             /* begins in the middle */
        {"\xc2", -1, 0},             /* cut short */
        {"\xe2\x82", -1, 0},         /* cut short */
        {"\xf0\x90\x80", -1, 0},     /* cut short */
        {"\xc0\x80", -1, 0},         /* too long a form */
        {"\xc1\xbf", -1, 0},         /* too long a form */
        {"\xe0\x9f\xbf", -1, 0},     /* too long a form */
        {"\xf0\x8f\xbf\xbf", -1, 0}, /* too long a form */
        {"\xed\xa0\x80", -1, 0},     /* a surrogate */
        {"\xf4\x90\x80\x80", -1, 0}, /* past the last code point */
        {"\xf8\x88\x80\x80", -1, 0},
        {"\xff", -1, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *at = cases[i].text;
        assert_int_equal(config_utf8_next(&at), cases[i].point);
        assert_int_equal(at - cases[i].text, cases[i].bytes);
    }
}

/* ---- print, reload, reference ---- */

static void test_print_is_read_back_as_the_same(void **state)
{
    (void)state;
    static const char *const texts[] = {"", full};
    for (size_t i = 0; i < 2; i++) {
        struct config *config = parse(texts[i]);
        char *printed = print(config);
        struct config *again = parse(printed);
        char *printed_again = print(again);
        assert_string_equal(printed, printed_again);
        if (texts[i] == full) {
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
    struct config *config =
        parse("scrape_configs: [{job_name: a, labels: {b: \"yes\"}, basic_auth: {password: p},"
              " static_configs: [{targets: [\"c:1\", \"1.2.3.4:5\"]}]}]");
    char *printed = print(config);
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
    struct config *config =
        parse("scrape_configs: [{job_name: a, basic_auth: {username: u, password: swordfish}},"
              " {job_name: b, authorization: {credentials: swordfish}}]");
    char *printed = print(config);
    assert_null(strstr(printed, "swordfish"));
    assert_non_null(strstr(printed, "password: <secret>\n"));
    assert_non_null(strstr(printed, "credentials: <secret>\n"));
    free(printed);
    config_unref(&config);
}

static void test_reload_refuses_what_needs_a_restart(void **state)
{
    (void)state;
    struct config *now = parse("");
    struct config *live =
        parse(full + strlen("global: {scrape_interval: 30s, body_size_limit: 32MB}\n"
                            "trend: {base_block: 500ms, sites_per_target: 8}\n"));
    struct config *restart = parse("trend: {base_block: 2m}");
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
    struct config *bare = parse("scrape_configs: [{job_name: go-services,"
                                " static_configs: [{targets: [\"localhost:6060\"]}]}]");
    char *printed = print(config), *expected = print(bare);
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
    struct config *config = parse(text.data);
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
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_utf8),
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
