/* The configuration file: YAML in the conventions of Prometheus, read strictly (an unknown or
 * repeated key is an error), into one immutable object. One option table (config/options.c) stands
 * behind parsing, defaults, checking, printing, freeing, the reload rules and the reference that
 * README.md shows. Starts nothing, opens nothing but the file. */
#ifndef LW_CONFIG_CONFIG_H
#define LW_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/labels.h"
#include "base/strbuf.h"

struct config_strings {
    char **list; /* owned strings */
    size_t count;
};

struct config_basic_auth {
    bool present;
    char *username;      /* may be "" */
    char *password;      /* secret; NULL when password_file is used, or for an empty one */
    char *password_file; /* absolute; read anew for each scrape; or NULL */
};

struct config_authorization {
    bool present;
    char *type;        /* "Bearer" */
    char *credentials; /* secret */
    char *credentials_file;
};

struct config_tls {
    bool present;
    char *ca_file; /* NULL: the system's */
    char *cert_file;
    char *key_file;
    char *server_name; /* NULL: the host of the target's address */
    bool insecure_skip_verify;
};

struct config_static {
    struct config_strings targets; /* "host:port" */
    struct lw_labels *labels;
};

struct config_file_sd {
    struct config_strings files; /* absolute; the last segment may hold one * */
    int64_t refresh_interval_ns;
};

/* One entry of scrape_configs. What it leaves out it has from `global`. */
struct config_job {
    char *job_name;
    int64_t scrape_interval_ns;
    int64_t scrape_timeout_ns;
    char *scheme;              /* "http" or "https" */
    char *profile_path_prefix; /* "/debug/pprof": begins with / and does not end with it */
    bool follow_redirects;
    int64_t body_size_limit_bytes; /* after decompression; 0 is not allowed: there is always one */
    int64_t compressed_size_limit_bytes; /* on the wire */
    struct config_basic_auth basic_auth;
    struct config_authorization authorization;
    struct config_tls tls_config;
    char *binary;                  /* absolute path of the program the targets run, or NULL */
    int64_t memory_limit_bytes;    /* of one target's process; 0: found out, or none */
    int64_t memory_interval_ns;    /* between two looks at a target's MemStats; 0: never */
    int64_t goroutine_interval_ns; /* … at its goroutines; 0: never */
    struct lw_labels *labels;      /* added to every target of the job; never NULL */
    struct config_static *static_configs;
    size_t static_config_count;
    struct config_file_sd *file_sd_configs;
    size_t file_sd_config_count;
};

/* One Alertmanager that is told of leaks. */
struct config_alertmanager {
    char *url; /* "http://host:9093/prefix", without a slash at its end */
    int64_t timeout_ns;
    struct config_basic_auth basic_auth;
    struct config_authorization authorization;
    struct config_tls tls_config;
};

