/* The control flow of one function: its instructions and which of them can come before which. */
#ifndef LW_GOTYPES_FLOW_H
#define LW_GOTYPES_FLOW_H

#include "gotypes/code.h"
#include "gotypes/pclntab.h"

#define GOTYPES_FUNC_BYTES_MAX (4u << 20)

struct gotypes_insn {
    uint32_t offset; /* from the function's entry */
    uint8_t len;
    uint8_t step; /* enum gotypes_step */
    bool is_target;
};

struct gotypes_edge {
    uint32_t to; /* numbers of instructions */
    uint32_t from;
};

struct gotypes_flow {
    const struct gotypes_elf *elf;
    struct gotypes_func func;
    const unsigned char *code;  /* the image's: func.end - func.entry bytes */
    struct gotypes_insn *insns; /* owned */
    uint32_t insn_count;
    struct gotypes_edge *edges; /* owned; jumps and branches, by `to` */
    size_t edge_count;
    int32_t *taken; /* owned; offsets from SP that the function makes pointers to */
    size_t taken_count;
    uint64_t taken_pc; /* where it does so first: SP stays where it is then until the end */
    struct gotypes_decoder *decoder; /* owned; amd64 only */
};

/* Reads a function's code. NULL, or why it cannot be read: a constant string. */
const char *gotypes_flow_init(
    struct gotypes_flow *flow, const struct gotypes_elf *elf, const struct gotypes_func *func);
void gotypes_flow_fini(struct gotypes_flow *flow);

/* The number of the instruction that covers an address; false where there is none. */
bool gotypes_flow_find(const struct gotypes_flow *flow, uint64_t pc, uint32_t *number);

/* Where a direct call or jump goes. */
uint64_t gotypes_flow_target(const struct gotypes_flow *flow, uint32_t number);

/* The first of the edges into an instruction; they end where `to` is another. */
size_t gotypes_flow_edges(const struct gotypes_flow *flow, uint32_t to);

#endif
