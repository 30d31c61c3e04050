/* The linker's record of the program: where its text and its types are. It has no name in a
 * stripped binary; it is found by its first word, which points at the function table, and believed
 * only if all it repeats of that table agrees. Layout: struct moduledata of runtime/symtab.go,
 * Go 1.18 to 1.26. */
#ifndef LW_GOTYPES_MODULEDATA_H
#define LW_GOTYPES_MODULEDATA_H

#include "gotypes/pclntab.h"

struct gotypes_moduledata {
    uint64_t text;
    uint64_t text_end;
    uint64_t types; /* address: what offsets of types and of their names count from */
    uint64_t types_end;
    uint64_t funcdata;
};

/* Errors: LW_CORRUPT (no record agrees with the table), LW_INVALID (text in several sections). */
int gotypes_moduledata_read(const struct gotypes_elf *elf, const struct gotypes_pclntab *tab,
    struct gotypes_moduledata *module, struct lw_err *err) LW_MUST_CHECK;

#endif
