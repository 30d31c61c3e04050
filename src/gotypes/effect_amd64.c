/* What amd64 instructions write, by capstone. What an instruction might write counts as lost: only
 * those forms that carry a value on are told apart. */
#include "gotypes/code.h"

#include <capstone/capstone.h>
#include <stdlib.h>

#include "base/mem.h"

static const struct gotypes_effect nothing = {
    .dst = GOTYPES_NO_REGISTER,
    .dst2 = GOTYPES_NO_REGISTER,
    .src = GOTYPES_NO_REGISTER,
    .src2 = GOTYPES_NO_REGISTER,
};

struct gotypes_decoder {
    csh handle;
    cs_insn *insn; /* owned; of a failed decoder NULL */
};

struct gotypes_decoder *gotypes_decoder_new(void)
{
    struct gotypes_decoder *decoder = LW_NEW(struct gotypes_decoder);
    if (cs_open(CS_ARCH_X86, CS_MODE_64, &decoder->handle) != CS_ERR_OK)
        return decoder;
    cs_option(decoder->handle, CS_OPT_DETAIL, CS_OPT_ON);
    decoder->insn = cs_malloc(decoder->handle);
    return decoder;
}

void gotypes_decoder_free(struct gotypes_decoder **decoder)
{
    if (!*decoder)
        return;
    if ((*decoder)->insn)
        cs_free((*decoder)->insn, 1);
    if ((*decoder)->handle)
        cs_close(&(*decoder)->handle);
    free(*decoder);
    *decoder = NULL;
}

