/* What was analyzed, as tables or as JSON. Private to cli/. */
#ifndef LW_CLI_ANALYZE_PRINT_H
#define LW_CLI_ANALYZE_PRINT_H

#include <stdio.h>

#include "cli/analyze_files.h"
#include "cli/analyze_rows.h"

/* Borrowed, all of it. */
struct analyze_result {
    const struct analysis *analysis;
    const struct analyze_rows *sites;
    const struct analyze_rows *types;
    enum analyze_clock clock;
    enum analyze_sort sort;
    size_t skipped, failed; /* profiles that were left out */
    size_t top;             /* rows of a table; 0: all */
    bool color;
};

void analyze_print_tables(FILE *out, const struct analyze_result *result);

/* One object; its members are documented in leakwatchd(8). */
void analyze_print_json(FILE *out, const struct analyze_result *result);

#endif