struct config {
    int refs;
    char *path; /* as given */
    char *text; /* the file as read, secrets and all: show config_print's instead */
    struct config_global {
        int64_t scrape_interval_ns;
        int64_t scrape_timeout_ns;
        int64_t body_size_limit_bytes;
        int64_t compressed_size_limit_bytes;
    } global;
    struct config_trend {
        int64_t base_block_ns; /* the trend engine's unit of time; all its windows scale with it */
        int64_t sites_per_target; /* most sites of one target that are followed */
    } trend;
    struct config_storage {
        int64_t checkpoint_interval_ns; /* how much of the series a crash may cost */
        int64_t retention_ns;           /* how long what is gone from discovery is remembered */
    } storage;
    struct config_metrics {
        int64_t sites_per_target; /* top-K of /metrics */
        int64_t sites_total;      /* ceiling over all targets */
    } metrics;
    struct config_binaries {
        struct config_strings directories; /* absolute */
        bool proc;
        char *upload_token_file; /* absolute; NULL: no uploads */
        int64_t upload_size_limit_bytes;
        bool debuginfod;
    } binaries;
    struct config_capture {
        bool enabled;
        int64_t cooldown_ns;      /* between two captures of one target */
        int64_t concurrent;       /* captures under way over the fleet */
        int64_t size_limit_bytes; /* of one capture, as the files come over the wire */
        int64_t target_bytes_per_day;
        int64_t fleet_bytes_per_day;
        int64_t deadline_ns;          /* of a whole capture */
        int64_t step_timeout_ns;      /* of one file; seconds of measuring come on top */
        int64_t cpu_seconds;          /* 0: no CPU profile */
        int64_t trace_seconds;        /* 0: no execution trace */
        bool cmdline;                 /* the command line is asked for, its secrets hidden */
        int64_t goroutine_ceiling;    /* more, and their stacks are not asked for as text */
        int64_t gc_heap_limit_bytes;  /* more, and no GC is forced */
        int64_t gc_cpu_percent;       /* of the CPU in GC; more, and no GC is forced */
        int64_t slow_percent;         /* of the timeout; a slower scrape, and nothing is measured */
        int64_t memory_percent;       /* of the memory limit in use that is worth a capture */
        int64_t time_to_limit_ns;     /* until the limit that is worth a capture */
        int64_t baseline_interval_ns; /* between two heaps kept of a target that does well */
    } capture;
    struct config_evidence {
        int64_t max_bytes; /* of incidents and baselines together */
        int64_t max_age_ns;
    } evidence;
    struct config_upload {
        bool present;
        char *endpoint; /* "https://host:port", without a path */
        char *bucket;
        char *prefix; /* of the keys, without slashes at its ends; NULL: none */
        char *region;
        char *credentials_file; /* absolute; read anew for each file; NULL: the environment */
        char *ca_file;          /* absolute; NULL: the system's */
        int64_t timeout_ns;     /* of one file */
    } upload;
    struct config_web {
        char *external_url; /* without a slash at its end; NULL: not known */
    } web;
    struct config_alerting {
        char *target_label;       /* of alerts that come in; NULL: none */
        struct lw_labels *labels; /* of alerts that go out; never NULL */
        int64_t resend_interval_ns;
        struct config_alertmanager *alertmanagers;
        size_t alertmanager_count;
    } alerting;
    struct config_gate {
        char *build_label;        /* of a target: which build it runs */
        int64_t inuse_percent;    /* of the stable build's p95 that a new one's may be */
        int64_t resident_percent; /* the same of resident memory */
        int64_t gc_cpu_percent;   /* the same of the share of the CPU that the collector takes */
        int64_t gc_frequency_percent; /* and of how often it runs */
        int64_t slack_bytes;          /* less than this above the stable build is no reason */
        int64_t min_samples;          /* of the new build, of all its targets together */
        int64_t min_baseline_samples; /* of the stable one */
        int64_t min_age_ns;           /* how long the new build has been seen */
    } gate;
    struct config_job *scrape_configs;
    size_t scrape_config_count;
};

/* Reads and checks a file. Errors say "file:line:column: what, and what would do". The caller owns
 * the one reference. */
struct config *config_load(const char *path, struct lw_err *err) LW_MUST_CHECK;

/* The same from text that is in memory; path is used in messages and to resolve relative files. */
struct config *config_parse(
    const char *text, size_t len, const char *path, struct lw_err *err) LW_MUST_CHECK;

struct config *config_ref(struct config *config);
void config_unref(struct config **config);

/* The whole effective configuration as YAML, defaults filled in, secrets as <secret>. */
void config_print(const struct config *config, struct lw_strbuf *out);

/* Whether `next` may replace `now` without a restart; if not, the error names the option and both
 * values. Options whose table row says CONFIG_RELOAD_RESTART may not differ. */
int config_check_reload(
    const struct config *now, const struct config *next, struct lw_err *err) LW_MUST_CHECK;

/* The option table as a Markdown reference: name, type, default, reload rule, meaning. README.md
 * holds exactly this text (a test compares them). */
void config_reference(struct lw_strbuf *out);

#endif
