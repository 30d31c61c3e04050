#include "gotypes/moduledata.h"

#include "base/cursor.h"

#define CANDIDATES_MAX 1024
#define WORDS          48 /* as far as anything here looks */

/* Numbers of words; slices have three. */
enum {
    HEADER = 0,
    NAMES = 1,
    UNITS = 4,
    FILES = 7,
    VALUES = 10,
    FUNCS = 13,
    FUNC_TABLE = 16,
    FUNC_TABLE_LEN = 17,
    MIN_PC = 20,
    MAX_PC = 21,
    TEXT = 22,
    TEXT_END = 23,
    TYPES_1_18 = 35, /* 1.20 put two words of coverage counters before them */
    TYPES_1_20 = 37,
};

static bool agrees(const struct gotypes_pclntab *tab, const uint64_t *w)
{
    uint32_t count = tab->func_count;
    return w[HEADER] == tab->address && w[NAMES] == tab->names.address &&
           w[UNITS] == tab->units.address && w[FILES] == tab->files.address &&
           w[VALUES] == tab->values.address && w[FUNCS] == tab->funcs.address &&
           w[FUNC_TABLE] == tab->funcs.address && w[FUNC_TABLE_LEN] == (uint64_t)count + 1 &&
           w[MIN_PC] == w[TEXT] + gotypes_pclntab_offset(tab, 0) &&
           w[MAX_PC] == w[TEXT] + gotypes_pclntab_offset(tab, count) && w[TEXT] <= w[MIN_PC] &&
           w[MIN_PC] < w[MAX_PC] && w[MAX_PC] <= w[TEXT_END];
}

/* Since 1.26 the end of the function table stands before the list of text sections. */
static uint64_t text_sections(const struct gotypes_pclntab *tab, const uint64_t *w, unsigned types)
{
    unsigned list = types + 4;
    if (w[list] > tab->address && w[list] <= tab->funcs.address + tab->funcs.len)
        list++;
    return w[list + 1];
}

static bool read_words(const struct gotypes_elf *elf, uint64_t address, uint64_t *words)
{
    for (unsigned i = 0; i < WORDS; i++)
        if (!gotypes_elf_word(elf, address + i * 8, &words[i]))
            return false;
    return true;
}

/* 1: it is the record. 0: it is not. -1: it is, but cannot be used. */
static int consider(const struct gotypes_elf *elf, const struct gotypes_pclntab *tab,
    uint64_t address, struct gotypes_moduledata *module, struct lw_err *err)
{
    uint64_t w[WORDS];
    if (!read_words(elf, address, w) || !agrees(tab, w))
        return 0;
    unsigned types = tab->has_start_lines ? TYPES_1_20 : TYPES_1_18;
    *module = (struct gotypes_moduledata){
        .text = w[TEXT],
        .text_end = w[TEXT_END],
        .types = w[types],
        .types_end = w[types + 1],
        .funcdata = w[types + 3],
    };
    if (module->types >= module->types_end ||
        !gotypes_elf_is_constant(elf, module->types, module->types_end - module->types) ||
        !gotypes_elf_is_constant(elf, module->funcdata, 1) ||
        !gotypes_elf_bytes(elf, module->text, w[MAX_PC] - module->text))
        return 0;
    if (text_sections(tab, w, types) > 1)
        return lw_err_set(err, LW_INVALID,
            "the binary's text is split into %llu sections: only one is read",
            (unsigned long long)text_sections(tab, w, types));
    return 1;
}

/* Candidates of a position-independent binary are relocations, of another plain words. */
static int search(const struct gotypes_elf *elf, const struct gotypes_pclntab *tab,
    struct gotypes_moduledata *module, struct lw_err *err)
{
    int found = 0, candidates = 0;
    uint64_t address;
    for (size_t at = 0; !found && gotypes_elf_find_relocated(elf, tab->address, &at, &address);) {
        if (++candidates > CANDIDATES_MAX)
            return 0;
        found = consider(elf, tab, address, module, err);
    }
    for (size_t i = 0; i < elf->segment_count && !found; i++) {
        const struct gotypes_segment *s = &elf->segments[i];
        if (!s->writable)
            continue;
        for (uint64_t at = -s->address % 8; at + 8 <= s->file_bytes && !found; at += 8) {
            struct lw_cursor c = lw_cursor_on(elf->image + s->offset + at, 8);
            if (lw_cursor_u64(&c) != tab->address)
                continue;
            if (++candidates > CANDIDATES_MAX)
                return 0;
            found = consider(elf, tab, s->address + at, module, err);
        }
    }
    return found;
}

int gotypes_moduledata_read(const struct gotypes_elf *elf, const struct gotypes_pclntab *tab,
    struct gotypes_moduledata *module, struct lw_err *err)
{
    int found = search(elf, tab, module, err);
    if (found == 0)
        return lw_err_set(err, LW_CORRUPT,
            "no moduledata of the binary agrees with its function table (%u functions)",
            (unsigned)tab->func_count);
    return found > 0 ? 0 : -1;
}
