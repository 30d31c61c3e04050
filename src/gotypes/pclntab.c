#include "gotypes/pclntab.h"

#include <string.h>

#include "base/cursor.h"

#define MAGIC_1_18        0xfffffff0u
#define MAGIC_1_20        0xfffffff1u
#define HEADER_BYTES      72
#define FUNC_COUNT_MAX    (16u << 20)
#define NAME_BYTES_MAX    (64u << 10)
#define VALUE_STEPS_MAX   (1 << 20)
#define INLINE_DEPTH_MAX  256
#define FUNC_FLAG_ASM     4
#define PCDATA_INLINING   2
#define FUNCDATA_OBJECTS  2
#define FUNCDATA_INLINING 3

static struct lw_cursor cursor_at(const struct gotypes_span *span, uint64_t offset)
{
    if (offset > span->len)
        return (struct lw_cursor){.failed = true};
    return lw_cursor_on(span->bytes + offset, span->len - offset);
}

/* A NUL-terminated string of the file, or NULL. */
static const char *string_at(const struct gotypes_span *span, uint64_t offset)
{
    if (offset >= span->len)
        return NULL;
    size_t most = span->len - offset;
    const char *s = (const char *)span->bytes + offset;
    return memchr(s, 0, most < NAME_BYTES_MAX ? most : NAME_BYTES_MAX) ? s : NULL;
}

static bool looks_like_header(const unsigned char *bytes, size_t len)
{
    struct lw_cursor c = lw_cursor_on(bytes, len);
    uint32_t magic = lw_cursor_u32(&c);
    uint8_t pad1 = lw_cursor_u8(&c), pad2 = lw_cursor_u8(&c);
    uint8_t quantum = lw_cursor_u8(&c), pointer_bytes = lw_cursor_u8(&c);
    return lw_cursor_ok(&c) && len >= HEADER_BYTES && magic >= MAGIC_1_18 && magic <= MAGIC_1_20 &&
           !pad1 && !pad2 && (quantum == 1 || quantum == 4) && pointer_bytes == 8;
}

/* Without section headers the table is found by its magic, which is aligned to 16 or more. */
static struct gotypes_span search(const struct gotypes_elf *elf)
{
    for (size_t i = 0; i < elf->segment_count; i++) {
        const struct gotypes_segment *s = &elf->segments[i];
        const unsigned char *bytes = elf->image + s->offset;
        for (uint64_t at = -s->address % 16; at + HEADER_BYTES <= s->file_bytes; at += 16) {
            if (bytes[at + 1] == 0xff && looks_like_header(bytes + at, s->file_bytes - at))
                return (struct gotypes_span){bytes + at, s->file_bytes - at, s->address + at};
        }
    }
    return (struct gotypes_span){0};
}

/* From one offset of the header to the end of the table: parts do not say how long they are. */
static bool part(const struct gotypes_span *table, uint64_t offset, struct gotypes_span *out)
{
    if (offset < HEADER_BYTES || offset >= table->len)
        return false;
    *out =
        (struct gotypes_span){table->bytes + offset, table->len - offset, table->address + offset};
    return true;
}

static int read_header(
    struct gotypes_pclntab *tab, const struct gotypes_span *table, struct lw_err *err)
{
    struct lw_cursor c = lw_cursor_on(table->bytes, table->len);
    tab->address = table->address;
    tab->has_start_lines = lw_cursor_u32(&c) == MAGIC_1_20;
    lw_cursor_bytes(&c, 2);
    tab->quantum = lw_cursor_u8(&c);
    lw_cursor_bytes(&c, 1);
    uint64_t count = lw_cursor_u64(&c);
    lw_cursor_bytes(&c, 16); /* the number of files; the text's start, zero since 1.26 */
    uint64_t names = lw_cursor_u64(&c), units = lw_cursor_u64(&c), files = lw_cursor_u64(&c);
    uint64_t values = lw_cursor_u64(&c), funcs = lw_cursor_u64(&c);
    if (!part(table, names, &tab->names) || !part(table, units, &tab->units) ||
        !part(table, files, &tab->files) || !part(table, values, &tab->values) ||
        !part(table, funcs, &tab->funcs))
        return lw_err_set(
            err, LW_CORRUPT, "a part of the binary's function table lies outside of it");
    if (count == 0 || count > FUNC_COUNT_MAX || (count + 1) * 8 > tab->funcs.len)
        return lw_err_set(err, LW_CORRUPT,
            "the binary's function table says it has %llu functions, which do not fit in it",
            (unsigned long long)count);
    tab->func_count = (uint32_t)count;
    return 0;
}

