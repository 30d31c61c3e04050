/* What a series is that does not grow like a leak. */
#ifndef LW_TREND_QUIET_H
#define LW_TREND_QUIET_H

#include "trend/window.h"

/* Judges what names the quiet classes, TREND_GATE_SAMPLES to TREND_GATE_CHURN, on a window that has
 * blocks enough. */
void trend_quiet_judge(const struct trend_config *config, const struct trend_window *w,
    struct trend_gate gates[TREND_GATE_COUNT]);

/* The class that these gates speak for: TREND_HEALTHY to TREND_STEP. */
enum trend_class trend_quiet_class(const struct trend_gate gates[TREND_GATE_COUNT]);

/* The least growth, in bytes/s, that passes the gates of noise in a window like w. */
double trend_quiet_resolvable_rate(const struct trend_config *config, const struct trend_window *w);

#endif
