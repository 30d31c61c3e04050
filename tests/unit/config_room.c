#include "config_room.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"

#define OUT_BYTES_MAX ((size_t)8 << 20)

const char config_room_full[] =
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

struct config *config_room_parse(const char *text)
{
    struct lw_err err;
    struct config *config = config_parse(text, strlen(text), "/etc/t.yml", &err);
    if (!config)
        fail_msg("%s", err.msg);
    return config;
}

char *config_room_print(const struct config *config)
{
    struct lw_strbuf out;
    lw_strbuf_init(&out, OUT_BYTES_MAX);
    config_print(config, &out);
    char *text = lw_strbuf_take(&out, NULL);
    assert_non_null(text);
    return text;
}
