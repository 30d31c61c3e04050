#include "gotypes/flow.h"

#include <stdlib.h>

#include "base/mem.h"

const char *gotypes_flow_init(struct gotypes_flow *flow, const struct gotypes_elf *elf,
    const struct gotypes_outlines *outlines, const struct gotypes_func *func)
{
    *flow = (struct gotypes_flow){.elf = elf, .func = *func};
    flow->outline = gotypes_outlines_find(outlines, func->entry);
    if (!flow->outline) {
        const char *problem = gotypes_outline_read(&flow->own, elf, func);
        if (problem)
            return problem;
        flow->outline = &flow->own;
    }
    uint32_t count = flow->outline->insn_count;
    flow->code = gotypes_elf_bytes(elf, func->entry, func->end - func->entry);
    flow->insns = lw_new(count, sizeof *flow->insns);
    flow->block_is_read = lw_new(count / GOTYPES_BLOCK + 1, sizeof *flow->block_is_read);
    if (elf->arch == GOTYPES_AMD64)
        flow->decoder = gotypes_decoder_new();
    return NULL;
}

void gotypes_flow_fini(struct gotypes_flow *flow)
{
    gotypes_outline_fini(&flow->own);
    free(flow->insns);
    free(flow->block_is_read);
    gotypes_decoder_free(&flow->decoder);
    *flow = (struct gotypes_flow){0};
}

static bool scan_at(const struct gotypes_flow *flow, uint32_t offset, struct gotypes_scan *scan)
{
    struct gotypes_scanner scanner = {0};
    const unsigned char *code = flow->code + offset;
    uint64_t pc = flow->func.entry + offset, left = flow->func.end - pc;
    return flow->elf->arch == GOTYPES_AMD64 ? gotypes_amd64_scan(code, left, pc, scan)
                                            : gotypes_arm64_scan(&scanner, code, left, pc, scan);
}

/* The outline has read all of this before, so that nothing here can fail. */
static void read_block(const struct gotypes_flow *flow, uint32_t block)
{
    const struct gotypes_outline *o = flow->outline;
    uint32_t first = block * GOTYPES_BLOCK, end = first + GOTYPES_BLOCK;
    uint32_t offset = o->blocks[block];
    for (uint32_t i = first; i < end && i < o->insn_count; i++) {
        struct gotypes_scan scan = {.len = 1, .step = GOTYPES_STEP_END};
        (void)scan_at(flow, offset, &scan);
        flow->insns[i] = (struct gotypes_insn){
            .offset = offset,
            .len = scan.len,
            .step = scan.step,
            .is_told = scan.is_told,
            .stores_through = scan.stores_through,
            .writes = scan.writes,
        };
        offset += scan.len;
    }
    for (size_t i = gotypes_flow_edges(flow, first); i < o->edge_count && o->edges[i].to < end; i++)
        flow->insns[o->edges[i].to].is_target = true;
    flow->block_is_read[block] = true;
}

const struct gotypes_insn *gotypes_flow_insn(const struct gotypes_flow *flow, uint32_t number)
{
    if (!flow->block_is_read[number / GOTYPES_BLOCK])
        read_block(flow, number / GOTYPES_BLOCK);
    return &flow->insns[number];
}

/* The last of the sorted block starts that is not after an offset. */
static uint32_t block_of(const struct gotypes_outline *o, uint64_t offset)
{
    uint32_t low = 0, high = (o->insn_count + GOTYPES_BLOCK - 1) / GOTYPES_BLOCK;
    while (high - low > 1) {
        uint32_t mid = low + (high - low) / 2;
        if (o->blocks[mid] <= offset)
            low = mid;
        else
            high = mid;
    }
    return low;
}

bool gotypes_flow_find(const struct gotypes_flow *flow, uint64_t pc, uint32_t *number)
{
    if (pc < flow->func.entry || pc >= flow->func.end)
        return false;
    uint64_t offset = pc - flow->func.entry;
    uint32_t i = block_of(flow->outline, offset) * GOTYPES_BLOCK;
    while (i + 1 < flow->outline->insn_count && gotypes_flow_insn(flow, i + 1)->offset <= offset)
        i++;
    *number = i;
    return true;
}

uint64_t gotypes_flow_pc(const struct gotypes_flow *flow, uint32_t number)
{
    return flow->func.entry + gotypes_flow_insn(flow, number)->offset;
}

uint64_t gotypes_flow_target(const struct gotypes_flow *flow, uint32_t number)
{
    struct gotypes_scan scan = {0};
    return scan_at(flow, gotypes_flow_insn(flow, number)->offset, &scan) ? scan.target : 0;
}

uint8_t gotypes_flow_through(const struct gotypes_flow *flow, uint32_t number)
{
    struct gotypes_scan scan = {0};
    return scan_at(flow, gotypes_flow_insn(flow, number)->offset, &scan) ? scan.through
                                                                         : GOTYPES_NO_REGISTER;
}

bool gotypes_flow_returns(const struct gotypes_flow *flow, uint32_t number)
{
    const struct gotypes_insn *insn = gotypes_flow_insn(flow, number);
    const unsigned char *code = flow->code + insn->offset;
    if (insn->step != GOTYPES_STEP_END)
        return false;
    return flow->elf->arch == GOTYPES_AMD64 ? code[0] == 0xc3
                                            : code[3] == 0xd6 && code[2] == 0x5f; /* RET */
}

size_t gotypes_flow_edges(const struct gotypes_flow *flow, uint32_t to)
{
    size_t low = 0, high = flow->outline->edge_count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (flow->outline->edges[mid].to < to)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}
