/* Lengths and jumps of amd64 instructions, without the rest: a function is read from its beginning
 * to know where its instructions are, and that must be cheap. Source: Intel's Software Developer's
 * Manual, volume 2, chapter 2 (formats) and appendix A (opcode maps). */
#include "gotypes/code.h"

#include "base/cursor.h"

#define LENGTH_MAX 15

enum map { MAP_ONE, MAP_0F, MAP_0F38, MAP_0F3A };

struct insn {
    struct lw_cursor c;
    enum map map;
    uint8_t opcode;
    uint8_t rex;
    bool operand_16;
    bool address_32;
    bool is_vector; /* VEX or EVEX: other immediates, no jumps */
    bool has_modrm;
    uint8_t modrm;
    uint8_t sib;
    int64_t displacement;
};

static int64_t read_signed(struct lw_cursor *c, unsigned bytes)
{
    if (bytes == 1)
        return (int8_t)lw_cursor_u8(c);
    return bytes == 4 ? (int32_t)lw_cursor_u32(c) : 0;
}

/* Prefixes, then which map the opcode is of. */
static void read_opcode(struct insn *in)
{
    uint8_t byte = lw_cursor_u8(&in->c);
    for (int i = 0; i < LENGTH_MAX; i++) {
        if (byte == 0x66)
            in->operand_16 = true;
        else if (byte == 0x67)
            in->address_32 = true;
        else if (byte != 0xf2 && byte != 0xf3 && byte != 0xf0 && byte != 0x2e && byte != 0x36 &&
                 byte != 0x3e && byte != 0x26 && byte != 0x64 && byte != 0x65)
            break;
        byte = lw_cursor_u8(&in->c);
    }
    if ((byte & 0xf0) == 0x40) {
        in->rex = byte;
        byte = lw_cursor_u8(&in->c);
    }
    if (byte == 0xc5 || byte == 0xc4 || byte == 0x62) {
        uint8_t payload = lw_cursor_u8(&in->c);
        in->is_vector = true;
        in->map = byte == 0xc5 ? MAP_0F : (enum map)(payload & (byte == 0xc4 ? 31 : 7));
        lw_cursor_bytes(&in->c, byte == 0xc5 ? 0 : byte == 0xc4 ? 1 : 2);
        byte = lw_cursor_u8(&in->c);
    } else if (byte == 0x0f) {
        in->map = MAP_0F;
        byte = lw_cursor_u8(&in->c);
        if (byte == 0x38 || byte == 0x3a) {
            in->map = byte == 0x38 ? MAP_0F38 : MAP_0F3A;
            byte = lw_cursor_u8(&in->c);
        }
    }
    in->opcode = byte;
}

static bool is_valid(const struct insn *in)
{
    uint8_t op = in->opcode;
    if (in->is_vector)
        return in->map >= MAP_0F && in->map <= MAP_0F3A;
    if (in->map != MAP_ONE)
        return true;
    if (op < 0x40)
        return (op & 7) < 6;
    return op != 0x60 && op != 0x61 && op != 0x82 && op != 0x9a && op != 0xce && op != 0xea &&
           (op < 0xd4 || op > 0xd6);
}

static bool wants_modrm(const struct insn *in)
{
    uint8_t op = in->opcode;
    if (in->map == MAP_0F38 || in->map == MAP_0F3A)
        return true;
    if (in->is_vector)
        return op != 0x77;
    if (in->map == MAP_0F)
        return !((op >= 0x05 && op <= 0x09) || op == 0x0b || op == 0x0e ||
                   (op >= 0x30 && op <= 0x37) || op == 0x77 || (op >= 0x80 && op <= 0x8f) ||
                   (op >= 0xa0 && op <= 0xa2) || (op >= 0xa8 && op <= 0xaa) || op >= 0xc8) ||
               op >= 0xd0;
    if (op < 0x40)
        return (op & 7) < 4;
    return op == 0x63 || op == 0x69 || op == 0x6b || (op >= 0x80 && op <= 0x8f) || op == 0xc0 ||
           op == 0xc1 || op == 0xc6 || op == 0xc7 || (op >= 0xd0 && op <= 0xd3) ||
           (op >= 0xd8 && op <= 0xdf) || op == 0xf6 || op == 0xf7 || op == 0xfe || op == 0xff;
}

static void read_modrm(struct insn *in)
{
    in->has_modrm = true;
    in->modrm = lw_cursor_u8(&in->c);
    unsigned mod = in->modrm >> 6, rm = in->modrm & 7;
    if (mod == 3)
        return;
    bool wide = mod == 2 || (mod == 0 && rm == 5);
    if (rm == 4) {
        in->sib = lw_cursor_u8(&in->c);
        wide = wide || (mod == 0 && (in->sib & 7) == 5);
    }
    in->displacement = read_signed(&in->c, wide ? 4 : mod == 1 ? 1 : 0);
}

