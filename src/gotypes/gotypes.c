#include "gotypes/gotypes.h"

#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/mem.h"
#include "gotypes/index.h"

const char *gotypes_kind_word(enum gotypes_kind kind)
{
    static const char *const words[GOTYPES_KIND_COUNT] = {
#define GOTYPES_KIND_WORD(name, word) [name] = word,
        GOTYPES_KINDS(GOTYPES_KIND_WORD)
#undef GOTYPES_KIND_WORD
    };
    return kind < GOTYPES_KIND_COUNT ? words[kind] : "other";
}

/* Swiss maps have their own package; a program without maps has neither function. */
static void find_gates(struct gotypes *index)
{
    const struct gotypes_pclntab *tab = &index->tab;
    size_t room = 0;
    for (uint32_t i = 0; i < tab->func_count; i++) {
        struct gotypes_func func;
        if (!gotypes_pclntab_func(tab, i, &func))
            continue;
        if (strncmp(func.name, "internal/runtime/maps.(*", 24) == 0)
            index->types.swiss_maps = true;
        const struct gotypes_entry *entry = gotypes_entry_find(func.name, tab->has_start_lines);
        if (!entry)
            continue;
        if (index->gate_count == room) {
            room = room ? room * 2 : 64;
            index->gates = lw_renew(index->gates, room, sizeof *index->gates);
        }
        index->gates[index->gate_count++] = (struct gotypes_gate){func.entry, entry};
    }
}

const struct gotypes_gate *gotypes_index_gate(const struct gotypes *index, uint64_t address)
{
    size_t low = 0, high = index->gate_count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (index->gates[mid].address < address)
            low = mid + 1;
        else
            high = mid;
    }
    return low < index->gate_count && index->gates[low].address == address ? &index->gates[low]
                                                                           : NULL;
}

static int read_tables(struct gotypes *index, struct lw_err *err)
{
    if (gotypes_pclntab_init(&index->tab, &index->elf, err) < 0 ||
        gotypes_moduledata_read(&index->elf, &index->tab, &index->module, err) < 0)
        return -1;
    index->tab.text = index->module.text;
    index->tab.funcdata = index->module.funcdata;
    index->types = (struct gotypes_types){
        .elf = &index->elf,
        .start = index->module.types,
        .end = index->module.types_end,
    };
    return gotypes_buildinfo_read(&index->elf, index->strings, &index->build, err);
}

struct gotypes *gotypes_new(const void *image, size_t len, struct lw_err *err)
{
    struct gotypes *index = LW_NEW(struct gotypes);
    index->strings = lw_arena_new(GOTYPES_BUILDINFO_BYTES_MAX);
    if (gotypes_elf_init(&index->elf, image, len, err) < 0 || read_tables(index, err) < 0) {
        gotypes_free(&index);
        return NULL;
    }
    find_gates(index);
    gotypes_uses_read(index);
    gotypes_outlines_read(&index->outlines, &index->tab);
    gotypes_finalizers_read(index);
    return index;
}

void gotypes_free(struct gotypes **index)
{
    if (!*index)
        return;
    gotypes_elf_fini(&(*index)->elf);
    lw_arena_free(&(*index)->strings);
    gotypes_outlines_fini(&(*index)->outlines);
    free((*index)->gates);
    free((*index)->uses);
    gotypes_finalizers_fini(*index);
    free(*index);
    *index = NULL;
}

const struct gotypes_build *gotypes_build(const struct gotypes *index)
{
    return &index->build;
}

int gotypes_read_build_id(
    const void *image, size_t len, char *out, size_t out_size, struct lw_err *err)
{
    struct gotypes_elf elf;
    out[0] = '\0';
    if (gotypes_elf_init(&elf, image, len, err) < 0)
        return -1;
    gotypes_buildinfo_gnu_id(&elf, out, out_size);
    gotypes_elf_fini(&elf);
    return 0;
}

uint64_t gotypes_address(
    const struct gotypes *index, uint64_t address, uint64_t mapping_start, uint64_t mapping_offset)
{
    for (size_t i = 0; i < index->elf.segment_count; i++) {
        const struct gotypes_segment *s = &index->elf.segments[i];
        /* The loader maps whole pages, so the mapping may begin before the segment. */
        uint64_t first = s->offset & ~(uint64_t)0xfff;
        if (s->executable && mapping_offset >= first && mapping_offset < s->offset + s->file_bytes)
            return address - (mapping_start - (s->address - s->offset + mapping_offset));
    }
    return address;
}

size_t gotypes_lines(
    const struct gotypes *index, uint64_t pc, struct gotypes_line *lines, size_t max)
{
    return gotypes_pclntab_lines(&index->tab, pc, lines, max);
}

/* ---- all sites ---- */

static bool is_listed(const struct gotypes *index, uint64_t target)
{
    const struct gotypes_gate *gate = gotypes_index_gate(index, target);
    return gate && !gate->entry->incidental;
}

/* Whether some bytes of a function read as a call of a gate: most functions have none, and need not
 * be read properly. */
static bool may_allocate(const struct gotypes *index, const struct gotypes_func *func)
{
    uint64_t len = func->end - func->entry;
    const unsigned char *code = gotypes_elf_bytes(&index->elf, func->entry, len);
    if (!code || func->end < func->entry)
        return false;
    bool is_amd64 = index->elf.arch == GOTYPES_AMD64;
    for (uint64_t at = 0; at + 5 <= len + !is_amd64; at += is_amd64 ? 1 : 4) {
        struct lw_cursor c = lw_cursor_on(code + at + is_amd64, 4);
        if (is_amd64 ? code[at] != 0xe8 : (code[at + 3] & 0xfc) != 0x94)
            continue;
        uint32_t word = lw_cursor_u32(&c);
        int64_t distance =
            is_amd64 ? (int64_t)(int32_t)word + 5 : (int64_t)((int32_t)(word << 6) >> 6) * 4;
        if (is_listed(index, func->entry + at + (uint64_t)distance))
            return true;
    }
    return false;
}

static bool visit_function(const struct gotypes *index, const struct gotypes_func *func,
    bool (*visit)(void *ctx, const struct gotypes_site *site), void *ctx)
{
    struct gotypes_flow flow;
    bool go_on = true;
    if (gotypes_flow_init(&flow, &index->elf, &index->outlines, func) != NULL)
        return true;
    for (uint32_t i = 0; go_on && i < flow.outline->insn_count; i++) {
        struct gotypes_site site;
        if (gotypes_flow_insn(&flow, i)->step != GOTYPES_STEP_CALL ||
            !is_listed(index, gotypes_flow_target(&flow, i)))
            continue;
        gotypes_resolve_call(index, &flow, i, NULL, 0, &site);
        go_on = visit(ctx, &site);
    }
    gotypes_flow_fini(&flow);
    return go_on;
}

void gotypes_each_site(const struct gotypes *index,
    bool (*visit)(void *ctx, const struct gotypes_site *site), void *ctx)
{
    for (uint32_t i = 0; i < index->tab.func_count; i++) {
        struct gotypes_func func;
        if (gotypes_pclntab_func(&index->tab, i, &func) && may_allocate(index, &func) &&
            !visit_function(index, &func, visit, ctx))
            return;
    }
}