/* The general register that any of its parts' names stands for. */
static uint8_t number(unsigned reg)
{
    static const uint8_t numbers[X86_REG_ENDING] = {
#define ALL_OF(n, r64, r32, r16, r8) \
    [X86_REG_##r64] = (n) + 1, [X86_REG_##r32] = (n) + 1, [X86_REG_##r16] = (n) + 1, \
    [X86_REG_##r8] = (n) + 1
        ALL_OF(0, RAX, EAX, AX, AL),
        [X86_REG_AH] = 0 + 1,
        ALL_OF(1, RCX, ECX, CX, CL),
        [X86_REG_CH] = 1 + 1,
        ALL_OF(2, RDX, EDX, DX, DL),
        [X86_REG_DH] = 2 + 1,
        ALL_OF(3, RBX, EBX, BX, BL),
        [X86_REG_BH] = 3 + 1,
        ALL_OF(4, RSP, ESP, SP, SPL),
        ALL_OF(5, RBP, EBP, BP, BPL),
        ALL_OF(6, RSI, ESI, SI, SIL),
        ALL_OF(7, RDI, EDI, DI, DIL),
        ALL_OF(8, R8, R8D, R8W, R8B),
        ALL_OF(9, R9, R9D, R9W, R9B),
        ALL_OF(10, R10, R10D, R10W, R10B),
        ALL_OF(11, R11, R11D, R11W, R11B),
        ALL_OF(12, R12, R12D, R12W, R12B),
        ALL_OF(13, R13, R13D, R13W, R13B),
        ALL_OF(14, R14, R14D, R14W, R14B),
        ALL_OF(15, R15, R15D, R15W, R15B),
#undef ALL_OF
    };
    return reg < X86_REG_ENDING && numbers[reg] ? (uint8_t)(numbers[reg] - 1) : GOTYPES_NO_REGISTER;
}

static void kill(struct gotypes_effect *e, uint8_t reg)
{
    if (reg != GOTYPES_NO_REGISTER)
        e->kills |= (uint32_t)1 << reg;
}

static bool is_full_register(const cs_x86_op *op)
{
    return op->type == X86_OP_REG && op->size == 8 && number(op->reg) != GOTYPES_NO_REGISTER;
}

static bool is_zeroing(const cs_x86_op *a, const cs_x86_op *b)
{
    return a->type == X86_OP_REG && b->type == X86_OP_REG && a->reg == b->reg && a->size >= 4;
}

/* [base + constant], nothing else. */
static bool is_simple(const cs_x86_op *op)
{
    return op->type == X86_OP_MEM && op->mem.segment == X86_REG_INVALID &&
           op->mem.index == X86_REG_INVALID && number(op->mem.base) != GOTYPES_NO_REGISTER;
}

static bool is_relative(const cs_x86_op *op)
{
    return op->type == X86_OP_MEM && op->mem.segment == X86_REG_INVALID &&
           op->mem.index == X86_REG_INVALID && op->mem.base == X86_REG_RIP;
}

/* Instructions whose operands are all only read. */
static bool only_reads(unsigned id)
{
    switch (id) {
    case X86_INS_CMP:
    case X86_INS_TEST:
    case X86_INS_BT:
    case X86_INS_NOP:
    case X86_INS_UCOMISD:
    case X86_INS_UCOMISS:
    case X86_INS_COMISD:
    case X86_INS_COMISS:
    case X86_INS_PTEST:
    case X86_INS_PREFETCHT0:
    case X86_INS_PREFETCHNTA:
        return true;
    default:
        return false;
    }
}

/* Registers that are written without being named; capstone's list is completed. */
static void kill_implicit(struct gotypes_effect *e, const cs_insn *insn)
{
    const cs_detail *detail = insn->detail;
    for (unsigned i = 0; i < detail->regs_write_count; i++)
        kill(e, number(detail->regs_write[i]));
    if (insn->id == X86_INS_IMUL && detail->x86.op_count > 1)
        return; /* only the form with one operand is like MUL */
    switch (insn->id) {
    case X86_INS_CPUID:
        kill(e, number(X86_REG_RBX));
        /* fall through */
    case X86_INS_RDTSCP:
    case X86_INS_SYSCALL:
    case X86_INS_XGETBV:
        kill(e, number(X86_REG_RCX));
        kill(e, number(X86_REG_R11));
        /* fall through */
    case X86_INS_MUL:
    case X86_INS_IMUL:
    case X86_INS_DIV:
    case X86_INS_IDIV:
    case X86_INS_CQO:
    case X86_INS_CDQ:
    case X86_INS_CWD:
    case X86_INS_RDTSC:
    case X86_INS_CMPXCHG:
    case X86_INS_CMPXCHG8B:
    case X86_INS_CMPXCHG16B:
        kill(e, number(X86_REG_RAX));
        kill(e, number(X86_REG_RDX));
        break;
    default:
        break;
    }
}

/* Whatever is not told apart: named registers are lost, named memory too. */
static void unknown(struct gotypes_effect *e, const cs_insn *insn)
{
    const cs_x86 *x = &insn->detail->x86;
    kill_implicit(e, insn);
    if (only_reads(insn->id))
        return;
    for (unsigned i = 0; i < x->op_count; i++) {
        const cs_x86_op *op = &x->operands[i];
        bool swaps = insn->id == X86_INS_XCHG || insn->id == X86_INS_XADD ||
                     insn->id == X86_INS_MULX || insn->id == X86_INS_CMPXCHG;
        if (op->type == X86_OP_REG && (i == 0 || swaps || (op->access & CS_AC_WRITE)))
            kill(e, number(op->reg));
        if (op->type == X86_OP_MEM && (i == 0 || swaps) &&
            (is_simple(op) || op->mem.base == X86_REG_RSP)) {
            e->op = GOTYPES_EFFECT_STORE;
            e->dst = number(op->mem.base);
            e->value = op->mem.disp;
            e->width = op->size ? op->size : 64;
        }
    }
}

static void set(struct gotypes_effect *e, uint8_t reg, uint64_t value)
{
    e->op = GOTYPES_EFFECT_SET;
    e->dst = reg;
    e->value = (int64_t)value;
}

static void move(struct gotypes_effect *e, const cs_insn *insn)
{
    const cs_x86_op *dst = &insn->detail->x86.operands[0], *src = &insn->detail->x86.operands[1];
    if (src->type == X86_OP_IMM && dst->type == X86_OP_REG && dst->size >= 4 &&
        number(dst->reg) != GOTYPES_NO_REGISTER) {
        set(e, number(dst->reg), dst->size == 4 ? (uint32_t)src->imm : (uint64_t)src->imm);
    } else if (is_full_register(dst) && is_full_register(src)) {
        e->op = GOTYPES_EFFECT_ADD;
        e->dst = number(dst->reg);
        e->src = number(src->reg);
    } else if (is_full_register(dst) && is_relative(src)) {
        e->op = GOTYPES_EFFECT_FETCH;
        e->dst = number(dst->reg);
        e->value = (int64_t)(insn->address + insn->size + (uint64_t)src->mem.disp);
    } else if (is_full_register(dst) && is_simple(src)) {
        e->op = GOTYPES_EFFECT_LOAD;
        e->dst = number(dst->reg);
        e->src = number(src->mem.base);
        e->value = src->mem.disp;
    } else {
        unknown(e, insn);
        if (e->op == GOTYPES_EFFECT_STORE && is_simple(dst) && is_full_register(src))
            e->src = number(src->reg);
    }
}

/* dst = [base] + constant. SP that is moved is told by `adjusts`. */
static void add(struct gotypes_effect *e, uint8_t dst, uint8_t src, int64_t value)
{
    if (dst == GOTYPES_AMD64_SP && src == GOTYPES_AMD64_SP) {
        e->adjusts = value;
        return;
    }
    e->op = GOTYPES_EFFECT_ADD;
    e->dst = dst;
    e->src = src;
    e->value = value;
}

static void load_address(struct gotypes_effect *e, const cs_insn *insn)
{
    const cs_x86_op *dst = &insn->detail->x86.operands[0], *src = &insn->detail->x86.operands[1];
    if (is_full_register(dst) && is_relative(src)) {
        set(e, number(dst->reg), insn->address + insn->size + (uint64_t)src->mem.disp);
    } else if (is_full_register(dst) && is_simple(src)) {
        add(e, number(dst->reg), number(src->mem.base), src->mem.disp);
    } else {
        kill(e, number(dst->reg));
    }
}

/* ADD, SUB and kin with a register on the left. */
static void arithmetic(struct gotypes_effect *e, const cs_insn *insn)
{
    const cs_x86_op *dst = &insn->detail->x86.operands[0], *src = &insn->detail->x86.operands[1];
    if (is_full_register(dst) && src->type == X86_OP_IMM) {
        uint8_t reg = number(dst->reg);
        add(e, reg, reg, insn->id == X86_INS_ADD ? src->imm : -src->imm);
    } else {
        unknown(e, insn);
    }
}

static void push_or_pop(struct gotypes_effect *e, const cs_insn *insn)
{
    const cs_x86_op *op = &insn->detail->x86.operands[0];
    bool is_push = insn->id == X86_INS_PUSH;
    e->adjusts = is_push ? -8 : 8;
    if (is_push) {
        e->op = GOTYPES_EFFECT_STORE;
        e->dst = GOTYPES_AMD64_SP;
        e->width = 8;
        if (is_full_register(op))
            e->src = number(op->reg);
    } else if (is_full_register(op) && number(op->reg) != GOTYPES_AMD64_SP) {
        e->op = GOTYPES_EFFECT_LOAD;
        e->dst = number(op->reg);
        e->src = GOTYPES_AMD64_SP;
    } else {
        e->kills = UINT32_MAX;
    }
}

static void conditional_move(struct gotypes_effect *e, const cs_insn *insn)
{
    const cs_x86_op *dst = &insn->detail->x86.operands[0], *src = &insn->detail->x86.operands[1];
    if (is_full_register(dst) && is_full_register(src)) {
        e->op = GOTYPES_EFFECT_SELECT;
        e->dst = e->src = number(dst->reg);
        e->src2 = number(src->reg);
    } else {
        kill(e, number(dst->reg));
    }
}

static bool is_conditional_move(unsigned id)
{
    switch (id) {
    case X86_INS_CMOVA:
    case X86_INS_CMOVAE:
    case X86_INS_CMOVB:
    case X86_INS_CMOVBE:
    case X86_INS_CMOVE:
    case X86_INS_CMOVG:
    case X86_INS_CMOVGE:
    case X86_INS_CMOVL:
    case X86_INS_CMOVLE:
    case X86_INS_CMOVNE:
    case X86_INS_CMOVNO:
    case X86_INS_CMOVNP:
    case X86_INS_CMOVNS:
    case X86_INS_CMOVO:
    case X86_INS_CMOVP:
    case X86_INS_CMOVS:
        return true;
    default:
        return false;
    }
}

static void tell(struct gotypes_effect *e, const cs_insn *insn)
{
    const cs_x86 *x = &insn->detail->x86;
    if (x->op_count == 2 && (insn->id == X86_INS_MOV || insn->id == X86_INS_MOVABS))
        move(e, insn);
    else if (x->op_count == 2 && insn->id == X86_INS_LEA)
        load_address(e, insn);
    else if (x->op_count == 2 && (insn->id == X86_INS_ADD || insn->id == X86_INS_SUB))
        arithmetic(e, insn);
    else if (x->op_count == 1 && (insn->id == X86_INS_PUSH || insn->id == X86_INS_POP))
        push_or_pop(e, insn);
    else if (x->op_count == 2 && is_conditional_move(insn->id))
        conditional_move(e, insn);
    else if (x->op_count == 2 && insn->id == X86_INS_XOR &&
             is_zeroing(&x->operands[0], &x->operands[1]) &&
             number(x->operands[0].reg) != GOTYPES_NO_REGISTER)
        set(e, number(x->operands[0].reg), 0);
    else
        unknown(e, insn);
}

static bool decode(
    struct gotypes_decoder *decoder, const unsigned char *code, size_t len, uint64_t pc)
{
    size_t left = len;
    return decoder->insn && cs_disasm_iter(decoder->handle, &code, &left, &pc, decoder->insn) &&
           decoder->insn->size == len;
}

bool gotypes_amd64_effect(struct gotypes_decoder *decoder, const unsigned char *code, size_t len,
    uint64_t pc, struct gotypes_effect *effect)
{
    *effect = nothing;
    if (!decode(decoder, code, len, pc))
        return false;
    tell(effect, decoder->insn);
    return true;
}

bool gotypes_amd64_store(struct gotypes_decoder *decoder, const unsigned char *code, size_t len,
    uint64_t pc, struct gotypes_store *store)
{
    /* MOV of a register or constant with REX.W: what is neither is not worth decoding. */
    bool may_store = len > 2 && (code[0] & 0xf8) == 0x48 && (code[1] == 0x89 || code[1] == 0xc7);
    if (!may_store || !decode(decoder, code, len, pc))
        return false;
    const cs_insn *insn = decoder->insn;
    const cs_x86_op *to = &insn->detail->x86.operands[0], *word = &insn->detail->x86.operands[1];
    if (insn->id != X86_INS_MOV || to->type != X86_OP_MEM || to->size != 8 ||
        to->mem.segment != X86_REG_INVALID || (word->type != X86_OP_IMM && !is_full_register(word)))
        return false;
    bool relative = to->mem.base == X86_REG_RIP;
    *store = (struct gotypes_store){
        .base = relative ? GOTYPES_NO_REGISTER : number(to->mem.base),
        .index = number(to->mem.index),
        .scale = (uint8_t)to->mem.scale,
        .offset = to->mem.disp + (relative ? (int64_t)(insn->address + insn->size) : 0),
        .count = 1,
    };
    bool is_constant = word->type == X86_OP_IMM;
    store->words[0] = (struct gotypes_stored){
        .reg = is_constant ? GOTYPES_NO_REGISTER : number(word->reg),
        .is_constant = is_constant,
        .constant = is_constant ? word->imm : 0,
    };
    return true;
}
