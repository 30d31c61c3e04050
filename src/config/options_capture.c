/* Options of captures: when they are made, and what they may cost. */
#include "config/config.h"
#include "config/rows.h"

static const struct config_option rows[] = {
    {
        .name = "enabled",
        .doc = "Whether profiles are fetched when something happens.",
        .type = CONFIG_BOOL,
        .offset = offsetof(struct config_capture, enabled),
        .fallback = "true",
    },
    {
        .name = "cooldown",
        .doc = "Time between two captures of one target.",
        .type = CONFIG_DURATION,
        .offset = offsetof(struct config_capture, cooldown_ns),
        .fallback = "30m",
        .min = S(1),
        .max = DAY(30),
    },
    {
        .name = "concurrent",
        .doc = "Most captures that are under way at once over all targets.",
        .type = CONFIG_INT,
        .offset = offsetof(struct config_capture, concurrent),
        .fallback = "2",
        .min = 1,
        .max = 64,
    },
    {
        .name = "size_limit",
        .doc = "Most bytes that one capture keeps, as they come over the wire. As much "
               "is set aside of the bytes of a day while it is under way.",
        .type = CONFIG_SIZE,
        .offset = offsetof(struct config_capture, size_limit_bytes),
        .fallback = "64MB",
        .min = KB(64),
        .max = GB(1),
    },
    {
        .name = "target_bytes_per_day",
        .doc = "Most bytes that captures keep of one target in 24 hours.",
        .type = CONFIG_SIZE,
        .offset = offsetof(struct config_capture, target_bytes_per_day),
        .fallback = "256MB",
        .min = KB(64),
        .max = GB(1024),
    },
    {
        .name = "fleet_bytes_per_day",
        .doc = "The same for all targets together.",
        .type = CONFIG_SIZE,
        .offset = offsetof(struct config_capture, fleet_bytes_per_day),
        .fallback = "2GB",
        .min = KB(64),
        .max = GB(1024),
    },
    {
        .name = "deadline",
        .doc = "Time after which a capture ends with what it has.",
        .type = CONFIG_DURATION,
        .offset = offsetof(struct config_capture, deadline_ns),
        .fallback = "2m",
        .min = S(1),
        .max = HOUR(1),
    },
    {
        .name = "step_timeout",
        .doc = "Time after which one file of a capture is given up; for CPU profile "
               "and trace, on top of what they measure.",
        .type = CONFIG_DURATION,
        .offset = offsetof(struct config_capture, step_timeout_ns),
        .fallback = "30s",
        .min = MS(10),
        .max = S(600),
    },
    {
        .name = "cpu_seconds",
        .doc = "Length of the CPU profile; 0: none.",
        .type = CONFIG_INT,
        .offset = offsetof(struct config_capture, cpu_seconds),
        .fallback = "5",
        .min = 0,
        .max = 60,
    },
    {
        .name = "trace_seconds",
        .doc = "Length of the execution trace; 0: none.",
        .type = CONFIG_INT,
        .offset = offsetof(struct config_capture, trace_seconds),
        .fallback = "1",
        .min = 0,
        .max = 60,
    },
    {
        .name = "cmdline",
        .doc = "Whether the command line is kept. Of flags and URLs in it what looks like a secret "
               "is hidden (`***`): the value of a name with password, token, secret or key in it.",
        .type = CONFIG_BOOL,
        .offset = offsetof(struct config_capture, cmdline),
        .fallback = "true",
    },
    {
        .name = "goroutine_ceiling",
        .doc = "With more goroutines than this their stacks are not asked for as text "
               "(`goroutine?debug=2`), for which the target stands still.",
        .type = CONFIG_INT,
        .offset = offsetof(struct config_capture, goroutine_ceiling),
        .fallback = "10000",
        .min = 0,
        .max = 10000000,
    },
    {
        .name = "gc_heap_limit",
        .doc = "With a larger live heap no garbage collection is forced.",
        .type = CONFIG_SIZE,
        .offset = offsetof(struct config_capture, gc_heap_limit_bytes),
        .fallback = "4GB",
        .min = 0,
        .max = GB(1024),
    },
    {
        .name = "gc_cpu_percent",
        .doc = "With more of its CPU time spent in garbage collection than this none "
               "is forced.",
        .type = CONFIG_INT,
        .offset = offsetof(struct config_capture, gc_cpu_percent),
        .fallback = "10",
        .min = 0,
        .max = 100,
    },
    {
        .name = "slow_percent",
        .doc = "After a scrape that took more of its timeout than this, neither a CPU "
               "profile nor a trace is taken.",
        .type = CONFIG_INT,
        .offset = offsetof(struct config_capture, slow_percent),
        .fallback = "50",
        .min = 1,
        .max = 100,
    },
    {
        .name = "memory_percent",
        .doc = "Share of its memory limit in use at which a target is captured, where "
               "the limit is known.",
        .type = CONFIG_INT,
        .offset = offsetof(struct config_capture, memory_percent),
        .fallback = "90",
        .min = 1,
        .max = 100,
    },
    {
        .name = "time_to_limit",
        .doc = "A target that reaches its memory limit sooner than this, at the pace "
               "of its leak, is captured.",
        .type = CONFIG_DURATION,
        .offset = offsetof(struct config_capture, time_to_limit_ns),
        .fallback = "1h",
        .min = S(1),
        .max = DAY(30),
    },
    {
        .name = "baseline_interval",
        .doc = "How often a scraped heap is kept to be compared with later.",
        .type = CONFIG_DURATION,
        .offset = offsetof(struct config_capture, baseline_interval_ns),
        .fallback = "1h",
        .min = S(1),
        .max = DAY(7),
    },
};

const struct config_section config_capture_section = {
    .title = "capture",
    .size = sizeof(struct config_capture),
    ROWS(rows),
};
