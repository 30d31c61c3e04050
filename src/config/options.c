#include "config/options.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/labels.h"
#include "base/time.h"
#include "config/config.h"
#include "config/rows.h"
#include "config/scalar.h"

/* A section that may be left out says so in its first member. */
_Static_assert(offsetof(struct config_basic_auth, present) == 0, "present comes first");
_Static_assert(offsetof(struct config_authorization, present) == 0, "present comes first");
_Static_assert(offsetof(struct config_tls, present) == 0, "present comes first");
_Static_assert(offsetof(struct config_upload, present) == 0, "present comes first");

/* ---- checks of single values ---- */

static int check_scheme(const char *text, struct lw_err *err)
{
    if (strcmp(text, "http") == 0 || strcmp(text, "https") == 0)
        return 0;
    return lw_err_set(err, LW_INVALID, "\"%.100s\" is neither http nor https", text);
}

/* The prefix goes into the URL as it is, so it may hold only what a path may. */
static int check_path_prefix(const char *text, struct lw_err *err)
{
    static const char in_path[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "-._~!$&'()*+,;=:@%/";
    size_t len = strlen(text);
    if (text[0] != '/' || text[len - 1] == '/')
        return lw_err_set(err, LW_INVALID,
            "\"%.100s\" must begin with / and not end with it, like /debug/pprof", text);
    if (strspn(text, in_path) != len)
        return lw_err_set(err, LW_INVALID,
            "\"%.100s\" holds a character that has no place in the path of a URL: write it as %%XX",
            text);
    return 0;
}

/* Prometheus' rule for file_sd: ^[^*]*(\*[^/]*)?\.(json|yml|yaml|JSON|YML|YAML)$ */
static int check_target_files(const char *text, struct lw_err *err)
{
    static const char *const endings[] = {".json", ".yml", ".yaml", ".JSON", ".YML", ".YAML"};
    size_t len = strlen(text);
    bool known = false;
    for (size_t i = 0; i < COUNT_OF(endings); i++) {
        size_t n = strlen(endings[i]);
        known = known || (len >= n && strcmp(text + len - n, endings[i]) == 0);
    }
    if (!known)
        return lw_err_set(err, LW_INVALID, "\"%.100s\" does not end in .json, .yml or .yaml", text);
    const char *star = strchr(text, '*');
    if (star && strchr(star, '/'))
        return lw_err_set(
            err, LW_INVALID, "\"%.100s\": a * may only stand in the last part of the path", text);
    return 0;
}

/* ---- checks of options against each other; the messages are Prometheus' where it has one ---- */

static int check_basic_auth(const void *object, struct lw_err *err)
{
    const struct config_basic_auth *auth = object;
    if (auth->password && auth->password_file)
        return lw_err_set(err, LW_INVALID,
            "at most one of basic_auth password & password_file must be configured");
    return 0;
}

static int check_authorization(const void *object, struct lw_err *err)
{
    const struct config_authorization *auth = object;
    if (auth->credentials && auth->credentials_file)
        return lw_err_set(err, LW_INVALID,
            "at most one of authorization credentials & credentials_file must be configured");
    if (!auth->credentials && !auth->credentials_file)
        return lw_err_set(err, LW_INVALID, "authorization needs credentials or credentials_file");
    if (strcasecmp(auth->type, "basic") == 0)
        return lw_err_set(err, LW_INVALID,
            "authorization type cannot be set to \"basic\", use \"basic_auth\" instead");
    return 0;
}

static int check_tls(const void *object, struct lw_err *err)
{
    const struct config_tls *tls = object;
    if (tls->cert_file && !tls->key_file)
        return lw_err_set(
            err, LW_INVALID, "key_file must be configured when a client certificate is configured");
    if (tls->key_file && !tls->cert_file)
        return lw_err_set(
            err, LW_INVALID, "cert_file must be configured when a client key is configured");
    return 0;
}

static int check_file_sd(const void *object, struct lw_err *err)
{
    const struct config_file_sd *sd = object;
    if (sd->files.count == 0)
        return lw_err_set(err, LW_INVALID, "file_sd_configs needs at least one path in files");
    return 0;
}

static int check_job(const void *object, struct lw_err *err)
{
    const struct config_job *job = object;
    if (job->basic_auth.present && job->authorization.present)
        return lw_err_set(
            err, LW_INVALID, "at most one of basic_auth & authorization must be configured");
    return 0;
}

/* ---- the rows ---- */

static const struct config_option basic_auth_rows[] = {
    {
        .name = "username",
        .doc = "User name.",
        .type = CONFIG_STRING,
        .offset = offsetof(struct config_basic_auth, username),
        .fallback = "",
    },
    {
        .name = "password",
        .doc = "Password, in clear. Excludes `password_file`.",
        .type = CONFIG_SECRET,
        .offset = offsetof(struct config_basic_auth, password),
    },
    {
        .name = "password_file",
        .doc = "File with the password, read anew for each scrape.",
        .type = CONFIG_FILE,
        .offset = offsetof(struct config_basic_auth, password_file),
    },
};

const struct config_section config_basic_auth_section = {
    .title = "basic_auth",
    .size = sizeof(struct config_basic_auth),
    .optional = true,
    .check = check_basic_auth,
    ROWS(basic_auth_rows),
};

static const struct config_option authorization_rows[] = {
    {
        .name = "type",
        .doc = "First word of the `Authorization` header.",
        .type = CONFIG_STRING,
        .offset = offsetof(struct config_authorization, type),
        .fallback = "Bearer",
    },
    {
        .name = "credentials",
        .doc = "Rest of the header, in clear. Excludes `credentials_file`.",
        .type = CONFIG_SECRET,
        .offset = offsetof(struct config_authorization, credentials),
    },
    {
        .name = "credentials_file",
        .doc = "File with the rest of the header, read anew for each scrape.",
        .type = CONFIG_FILE,
        .offset = offsetof(struct config_authorization, credentials_file),
    },
};

const struct config_section config_authorization_section = {
    .title = "authorization",
    .size = sizeof(struct config_authorization),
    .optional = true,
    .check = check_authorization,
    ROWS(authorization_rows),
};

static const struct config_option tls_rows[] = {
    {
        .name = "ca_file",
        .doc = "Certificates to trust instead of the system's.",
        .type = CONFIG_FILE,
        .offset = offsetof(struct config_tls, ca_file),
    },
    {
        .name = "cert_file",
        .doc = "Client certificate. Needs `key_file`.",
        .type = CONFIG_FILE,
        .offset = offsetof(struct config_tls, cert_file),
    },
    {
        .name = "key_file",
        .doc = "Key of the client certificate.",
        .type = CONFIG_FILE,
        .offset = offsetof(struct config_tls, key_file),
    },
    {
        .name = "server_name",
        .doc = "Name that the server's certificate must bear, instead of the host of the target.",
        .type = CONFIG_STRING,
        .offset = offsetof(struct config_tls, server_name),
    },
    {
        .name = "insecure_skip_verify",
        .doc = "Takes any certificate. Whoever can answer for the target can then lie to you.",
        .type = CONFIG_BOOL,
        .offset = offsetof(struct config_tls, insecure_skip_verify),
        .fallback = "false",
    },
};

const struct config_section config_tls_section = {
    .title = "tls_config",
    .size = sizeof(struct config_tls),
    .optional = true,
    .check = check_tls,
    ROWS(tls_rows),
};

static const struct config_option target_group_rows[] = {
    {
        .name = "targets",
        .doc = "Addresses, `host:port` each.",
        .type = CONFIG_STRINGS,
        .offset = offsetof(struct config_static, targets),
        .check = config_address_check,
    },
    {
        .name = "labels",
        .doc = "Labels of all these targets. Names that begin with `__` are kept but not shown.",
        .type = CONFIG_LABELS,
        .offset = offsetof(struct config_static, labels),
        .allow_reserved = true,
    },
};

const struct config_section config_target_group = {
    .title = "a target group",
    .size = sizeof(struct config_static),
    ROWS(target_group_rows),
};

static const struct config_option file_sd_rows[] = {
    {
        .name = "files",
        .doc = "Files with target groups, ending in `.json`, `.yml` or `.yaml`; the last part of a "
               "path may hold a `*`. A change of a file is taken up at once.",
        .type = CONFIG_FILES,
        .offset = offsetof(struct config_file_sd, files),
        .check = check_target_files,
    },
    {
        .name = "refresh_interval",
        .doc = "How often the files are read again although no change was seen.",
        .type = CONFIG_DURATION,
        .offset = offsetof(struct config_file_sd, refresh_interval_ns),
        .fallback = "5m",
        .min = S(1),
        .max = DAY(1),
    },
};

static const struct config_section file_sd = {
    .title = "a file_sd_configs entry",
    .size = sizeof(struct config_file_sd),
    .check = check_file_sd,
    ROWS(file_sd_rows),
};

static const struct config_option job_rows[] = {
    {
        .name = "job_name",
        .doc = "Name of the job, the value of the label `job`. Each may be used once.",
        .type = CONFIG_STRING,
        .offset = offsetof(struct config_job, job_name),
        .required = true,
        .unique = true,
    },
    {
        .name = "scrape_interval",
        .doc = "Time between two scrapes of a target.",
        .type = CONFIG_DURATION,
        .offset = offsetof(struct config_job, scrape_interval_ns),
        .inherit = offsetof(struct config, global.scrape_interval_ns),
        .min = MS(100),
        .max = DAY(1),
    },
    {
        .name = "scrape_timeout",
        .doc = "Time after which a scrape is given up; not above `scrape_interval`.",
        .type = CONFIG_DURATION,
        .offset = offsetof(struct config_job, scrape_timeout_ns),
        .inherit = offsetof(struct config, global.scrape_timeout_ns),
        .not_above = "scrape_interval",
        .min = MS(10),
        .max = DAY(1),
    },
    {
        .name = "scheme",
        .doc = "`http` or `https`.",
        .type = CONFIG_STRING,
        .offset = offsetof(struct config_job, scheme),
        .fallback = "http",
        .check = check_scheme,
    },
    {
        .name = "profile_path_prefix",
        .doc = "Where the service serves net/http/pprof; `/heap` is appended.",
        .type = CONFIG_STRING,
        .offset = offsetof(struct config_job, profile_path_prefix),
        .fallback = "/debug/pprof",
        .check = check_path_prefix,
    },
    {
        .name = "follow_redirects",
        .doc = "Whether a redirect is followed; if not, it is a failed scrape.",
        .type = CONFIG_BOOL,
        .offset = offsetof(struct config_job, follow_redirects),
        .fallback = "false",
    },
    {
        .name = "body_size_limit",
        .doc = "Largest profile that is taken, after decompression.",
        .type = CONFIG_SIZE,
        .offset = offsetof(struct config_job, body_size_limit_bytes),
        .inherit = offsetof(struct config, global.body_size_limit_bytes),
        .min = KB(1),
        .max = GB(4),
    },
    {
        .name = "compressed_size_limit",
        .doc = "Largest response that is taken, as it comes over the wire.",
        .type = CONFIG_SIZE,
        .offset = offsetof(struct config_job, compressed_size_limit_bytes),
        .inherit = offsetof(struct config, global.compressed_size_limit_bytes),
        .min = KB(1),
        .max = GB(4),
    },
    {
        .name = "basic_auth",
        .doc = "User name and password for the scrapes. Excludes `authorization`.",
        .type = CONFIG_SECTION,
        .offset = offsetof(struct config_job, basic_auth),
        .section = &config_basic_auth_section,
    },
    {
        .name = "authorization",
        .doc = "`Authorization` header for the scrapes. Excludes `basic_auth`.",
        .type = CONFIG_SECTION,
        .offset = offsetof(struct config_job, authorization),
        .section = &config_authorization_section,
    },
    {
        .name = "tls_config",
        .doc = "TLS of the scrapes when `scheme` is `https`.",
        .type = CONFIG_SECTION,
        .offset = offsetof(struct config_job, tls_config),
        .section = &config_tls_section,
    },
    {
        .name = "binary",
        .doc =
            "The program that the targets of the job run, for the types of what it allocates. Not "
            "needed where `binaries` finds it. One that is not what runs is refused.",
        .type = CONFIG_FILE,
        .offset = offsetof(struct config_job, binary),
    },
    {
        .name = "memory_limit",
        .doc = "Memory that one process of the job may take before it is killed, for the time that "
               "is left. `0B`: the limit of its cgroup, where it runs on this host.",
        .type = CONFIG_SIZE,
        .offset = offsetof(struct config_job, memory_limit_bytes),
        .fallback = "0B",
        .min = 0,
        .max = GB(1 << 20),
    },
    {
        .name = "memory_interval",
        .doc = "Time between two looks at what the runtime says of a target's memory "
               "(`heap?debug=1`, which stops the target's world for a moment). `0s`: never.",
        .type = CONFIG_DURATION,
        .offset = offsetof(struct config_job, memory_interval_ns),
        .fallback = "10m",
        .min = 0,
        .max = DAY(1),
    },
    {
        .name = "goroutine_interval",
        .doc = "Time between two looks at a target's goroutines (`goroutine`). `0s`: never.",
        .type = CONFIG_DURATION,
        .offset = offsetof(struct config_job, goroutine_interval_ns),
        .fallback = "5m",
        .min = 0,
        .max = DAY(1),
    },
    {
        .name = "labels",
        .doc = "Labels of all targets of the job; those of a target group win over them.",
        .type = CONFIG_LABELS,
        .offset = offsetof(struct config_job, labels),
    },
    {
        .name = "static_configs",
        .doc = "Targets that are written here.",
        .type = CONFIG_LIST,
        .offset = offsetof(struct config_job, static_configs),
        .count_offset = offsetof(struct config_job, static_config_count),
        .section = &config_target_group,
    },
    {
        .name = "file_sd_configs",
        .doc = "Targets that are written in other files, in Prometheus' file_sd format.",
        .type = CONFIG_LIST,
        .offset = offsetof(struct config_job, file_sd_configs),
        .count_offset = offsetof(struct config_job, file_sd_config_count),
        .section = &file_sd,
    },
};

static const struct config_section job = {
    .title = "a scrape_configs entry",
    .size = sizeof(struct config_job),
    .check = check_job,
    ROWS(job_rows),
};

static const struct config_option global_rows[] = {
    {
        .name = "scrape_interval",
        .doc = "Time between two scrapes of a target.",
        .type = CONFIG_DURATION,
        .offset = offsetof(struct config_global, scrape_interval_ns),
        .fallback = "1m",
        .min = MS(100),
        .max = DAY(1),
    },
    {
        .name = "scrape_timeout",
        .doc = "Time after which a scrape is given up; not above `scrape_interval`.",
        .type = CONFIG_DURATION,
        .offset = offsetof(struct config_global, scrape_timeout_ns),
        .fallback = "10s",
        .not_above = "scrape_interval",
        .min = MS(10),
        .max = DAY(1),
    },
    {
        .name = "body_size_limit",
        .doc = "Largest profile that is taken, after decompression.",
        .type = CONFIG_SIZE,
        .offset = offsetof(struct config_global, body_size_limit_bytes),
        .fallback = "64MB",
        .min = KB(1),
        .max = GB(4),
    },
    {
        .name = "compressed_size_limit",
        .doc = "Largest response that is taken, as it comes over the wire.",
        .type = CONFIG_SIZE,
        .offset = offsetof(struct config_global, compressed_size_limit_bytes),
        .fallback = "16MB",
        .min = KB(1),
        .max = GB(4),
    },
};

static const struct config_section global = {
    .title = "global",
    .size = sizeof(struct config_global),
    ROWS(global_rows),
};

static const struct config_option trend_rows[] = {
    {
        .name = "base_block",
        .doc = "Unit of time of the trend engine; how long growth must last before it is called a "
               "leak scales with it (see ARCHITECTURE.md). Lower it for demonstrations only.",
        .type = CONFIG_DURATION,
        .reload = CONFIG_RELOAD_RESTART,
        .offset = offsetof(struct config_trend, base_block_ns),
        .fallback = "1m",
        .min = MS(100),
        .max = HOUR(1),
    },
    {
        .name = "sites_per_target",
        .doc = "Most allocation sites of one target that are followed.",
        .type = CONFIG_INT,
        .offset = offsetof(struct config_trend, sites_per_target),
        .fallback = "256",
        .min = 8,
        .max = 4096,
    },
};

static const struct config_section trend = {
    .title = "trend",
    .size = sizeof(struct config_trend),
    ROWS(trend_rows),
};

static const struct config_option storage_rows[] = {
    {
        .name = "checkpoint_interval",
        .doc =
            "How often the series are written to disk: what a crash may cost. No more than 1 MB of series a second is written, so a large fleet takes longer.",
        .type = CONFIG_DURATION,
        .offset = offsetof(struct config_storage, checkpoint_interval_ns),
        .fallback = "30s",
        .min = S(1),
        .max = S(60),
    },
    {
        .name = "retention",
        .doc = "How long a target that is gone from discovery is remembered.",
        .type = CONFIG_DURATION,
        .offset = offsetof(struct config_storage, retention_ns),
        .fallback = "7d",
        .min = HOUR(1),
        .max = DAY(365),
    },
};

static const struct config_section storage = {
    .title = "storage",
    .size = sizeof(struct config_storage),
    ROWS(storage_rows),
};

static const struct config_option metrics_rows[] = {
    {
        .name = "sites_per_target",
        .doc = "Most allocation sites of one target that `/metrics` shows.",
        .type = CONFIG_INT,
        .offset = offsetof(struct config_metrics, sites_per_target),
        .fallback = "10",
        .min = 0,
        .max = 100,
    },
    {
        .name = "sites_total",
        .doc = "Most allocation sites of all targets together that `/metrics` shows.",
        .type = CONFIG_INT,
        .offset = offsetof(struct config_metrics, sites_total),
        .fallback = "10000",
        .min = 0,
        .max = 1000000,
    },
};

static const struct config_section metrics = {
    .title = "metrics",
    .size = sizeof(struct config_metrics),
    ROWS(metrics_rows),
};

static const struct config_option binaries_rows[] = {
    {
        .name = "directories",
        .doc = "Folders with binaries, which are told apart by their GNU build id: any layout, or "
               "that of debug packages (`ab/cdef…`). They are looked through every 30 s.",
        .type = CONFIG_FILES,
        .offset = offsetof(struct config_binaries, directories),
    },
    {
        .name = "proc",
        .doc = "Whether the program of a target on this host is found through the process that "
               "listens at its port.",
        .type = CONFIG_BOOL,
        .offset = offsetof(struct config_binaries, proc),
        .fallback = "true",
    },
    {
        .name = "upload_token_file",
        .doc = "File with the token that `PUT /api/v1/binaries` asks for, read anew for each "
               "upload. Without it uploads are refused.",
        .type = CONFIG_FILE,
        .offset = offsetof(struct config_binaries, upload_token_file),
    },
    {
        .name = "upload_size_limit",
        .doc = "Largest binary that is taken.",
        .type = CONFIG_SIZE,
        .offset = offsetof(struct config_binaries, upload_size_limit_bytes),
        .fallback = "1GB",
        .min = KB(1),
        .max = GB(4),
    },
    {
        .name = "debuginfod",
        .doc = "Whether the servers of the environment variable `DEBUGINFOD_URLS` are asked, by "
               "GNU build id.",
        .type = CONFIG_BOOL,
        .offset = offsetof(struct config_binaries, debuginfod),
        .fallback = "false",
    },
};

static const struct config_section binaries = {
    .title = "binaries",
    .size = sizeof(struct config_binaries),
    ROWS(binaries_rows),
};

/* global comes first: what jobs inherit must have been read before them. */
static const struct config_option root_rows[] = {
    {
        .name = "global",
        .doc = "What all jobs have unless they say otherwise.",
        .type = CONFIG_SECTION,
        .offset = offsetof(struct config, global),
        .section = &global,
    },
    {
        .name = "trend",
        .doc = "How series are followed and judged.",
        .type = CONFIG_SECTION,
        .offset = offsetof(struct config, trend),
        .section = &trend,
    },
    {
        .name = "storage",
        .doc = "What is kept on disk.",
        .type = CONFIG_SECTION,
        .offset = offsetof(struct config, storage),
        .section = &storage,
    },
    {
        .name = "metrics",
        .doc = "How much detail `/metrics` shows.",
        .type = CONFIG_SECTION,
        .offset = offsetof(struct config, metrics),
        .section = &metrics,
    },
    {
        .name = "binaries",
        .doc =
            "Where the programs of the targets are found; what allocates which type is read from "
            "them.",
        .type = CONFIG_SECTION,
        .offset = offsetof(struct config, binaries),
        .section = &binaries,
    },
    {
        .name = "capture",
        .doc = "When profiles beyond the heap are fetched of a target, and how much of that.",
        .type = CONFIG_SECTION,
        .offset = offsetof(struct config, capture),
        .section = &config_capture_section,
    },
    {
        .name = "evidence",
        .doc = "How much of what was captured is kept, in the directory of `--storage.path`.",
        .type = CONFIG_SECTION,
        .offset = offsetof(struct config, evidence),
        .section = &config_evidence_section,
    },
    {
        .name = "upload",
        .doc = "Copies of incidents in object storage that speaks S3's protocol. Without this "
               "section there are none.",
        .type = CONFIG_SECTION,
        .offset = offsetof(struct config, upload),
        .section = &config_upload_section,
    },
    {
        .name = "web",
        .doc = "How the pages and the API are reached.",
        .type = CONFIG_SECTION,
        .offset = offsetof(struct config, web),
        .section = &config_web_section,
    },
    {
        .name = "alerting",
        .doc = "Alertmanager: alerts that come in and alerts that go out.",
        .type = CONFIG_SECTION,
        .offset = offsetof(struct config, alerting),
        .section = &config_alerting_section,
    },
    {
        .name = "gate",
        .doc = "When a new build of a job may go on being rolled out (`/api/v1/gate`).",
        .type = CONFIG_SECTION,
        .offset = offsetof(struct config, gate),
        .section = &config_gate_section,
    },
    {
        .name = "scrape_configs",
        .doc = "The jobs: sets of targets that are scraped in the same way.",
        .type = CONFIG_LIST,
        .offset = offsetof(struct config, scrape_configs),
        .count_offset = offsetof(struct config, scrape_config_count),
        .section = &job,
    },
};

const struct config_section config_root = {
    .title = "the configuration",
    .size = sizeof(struct config),
    ROWS(root_rows),
};

bool config_type_is_number(enum config_type type)
{
    return type == CONFIG_INT || type == CONFIG_DURATION || type == CONFIG_SIZE;
}

bool config_type_is_text(enum config_type type)
{
    return type == CONFIG_STRING || type == CONFIG_SECRET || type == CONFIG_FILE;
}
