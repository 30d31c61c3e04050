/* Lengths and jumps of amd64 instructions, without the rest: a function is read from its beginning
 * to know where its instructions are, and that must be cheap. Source: Intel's Software Developer's
 * Manual, volume 2, chapter 2 (formats) and appendix A (opcode maps). */
#include "gotypes/code.h"

#include <string.h>

#define LENGTH_MAX 15
#define BUFFER     48 /* more than prefixes, opcode, address and immediate can take together */

/* What follows an opcode. m: ModRM; b, z: ModRM and one byte, or four (two with prefix 66); 1, 2,
 * 3, 4: as many bytes (4: two with prefix 66); d: four, always; q: eight with REX.W, or as 4; 8: an
 * address; g, h: ModRM, and a byte or four if its middle is 0 or 1; '.': nothing; x: no
 * instruction. */
static const char one_byte[256 + 1] = /* 00 */ "mmmm14xxmmmm14xx"
                                               /* 10 */ "mmmm14xxmmmm14xx"
                                               /* 20 */ "mmmm14xxmmmm14xx"
                                               /* 30 */ "mmmm14xxmmmm14xx"
                                               /* 40 */ "xxxxxxxxxxxxxxxx"
                                               /* 50 */ "................"
                                               /* 60 */ "xxxmxxxx4z1b...."
                                               /* 70 */ "1111111111111111"
                                               /* 80 */ "bzxbmmmmmmmmmmmm"
                                               /* 90 */ "..........x....."
                                               /* a0 */ "8888....14......"
                                               /* b0 */ "11111111qqqqqqqq"
                                               /* c0 */ "bb2.xxbz3.2..1x."
                                               /* d0 */ "mmmmxxx.mmmmmmmm"
                                               /* e0 */ "11111111ddx1...."
                                               /* f0 */ "x.xx..gh......mm";

static const char two_bytes[256 + 1] = /* 00 */ "mmmmx.....x.xm.b"
                                                /* 10 */ "mmmmmmmmmmmmmmmm"
                                                /* 20 */ "mmmmxxxxmmmmmmmm"
                                                /* 30 */ "........xxxxxxxx"
                                                /* 40 */ "mmmmmmmmmmmmmmmm"
                                                /* 50 */ "mmmmmmmmmmmmmmmm"
                                                /* 60 */ "mmmmmmmmmmmmmmmm"
                                                /* 70 */ "bbbbmmm.mmmmmmmm"
                                                /* 80 */ "dddddddddddddddd"
                                                /* 90 */ "mmmmmmmmmmmmmmmm"
                                                /* a0 */ "...mbmxx...mbmmm"
                                                /* b0 */ "mmmmmmmmmmbmmmmm"
                                                /* c0 */ "mmbmbbbm........"
                                                /* d0 */ "mmmmmmmmmmmmmmmm"
                                                /* e0 */ "mmmmmmmmmmmmmmmm"
                                                /* f0 */ "mmmmmmmmmmmmmmmm";

enum map { MAP_ONE, MAP_0F, MAP_0F38, MAP_0F3A };

struct insn {
    const uint8_t *bytes; /* BUFFER of them: read without asking for the end each time */
    unsigned at;
    unsigned map; /* enum map, or something that is none */
    uint8_t opcode;
    uint8_t rex;
    bool operand_16;
    bool address_32;
    bool is_vector; /* VEX or EVEX */
    bool has_modrm;
    uint8_t modrm;
    uint8_t sib;
    int64_t displacement;
};

static bool is_prefix(uint8_t byte)
{
    return byte == 0x66 || byte == 0x67 || byte == 0xf2 || byte == 0xf3 || byte == 0xf0 ||
           byte == 0x2e || byte == 0x36 || byte == 0x3e || byte == 0x26 || byte == 0x64 ||
           byte == 0x65;
}

/* Prefixes, then which map the opcode is of. */
static void read_opcode(struct insn *in)
{
    uint8_t byte = in->bytes[in->at++];
    while (is_prefix(byte) && in->at < LENGTH_MAX) {
        in->operand_16 = in->operand_16 || byte == 0x66;
        in->address_32 = in->address_32 || byte == 0x67;
        byte = in->bytes[in->at++];
    }
    if ((byte & 0xf0) == 0x40) {
        in->rex = byte;
        byte = in->bytes[in->at++];
    }
    if (byte == 0xc5 || byte == 0xc4 || byte == 0x62) {
        uint8_t payload = in->bytes[in->at++];
        in->is_vector = true;
        in->map = byte == 0xc5 ? MAP_0F : payload & (byte == 0xc4 ? 31u : 7u);
        in->at += byte == 0xc5 ? 0 : byte == 0xc4 ? 1 : 2;
        byte = in->bytes[in->at++];
    } else if (byte == 0x0f) {
        in->map = MAP_0F;
        byte = in->bytes[in->at++];
        if (byte == 0x38 || byte == 0x3a) {
            in->map = byte == 0x38 ? MAP_0F38 : MAP_0F3A;
            byte = in->bytes[in->at++];
        }
    }
    in->opcode = byte;
}

