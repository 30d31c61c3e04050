/* The control flow of one function: its instructions and which of them can come before which. */
#ifndef LW_GOTYPES_FLOW_H
#define LW_GOTYPES_FLOW_H

#include "gotypes/outline.h"

struct gotypes_insn {
    uint32_t offset; /* from the function's entry */
    uint8_t len;
    uint8_t step; /* enum gotypes_step */
    bool is_target;
    bool is_told; /* and what follows as of gotypes_scan */
    uint8_t stores_through;
    uint16_t writes;
};

struct gotypes_flow {
    const struct gotypes_elf *elf;
    struct gotypes_func func;
    const unsigned char *code;             /* the image's: func.end - func.entry bytes */
    const struct gotypes_outline *outline; /* the index' or &own */
    struct gotypes_outline own;            /* of a small function */
    struct gotypes_insn *insns;            /* owned; filled a block at a time */
    bool *block_is_read;                   /* owned */
    struct gotypes_decoder *decoder;       /* owned; amd64 only */
};

/* Begins to read a function's code; the flow must stay where it is. NULL, or why it cannot be read:
 * a constant string. */
const char *gotypes_flow_init(struct gotypes_flow *flow, const struct gotypes_elf *elf,
    const struct gotypes_outlines *outlines, const struct gotypes_func *func);
void gotypes_flow_fini(struct gotypes_flow *flow);

/* The instruction of a number below outline->insn_count. */
const struct gotypes_insn *gotypes_flow_insn(const struct gotypes_flow *flow, uint32_t number);

/* The number of the instruction that covers an address; false where there is none. */
bool gotypes_flow_find(const struct gotypes_flow *flow, uint64_t pc, uint32_t *number);

/* The address of an instruction. */
uint64_t gotypes_flow_pc(const struct gotypes_flow *flow, uint32_t number);

/* Where a direct call or jump goes. */
uint64_t gotypes_flow_target(const struct gotypes_flow *flow, uint32_t number);

/* The register that an indirect call goes through, or GOTYPES_NO_REGISTER. */
uint8_t gotypes_flow_through(const struct gotypes_flow *flow, uint32_t number);

/* Whether an instruction returns to the caller. */
bool gotypes_flow_returns(const struct gotypes_flow *flow, uint32_t number);

/* The first of the edges into an instruction, or into one after it; they end where `to` differs. */
size_t gotypes_flow_edges(const struct gotypes_flow *flow, uint32_t to);

#endif