int gotypes_pclntab_init(
    struct gotypes_pclntab *tab, const struct gotypes_elf *elf, struct lw_err *err)
{
    *tab = (struct gotypes_pclntab){.elf = elf};
    struct gotypes_span table = elf->pclntab;
    if (!table.bytes)
        table = search(elf);
    if (!table.bytes)
        return lw_err_set(err, LW_INVALID, "the binary has no Go function table: not a Go program");
    if (!looks_like_header(table.bytes, table.len))
        return lw_err_set(err, LW_INVALID,
            "the binary's function table is of a Go release that is not read (before 1.18, or too "
            "new)");
    if (read_header(tab, &table, err) < 0)
        return -1;
    for (uint32_t i = 0; i < tab->func_count; i++) {
        if (gotypes_pclntab_offset(tab, i) > gotypes_pclntab_offset(tab, i + 1))
            return lw_err_set(err, LW_CORRUPT,
                "the binary's function table is not in order at function %u", (unsigned)i);
    }
    return 0;
}

uint32_t gotypes_pclntab_offset(const struct gotypes_pclntab *tab, uint32_t number)
{
    struct lw_cursor c = cursor_at(&tab->funcs, (uint64_t)number * 8);
    return lw_cursor_u32(&c);
}

/* The runtime's struct _func; before 1.20 without the start line. */
bool gotypes_pclntab_func(
    const struct gotypes_pclntab *tab, uint32_t number, struct gotypes_func *func)
{
    if (number >= tab->func_count)
        return false;
    struct lw_cursor c = cursor_at(&tab->funcs, (uint64_t)number * 8 + 4);
    c = cursor_at(&tab->funcs, lw_cursor_u32(&c));
    uint32_t entry = lw_cursor_u32(&c), name = lw_cursor_u32(&c);
    lw_cursor_bytes(&c, 8); /* size of arguments, deferreturn */
    struct gotypes_func f = {.stack_at = lw_cursor_u32(&c)};
    f.file_at = lw_cursor_u32(&c);
    f.line_at = lw_cursor_u32(&c);
    uint32_t pcdata_count = lw_cursor_u32(&c);
    f.unit = lw_cursor_u32(&c);
    if (tab->has_start_lines)
        lw_cursor_u32(&c);
    lw_cursor_u8(&c); /* function id */
    f.is_assembly = lw_cursor_u8(&c) & FUNC_FLAG_ASM;
    lw_cursor_u8(&c);
    uint8_t funcdata_count = lw_cursor_u8(&c);
    for (uint32_t i = 0; i < pcdata_count && lw_cursor_ok(&c); i++) {
        uint32_t at = lw_cursor_u32(&c);
        f.inline_at = i == PCDATA_INLINING ? at : f.inline_at;
    }
    for (uint32_t i = 0; i < funcdata_count; i++) {
        uint32_t offset = lw_cursor_u32(&c);
        uint64_t address = offset == UINT32_MAX ? 0 : tab->funcdata + offset;
        if (i == FUNCDATA_OBJECTS)
            f.objects = address;
        else if (i == FUNCDATA_INLINING)
            f.inline_tree = address;
    }
    f.name = string_at(&tab->names, name);
    f.entry = tab->text + entry;
    f.end = tab->text + gotypes_pclntab_offset(tab, number + 1);
    if (!lw_cursor_ok(&c) || !f.name || entry != gotypes_pclntab_offset(tab, number))
        return false;
    *func = f;
    return true;
}

bool gotypes_pclntab_find(const struct gotypes_pclntab *tab, uint64_t pc, struct gotypes_func *func)
{
    uint64_t offset = pc - tab->text;
    if (pc < tab->text || offset >= gotypes_pclntab_offset(tab, tab->func_count) ||
        offset < gotypes_pclntab_offset(tab, 0))
        return false;
    uint32_t low = 0, high = tab->func_count; /* low begins at or before pc, high after it */
    while (high - low > 1) {
        uint32_t mid = low + (high - low) / 2;
        if (gotypes_pclntab_offset(tab, mid) <= offset)
            low = mid;
        else
            high = mid;
    }
    return gotypes_pclntab_func(tab, low, func);
}

