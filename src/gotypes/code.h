/* What single instructions do, as far as following a value through a function needs it. */
#ifndef LW_GOTYPES_CODE_H
#define LW_GOTYPES_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Registers have the numbers that instructions give them: amd64 RAX 0 … R15 15, arm64 X0 0 … X30 30
 * and SP 31. Only general registers matter: no type's address ever goes through another one. */
#define GOTYPES_NO_REGISTER 0xff
#define GOTYPES_AMD64_SP    4
#define GOTYPES_AMD64_BP    5
#define GOTYPES_AMD64_CTX   2 /* the closure that is being run */
#define GOTYPES_ARM64_SP    31
#define GOTYPES_ARM64_FP    29
#define GOTYPES_ARM64_CTX   26

/* ---- where control goes, found fast for every instruction of a function ---- */

enum gotypes_step {
    GOTYPES_STEP_ON,       /* to the next instruction */
    GOTYPES_STEP_CALL,     /* calls target, goes on if that returns */
    GOTYPES_STEP_INDIRECT, /* calls what a register or a word of memory says */
    GOTYPES_STEP_BRANCH,   /* to target or on */
    GOTYPES_STEP_JUMP,     /* to target */
    GOTYPES_STEP_TABLE,    /* to an address out of a table, or another function */
    GOTYPES_STEP_END,      /* returns or traps */
};

struct gotypes_scan {
    uint8_t len;
    uint8_t step; /* enum gotypes_step */
    uint64_t target;
    uint8_t through;    /* the register that an INDIRECT call goes through, if it does */
    bool makes_address; /* puts `address`, a constant, into a register */
    uint64_t address;
    bool takes_stack; /* makes a pointer into the frame, at or above stack_offset from SP */
    int64_t stack_offset;

    /* Of the commonest instructions (amd64), so that few need be read properly: */
    bool is_told;           /* it does nothing to registers and memory but what follows */
    uint16_t writes;        /* registers that hold something else afterwards, as bits; never SP */
    uint8_t stores_through; /* the base of the memory it writes, or GOTYPES_NO_REGISTER */
};

/* arm64 makes addresses in two instructions. */
struct gotypes_scanner {
    uint64_t page[32];
};

/* Reads one instruction at pc; false for what is none or is cut off. */
bool gotypes_amd64_scan(
    const unsigned char *code, size_t left, uint64_t pc, struct gotypes_scan *scan);
bool gotypes_arm64_scan(struct gotypes_scanner *scanner, const unsigned char *code, size_t left,
    uint64_t pc, struct gotypes_scan *scan);

/* ---- what an instruction does to registers and the frame ---- */

enum gotypes_effect_op {
    GOTYPES_EFFECT_NONE,   /* nothing but what `kills` and `adjusts` say */
    GOTYPES_EFFECT_SET,    /* dst = value */
    GOTYPES_EFFECT_ADD,    /* dst = src + value; a move where value is 0 */
    GOTYPES_EFFECT_LOAD,   /* dst = the eight bytes at src + value; dst2 those after them */
    GOTYPES_EFFECT_FETCH,  /* dst = the eight bytes at the address `value` */
    GOTYPES_EFFECT_SELECT, /* dst = src or src2 */
    GOTYPES_EFFECT_STORE,  /* `width` bytes at dst + value; src and src2 where eight bytes each */
};

struct gotypes_effect {
    enum gotypes_effect_op op;
    uint8_t dst, dst2, src, src2; /* registers or GOTYPES_NO_REGISTER */
    uint32_t width;
    int64_t value;
    uint32_t kills;  /* further registers that hold something unknown afterwards, as bits */
    int64_t adjusts; /* added to SP. A LOAD's base is as before it, a STORE's as after it. */
};

/* An instruction that stores one or two words of eight bytes: at base + index * scale + offset. */
struct gotypes_stored {
    uint8_t reg; /* or GOTYPES_NO_REGISTER */
    bool is_constant;
    int64_t constant;
};

struct gotypes_store {
    uint8_t base, index; /* GOTYPES_NO_REGISTER: none */
    uint8_t scale;
    int64_t offset;
    unsigned count;
    struct gotypes_stored words[2];
};

/* Decoders of amd64 instructions keep state: one for each thread. */
struct gotypes_decoder;

struct gotypes_decoder *gotypes_decoder_new(void);
void gotypes_decoder_free(struct gotypes_decoder **decoder);

/* False for what is no instruction. Calls and jumps have no effect here. */
bool gotypes_amd64_effect(struct gotypes_decoder *decoder, const unsigned char *code, size_t len,
    uint64_t pc, struct gotypes_effect *effect);
bool gotypes_arm64_effect(const unsigned char *code, uint64_t pc, struct gotypes_effect *effect);

/* False for what stores anything else, or nothing. */
bool gotypes_amd64_store(struct gotypes_decoder *decoder, const unsigned char *code, size_t len,
    uint64_t pc, struct gotypes_store *store);
bool gotypes_arm64_store(const unsigned char *code, uint64_t pc, struct gotypes_store *store);

/* dst = a + b; false for any other instruction. */
bool gotypes_arm64_sum(const unsigned char *code, uint8_t *dst, uint8_t *a, uint8_t *b);

#endif
