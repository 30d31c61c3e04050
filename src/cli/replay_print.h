/* What a replay found, as JSON for programs and as a table for people. */
#ifndef LW_CLI_REPLAY_PRINT_H
#define LW_CLI_REPLAY_PRINT_H

#include <stdio.h>

#include "cli/series_file.h"
#include "trend/trend.h"

/* Times are the series' own; NAN: never. */
struct replay_result {
    const struct series *series;
    const struct trend_config *config;
    struct trend_series *engine; /* after the last point; borrowed by those who print */
    double first_growing_s;      /* growing, or leak at once */
    double first_provisional_s;
    double first_leak_s;
};

/* One line: id, verdict, provisional, recurring, first_growing_t, first_provisional_t,
 * first_leak_t, rate_bytes_per_s, rate_lo, rate_hi, onset_t, and gates as the API has them. null:
 * not known or never. */
void replay_print_json(FILE *out, const struct replay_result *result);

void replay_print_heading(FILE *out);
/* One row, without waiting for the others: the widths are fixed. */
void replay_print_row(FILE *out, const struct replay_result *result);

#endif
