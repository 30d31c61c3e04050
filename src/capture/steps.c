#include "capture/steps.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *file;
    const char *path;
} steps[] = {
#define CAPTURE_STEP_ROW(name, file, path) {file, path},
    CAPTURE_STEPS(CAPTURE_STEP_ROW)
#undef CAPTURE_STEP_ROW
};

const char *capture_step_file(enum capture_step step)
{
    return steps[step].file;
}

const char *capture_state_word(enum capture_state state)
{
    static const char *const words[] = {"ok", "refused", "unsupported", "failed"};
    return words[state];
}

const char *capture_step_path(
    enum capture_step step, int64_t seconds, char text[CAPTURE_PATH_BYTES])
{
    if (capture_step_is_timed(step))
        snprintf(text, CAPTURE_PATH_BYTES, "%s%lld", steps[step].path, (long long)seconds);
    else
        snprintf(text, CAPTURE_PATH_BYTES, "%s", steps[step].path);
    return text;
}

bool capture_step_is_timed(enum capture_step step)
{
    return step == CAPTURE_CPU || step == CAPTURE_TRACE;
}

int64_t capture_step_seconds(enum capture_step step, const struct config_capture *config)
{
    return step == CAPTURE_CPU ? config->cpu_seconds : config->trace_seconds;
}

bool capture_step_is_optional(enum capture_step step)
{
    return step != CAPTURE_HEAP;
}

int capture_step_rounds(enum capture_step step)
{
    return step == CAPTURE_GOROUTINE_LEAK ? 2 : 1;
}

const enum capture_rule *capture_step_rules(enum capture_step step)
{
    static const enum capture_rule none[] = {CAPTURE_RULE_COUNT};
    static const enum capture_rule gc[] = {
        CAPTURE_RULE_GC_HEAP, CAPTURE_RULE_GC_CPU, CAPTURE_RULE_COUNT};
    static const enum capture_rule measuring[] = {CAPTURE_RULE_SLOW, CAPTURE_RULE_COUNT};
    static const enum capture_rule dumping[] = {CAPTURE_RULE_GOROUTINES, CAPTURE_RULE_COUNT};
    switch (step) {
    case CAPTURE_HEAP_GC:
    case CAPTURE_GOROUTINE_LEAK: /* it runs a GC of its own */
        return gc;
    case CAPTURE_CPU:
    case CAPTURE_TRACE:
        return measuring;
    case CAPTURE_GOROUTINES_TEXT:
        return dumping;
    default:
        return none;
    }
}
