/* Where the binary calls its shared functions, or gives objects finalizers, and where it makes the
 * addresses of such functions. */
#include <stdlib.h>

#include "base/cursor.h"
#include "base/mem.h"
#include "gotypes/index.h"

#define USES_MAX (4u << 20)

/* Entries of shared functions, by address. */
struct shared {
    uint64_t *entries;
    size_t count;
};

static bool is_shared_entry(const struct shared *shared, uint64_t address)
{
    size_t low = 0, high = shared->count;
    if (!high || address < shared->entries[0] || address > shared->entries[high - 1])
        return false;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (shared->entries[mid] < address)
            low = mid + 1;
        else
            high = mid;
    }
    return shared->entries[low] == address;
}

static void list_shared(const struct gotypes *index, struct shared *shared)
{
    size_t room = 0;
    for (uint32_t i = 0; i < index->tab.func_count; i++) {
        struct gotypes_func func;
        if (!gotypes_pclntab_func(&index->tab, i, &func) ||
            !(gotypes_entry_is_shared(func.name) || gotypes_entry_sets_finalizer(func.name)))
            continue;
        if (shared->count == room) {
            room = room ? room * 2 : 256;
            shared->entries = lw_renew(shared->entries, room, sizeof *shared->entries);
        }
        shared->entries[shared->count++] = func.entry;
    }
}

struct uses {
    struct gotypes *index;
    struct shared shared;
    size_t room;
};

static void add_use(struct uses *u, uint64_t pc, uint64_t target, bool is_call)
{
    struct gotypes *index = u->index;
    if (index->use_count == USES_MAX || !is_shared_entry(&u->shared, target))
        return;
    if (index->use_count == u->room) {
        u->room = u->room ? u->room * 2 : 256;
        index->uses = lw_renew(index->uses, u->room, sizeof *index->uses);
    }
    index->uses[index->use_count++] = (struct gotypes_use){target, pc, is_call};
}

/* Every byte may begin an instruction here: what is none is found out when a use is looked at. */
static void scan_amd64(struct uses *u, const unsigned char *text, uint64_t len, uint64_t address)
{
    for (uint64_t at = 0; at + 7 <= len; at++) {
        bool calls = text[at] == 0xe8 || text[at] == 0xe9;                  /* CALL, JMP */
        bool makes = text[at + 1] == 0x8d && (text[at + 2] & 0xc7) == 0x05; /* LEA from RIP */
        if (!calls && !makes)
            continue;
        unsigned before = calls ? 1 : 3;
        struct lw_cursor c = lw_cursor_on(text + at + before, 4);
        int64_t distance = (int32_t)lw_cursor_u32(&c);
        add_use(u, address + at, address + at + before + 4 + (uint64_t)distance, calls);
    }
}

static void scan_arm64(struct uses *u, const unsigned char *text, uint64_t len, uint64_t address)
{
    struct gotypes_scanner scanner = {0};
    for (uint64_t at = 0; at + 4 <= len; at += 4) {
        struct gotypes_scan scan;
        if (!gotypes_arm64_scan(&scanner, text + at, len - at, address + at, &scan))
            continue;
        if (scan.step == GOTYPES_STEP_CALL || scan.step == GOTYPES_STEP_JUMP)
            add_use(u, address + at, scan.target, true);
        else if (scan.makes_address)
            add_use(u, address + at, scan.address, false);
    }
}

static int by_target(const void *a, const void *b)
{
    const struct gotypes_use *x = a, *y = b;
    if (x->target != y->target)
        return x->target < y->target ? -1 : 1;
    return x->pc < y->pc ? -1 : x->pc > y->pc;
}

void gotypes_uses_read(struct gotypes *index)
{
    struct uses u = {.index = index};
    uint64_t address = index->module.text;
    uint64_t len = index->module.text_end - address;
    list_shared(index, &u.shared);
    const unsigned char *text = gotypes_elf_bytes(&index->elf, address, len);
    if (text && u.shared.count && index->elf.arch == GOTYPES_AMD64)
        scan_amd64(&u, text, len, address);
    else if (text && u.shared.count)
        scan_arm64(&u, text, len, address);
    free(u.shared.entries);
    if (index->use_count)
        qsort(index->uses, index->use_count, sizeof *index->uses, by_target);
}

size_t gotypes_uses_find(const struct gotypes *index, uint64_t target)
{
    size_t low = 0, high = index->use_count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (index->uses[mid].target < target)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}
