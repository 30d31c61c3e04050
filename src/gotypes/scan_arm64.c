/* Jumps and addresses of arm64 instructions. Source: Arm Architecture Reference Manual for
 * A-profile, "A64 instruction set encoding". */
#include "gotypes/code.h"

#include "base/cursor.h"

/* The low bits of a word as a signed number of words, in bytes. */
static uint64_t distance(uint32_t word, unsigned shift, unsigned bits)
{
    uint64_t v = (uint64_t)(word >> shift) << (64 - bits);
    return (uint64_t)((int64_t)v >> (64 - bits)) * 4;
}

static void look_at_jump(uint32_t w, uint64_t pc, struct gotypes_scan *scan)
{
    if ((w & 0x7c000000) == 0x14000000) { /* B, BL */
        scan->step = w >> 31 ? GOTYPES_STEP_CALL : GOTYPES_STEP_JUMP;
        scan->target = pc + distance(w, 0, 26);
    } else if ((w & 0xff000000) == 0x54000000 || (w & 0x7e000000) == 0x34000000) {
        scan->step = GOTYPES_STEP_BRANCH; /* B.cond, CBZ, CBNZ */
        scan->target = pc + distance(w, 5, 19);
    } else if ((w & 0x7e000000) == 0x36000000) { /* TBZ, TBNZ */
        scan->step = GOTYPES_STEP_BRANCH;
        scan->target = pc + distance(w, 5, 14);
    } else if ((w & 0xfe000000) == 0xd6000000) { /* BR, BLR, RET and kin */
        unsigned op = w >> 21 & 15;
        scan->step = op == 1   ? GOTYPES_STEP_INDIRECT
                     : op == 0 ? GOTYPES_STEP_TABLE
                               : GOTYPES_STEP_END;
        scan->through = op == 1 ? w >> 5 & 31 : GOTYPES_NO_REGISTER;
    } else if (w >> 16 == 0 || (w & 0xffe0001f) == 0xd4200000) { /* UDF, BRK */
        scan->step = GOTYPES_STEP_END;
    }
}

/* ADRP keeps a page, ADD or ADR makes the address. */
static void look_at_address(
    struct gotypes_scanner *scanner, uint32_t w, uint64_t pc, struct gotypes_scan *scan)
{
    unsigned rd = w & 31, rn = w >> 5 & 31;
    uint64_t immediate = (uint64_t)(w >> 10 & 0xfff) << ((w >> 22 & 1) * 12);
    if ((w & 0x1f000000) == 0x10000000) {
        uint64_t words = (uint64_t)((int64_t)((uint64_t)(w >> 5) << 45) >> 45);
        uint64_t v = words << 2 | (w >> 29 & 3);
        if (w >> 31) {
            scanner->page[rd] = (pc & ~(uint64_t)0xfff) + (v << 12);
        } else {
            scan->makes_address = true;
            scan->address = pc + v;
        }
    } else if ((w & 0xff800000) == 0x91000000 && rn != GOTYPES_ARM64_SP && scanner->page[rn]) {
        scan->makes_address = true;
        scan->address = scanner->page[rn] + immediate;
    }
}

/* Pointers into the frame: sums of SP and something into another register than SP and the frame
 * pointer, and accesses indexed from SP. What is subtracted is below the frame. */
static void look_at_frame(uint32_t w, struct gotypes_scan *scan)
{
    unsigned rd = w & 31, rn = w >> 5 & 31;
    if (rn != GOTYPES_ARM64_SP)
        return;
    bool adds = (w & 0xff800000) == 0x91000000;
    bool extended = (w & 0xbfe00000) == 0x8b200000, indexed = (w & 0x3b200c00) == 0x38200800;
    if (rd == GOTYPES_ARM64_SP || (rd == GOTYPES_ARM64_FP && !indexed))
        return;
    if (adds) {
        scan->takes_stack = true;
        scan->stack_offset = (int64_t)((uint64_t)(w >> 10 & 0xfff) << ((w >> 22 & 1) * 12));
    } else if (extended || indexed) {
        scan->takes_stack = true;
        scan->stack_offset = 0;
    }
}

bool gotypes_arm64_scan(struct gotypes_scanner *scanner, const unsigned char *code, size_t left,
    uint64_t pc, struct gotypes_scan *scan)
{
    struct lw_cursor c = lw_cursor_on(code, left);
    uint32_t w = lw_cursor_u32(&c);
    *scan =
        (struct gotypes_scan){.len = 4, .step = GOTYPES_STEP_ON, .through = GOTYPES_NO_REGISTER};
    if (!lw_cursor_ok(&c))
        return false;
    look_at_jump(w, pc, scan);
    if (scan->step == GOTYPES_STEP_ON) {
        look_at_address(scanner, w, pc, scan);
        look_at_frame(w, scan);
    }
    return true;
}
