/* What trend/trend.h says of a series must hold after any push whatsoever. */
#ifndef LW_TESTS_TREND_CHECKS_H
#define LW_TESTS_TREND_CHECKS_H

#include "trend/trend.h"

/* The first gate that speaks against a leak, or TREND_GATE_COUNT. */
int trend_check_first_stop(const struct trend_gate gates[TREND_GATE_COUNT]);

/* The gates agree with themselves and with the class. */
void trend_check_gates(const struct trend_series *series, const struct trend_config *config);

void trend_check_verdict(const struct trend_verdict *v);

/* The blocks follow each other, from first_s or later to last_s. */
void trend_check_blocks(const struct trend_series *series, double first_s, double last_s);

#endif
