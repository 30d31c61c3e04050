/* What is used today, for comparison: rules on the growth of a series, each as its makers or their
 * users write it. All begin anew when the process restarts. */
#ifndef LW_BENCH_BASELINES_H
#define LW_BENCH_BASELINES_H

#include <stdbool.h>
#include <stddef.h>

#include "trend/trend.h"

#define BASELINE_PAST 240 /* points that are remembered */

struct baseline_state {
    double t_s[BASELINE_PAST], bytes[BASELINE_PAST]; /* oldest first */
    int count;
    double alloc_bytes;
    double limit_bytes; /* predict_linear's */
    int in_a_row;
};

struct baseline {
    const char *name;
    /* Whether the rule holds for the newest point. */
    bool (*holds)(struct baseline_state *state);
    int in_a_row; /* … this many times running makes an alarm */
};

extern const struct baseline baselines[];
extern const int baseline_count;

/* Takes a point; true while there is an alarm. Zero-initialise the state. */
bool baseline_push(
    const struct baseline *baseline, struct baseline_state *state, const struct trend_point *point);

#endif
