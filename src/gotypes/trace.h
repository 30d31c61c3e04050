/* Where the value of a register comes from: followed backwards through one function, over all paths
 * that lead there. */
#ifndef LW_GOTYPES_TRACE_H
#define LW_GOTYPES_TRACE_H

#include "gotypes/flow.h"

#define GOTYPES_LOADS_MAX 8

/* What is still to be done to a value once its origin is known: add[loads] is added, eight bytes
 * are loaded from there, add[loads - 1] is added, and so on down to add[0]. */
struct gotypes_path {
    unsigned loads;
    int64_t add[GOTYPES_LOADS_MAX + 1];
};

enum gotypes_origin {
    GOTYPES_CONSTANT, /* value; nothing is left to be done */
    GOTYPES_ARGUMENT, /* what register `reg` held when the function was entered, then `path` */
    GOTYPES_RESULT,   /* what the call of number `value` returned in `reg`, then `path` */
    GOTYPES_UNKNOWN,  /* why */
};

struct gotypes_value {
    enum gotypes_origin origin;
    uint64_t value;
    bool was_loaded; /* a constant that was read from constant data */
    uint8_t reg;
    struct gotypes_path path;
    const char *why; /* of what is no constant: a constant string */
    const char *who; /* the function in the image whose result it is, or NULL */
};

/* Follows `reg` as it is before the instruction of a number, with `path` still to be done to it. */
struct gotypes_value gotypes_trace(const struct gotypes_flow *flow,
    const struct gotypes_pclntab *tab, uint32_t number, uint8_t reg, struct gotypes_path path);

/* What an instruction that goes on to the next does; false for any other. */
bool gotypes_trace_effect(
    const struct gotypes_flow *flow, uint32_t number, struct gotypes_effect *effect);

/* Does what is left to be done to a constant. */
struct gotypes_value gotypes_trace_constant(
    const struct gotypes_elf *elf, uint64_t value, const struct gotypes_path *path);

bool gotypes_value_equal(const struct gotypes_value *a, const struct gotypes_value *b);

#endif
