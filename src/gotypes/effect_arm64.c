/* What arm64 instructions write. The encoding says it in a few fields, the same for whole groups,
 * so this reads them directly: a register that is not certainly kept counts as lost. Source: Arm
 * Architecture Reference Manual for A-profile, "A64 instruction set encoding". */
#include "gotypes/code.h"

#include "base/cursor.h"

#define ZERO 31 /* reads as zero where it is not SP */

static const struct gotypes_effect nothing = {
    .dst = GOTYPES_NO_REGISTER,
    .dst2 = GOTYPES_NO_REGISTER,
    .src = GOTYPES_NO_REGISTER,
    .src2 = GOTYPES_NO_REGISTER,
};

static unsigned field(uint32_t w, unsigned at, unsigned bits)
{
    return w >> at & ((1u << bits) - 1);
}

static int64_t signed_field(uint32_t w, unsigned at, unsigned bits)
{
    return (int64_t)((uint64_t)(w >> at) << (64 - bits)) >> (64 - bits);
}

static void kill(struct gotypes_effect *e, unsigned reg)
{
    if (reg != ZERO)
        e->kills |= (uint32_t)1 << reg;
}

static void set(struct gotypes_effect *e, unsigned reg, uint64_t value)
{
    e->op = GOTYPES_EFFECT_SET;
    e->dst = (uint8_t)reg;
    e->value = (int64_t)value;
}

/* dst = src + value, SP being a register here. */
static void add(struct gotypes_effect *e, unsigned dst, unsigned src, int64_t value)
{
    if (dst == GOTYPES_ARM64_SP && src == GOTYPES_ARM64_SP) {
        e->adjusts = value;
        return;
    }
    e->op = GOTYPES_EFFECT_ADD;
    e->dst = (uint8_t)dst;
    e->src = (uint8_t)src;
    e->value = value;
}

/* The value of a logical instruction's immediate of 64 bits: a run of ones, rotated, repeated. The
 * manual's DecodeBitMasks. False for what encodes none. */
static bool read_bitmask(uint32_t w, uint64_t *value)
{
    unsigned n = field(w, 22, 1), rotate = field(w, 16, 6), ones = field(w, 10, 6);
    unsigned size = 64;
    if (!n) { /* the inverted bits above the run say how long an element is */
        for (size = 32; size > 1 && (ones & size); size /= 2)
            ;
    }
    unsigned run = ones & (size - 1), by = rotate & (size - 1);
    if (size < 2 || run == size - 1)
        return false;
    uint64_t element = ((uint64_t)2 << run) - 1;
    uint64_t mask = size == 64 ? UINT64_MAX : ((uint64_t)1 << size) - 1;
    if (by)
        element = (element >> by | element << (size - by)) & mask;
    for (; size < 64; size *= 2)
        element |= element << size;
    *value = element;
    return true;
}

static void by_immediate(struct gotypes_effect *e, uint32_t w, uint64_t pc)
{
    unsigned rd = field(w, 0, 5), rn = field(w, 5, 5);
    unsigned group = field(w, 23, 3);
    uint64_t mask;
    if (group < 2) { /* ADR, ADRP */
        uint64_t v = (uint64_t)signed_field(w, 5, 19) << 2 | field(w, 29, 2);
        if (rd != ZERO)
            set(e, rd, w >> 31 ? (pc & ~(uint64_t)0xfff) + (v << 12) : pc + v);
    } else if (group == 2) { /* ADD, SUB */
        int64_t value = (int64_t)((uint64_t)field(w, 10, 12) << (field(w, 22, 1) * 12));
        bool is_64 = w >> 31, sets_flags = field(w, 29, 1);
        if (sets_flags || !is_64) {
            if (!(sets_flags && rd == ZERO))
                e->kills |= (uint32_t)1 << rd; /* 31 is SP here */
        } else {
            add(e, rd, rn, field(w, 30, 1) ? -value : value);
        }
    } else if (group == 5 && field(w, 29, 2) == 2) { /* MOVZ */
        if (rd != ZERO)
            set(e, rd, (uint64_t)field(w, 5, 16) << (field(w, 21, 2) * 16));
    } else if ((w & 0xff8003e0) == 0xb20003e0 && rd != ZERO && read_bitmask(w, &mask)) {
        set(e, rd, mask);                            /* ORR of ZR: MOV */
    } else if (group == 4 && field(w, 29, 2) != 3) { /* AND, ORR, EOR may write SP */
        e->kills |= (uint32_t)1 << rd;
    } else {
        kill(e, rd);
    }
}

