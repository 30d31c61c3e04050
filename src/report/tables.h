/* The tables of a report, made from the decoded profiles. Private to report/. */
#ifndef LW_REPORT_TABLES_H
#define LW_REPORT_TABLES_H

#include "report/report.h"

#define REPORT_ROWS_MAX 15

/* A site in two profiles. */
struct report_row {
    const struct profile_site *site;
    const struct report_type *type; /* NULL: nothing known */
    struct profile_values before;
    struct profile_values after;
};

struct report_table {
    struct report_row rows[REPORT_ROWS_MAX];
    size_t count;
    size_t total; /* rows there would be without the limit */
};

/* The largest sites that had something in use before a forced GC, and what is left of them after
 * it. Empty where one of the profiles is missing. */
void report_table_of_gc(struct report_table *table, const struct report_facts *facts);

/* What changed most since the baseline; before: then, after: now. Empty where it is missing. */
void report_table_of_diff(struct report_table *table, const struct report_facts *facts);

/* In-use that a GC freed: never negative, what was allocated meanwhile is none of it. */
int64_t report_row_freed_bytes(const struct report_row *row);

#endif
