#include "gotypes/frame.h"

#include "base/cursor.h"
#include "gotypes/entries.h"

/* Offsets here count from where SP is at the function's entry: there is the return address, above
 * it the arguments' space, which belongs to the caller's frame; below the saved frame pointer the
 * variables. */
#define ARGUMENTS    8
#define VARIABLES    (-8)
#define WORD         8
#define OBJECTS_MAX  4096
#define OBJECT_BYTES 16

struct extent {
    int64_t start;
    int64_t end;
};

static bool overlap(struct extent a, struct extent b)
{
    return a.start < b.end && b.start < a.end;
}

/* The list of variables that hold pointers and that pointers are made to, the collector's: a
 * number, then for each its offset and size. Finds the one that overlaps an extent. Format: the
 * runtime's stackObjectRecord. */
static bool object_at(
    const struct gotypes_pclntab *tab, const struct gotypes_func *func, struct extent where)
{
    uint64_t left = gotypes_elf_bytes_left(tab->elf, func->objects);
    const unsigned char *bytes = gotypes_elf_bytes(tab->elf, func->objects, left);
    struct lw_cursor c = lw_cursor_on(bytes, func->objects && bytes ? left : 0);
    uint64_t count = lw_cursor_u64(&c);
    for (uint64_t i = 0; i < count && i < OBJECTS_MAX && lw_cursor_ok(&c); i++) {
        int32_t offset = (int32_t)lw_cursor_u32(&c), size = (int32_t)lw_cursor_u32(&c);
        lw_cursor_bytes(&c, OBJECT_BYTES - 8);
        int64_t start = offset + (int64_t)(offset < 0 ? VARIABLES : ARGUMENTS);
        if (lw_cursor_ok(&c) && overlap(where, (struct extent){start, start + size}))
            return true;
    }
    return false;
}

/* Whether a variable that a pointer is made to at `taken` may reach up to a word above it. Those on
 * the collector's list are known not to. In generic code what is not on the list has no pointers in
 * it, or is only copied whole: the word that a dictionary is kept in is neither. */
static bool may_reach(const struct gotypes_pclntab *tab, const struct gotypes_func *func,
    int64_t taken, struct extent word)
{
    if (taken >= word.end || (taken >= ARGUMENTS) != (word.start >= ARGUMENTS) ||
        object_at(tab, func, (struct extent){taken, taken + 1}))
        return false;
    return !gotypes_entry_is_shared(func->name) || gotypes_entry_is_runtime(func->name);
}

bool gotypes_frame_is_aliased(const struct gotypes_pclntab *tab, const struct gotypes_flow *flow,
    uint32_t number, int64_t offset)
{
    const struct gotypes_func *func = &flow->func;
    uint64_t pc = gotypes_flow_pc(flow, number);
    int32_t depth = gotypes_pclntab_value(tab, func, func->stack_at, pc);
    int32_t taken_depth = gotypes_pclntab_value(tab, func, func->stack_at, flow->outline->taken_pc);
    if (depth < 0 || (flow->outline->taken_count && taken_depth < 0))
        return true;
    struct extent word = {offset - depth, offset - depth + WORD};
    if (object_at(tab, func, word))
        return true;
    for (size_t i = 0; i < flow->outline->taken_count; i++)
        if (may_reach(tab, func, (int64_t)flow->outline->taken[i] - taken_depth, word))
            return true;
    return false;
}