static void by_register(struct gotypes_effect *e, uint32_t w)
{
    unsigned rd = field(w, 0, 5), rn = field(w, 5, 5), rm = field(w, 16, 5);
    if (rd == ZERO && (w & 0xffe00000) != 0x8b200000 && (w & 0xffe00000) != 0xcb200000)
        return; /* only ADD and SUB of an extended register write SP */
    if ((w & 0xffe0fc00) == 0xaa000000 && rn == ZERO) { /* MOV */
        if (rm == ZERO)
            set(e, rd, 0);
        else
            add(e, rd, rm, 0);
    } else if ((w & 0xffe00c00) == 0x9a800000 && rn != ZERO && rm != ZERO) { /* CSEL */
        e->op = GOTYPES_EFFECT_SELECT;
        e->dst = (uint8_t)rd;
        e->src = (uint8_t)rn;
        e->src2 = (uint8_t)rm;
    } else {
        e->kills |= (uint32_t)1 << rd;
    }
}

/* A load or store of one 8-byte register, or of anything else, at [rn + offset]; an address that SP
 * is moved to before or by which it is moved after. */
static void access(
    struct gotypes_effect *e, uint32_t w, bool is_load, int64_t offset, uint32_t width)
{
    unsigned rt = field(w, 0, 5), rn = field(w, 5, 5);
    bool is_vector = field(w, 26, 1);
    if (is_load) {
        if (is_vector)
            return;
        if (width == 8 && rt != ZERO) {
            e->op = GOTYPES_EFFECT_LOAD;
            e->dst = (uint8_t)rt;
            e->src = (uint8_t)rn;
            e->value = offset;
        } else {
            kill(e, rt);
        }
        return;
    }
    e->op = GOTYPES_EFFECT_STORE;
    e->dst = (uint8_t)rn;
    e->value = offset;
    e->width = width;
    if (!is_vector && width == 8 && rt != ZERO)
        e->src = (uint8_t)rt;
}

/* A load of which only that its registers are lost is told, or a store of which nothing is. */
static void lose(struct gotypes_effect *e)
{
    uint32_t kills = e->kills;
    uint8_t dst = e->op == GOTYPES_EFFECT_LOAD ? e->dst : GOTYPES_NO_REGISTER;
    uint8_t dst2 = e->op == GOTYPES_EFFECT_LOAD ? e->dst2 : GOTYPES_NO_REGISTER;
    *e = nothing;
    e->kills = kills;
    if (dst != GOTYPES_NO_REGISTER)
        kill(e, dst);
    if (dst2 != GOTYPES_NO_REGISTER)
        kill(e, dst2);
}

/* Pre- and post-indexed forms move the base. Of SP that is told, of others it is lost. */
static void write_back(struct gotypes_effect *e, unsigned rn, bool before, int64_t offset)
{
    if (rn != GOTYPES_ARM64_SP) {
        kill(e, rn);
        if (e->op == GOTYPES_EFFECT_LOAD)
            lose(e);
        return;
    }
    e->adjusts = offset;
    if (e->op == GOTYPES_EFFECT_STORE) /* its base is as after the instruction */
        e->value = before ? 0 : -offset;
    else if (e->op == GOTYPES_EFFECT_LOAD)
        e->value = before ? offset : 0;
}

/* LDR, STR of a register, in all their forms with one base and a constant. */
static void single(struct gotypes_effect *e, uint32_t w)
{
    unsigned size = field(w, 30, 2), opc = field(w, 22, 2);
    bool is_vector = field(w, 26, 1);
    uint32_t width = is_vector && (opc & 2) ? 16 : 1u << size;
    bool is_load = is_vector ? opc & 1 : opc != 0;
    if (is_load && !is_vector && !(size == 3 && opc == 1))
        width = 1u << size == 8 ? 1 : 1u << size; /* sign-extending, or a prefetch */
    if (is_load && width != 8 && !is_vector && size == 3)
        return; /* PRFM */
    if (field(w, 24, 1)) {
        access(e, w, is_load, (int64_t)((uint64_t)field(w, 10, 12) * width), width);
        return;
    }
    int64_t offset = signed_field(w, 12, 9);
    unsigned form = field(w, 10, 2);
    if (field(w, 21, 1)) { /* a register offset, or an atomic operation, which writes three */
        if (form == 2) {
            access(e, w, is_load, 0, width);
            lose(e); /* what is stored from SP so is in an array of the frame */
        } else {
            kill(e, field(w, 0, 5));
            kill(e, field(w, 16, 5));
        }
        return;
    }
    access(e, w, is_load, form == 1 ? 0 : offset, width);
    if (form & 1)
        write_back(e, field(w, 5, 5), form == 3, offset);
}

