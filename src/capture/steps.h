/* What is special about each step of a capture. Private to capture/. */
#ifndef LW_CAPTURE_STEPS_H
#define LW_CAPTURE_STEPS_H

#include "capture/capture.h"

/* The path that fetches a step; `seconds` is for those that measure. Never NULL; in `text`. */
#define CAPTURE_PATH_BYTES 64
const char *capture_step_path(
    enum capture_step step, int64_t seconds, char text[CAPTURE_PATH_BYTES]);

/* Whether it measures for some seconds, and how many the configuration wants. */
bool capture_step_is_timed(enum capture_step step);
int64_t capture_step_seconds(enum capture_step step, const struct config_capture *config);

/* Whether services commonly lack it, so that a 404 is remembered. */
bool capture_step_is_optional(enum capture_step step);

/* How often it is fetched before it counts: the first goroutineleak profile may miss some. */
int capture_step_rounds(enum capture_step step);

/* The rules a step is under; CAPTURE_RULE_COUNT ends the list. */
const enum capture_rule *capture_step_rules(enum capture_step step);

#endif
