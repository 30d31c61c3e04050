/* The gates: each asks one question of a window; only growth that passes all of them is a leak. */
#ifndef LW_TREND_GATES_H
#define LW_TREND_GATES_H

#include "trend/series.h"
#include "trend/window.h"

/* Judges the window w, the newest of `level`, by every gate up to TREND_GATE_AGE; sets the gates
 * after it to not judged. */
void trend_gates_judge(const struct trend_series *series, const struct trend_config *config,
    int level, const struct trend_window *w, struct trend_gate gates[TREND_GATE_COUNT]);

/* Judges the gates that hold a convicted series: KEPT and GOING_ON. */
void trend_gates_judge_held(
    const struct trend_series *series, struct trend_gate gates[TREND_GATE_COUNT]);

/* Judges by one figure, which a leak reaches, or does not exceed. */
static inline void trend_gate_at_least(struct trend_gate *gate, double value, double limit)
{
    *gate = (struct trend_gate){
        .value = value, .limit = limit, .judged = true, .passed = value >= limit};
}

static inline void trend_gate_at_most(struct trend_gate *gate, double value, double limit)
{
    *gate = (struct trend_gate){
        .value = value, .limit = limit, .at_most = true, .judged = true, .passed = value <= limit};
}

/* Judged and not passed. */
static inline bool trend_gate_stops(const struct trend_gate *gate)
{
    return gate->judged && !gate->passed;
}

/* Every gate before `end` was passed, or there was nothing to judge it by. */
bool trend_gates_open(const struct trend_gate gates[TREND_GATE_COUNT], enum trend_gate_id end);

/* The class that one window's gates speak for. */
enum trend_class trend_gates_class(const struct trend_gate gates[TREND_GATE_COUNT]);

#endif
