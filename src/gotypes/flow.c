#include "gotypes/flow.h"

#include <stdlib.h>

#include "base/mem.h"

#define EDGES_MAX   (1u << 20)
#define TABLE_MAX   (1u << 16)
#define TABLE_REACH 16 /* instructions between a table's address and the jump through it */

/* A jump whose target is an address until all instructions are known. */
struct jump {
    uint32_t from;
    uint64_t target;
};

struct builder {
    struct gotypes_flow *flow;
    struct jump *jumps;
    size_t jump_count, jump_room;
    size_t insn_room, taken_room;
    struct gotypes_scanner scanner;
    struct {
        uint32_t number;
        uint64_t address;
    } recent; /* the last instruction that made an address of a jump table */
};

static void *grow(void *list, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return list;
    *room = *room ? *room * 2 : 64;
    return lw_renew(list, *room, size);
}

static bool is_inside(const struct gotypes_flow *flow, uint64_t pc)
{
    return pc >= flow->func.entry && pc < flow->func.end;
}

static bool add_jump(struct builder *b, uint32_t from, uint64_t target)
{
    if (b->jump_count == EDGES_MAX)
        return false;
    b->jumps = grow(b->jumps, b->jump_count, &b->jump_room, sizeof *b->jumps);
    b->jumps[b->jump_count++] = (struct jump){from, target};
    return true;
}

/* A jump table is constant data full of addresses of the function. How long it is is not written
 * anywhere: what follows and still looks like one only adds paths that no value takes. */
static bool is_table(const struct gotypes_flow *flow, uint64_t address)
{
    uint64_t first;
    return address % 8 == 0 && gotypes_elf_is_constant(flow->elf, address, 8) &&
           gotypes_elf_word(flow->elf, address, &first) && is_inside(flow, first);
}

static const char *add_table(struct builder *b, uint32_t from)
{
    if (!b->recent.address || from - b->recent.number > TABLE_REACH)
        return "its function jumps to an address that is not in a table";
    for (uint32_t i = 0; i < TABLE_MAX; i++) {
        uint64_t target;
        if (!gotypes_elf_word(b->flow->elf, b->recent.address + 8 * (uint64_t)i, &target) ||
            !is_inside(b->flow, target))
            return NULL;
        if (!add_jump(b, from, target))
            return "its function has too many jumps";
    }
    return "its function has too large a jump table";
}

static void add_taken(struct builder *b, uint32_t number, int64_t offset)
{
    struct gotypes_flow *f = b->flow;
    if (!f->taken_count)
        f->taken_pc = f->func.entry + f->insns[number].offset;
    f->taken = grow(f->taken, f->taken_count, &b->taken_room, sizeof *f->taken);
    f->taken[f->taken_count++] = (int32_t)offset;
}

static const char *note(struct builder *b, uint32_t number, const struct gotypes_scan *scan)
{
    if (scan->takes_stack)
        add_taken(b, number, scan->stack_offset);
    if (scan->makes_address && is_table(b->flow, scan->address)) {
        b->recent.number = number;
        b->recent.address = scan->address;
    }
    bool jumps = scan->step == GOTYPES_STEP_BRANCH || scan->step == GOTYPES_STEP_JUMP;
    if (jumps && is_inside(b->flow, scan->target) && !add_jump(b, number, scan->target))
        return "its function has too many jumps";
    return scan->step == GOTYPES_STEP_TABLE ? add_table(b, number) : NULL;
}

static const char *read_insns(struct builder *b)
{
    struct gotypes_flow *f = b->flow;
    uint64_t len = f->func.end - f->func.entry;
    b->insn_room = len / 4 + 1; /* of arm64 all, of amd64 nearly */
    f->insns = lw_new(b->insn_room, sizeof *f->insns);
    for (uint64_t at = 0; at < len;) {
        struct gotypes_scan scan;
        uint64_t pc = f->func.entry + at;
        bool ok = f->elf->arch == GOTYPES_AMD64
                      ? gotypes_amd64_scan(f->code + at, len - at, pc, &scan)
                      : gotypes_arm64_scan(&b->scanner, f->code + at, len - at, pc, &scan);
        if (!ok)
            return "its function holds bytes that are no instruction";
        f->insns = grow(f->insns, f->insn_count, &b->insn_room, sizeof *f->insns);
        f->insns[f->insn_count] =
            (struct gotypes_insn){.offset = (uint32_t)at, .len = scan.len, .step = scan.step};
        const char *problem = note(b, f->insn_count++, &scan);
        if (problem)
            return problem;
        at += scan.len;
    }
    return NULL;
}

