/* The rows that `leakwatchd types` prints: one for each CALL of an allocator and type allocated
 * there. Private to cli/. */
#ifndef LW_CLI_TYPES_ROWS_H
#define LW_CLI_TYPES_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/map.h"
#include "gotypes/gotypes.h"
#include "profile/profile.h"

/* The binary chooses how many there are. */
#define TYPES_ROWS_MAX ((size_t)1 << 20)

/* Strings are never NULL; those that are not owned belong to the index or a profile. */
struct types_row {
    uint64_t pc; /* of the CALL in the binary; where there is none, the address the profile has */
    const char *function;
    const char *callee;
    const char *kind;
    char *type;                          /* owned; "" when not resolved */
    char *record;                        /* owned */
    char *import_path;                   /* owned */
    char *unresolved;                    /* owned */
    const struct gotypes_module *module; /* or NULL */
    const char *file;
    int64_t line;
    struct profile_values values;
};

/* Zero-initialised is empty. */
struct types_rows {
    struct types_row **list; /* owned, as are the rows */
    size_t count;
    size_t room;
    struct lw_map by_type; /* of pc and what was found there */
    struct lw_map by_pc;   /* any row of it */
};

void types_rows_fini(struct types_rows *rows);

/* Adds every site of a profile of the binary; sites with one CALL and one type become one row. The
 * profile must outlive the rows. LW_INVALID when it is not a profile of this binary (its build id
 * or the functions at its addresses differ), LW_TOO_LARGE beyond TYPES_ROWS_MAX. */
int types_rows_add_profile(struct types_rows *rows, const struct gotypes *index,
    const struct profile *profile, struct lw_err *err) LW_MUST_CHECK;

/* Adds every static allocation call of the binary that has no row yet. LW_TOO_LARGE. */
int types_rows_add_static(
    struct types_rows *rows, const struct gotypes *index, struct lw_err *err) LW_MUST_CHECK;

/* Largest in-use first, then by address. */
void types_rows_sort(struct types_rows *rows);

#endif
