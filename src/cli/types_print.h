/* How `leakwatchd types` shows its rows. Private to cli/. */
#ifndef LW_CLI_TYPES_PRINT_H
#define LW_CLI_TYPES_PRINT_H

#include <stdbool.h>
#include <stdio.h>

#include "cli/types_rows.h"

/* A table for people, and a last line that says how much of it has a type. */
void types_print_table(FILE *out, const struct types_rows *rows, bool with_values);

/* One JSON object a line; what is not known is null. */
void types_print_json(FILE *out, const struct types_rows *rows, bool with_values);

#endif