static int by_target(const void *a, const void *b)
{
    const struct gotypes_edge *x = a, *y = b;
    return x->to < y->to ? -1 : x->to > y->to;
}

static const char *make_edges(struct builder *b)
{
    struct gotypes_flow *f = b->flow;
    f->edges = lw_new(b->jump_count ? b->jump_count : 1, sizeof *f->edges);
    for (size_t i = 0; i < b->jump_count; i++) {
        uint32_t to;
        if (!gotypes_flow_find(f, b->jumps[i].target, &to) ||
            f->insns[to].offset != b->jumps[i].target - f->func.entry)
            return "its function jumps into the middle of an instruction";
        f->insns[to].is_target = true;
        f->edges[f->edge_count++] = (struct gotypes_edge){to, b->jumps[i].from};
    }
    qsort(f->edges, f->edge_count, sizeof *f->edges, by_target);
    return NULL;
}

const char *gotypes_flow_init(
    struct gotypes_flow *flow, const struct gotypes_elf *elf, const struct gotypes_func *func)
{
    *flow = (struct gotypes_flow){.elf = elf, .func = *func};
    if (func->is_assembly)
        return "its function is assembly";
    uint64_t len = func->end - func->entry;
    if (func->end <= func->entry || len > GOTYPES_FUNC_BYTES_MAX)
        return "its function is too large to be followed";
    flow->code = gotypes_elf_bytes(elf, func->entry, len);
    if (!flow->code)
        return "its function lies outside of the file";
    if (elf->arch == GOTYPES_AMD64)
        flow->decoder = gotypes_decoder_new();
    struct builder b = {.flow = flow};
    const char *problem = read_insns(&b);
    if (!problem)
        problem = make_edges(&b);
    free(b.jumps);
    if (problem)
        gotypes_flow_fini(flow);
    return problem;
}

void gotypes_flow_fini(struct gotypes_flow *flow)
{
    free(flow->insns);
    free(flow->edges);
    free(flow->taken);
    gotypes_decoder_free(&flow->decoder);
    flow->insns = NULL;
    flow->edges = NULL;
    flow->taken = NULL;
    flow->insn_count = 0;
    flow->edge_count = flow->taken_count = 0;
}

bool gotypes_flow_find(const struct gotypes_flow *flow, uint64_t pc, uint32_t *number)
{
    if (!is_inside(flow, pc) || !flow->insn_count)
        return false;
    uint64_t offset = pc - flow->func.entry;
    uint32_t low = 0, high = flow->insn_count;
    while (high - low > 1) {
        uint32_t mid = low + (high - low) / 2;
        if (flow->insns[mid].offset <= offset)
            low = mid;
        else
            high = mid;
    }
    *number = low;
    return true;
}

uint64_t gotypes_flow_target(const struct gotypes_flow *flow, uint32_t number)
{
    const struct gotypes_insn *insn = &flow->insns[number];
    struct gotypes_scanner scanner = {0};
    struct gotypes_scan scan = {0};
    const unsigned char *code = flow->code + insn->offset;
    uint64_t pc = flow->func.entry + insn->offset;
    bool ok = flow->elf->arch == GOTYPES_AMD64
                  ? gotypes_amd64_scan(code, insn->len, pc, &scan)
                  : gotypes_arm64_scan(&scanner, code, insn->len, pc, &scan);
    return ok ? scan.target : 0;
}

size_t gotypes_flow_edges(const struct gotypes_flow *flow, uint32_t to)
{
    size_t low = 0, high = flow->edge_count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (flow->edges[mid].to < to)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}
