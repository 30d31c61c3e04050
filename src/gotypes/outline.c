#include "gotypes/outline.h"

#include <stdlib.h>

#include "base/mem.h"

#define EDGES_MAX   (1u << 20)
#define TABLE_MAX   (1u << 16)
#define TABLE_REACH 16 /* instructions between a table's address and the jump through it */

/* Functions from this size on are read with the index. Of smaller ones reading takes less than a
 * tenth of a millisecond. */
#define LARGE_BYTES    2048
#define LARGE_TEXT_MAX ((uint64_t)64 << 20) /* of all of them */
#define KEPT_BYTES_MAX ((size_t)32 << 20)   /* outlines of them */

/* A jump whose target is an offset until all instructions are known. */
struct jump {
    uint32_t from;
    uint32_t target;
};

struct builder {
    const struct gotypes_elf *elf;
    const struct gotypes_func *func;
    const unsigned char *code;
    struct gotypes_outline *outline;
    uint32_t *offsets; /* of all instructions */
    size_t offset_room;
    struct jump *jumps;
    size_t jump_count, jump_room;
    size_t taken_room;
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

static bool is_inside(const struct gotypes_func *func, uint64_t pc)
{
    return pc >= func->entry && pc < func->end;
}

static bool add_jump(struct builder *b, uint32_t from, uint64_t target)
{
    if (b->jump_count == EDGES_MAX)
        return false;
    b->jumps = grow(b->jumps, b->jump_count, &b->jump_room, sizeof *b->jumps);
    b->jumps[b->jump_count++] = (struct jump){from, (uint32_t)(target - b->func->entry)};
    return true;
}

/* A jump table is constant data full of addresses of the function. How long it is is not written
 * anywhere: what follows and still looks like one only adds paths that no value takes. */
static bool is_table(const struct builder *b, uint64_t address)
{
    uint64_t first;
    return address % 8 == 0 && gotypes_elf_is_constant(b->elf, address, 8) &&
           gotypes_elf_word(b->elf, address, &first) && is_inside(b->func, first);
}

static const char *add_table(struct builder *b, uint32_t from)
{
    if (!b->recent.address || from - b->recent.number > TABLE_REACH)
        return "its function jumps to an address that is not in a table";
    for (uint32_t i = 0; i < TABLE_MAX; i++) {
        uint64_t target;
        if (!gotypes_elf_word(b->elf, b->recent.address + 8 * (uint64_t)i, &target) ||
            !is_inside(b->func, target))
            return NULL;
        if (!add_jump(b, from, target))
            return "its function has too many jumps";
    }
    return "its function has too large a jump table";
}

static void add_taken(struct builder *b, uint64_t pc, int64_t offset)
{
    struct gotypes_outline *o = b->outline;
    if (!o->taken_count)
        o->taken_pc = pc;
    o->taken = grow(o->taken, o->taken_count, &b->taken_room, sizeof *o->taken);
    o->taken[o->taken_count++] = (int32_t)offset;
}

static const char *note(
    struct builder *b, uint32_t number, uint64_t pc, const struct gotypes_scan *scan)
{
    if (scan->takes_stack)
        add_taken(b, pc, scan->stack_offset);
    if (scan->makes_address && is_table(b, scan->address)) {
        b->recent.number = number;
        b->recent.address = scan->address;
    }
    bool jumps = scan->step == GOTYPES_STEP_BRANCH || scan->step == GOTYPES_STEP_JUMP;
    if (jumps && is_inside(b->func, scan->target) && !add_jump(b, number, scan->target))
        return "its function has too many jumps";
    return scan->step == GOTYPES_STEP_TABLE ? add_table(b, number) : NULL;
}

static const char *read_insns(struct builder *b)
{
    struct gotypes_outline *o = b->outline;
    uint64_t len = b->func->end - b->func->entry;
    bool is_amd64 = b->elf->arch == GOTYPES_AMD64;
    for (uint64_t at = 0; at < len;) {
        struct gotypes_scan scan;
        uint64_t pc = b->func->entry + at;
        bool ok = is_amd64 ? gotypes_amd64_scan(b->code + at, len - at, pc, &scan)
                           : gotypes_arm64_scan(&b->scanner, b->code + at, len - at, pc, &scan);
        if (!ok)
            return "its function holds bytes that are no instruction";
        b->offsets = grow(b->offsets, o->insn_count, &b->offset_room, sizeof *b->offsets);
        b->offsets[o->insn_count] = (uint32_t)at;
        const char *problem = note(b, o->insn_count++, pc, &scan);
        if (problem)
            return problem;
        at += scan.len;
    }
    return NULL;
}

/* The number of the instruction at an offset; insn_count where none begins there. */
static uint32_t number_at(const struct builder *b, uint32_t offset)
{
    uint32_t low = 0, high = b->outline->insn_count;
    while (high - low > 1) {
        uint32_t mid = low + (high - low) / 2;
        if (b->offsets[mid] <= offset)
            low = mid;
        else
            high = mid;
    }
    return b->offsets[low] == offset ? low : b->outline->insn_count;
}

static int by_target(const void *a, const void *b)
{
    const struct gotypes_edge *x = a, *y = b;
    if (x->to != y->to)
        return x->to < y->to ? -1 : 1;
    return x->from < y->from ? -1 : x->from > y->from;
}

static const char *make_edges(struct builder *b)
{
    struct gotypes_outline *o = b->outline;
    o->edges = lw_new(b->jump_count ? b->jump_count : 1, sizeof *o->edges);
    for (size_t i = 0; i < b->jump_count; i++) {
        uint32_t to = number_at(b, b->jumps[i].target);
        if (to == o->insn_count)
            return "its function jumps into the middle of an instruction";
        o->edges[o->edge_count++] = (struct gotypes_edge){to, b->jumps[i].from};
    }
    qsort(o->edges, o->edge_count, sizeof *o->edges, by_target);
    return NULL;
}

static int by_offset(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return x < y ? -1 : x > y;
}

static void make_blocks_and_taken(struct builder *b)
{
    struct gotypes_outline *o = b->outline;
    uint32_t block_count = (o->insn_count + GOTYPES_BLOCK - 1) / GOTYPES_BLOCK;
    o->blocks = lw_new(block_count, sizeof *o->blocks);
    for (uint32_t i = 0; i < block_count; i++)
        o->blocks[i] = b->offsets[i * GOTYPES_BLOCK];
    if (!o->taken_count)
        return;
    qsort(o->taken, o->taken_count, sizeof *o->taken, by_offset);
    size_t kept = 1;
    for (size_t i = 1; i < o->taken_count; i++)
        if (o->taken[i] != o->taken[kept - 1])
            o->taken[kept++] = o->taken[i];
    o->taken_count = kept;
    o->taken = lw_renew(o->taken, kept, sizeof *o->taken);
}

const char *gotypes_outline_read(
    struct gotypes_outline *outline, const struct gotypes_elf *elf, const struct gotypes_func *func)
{
    *outline = (struct gotypes_outline){0};
    if (func->is_assembly)
        return "its function is assembly";
    uint64_t len = func->end - func->entry;
    if (func->end <= func->entry || len > GOTYPES_FUNC_BYTES_MAX)
        return "its function is too large to be followed";
    const unsigned char *code = gotypes_elf_bytes(elf, func->entry, len);
    if (!code)
        return "its function lies outside of the file";
    struct builder b = {.elf = elf, .func = func, .code = code, .outline = outline};
    const char *problem = read_insns(&b);
    if (!problem)
        problem = make_edges(&b);
    if (!problem)
        make_blocks_and_taken(&b);
    free(b.offsets);
    free(b.jumps);
    if (problem)
        gotypes_outline_fini(outline);
    return problem;
}

void gotypes_outline_fini(struct gotypes_outline *outline)
{
    free(outline->blocks);
    free(outline->edges);
    free(outline->taken);
    *outline = (struct gotypes_outline){0};
}

/* ---- of a whole binary ---- */

struct gotypes_large {
    uint64_t entry;
    struct gotypes_outline outline;
};

static size_t outline_bytes(const struct gotypes_outline *o)
{
    return sizeof(struct gotypes_large) + o->insn_count / GOTYPES_BLOCK * sizeof *o->blocks +
           o->edge_count * sizeof *o->edges + o->taken_count * sizeof *o->taken;
}

void gotypes_outlines_read(struct gotypes_outlines *outlines, const struct gotypes_pclntab *tab)
{
    uint64_t text = 0;
    size_t kept = 0, room = 0;
    for (uint32_t i = 0; i < tab->func_count; i++) {
        struct gotypes_func func;
        struct gotypes_large large;
        if (!gotypes_pclntab_func(tab, i, &func) || func.end < func.entry + LARGE_BYTES)
            continue;
        text += func.end - func.entry;
        if (text > LARGE_TEXT_MAX || kept > KEPT_BYTES_MAX)
            return;
        if (gotypes_outline_read(&large.outline, tab->elf, &func) != NULL)
            continue;
        large.entry = func.entry;
        kept += outline_bytes(&large.outline);
        outlines->list = grow(outlines->list, outlines->count, &room, sizeof *outlines->list);
        outlines->list[outlines->count++] = large;
    }
}

void gotypes_outlines_fini(struct gotypes_outlines *outlines)
{
    for (size_t i = 0; i < outlines->count; i++)
        gotypes_outline_fini(&outlines->list[i].outline);
    free(outlines->list);
    *outlines = (struct gotypes_outlines){0};
}

const struct gotypes_outline *gotypes_outlines_find(
    const struct gotypes_outlines *outlines, uint64_t entry)
{
    size_t low = 0, high = outlines->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (outlines->list[mid].entry < entry)
            low = mid + 1;
        else
            high = mid;
    }
    bool found = low < outlines->count && outlines->list[low].entry == entry;
    return found ? &outlines->list[low].outline : NULL;
}
