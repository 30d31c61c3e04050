/* What can only be known of a function by reading all of its code: where instructions begin, which
 * of them jumps lead to, and which variables pointers are made to. Large functions have theirs read
 * once, with the index, so that no site pays for it: to follow a value a few of their instructions
 * are enough. */
#ifndef LW_GOTYPES_OUTLINE_H
#define LW_GOTYPES_OUTLINE_H

#include "gotypes/code.h"
#include "gotypes/pclntab.h"

#define GOTYPES_FUNC_BYTES_MAX (4u << 20)
#define GOTYPES_BLOCK          128 /* instructions */

struct gotypes_edge {
    uint32_t to; /* numbers of instructions */
    uint32_t from;
};

struct gotypes_outline {
    uint32_t insn_count;
    uint32_t *blocks; /* owned; where each GOTYPES_BLOCK'th instruction is, from the entry on */
    struct gotypes_edge *edges; /* owned; jumps and branches, by `to` */
    size_t edge_count;
    int32_t *taken; /* owned; offsets from SP that the function makes pointers to, each once */
    size_t taken_count;
    uint64_t taken_pc; /* where it does so first: SP stays where it is then until the end */
};

/* Reads a function's code. NULL, or why it cannot be read: a constant string, and there is nothing
 * to be freed. */
const char *gotypes_outline_read(struct gotypes_outline *outline, const struct gotypes_elf *elf,
    const struct gotypes_func *func);
void gotypes_outline_fini(struct gotypes_outline *outline);

/* The outlines of the binary's large functions. Immutable once read. */
struct gotypes_outlines {
    struct gotypes_large *list; /* owned; by entry */
    size_t count;
};

/* Those that cannot be read, and those beyond a budget, are left out: they are read when they are
 * asked for, and then say why. */
void gotypes_outlines_read(struct gotypes_outlines *outlines, const struct gotypes_pclntab *tab);
void gotypes_outlines_fini(struct gotypes_outlines *outlines);

/* The outline of the function at an entry; the list's. NULL where there is none. */
const struct gotypes_outline *gotypes_outlines_find(
    const struct gotypes_outlines *outlines, uint64_t entry);

#endif
