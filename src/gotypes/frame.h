/* The stack frame of a function: whether a word that the compiler keeps in it may be written by
 * anyone who has a pointer to a variable in it. */
#ifndef LW_GOTYPES_FRAME_H
#define LW_GOTYPES_FRAME_H

#include "gotypes/flow.h"

/* Whether the eight bytes at an offset from SP, as SP is at the instruction of a number, may be
 * part of a variable that pointers are made to. */
bool gotypes_frame_is_aliased(const struct gotypes_pclntab *tab, const struct gotypes_flow *flow,
    uint32_t number, int64_t offset);

#endif
