/* The urgent path: growth so fast and so clear that waiting for a verdict may cost too much. */
#ifndef LW_TREND_URGENT_H
#define LW_TREND_URGENT_H

#include "trend/series.h"

/* Judges the newest 20 base blocks by TREND_GATE_URGENT_GROWTH and the gates after it; all others
 * are left alone. */
void trend_urgent_judge(const struct trend_series *series, const struct trend_config *config,
    struct trend_gate gates[TREND_GATE_COUNT]);

/* Raises the provisional flag or takes it back, and says in the verdict what it is for. To be
 * called when a block of the finest level has closed and the gates have settled the class. */
void trend_urgent_settle(struct trend_series *series, const struct trend_config *config);

#endif
