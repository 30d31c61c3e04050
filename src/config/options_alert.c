/* The options of what goes on with other programs: Alertmanager, and the gate for rollouts. */
#include "config/config.h"
#include "config/rows.h"
#include "config/scalar.h"

/* ---- checks ---- */

static int check_label_name(const char *text, struct lw_err *err)
{
    return config_label_name_check(text, false, err);
}

static int check_alertmanager(const void *object, struct lw_err *err)
{
    const struct config_alertmanager *am = object;
    if (am->basic_auth.present && am->authorization.present)
        return lw_err_set(
            err, LW_INVALID, "at most one of basic_auth & authorization must be configured");
    return 0;
}

/* ---- the rows ---- */

static const struct config_option web_rows[] = {
    {
        .name = "external_url",
        .doc = "URL under which people reach the pages, for links in alerts and reports. Without a "
               "slash at its end.",
        .type = CONFIG_STRING,
        .offset = offsetof(struct config_web, external_url),
        .check = config_url_check,
    },
};

const struct config_section config_web_section = {
    .title = "web",
    .size = sizeof(struct config_web),
    ROWS(web_rows),
};

static const struct config_option alertmanager_rows[] = {
    {
        .name = "url",
        .doc = "URL of the Alertmanager with its path prefix, if it has one; `/api/v2/alerts` is "
               "appended. Of several that belong together, name each.",
        .type = CONFIG_STRING,
        .offset = offsetof(struct config_alertmanager, url),
        .required = true,
        .unique = true,
        .check = config_url_check,
    },
    {
        .name = "timeout",
        .doc = "Time after which a request is given up; the next resend makes up for it.",
        .type = CONFIG_DURATION,
        .offset = offsetof(struct config_alertmanager, timeout_ns),
        .fallback = "10s",
        .min = MS(100),
        .max = S(60),
    },
    {
        .name = "basic_auth",
        .doc = "User name and password for the requests. Excludes `authorization`.",
        .type = CONFIG_SECTION,
        .offset = offsetof(struct config_alertmanager, basic_auth),
        .section = &config_basic_auth_section,
    },
    {
        .name = "authorization",
        .doc = "`Authorization` header of the requests. Excludes `basic_auth`.",
        .type = CONFIG_SECTION,
        .offset = offsetof(struct config_alertmanager, authorization),
        .section = &config_authorization_section,
    },
    {
        .name = "tls_config",
        .doc = "TLS of the requests when the URL begins with `https`.",
        .type = CONFIG_SECTION,
        .offset = offsetof(struct config_alertmanager, tls_config),
        .section = &config_tls_section,
    },
};

static const struct config_section alertmanager = {
    .title = "an alertmanagers entry",
    .size = sizeof(struct config_alertmanager),
    .check = check_alertmanager,
    ROWS(alertmanager_rows),
};

static const struct config_option alerting_rows[] = {
    {
        .name = "target_label",
        .doc = "Label of alerts that come in whose value names their target: its `instance`, "
               "`job/instance`, or id. It goes before `job` and `instance` of the alert.",
        .type = CONFIG_STRING,
        .offset = offsetof(struct config_alerting, target_label),
        .check = check_label_name,
    },
    {
        .name = "labels",
        .doc = "Labels of all alerts that go out; they win over those of the target.",
        .type = CONFIG_LABELS,
        .offset = offsetof(struct config_alerting, labels),
    },
    {
        .name = "resend_interval",
        .doc = "How often alerts that still fire are sent again.",
        .type = CONFIG_DURATION,
        .offset = offsetof(struct config_alerting, resend_interval_ns),
        .fallback = "1m",
        .min = S(1),
        .max = S(600),
    },
    {
        .name = "alertmanagers",
        .doc = "Who is told of leaks. Each is sent every alert.",
        .type = CONFIG_LIST,
        .offset = offsetof(struct config_alerting, alertmanagers),
        .count_offset = offsetof(struct config_alerting, alertmanager_count),
        .section = &alertmanager,
    },
};

const struct config_section config_alerting_section = {
    .title = "alerting",
    .size = sizeof(struct config_alerting),
    ROWS(alerting_rows),
};

static const struct config_option gate_rows[] = {
    {
        .name = "build_label",
        .doc =
            "Label of a target whose value says which build it runs. A target without it goes by "
            "what its binary says.",
        .type = CONFIG_STRING,
        .offset = offsetof(struct config_gate, build_label),
        .fallback = "version",
        .check = check_label_name,
    },
    {
        .name = "inuse_percent",
        .doc = "How much of the stable build's p95 of in-use the p95 of a new build may be.",
        .type = CONFIG_INT,
        .offset = offsetof(struct config_gate, inuse_percent),
        .fallback = "115",
        .min = 100,
        .max = 10000,
    },
    {
        .name = "resident_percent",
        .doc = "The same of resident memory, where it is known (`memory_interval`).",
        .type = CONFIG_INT,
        .offset = offsetof(struct config_gate, resident_percent),
        .fallback = "115",
        .min = 100,
        .max = 10000,
    },
    {
        .name = "gc_cpu_percent",
        .doc =
            "The same of the share of the CPU that the collector takes; less than a hundredth of the CPU "
            "above the stable build is never a reason.",
        .type = CONFIG_INT,
        .offset = offsetof(struct config_gate, gc_cpu_percent),
        .fallback = "200",
        .min = 100,
        .max = 10000,
    },
    {
        .name = "gc_frequency_percent",
        .doc =
            "The same of how often the collector runs by itself, where that is known "
            "(`memory_interval`); less than two cycles a minute above the stable build is never a reason.",
        .type = CONFIG_INT,
        .offset = offsetof(struct config_gate, gc_frequency_percent),
        .fallback = "200",
        .min = 100,
        .max = 10000,
    },
    {
        .name = "slack",
        .doc = "Less memory than this above the stable build is never a reason to fail.",
        .type = CONFIG_SIZE,
        .offset = offsetof(struct config_gate, slack_bytes),
        .fallback = "4MB",
        .max = GB(64),
    },
    {
        .name = "min_samples",
        .doc = "Scrapes of the new build, of all its targets together, below which the answer is "
               "`not_enough_data`.",
        .type = CONFIG_INT,
        .offset = offsetof(struct config_gate, min_samples),
        .fallback = "30",
        .min = 1,
        .max = 1000000,
    },
    {
        .name = "min_baseline_samples",
        .doc = "The same of the stable build.",
        .type = CONFIG_INT,
        .offset = offsetof(struct config_gate, min_baseline_samples),
        .fallback = "100",
        .min = 1,
        .max = 1000000,
    },
    {
        .name = "min_age",
        .doc = "How long the new build must have been seen, for the same.",
        .type = CONFIG_DURATION,
        .offset = offsetof(struct config_gate, min_age_ns),
        .fallback = "15m",
        .max = DAY(7),
    },
};

const struct config_section config_gate_section = {
    .title = "gate",
    .size = sizeof(struct config_gate),
    ROWS(gate_rows),
};