static char form_of(const struct insn *in)
{
    switch (in->map) {
    case MAP_ONE:
        return in->is_vector ? 'x' : one_byte[in->opcode];
    case MAP_0F:
        if (in->is_vector && in->opcode != 0x77 && two_bytes[in->opcode] != 'b')
            return 'm';
        return two_bytes[in->opcode];
    case MAP_0F38:
        return 'm';
    case MAP_0F3A:
        return 'b';
    default:
        return 'x';
    }
}

static bool has_modrm(char form)
{
    return form == 'm' || form == 'b' || form == 'z' || form == 'g' || form == 'h';
}

static int64_t read_signed(struct insn *in, unsigned bytes)
{
    const uint8_t *b = in->bytes + in->at;
    in->at += bytes;
    if (bytes == 1)
        return (int8_t)b[0];
    if (bytes != 4)
        return 0;
    return (int32_t)((uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 |
                     (uint32_t)b[3] << 24);
}

static void read_modrm(struct insn *in)
{
    in->has_modrm = true;
    in->modrm = in->bytes[in->at++];
    unsigned mod = in->modrm >> 6, rm = in->modrm & 7;
    if (mod == 3)
        return;
    bool wide = mod == 2 || (mod == 0 && rm == 5);
    if (rm == 4) {
        in->sib = in->bytes[in->at++];
        wide = wide || (mod == 0 && (in->sib & 7) == 5);
    }
    in->displacement = read_signed(in, wide ? 4 : mod == 1 ? 1 : 0);
}

/* Bytes of the immediate, or of the distance of a jump. */
static unsigned immediate_bytes(const struct insn *in, char form)
{
    unsigned full = in->operand_16 ? 2 : 4;
    bool is_test = (in->modrm >> 3 & 7) < 2;
    switch (form) {
    case '1':
    case 'b':
        return 1;
    case '2':
        return 2;
    case '3':
        return 3;
    case '4':
    case 'z':
        return full;
    case 'd':
        return 4;
    case 'q':
        return in->rex & 8 ? 8 : full;
    case '8':
        return in->address_32 ? 4 : 8;
    case 'g':
        return is_test ? 1 : 0;
    case 'h':
        return is_test ? full : 0;
    default:
        return 0;
    }
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
    if (op < 0xc2)
        return GOTYPES_STEP_ON;
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
    if (!in->has_modrm)
        return;
    unsigned reg = (in->modrm >> 3 & 7) | (in->rex & 4u) << 1;
    unsigned rm = (in->modrm & 7) | (in->rex & 1u) << 3;
    bool is_plain = in->map == MAP_ONE, is_lea = is_plain && in->opcode == 0x8d;
    if (in->modrm >> 6 == 3) {
        bool from_reg = is_plain && in->opcode == 0x89 && reg == GOTYPES_AMD64_SP;
        bool from_rm = is_plain && in->opcode == 0x8b && rm == GOTYPES_AMD64_SP;
        scan->takes_stack =
            (from_reg && rm != GOTYPES_AMD64_BP) || (from_rm && reg != GOTYPES_AMD64_BP);
        return;
    }
    if (is_lea && (in->modrm & 0xc7) == 0x05) {
        scan->makes_address = true;
        scan->address = next + (uint64_t)in->displacement;
    }
    if ((in->modrm & 7) != 4 || (in->sib & 7) != 4 || (in->rex & 1))
        return; /* not from SP */
    bool is_indexed = (in->sib >> 3 & 7) != 4 || (in->rex & 2);
    if (is_lea ? reg != GOTYPES_AMD64_BP && reg != GOTYPES_AMD64_SP : is_indexed) {
        /* A vector instruction's compressed distance is not worth decoding. */
        scan->takes_stack = true;
        scan->stack_offset = in->is_vector ? 0 : in->displacement;
    }
}

enum use { USE_OTHER, USE_READS, USE_TO_REG, USE_TO_RM, USE_VECTOR_TO_RM };

/* How the commonest instructions with ModRM use what it names. */
static enum use use_of_one_byte(uint8_t opcode, unsigned middle)
{
    switch (opcode) {
    case 0x38: /* CMP */
    case 0x39:
    case 0x3a:
    case 0x3b:
    case 0x84: /* TEST */
    case 0x85:
        return USE_READS;
    case 0x03: /* ADD, OR, AND, SUB, XOR */
    case 0x0b:
    case 0x23:
    case 0x2b:
    case 0x33:
    case 0x63: /* MOVSXD */
    case 0x8b: /* MOV */
    case 0x8d: /* LEA */
        return USE_TO_REG;
    case 0x01: /* ADD, OR, AND, SUB, XOR */
    case 0x09:
    case 0x21:
    case 0x29:
    case 0x31:
    case 0x89: /* MOV */
    case 0xc1: /* shifts */
    case 0xd1:
    case 0xd3:
        return USE_TO_RM;
    case 0x81: /* the same with a constant, and CMP */
    case 0x83:
        return middle == 7 ? USE_READS : USE_TO_RM;
    case 0xc7: /* MOV of a constant */
        return middle == 0 ? USE_TO_RM : USE_OTHER;
    case 0xf7: /* TEST of a constant, NOT, NEG */
        return middle == 0 ? USE_READS : middle == 2 || middle == 3 ? USE_TO_RM : USE_OTHER;
    case 0xff: /* INC, DEC */
        return middle < 2 ? USE_TO_RM : USE_OTHER;
    default:
        return USE_OTHER;
    }
}

static enum use use_of_two_bytes(uint8_t opcode)
{
    if (opcode >> 4 == 4) /* CMOV */
        return USE_TO_REG;
    switch (opcode) {
    case 0x10: /* MOVUPS, MOVAPS and kin: no general register but in addresses */
    case 0x28:
    case 0x1f: /* NOP */
        return USE_READS;
    case 0x11:
    case 0x29:
        return USE_VECTOR_TO_RM;
    case 0xaf: /* IMUL */
    case 0xb6: /* MOVZX, MOVSX */
    case 0xb7:
    case 0xbe:
    case 0xbf:
        return USE_TO_REG;
    default:
        return USE_OTHER;
    }
}

static enum use use_of(const struct insn *in)
{
    if (!in->has_modrm || in->is_vector || in->address_32)
        return USE_OTHER;
    if (in->map == MAP_ONE)
        return use_of_one_byte(in->opcode, in->modrm >> 3 & 7);
    return in->map == MAP_0F ? use_of_two_bytes(in->opcode) : USE_OTHER;
}

/* No form that writes one byte of a register is among these, so that AH and its like are not
 * meant. */
static void look_at_operands(const struct insn *in, struct gotypes_scan *scan)
{
    enum use use = use_of(in);
    bool is_memory = in->modrm >> 6 != 3;
    unsigned reg = (in->modrm >> 3 & 7) | (in->rex & 4u) << 1;
    unsigned rm = (in->modrm & 7) | (in->rex & 1u) << 3;
    unsigned base = (in->modrm & 7) == 4 ? (in->sib & 7) | (in->rex & 1u) << 3 : rm;
    bool has_base = in->modrm >> 6 != 0 || (base & 7) != 5;
    if (use == USE_OTHER)
        return;
    if (use == USE_TO_REG)
        scan->writes = (uint16_t)(1u << reg);
    else if (use == USE_TO_RM && !is_memory)
        scan->writes = (uint16_t)(1u << rm);
    else if (use != USE_READS && is_memory && has_base)
        scan->stores_through = (uint8_t)base;
    scan->is_told = !(scan->writes >> GOTYPES_AMD64_SP & 1);
}

bool gotypes_amd64_scan(
    const unsigned char *code, size_t left, uint64_t pc, struct gotypes_scan *scan)
{
    uint8_t tail[BUFFER];
    struct insn in = {.bytes = code};
    if (left < BUFFER) {
        memset(tail, 0, sizeof tail);
        memcpy(tail, code, left);
        in.bytes = tail;
    }
    read_opcode(&in);
    char form = form_of(&in);
    if (form == 'x')
        return false;
    if (has_modrm(form))
        read_modrm(&in);
    unsigned immediate = immediate_bytes(&in, form);
    int64_t distance = read_signed(&in, immediate);
    if (in.at > left || in.at > LENGTH_MAX)
        return false;
    enum gotypes_step step = step_of(&in);
    *scan = (struct gotypes_scan){.len = (uint8_t)in.at,
        .step = (uint8_t)step,
        .through = GOTYPES_NO_REGISTER,
        .stores_through = GOTYPES_NO_REGISTER};
    if (step == GOTYPES_STEP_INDIRECT && in.modrm >> 6 == 3)
        scan->through = (in.modrm & 7) | (uint8_t)((in.rex & 1) << 3);
    if (step == GOTYPES_STEP_CALL || step == GOTYPES_STEP_BRANCH || step == GOTYPES_STEP_JUMP)
        scan->target = pc + in.at + (uint64_t)distance;
    look_at_address(&in, pc + in.at, scan);
    if (step == GOTYPES_STEP_ON)
        look_at_operands(&in, scan);
    return true;
}