/* Bytes of the immediate, or of the distance of a jump. */
static unsigned immediate_bytes(const struct insn *in)
{
    uint8_t op = in->opcode;
    unsigned full = in->operand_16 ? 2 : 4;
    if (in->map == MAP_0F3A)
        return 1;
    if (in->map == MAP_0F38)
        return 0;
    if (in->map == MAP_0F) {
        if (!in->is_vector && op >= 0x80 && op <= 0x8f)
            return 4;
        bool byte = (op >= 0x70 && op <= 0x73) || op == 0xc2 || (op >= 0xc4 && op <= 0xc6) ||
                    (!in->is_vector && (op == 0xa4 || op == 0xac || op == 0xba || op == 0x0f));
        return byte ? 1 : 0;
    }
    if (op < 0x40)
        return (op & 7) == 4 ? 1 : (op & 7) == 5 ? full : 0;
    if (op >= 0xb8 && op <= 0xbf)
        return in->rex & 8 ? 8 : full;
    if (op >= 0xa0 && op <= 0xa3)
        return in->address_32 ? 4 : 8;
    if (op == 0xe8 || op == 0xe9)
        return 4;
    if (op == 0x68 || op == 0x69 || op == 0x81 || op == 0xa9 || op == 0xc7)
        return full;
    if (op == 0xf6 || op == 0xf7)
        return (in->modrm >> 3 & 7) < 2 ? (op == 0xf6 ? 1 : full) : 0;
    if (op == 0xc2 || op == 0xca)
        return 2;
    if (op == 0xc8)
        return 3;
    return op == 0x6a || op == 0x6b || (op >= 0x70 && op <= 0x7f) || op == 0x80 || op == 0x83 ||
                   op == 0xa8 || (op >= 0xb0 && op <= 0xb7) || op == 0xc0 || op == 0xc1 ||
                   op == 0xc6 || op == 0xcd || (op >= 0xe0 && op <= 0xe7) || op == 0xeb
               ? 1
               : 0;
}

static enum gotypes_step step_of(const struct insn *in)
{
    uint8_t op = in->opcode;
    if (in->is_vector || in->map > MAP_0F)
        return GOTYPES_STEP_ON;
    if (in->map == MAP_0F) {
        if (op == 0x0b) /* UD2 */
            return GOTYPES_STEP_END;
        return op >= 0x80 && op <= 0x8f ? GOTYPES_STEP_BRANCH : GOTYPES_STEP_ON;
    }
    if ((op >= 0x70 && op <= 0x7f) || (op >= 0xe0 && op <= 0xe3))
        return GOTYPES_STEP_BRANCH;
    if (op == 0xe9 || op == 0xeb)
        return GOTYPES_STEP_JUMP;
    if (op == 0xe8)
        return GOTYPES_STEP_CALL;
    if (op == 0xc3 || op == 0xc2 || op == 0xcb || op == 0xca || op == 0xcc || op == 0xcf ||
        op == 0xf4)
        return GOTYPES_STEP_END;
    unsigned reg = in->modrm >> 3 & 7;
    if (op == 0xff && (reg == 2 || reg == 3))
        return GOTYPES_STEP_INDIRECT;
    return op == 0xff && (reg == 4 || reg == 5) ? GOTYPES_STEP_TABLE : GOTYPES_STEP_ON;
}

/* Pointers into the frame: copies of SP and LEA of an address from it (but for the frame pointer's
 * upkeep), and indexed accesses, which are to arrays that start there. */
static void look_at_address(const struct insn *in, uint64_t next, struct gotypes_scan *scan)
{
    unsigned reg = (in->modrm >> 3 & 7) | (in->rex & 4) << 1;
    unsigned rm = (in->modrm & 7) | (in->rex & 1) << 3;
    bool is_plain = in->has_modrm && in->map == MAP_ONE && !in->is_vector;
    if (is_plain && in->modrm >> 6 == 3)
        scan->takes_stack =
            (in->opcode == 0x89 && reg == GOTYPES_AMD64_SP && rm != GOTYPES_AMD64_BP) ||
            (in->opcode == 0x8b && rm == GOTYPES_AMD64_SP && reg != GOTYPES_AMD64_BP);
    if (!in->has_modrm || in->modrm >> 6 == 3)
        return;
    bool is_lea = is_plain && in->opcode == 0x8d;
    if (is_lea && (in->modrm & 0xc7) == 0x05) {
        scan->makes_address = true;
        scan->address = next + (uint64_t)in->displacement;
    }
    bool from_sp = (in->modrm & 7) == 4 && (in->sib & 7) == 4 && !(in->rex & 1);
    bool is_indexed = (in->sib >> 3 & 7) != 4 || (in->rex & 2) || in->is_vector;
    if (from_sp && (is_lea ? reg != GOTYPES_AMD64_BP && reg != GOTYPES_AMD64_SP : is_indexed)) {
        /* A vector instruction's compressed distance is not worth decoding. */
        scan->takes_stack = is_lea || !in->is_vector || (in->sib >> 3 & 7) != 4;
        scan->stack_offset = in->is_vector ? 0 : in->displacement;
    }
}

bool gotypes_amd64_scan(
    const unsigned char *code, size_t left, uint64_t pc, struct gotypes_scan *scan)
{
    struct insn in = {.c = lw_cursor_on(code, left < LENGTH_MAX ? left : LENGTH_MAX)};
    read_opcode(&in);
    if (!is_valid(&in))
        return false;
    if (wants_modrm(&in))
        read_modrm(&in);
    unsigned immediate = immediate_bytes(&in);
    enum gotypes_step step = step_of(&in);
    int64_t distance = 0;
    if (immediate == 1 || immediate == 4)
        distance = read_signed(&in.c, immediate);
    else
        lw_cursor_bytes(&in.c, immediate);
    if (!lw_cursor_ok(&in.c))
        return false;
    uint8_t len = (uint8_t)(in.c.at - code);
    *scan = (struct gotypes_scan){.len = len, .step = (uint8_t)step};
    if (step == GOTYPES_STEP_CALL || step == GOTYPES_STEP_BRANCH || step == GOTYPES_STEP_JUMP)
        scan->target = pc + len + (uint64_t)distance;
    look_at_address(&in, pc + len, scan);
    return true;
}
