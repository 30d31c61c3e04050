/* What `leakwatchd analyze` shows: a row for each site, and for each type. Private to cli/. */
#ifndef LW_CLI_ANALYZE_ROWS_H
#define LW_CLI_ANALYZE_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/analysis.h"
#include "profile/diff.h"

/* By how many profiles there are. X(name, word) */
#define ANALYZE_MODES(X) \
    X(ANALYZE_PROFILE, "profile") \
    X(ANALYZE_DIFF, "diff")     /* of two */ \
    X(ANALYZE_SERIES, "series") /* judged */

enum analyze_mode {
#define ANALYZE_MODE_ENUM(name, word) name,
    ANALYZE_MODES(ANALYZE_MODE_ENUM)
#undef ANALYZE_MODE_ENUM
};

enum analyze_mode analyze_mode_of(const struct analysis *analysis);
const char *analyze_mode_word(enum analyze_mode mode);

/* What rows are sorted by, the largest first. X(name, word) */
#define ANALYZE_SORTS(X) \
    X(ANALYZE_BY_INUSE, "inuse") \
    X(ANALYZE_BY_OBJECTS, "objects") /* in use */ \
    X(ANALYZE_BY_ALLOC, "alloc")     /* bytes allocated, between the profiles if there are two */ \
    X(ANALYZE_BY_GROWTH, "growth")   /* of the bytes in use */ \
    X(ANALYZE_BY_RETENTION, "retention") /* analyze_row_retention */ \
    X(ANALYZE_BY_VERDICT, "verdict")     /* then by growth */

enum analyze_sort {
#define ANALYZE_SORT_ENUM(name, word) name,
    ANALYZE_SORTS(ANALYZE_SORT_ENUM)
#undef ANALYZE_SORT_ENUM
        ANALYZE_SORT_COUNT
};

const char *analyze_sort_word(enum analyze_sort sort);

/* Everything is borrowed from the analysis. */
struct analyze_row {
    const struct profile_site *site;   /* NULL: the row of a type */
    const struct store_type *type;     /* NULL where unknown */
    size_t sites;                      /* that are in the row */
    struct profile_values base;        /* of the first profile; zeroes where there is one only */
    struct profile_values to;          /* of the last */
    const struct trend_series *series; /* NULL: too small to be judged, or nothing to judge by */
};

struct analyze_rows {
    struct analyze_row *list; /* owned */
    size_t count;
};

/* By site; and by type, where one row without a type is all that has none. The caller ends them
 * with analyze_rows_fini, before the analysis is freed. */
void analyze_rows_by_site(
    struct analyze_rows *rows, const struct analysis *analysis, enum analyze_sort sort);
void analyze_rows_by_type(struct analyze_rows *rows, const struct analysis *analysis,
    const struct analyze_rows *by_site, enum analyze_sort sort);
void analyze_rows_fini(struct analyze_rows *rows);

/* Whether any row has a type with a name. */
bool analyze_rows_have_types(const struct analyze_rows *rows);

/* Of what was allocated (since the first profile, if there are two), the share that is in use now;
 * NAN where nothing was. */
double analyze_row_retention(const struct analyze_row *row);
int64_t analyze_row_growth_bytes(const struct analyze_row *row);

#endif