static uint32_t varint(struct lw_cursor *c)
{
    uint32_t v = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
        uint8_t byte = lw_cursor_u8(c);
        v |= (uint32_t)(byte & 0x7f) << (shift < 32 ? shift : 0);
        if (!(byte & 0x80))
            break;
    }
    return v;
}

/* Pairs of a zigzag change of the value and the number of quanta it holds for; a change of zero
 * ends the table, but for the first. Format: "Go 1.2 Runtime Symbol Table", section "Tables". */
int32_t gotypes_pclntab_value(
    const struct gotypes_pclntab *tab, const struct gotypes_func *func, uint32_t at, uint64_t pc)
{
    if (at == 0)
        return -1;
    struct lw_cursor c = cursor_at(&tab->values, at);
    uint64_t until = func->entry;
    uint32_t value = UINT32_MAX;
    for (int i = 0; i < VALUE_STEPS_MAX; i++) {
        uint32_t change = varint(&c);
        if ((change == 0 && i > 0) || !lw_cursor_ok(&c))
            return -1;
        value += change & 1 ? ~(change >> 1) : change >> 1;
        until += (uint64_t)varint(&c) * tab->quantum;
        if (pc < until)
            return lw_cursor_ok(&c) ? (int32_t)value : -1;
    }
    return -1;
}

static const char *file_name(
    const struct gotypes_pclntab *tab, const struct gotypes_func *func, uint64_t pc)
{
    int32_t file = gotypes_pclntab_value(tab, func, func->file_at, pc);
    if (file < 0)
        return "?";
    struct lw_cursor c = cursor_at(&tab->units, ((uint64_t)func->unit + (uint32_t)file) * 4);
    uint32_t offset = lw_cursor_u32(&c);
    const char *name = lw_cursor_ok(&c) ? string_at(&tab->files, offset) : NULL;
    return name ? name : "?";
}

/* An entry of the runtime's inlinedCall tree: the inlined function's name, and the offset of an
 * instruction on the line that calls it. */
static bool inlined_call(const struct gotypes_pclntab *tab, const struct gotypes_func *func,
    int32_t index, const char **name, uint32_t *parent)
{
    unsigned entry_bytes = tab->has_start_lines ? 16 : 20;
    unsigned name_at = tab->has_start_lines ? 4 : 12, parent_at = tab->has_start_lines ? 8 : 16;
    uint64_t address = func->inline_tree + (uint64_t)(uint32_t)index * entry_bytes;
    const unsigned char *bytes = gotypes_elf_bytes(tab->elf, address, entry_bytes);
    if (!bytes)
        return false;
    struct lw_cursor c = lw_cursor_on(bytes + name_at, 4);
    *name = string_at(&tab->names, lw_cursor_u32(&c));
    c = lw_cursor_on(bytes + parent_at, 4);
    *parent = lw_cursor_u32(&c);
    return *name;
}

size_t gotypes_pclntab_lines(
    const struct gotypes_pclntab *tab, uint64_t pc, struct gotypes_line *lines, size_t max)
{
    struct gotypes_func func;
    if (max == 0 || !gotypes_pclntab_find(tab, pc, &func))
        return 0;
    size_t count = 0;
    for (int depth = 0; depth < INLINE_DEPTH_MAX && count < max; depth++) {
        struct gotypes_line *line = &lines[count++];
        *line = (struct gotypes_line){
            .function = func.name,
            .file = file_name(tab, &func, pc),
            .line = gotypes_pclntab_value(tab, &func, func.line_at, pc),
        };
        uint32_t parent;
        const char *inlined;
        int32_t index = gotypes_pclntab_value(tab, &func, func.inline_at, pc);
        if (!func.inline_tree || index < 0 || !inlined_call(tab, &func, index, &inlined, &parent))
            break;
        line->function = inlined;
        pc = func.entry + parent;
    }
    return count;
}
