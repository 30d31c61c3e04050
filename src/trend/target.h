/* From the verdicts of a target's series to one about the target: what counts, how fast it grows in
 * all, and how long its memory lasts. Pure arithmetic on what the caller gives. */
#ifndef LW_TREND_TARGET_H
#define LW_TREND_TARGET_H

#include <stdbool.h>

#include "trend/trend.h"

/* Growth of in-use bytes per second, and its standard error. */
struct trend_rate {
    double bytes_s;
    double se;
};

/* The rate of a verdict: a quarter of its 95 % interval is one standard error, nearly (3.92). While
 * warming the error is infinite. */
struct trend_rate trend_rate_of(const struct trend_verdict *verdict);

/* Of two series that grow independently of each other: errors add in squares. */
struct trend_rate trend_rate_sum(struct trend_rate a, struct trend_rate b);

/* What `total` has beyond `sum` (less than nothing where other things shrink). False when the
 * difference is within two of its standard errors: then there is nothing to tell. */
bool trend_rate_unattributed(
    struct trend_rate total, struct trend_rate sum, struct trend_rate *difference);

/* The growth that a series needs to count for its target: config->min_growth_bytes, and half a
 * percent of the live heap. */
double trend_target_counted_bytes(const struct trend_config *config, double live_bytes);

/* When the growth of a verdict began: between *from_s and *to_s, as wide as the blocks are that it
 * was looked for in. False when nothing grows. */
bool trend_target_onset(const struct trend_config *config, const struct trend_verdict *verdict,
    double *from_s, double *to_s);

/* Where a step of more than this share of a window's growth is in it, growth comes by steps: seven
 * even ones have a seventh each. */
#define TREND_STEP_SHARE_MIN 0.25

/* What the memory of a process may become. Bytes; 0: not known, or no limit. */
struct trend_room {
    double limit_bytes;    /* at which it is killed */
    double go_limit_bytes; /* GOMEMLIMIT: near it the collector takes all CPU */
    double non_heap_bytes; /* of the process, that count against go_limit_bytes */
    double kappa;          /* resident bytes per byte of live heap; 0: TREND_KAPPA_ASSUMED */
};

/* GOGC's default lets the heap grow to twice what was live (Go's src/runtime/mgcpacer.go). */
#define TREND_KAPPA_ASSUMED 2.0

/* The live heap at which a limit is met: limit / kappa, and before it GOMEMLIMIT, where less than a
 * twentieth is left beside what is not heap. INFINITY without limits. *by_go_limit says which. */
double trend_room_live_bytes(const struct trend_room *room, bool *by_go_limit);

/* Seconds; lo and hi are where the rate is two standard errors larger or smaller. */
struct trend_forecast {
    double seconds; /* INFINITY when it does not grow */
    double lo_s;
    double hi_s; /* INFINITY when the rate is within two standard errors of none */
};

/* Until `room_bytes` (INFINITY without limits) more are live. largest_step_bytes: where growth
 * comes by steps, the largest of them, by which lo_s comes sooner; else 0. */
struct trend_forecast trend_forecast_of(
    double room_bytes, struct trend_rate rate, double largest_step_bytes);

/* How far ahead anybody plans: what grows for longer is not yet at stake. */
#define TREND_HORIZON_S 86400.0

/* Bytes that a series will have taken when the memory is full, or at the horizon: the order in
 * which suspects deserve to be looked at. Negative growth has none at stake. */
double trend_at_stake_bytes(double rate, double seconds_to_limit);

#endif
