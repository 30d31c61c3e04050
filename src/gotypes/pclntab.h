/* The runtime's table of functions: where each begins, what it is called, which line an instruction
 * is of, what was inlined there. It is in every Go binary, stripped or not. Format:
 * runtime/symtab.go of Go 1.18 (magic 0xfffffff0, until 1.19) and 1.20 (0xfffffff1). */
#ifndef LW_GOTYPES_PCLNTAB_H
#define LW_GOTYPES_PCLNTAB_H

#include "gotypes/elf.h"
#include "gotypes/gotypes.h"

struct gotypes_pclntab {
    const struct gotypes_elf *elf;
    uint64_t address;
    bool has_start_lines; /* since 1.20 */
    unsigned quantum;     /* bytes that all instruction lengths are multiples of */
    uint32_t func_count;
    struct gotypes_span names, units, files, values, funcs;

    /* of the moduledata */
    uint64_t text;
    uint64_t funcdata; /* what the offsets of functions' data count from */
};

struct gotypes_func {
    uint64_t entry;
    uint64_t end;
    const char *name;
    bool is_assembly;  /* keeps to no calling convention */
    uint32_t stack_at; /* in tab->values: how far the stack pointer is from where it was at entry */

    uint32_t file_at, line_at, inline_at, unit;
    uint64_t inline_tree; /* address, 0: nothing is inlined here */
    uint64_t objects;     /* address of the list of variables in the frame; 0: there are none */
};

/* Finds the table in an ELF file and checks it. Errors: LW_INVALID (there is none: not Go, or a
 * release that is not read), LW_CORRUPT. The moduledata's fields stay zero. */
int gotypes_pclntab_init(
    struct gotypes_pclntab *tab, const struct gotypes_elf *elf, struct lw_err *err) LW_MUST_CHECK;

/* Where the function of a number begins, as an offset from the text; that of func_count is where
 * the last one ends. */
uint32_t gotypes_pclntab_offset(const struct gotypes_pclntab *tab, uint32_t number);

/* The function of a number; false where the table makes no sense, and *func is left alone. */
bool gotypes_pclntab_func(
    const struct gotypes_pclntab *tab, uint32_t number, struct gotypes_func *func);

/* The function that holds an address. */
bool gotypes_pclntab_find(
    const struct gotypes_pclntab *tab, uint64_t pc, struct gotypes_func *func);

/* The value that the table at `at` has for an address of a function; -1 where it has none. */
int32_t gotypes_pclntab_value(
    const struct gotypes_pclntab *tab, const struct gotypes_func *func, uint32_t at, uint64_t pc);

/* As gotypes_lines (gotypes.h). */
size_t gotypes_pclntab_lines(
    const struct gotypes_pclntab *tab, uint64_t pc, struct gotypes_line *lines, size_t max);

#endif