/* LDP, STP and their forms. */
static void pair(struct gotypes_effect *e, uint32_t w)
{
    unsigned opc = field(w, 30, 2), form = field(w, 23, 3), rt2 = field(w, 10, 5);
    bool is_vector = field(w, 26, 1), is_load = field(w, 22, 1);
    uint32_t each = is_vector ? 4u << opc : opc & 2 ? 8 : 4;
    int64_t offset = signed_field(w, 15, 7) * (int64_t)each;
    access(e, w, is_load, (form & 3) == 1 ? 0 : offset, each);
    if (is_load && !is_vector) {
        if (e->op == GOTYPES_EFFECT_LOAD && rt2 != ZERO)
            e->dst2 = (uint8_t)rt2;
        else
            kill(e, rt2);
    }
    if (e->op == GOTYPES_EFFECT_STORE) {
        e->width = 2 * each;
        e->src2 = !is_vector && each == 8 && rt2 != ZERO ? (uint8_t)rt2 : GOTYPES_NO_REGISTER;
    }
    if (form & 1)
        write_back(e, field(w, 5, 5), (form & 3) == 3, offset);
}

static void load_or_store(struct gotypes_effect *e, uint32_t w, uint64_t pc)
{
    switch (field(w, 27, 3)) {
    case 5: /* xx101: pairs */
        pair(e, w);
        return;
    case 7: /* xx111: one register */
        single(e, w);
        return;
    case 3: /* xx011: LDR (literal) */
        if ((w & 0xff000000) == 0x58000000 && field(w, 0, 5) != ZERO) {
            e->op = GOTYPES_EFFECT_FETCH;
            e->dst = (uint8_t)field(w, 0, 5);
            e->value = (int64_t)(pc + (uint64_t)signed_field(w, 5, 19) * 4);
            return;
        }
        break;
    default:
        break;
    }
    kill(e, field(w, 0, 5)); /* exclusive, atomic, vectors: all registers they name */
    kill(e, field(w, 5, 5));
    kill(e, field(w, 10, 5));
    kill(e, field(w, 16, 5));
    if (field(w, 5, 5) == GOTYPES_ARM64_SP) {
        e->op = GOTYPES_EFFECT_STORE;
        e->dst = GOTYPES_ARM64_SP;
        e->width = 64;
    }
}

/* Of the floating-point and vector instructions, FMOV and FCVT to and UMOV and SMOV do; those that
 * convert to or from fixed point are counted among them. */
static bool vector_writes_general(uint32_t w)
{
    unsigned opcode = field(w, 16, 3);
    if ((w & 0x7f20fc00) == 0x1e200000)
        return opcode != 2 && opcode != 3 && opcode != 7; /* SCVTF, UCVTF, FMOV from */
    return (w & 0x7f200000) == 0x1e000000 || (w & 0xbfe08400) == 0x0e000400;
}

bool gotypes_arm64_effect(const unsigned char *code, uint64_t pc, struct gotypes_effect *effect)
{
    struct lw_cursor c = lw_cursor_on(code, 4);
    uint32_t w = lw_cursor_u32(&c);
    *effect = nothing;
    unsigned group = field(w, 25, 4);
    if ((group & 14) == 8)
        by_immediate(effect, w, pc);
    else if ((group & 7) == 5)
        by_register(effect, w);
    else if ((group & 5) == 4)
        load_or_store(effect, w, pc);
    else if ((group & 14) == 10 || vector_writes_general(w))
        kill(effect, field(w, 0, 5)); /* of the system's, MRS does */
    return true;
}

/* STR of a register at [base + index], the index as it is or in words. */
static bool read_indexed(uint32_t w, struct gotypes_store *store)
{
    if ((w & 0xffe0ec00) != 0xf8206800 || field(w, 0, 5) == ZERO)
        return false;
    *store = (struct gotypes_store){
        .base = (uint8_t)field(w, 5, 5),
        .index = (uint8_t)field(w, 16, 5),
        .scale = field(w, 12, 1) ? 8 : 1,
        .count = 1,
        .words = {{.reg = (uint8_t)field(w, 0, 5)}},
    };
    return true;
}

bool gotypes_arm64_store(const unsigned char *code, uint64_t pc, struct gotypes_store *store)
{
    struct lw_cursor c = lw_cursor_on(code, 4);
    struct gotypes_effect e;
    if (read_indexed(lw_cursor_u32(&c), store))
        return true;
    if (!gotypes_arm64_effect(code, pc, &e) || e.op != GOTYPES_EFFECT_STORE || e.width % 8 != 0 ||
        e.width > 16)
        return false;
    *store = (struct gotypes_store){
        .base = e.dst,
        .index = GOTYPES_NO_REGISTER,
        .scale = 1,
        .offset = e.value,
        .count = e.width / 8,
        .words = {{.reg = e.src}, {.reg = e.src2}},
    };
    return true;
}

bool gotypes_arm64_sum(const unsigned char *code, uint8_t *dst, uint8_t *a, uint8_t *b)
{
    struct lw_cursor c = lw_cursor_on(code, 4);
    uint32_t w = lw_cursor_u32(&c);
    *dst = (uint8_t)field(w, 0, 5);
    *a = (uint8_t)field(w, 5, 5);
    *b = (uint8_t)field(w, 16, 5);
    return (w & 0xffe0fc00) == 0x8b000000;
}
