/* The rules that keep captures from being a burden: one line each, for budget.h (may a capture
 * begin?) and for the steps of one that is under way (may this be asked of the target?). Pure: what
 * is known is passed in. */
#ifndef LW_CAPTURE_RULES_H
#define LW_CAPTURE_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"

/* X(name, word). The word stands in answers, logs and the metric label `rule`. */
#define CAPTURE_RULES(X) \
    /* of a capture as a whole */ \
    X(CAPTURE_RULE_ENABLED, "enabled") \
    X(CAPTURE_RULE_MUTED, "muted") \
    X(CAPTURE_RULE_UNDER_WAY, "under_way") \
    X(CAPTURE_RULE_COOLDOWN, "cooldown") \
    X(CAPTURE_RULE_CONCURRENT, "concurrent") \
    X(CAPTURE_RULE_TARGET_BYTES, "target_bytes_per_day") \
    X(CAPTURE_RULE_FLEET_BYTES, "fleet_bytes_per_day") \
    /* of single steps */ \
    X(CAPTURE_RULE_GC_HEAP, "gc_heap_limit") \
    X(CAPTURE_RULE_GC_CPU, "gc_cpu_percent") \
    X(CAPTURE_RULE_SLOW, "slow_percent") \
    X(CAPTURE_RULE_GOROUTINES, "goroutine_ceiling")

enum capture_rule {
#define CAPTURE_RULE_ENUM(name, word) name,
    CAPTURE_RULES(CAPTURE_RULE_ENUM)
#undef CAPTURE_RULE_ENUM
        CAPTURE_RULE_COUNT
};

#define CAPTURE_START_RULES CAPTURE_RULE_GC_HEAP /* how many come before the first step's */
#define CAPTURE_TEXT_BYTES  192

const char *capture_rule_word(enum capture_rule rule);

/* A rule held against a value: passed when the value is at most the limit. */
struct capture_judgement {
    enum capture_rule rule;
    double value; /* in the unit the text names */
    double limit;
    bool passed;
    char text[CAPTURE_TEXT_BYTES]; /* the sentence for people: value, limit, what to do */
};

/* What is known of a target's state when a step is to be judged. */
struct capture_vitals {
    int64_t heap_bytes;    /* live heap; -1: not known */
    double gc_cpu_percent; /* of the CPU since it started, MemStats.GCCPUFraction; -1: not known */
    int64_t goroutines;    /* -1: not known */
    int64_t scrape_ns;     /* how long its last scrape took */
    int64_t timeout_ns;    /* of a scrape */
};

/* Holds one of the rules of steps against the target's vitals. What is not known does not pass the
 * rules on forced GC by size and on goroutines: unknown is not small. The share of the GC is asked
 * besides the size, and passes when it is not known. */
struct capture_judgement capture_rule_judge(enum capture_rule rule,
    const struct config_capture *config, const struct capture_vitals *vitals);

#endif
