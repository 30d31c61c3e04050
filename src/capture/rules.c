#include "capture/rules.h"

#include <assert.h>
#include <stdio.h>

#include "base/time.h"

const char *capture_rule_word(enum capture_rule rule)
{
    static const char *const words[] = {
#define CAPTURE_RULE_WORD(name, word) word,
        CAPTURE_RULES(CAPTURE_RULE_WORD)
#undef CAPTURE_RULE_WORD
    };
    return words[rule];
}

static struct capture_judgement at_most(enum capture_rule rule, double value, double limit)
{
    return (struct capture_judgement){
        .rule = rule, .value = value, .limit = limit, .passed = value >= 0 && value <= limit};
}

static struct capture_judgement judge_gc_heap(
    const struct config_capture *config, const struct capture_vitals *vitals)
{
    struct capture_judgement j = at_most(
        CAPTURE_RULE_GC_HEAP, (double)vitals->heap_bytes, (double)config->gc_heap_limit_bytes);
    if (vitals->heap_bytes < 0)
        snprintf(j.text, sizeof j.text, "the size of the live heap is not known");
    else
        snprintf(j.text, sizeof j.text,
            "the live heap is %lld bytes; a GC is forced up to %lld (capture.gc_heap_limit)",
            (long long)vitals->heap_bytes, (long long)config->gc_heap_limit_bytes);
    return j;
}

static struct capture_judgement judge_gc_cpu(
    const struct config_capture *config, const struct capture_vitals *vitals)
{
    struct capture_judgement j =
        at_most(CAPTURE_RULE_GC_CPU, vitals->gc_cpu_percent, (double)config->gc_cpu_percent);
    if (vitals->gc_cpu_percent < 0) {
        j.passed = true;
        snprintf(j.text, sizeof j.text, "the share of CPU spent in GC is not known");
    } else {
        snprintf(j.text, sizeof j.text,
            "%.1f %% of its CPU is spent in GC; one is forced up to %lld %% "
            "(capture.gc_cpu_percent)",
            vitals->gc_cpu_percent, (long long)config->gc_cpu_percent);
    }
    return j;
}

static struct capture_judgement judge_slow(
    const struct config_capture *config, const struct capture_vitals *vitals)
{
    double share =
        vitals->timeout_ns > 0 ? 100.0 * (double)vitals->scrape_ns / (double)vitals->timeout_ns : 0;
    struct capture_judgement j = at_most(CAPTURE_RULE_SLOW, share, (double)config->slow_percent);
    snprintf(j.text, sizeof j.text,
        "its last scrape took %.2f s, %.0f %% of the timeout; it is measured up to %lld %% "
        "(capture.slow_percent)",
        (double)vitals->scrape_ns / 1e9, share, (long long)config->slow_percent);
    return j;
}

static struct capture_judgement judge_goroutines(
    const struct config_capture *config, const struct capture_vitals *vitals)
{
    struct capture_judgement j = at_most(
        CAPTURE_RULE_GOROUTINES, (double)vitals->goroutines, (double)config->goroutine_ceiling);
    if (vitals->goroutines < 0)
        snprintf(j.text, sizeof j.text, "the number of goroutines is not known");
    else
        snprintf(j.text, sizeof j.text,
            "it has %lld goroutines; their stacks are asked for as text up to %lld "
            "(capture.goroutine_ceiling)",
            (long long)vitals->goroutines, (long long)config->goroutine_ceiling);
    return j;
}

struct capture_judgement capture_rule_judge(enum capture_rule rule,
    const struct config_capture *config, const struct capture_vitals *vitals)
{
    switch (rule) {
    case CAPTURE_RULE_GC_HEAP:
        return judge_gc_heap(config, vitals);
    case CAPTURE_RULE_GC_CPU:
        return judge_gc_cpu(config, vitals);
    case CAPTURE_RULE_SLOW:
        return judge_slow(config, vitals);
    default:
        assert(rule == CAPTURE_RULE_GOROUTINES);
        return judge_goroutines(config, vitals);
    }
}
