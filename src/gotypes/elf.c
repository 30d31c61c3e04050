#include "gotypes/elf.h"

#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/mem.h"

#define DYNAMIC_MAX      4096
#define NOTES_MAX        64
#define RELA_BYTES       24
#define R_AMD64_RELATIVE 8
#define R_ARM64_RELATIVE 1027

const unsigned char *gotypes_elf_bytes(
    const struct gotypes_elf *elf, uint64_t address, uint64_t len)
{
    for (size_t i = 0; i < elf->segment_count; i++) {
        const struct gotypes_segment *s = &elf->segments[i];
        if (address < s->address || address - s->address >= s->file_bytes)
            continue;
        uint64_t into = address - s->address;
        return len <= s->file_bytes - into ? elf->image + s->offset + into : NULL;
    }
    return NULL;
}

uint64_t gotypes_elf_bytes_left(const struct gotypes_elf *elf, uint64_t address)
{
    for (size_t i = 0; i < elf->segment_count; i++) {
        const struct gotypes_segment *s = &elf->segments[i];
        if (address >= s->address && address - s->address < s->file_bytes)
            return s->file_bytes - (address - s->address);
    }
    return 0;
}

/* The first relocation at or above an address. */
static size_t relocation_at(const struct gotypes_elf *elf, uint64_t address)
{
    size_t low = 0, high = elf->relocation_count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (elf->relocations[mid].address < address)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

bool gotypes_elf_word(const struct gotypes_elf *elf, uint64_t address, uint64_t *word)
{
    const unsigned char *bytes = gotypes_elf_bytes(elf, address, 8);
    if (!bytes)
        return false;
    size_t at = relocation_at(elf, address);
    if (at < elf->relocation_count && elf->relocations[at].address == address) {
        *word = elf->relocations[at].value;
        return true;
    }
    struct lw_cursor c = lw_cursor_on(bytes, 8);
    *word = lw_cursor_u64(&c);
    return true;
}

bool gotypes_elf_is_constant(const struct gotypes_elf *elf, uint64_t address, uint64_t len)
{
    if (address >= elf->relro_start && address < elf->relro_end)
        return len <= elf->relro_end - address && gotypes_elf_bytes(elf, address, len);
    for (size_t i = 0; i < elf->segment_count; i++) {
        const struct gotypes_segment *s = &elf->segments[i];
        if (address >= s->address && address - s->address < s->file_bytes)
            return !s->writable && len <= s->file_bytes - (address - s->address);
    }
    return false;
}

bool gotypes_elf_find_relocated(
    const struct gotypes_elf *elf, uint64_t value, size_t *at, uint64_t *address)
{
    while (*at < elf->relocation_count) {
        const struct gotypes_relocation *r = &elf->relocations[(*at)++];
        if (r->value == value) {
            *address = r->address;
            return true;
        }
    }
    return false;
}

static int by_address(const void *a, const void *b)
{
    const struct gotypes_relocation *x = a, *y = b;
    return x->address < y->address ? -1 : x->address > y->address;
}

/* Format: System V ABI, "Relocation": offset, type in the low half of info, addend. Only relative
 * ones matter: Go's own data refers to nothing outside the file. */
static void read_relocations(struct gotypes_elf *elf, uint64_t address, uint64_t len)
{
    const unsigned char *table = gotypes_elf_bytes(elf, address, len);
    if (!table)
        return;
    uint32_t relative = elf->arch == GOTYPES_AMD64 ? R_AMD64_RELATIVE : R_ARM64_RELATIVE;
    size_t count = len / RELA_BYTES;
    elf->relocations = lw_new(count ? count : 1, sizeof *elf->relocations);
    struct lw_cursor c = lw_cursor_on(table, len);
    bool sorted = true;
    for (size_t i = 0; i < count; i++) {
        struct gotypes_relocation r = {.address = lw_cursor_u64(&c)};
        uint64_t info = lw_cursor_u64(&c);
        r.value = lw_cursor_u64(&c);
        if ((uint32_t)info != relative)
            continue;
        size_t n = elf->relocation_count;
        sorted = sorted && (!n || elf->relocations[n - 1].address < r.address);
        elf->relocations[elf->relocation_count++] = r;
    }
    if (!sorted)
        qsort(elf->relocations, elf->relocation_count, sizeof *elf->relocations, by_address);
}

static void read_dynamic(struct gotypes_elf *elf, const GElf_Phdr *dynamic)
{
    uint64_t len = dynamic->p_filesz;
    if (len > DYNAMIC_MAX * 16)
        len = DYNAMIC_MAX * 16;
    const unsigned char *bytes = gotypes_elf_bytes(elf, dynamic->p_vaddr, len);
    struct lw_cursor c = lw_cursor_on(bytes, bytes ? len : 0);
    uint64_t table = 0, table_bytes = 0;
    while (lw_cursor_left(&c) >= 16) {
        uint64_t tag = lw_cursor_u64(&c), value = lw_cursor_u64(&c);
        if (tag == DT_RELA)
            table = value;
        else if (tag == DT_RELASZ)
            table_bytes = value;
    }
    if (table && table_bytes)
        read_relocations(elf, table, table_bytes);
}

static int add_segment(struct gotypes_elf *elf, const GElf_Phdr *ph, struct lw_err *err)
{
    if (ph->p_offset > elf->len || ph->p_filesz > elf->len - ph->p_offset)
        return lw_err_set(err, LW_CORRUPT,
            "a segment of the binary ends %llu bytes beyond the file: it is cut off",
            (unsigned long long)(ph->p_offset + ph->p_filesz - elf->len));
    if (elf->segment_count == GOTYPES_SEGMENTS_MAX)
        return lw_err_set(
            err, LW_CORRUPT, "the binary has more than %d segments", GOTYPES_SEGMENTS_MAX);
    if (ph->p_vaddr + ph->p_filesz < ph->p_vaddr)
        return lw_err_set(
            err, LW_CORRUPT, "a segment of the binary wraps around the address space");
    elf->segments[elf->segment_count++] = (struct gotypes_segment){
        .address = ph->p_vaddr,
        .offset = ph->p_offset,
        .file_bytes = ph->p_filesz,
        .writable = ph->p_flags & PF_W,
        .executable = ph->p_flags & PF_X,
    };
    return 0;
}

static int read_segments(struct gotypes_elf *elf, Elf *handle, struct lw_err *err)
{
    size_t count = 0;
    if (elf_getphdrnum(handle, &count) != 0 || count > 1024)
        return lw_err_set(err, LW_CORRUPT, "the binary's program headers cannot be read");
    GElf_Phdr dynamic = {0};
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr ph;
        if (!gelf_getphdr(handle, (int)i, &ph))
            return lw_err_set(err, LW_CORRUPT, "program header %zu cannot be read", i);
        if (ph.p_type == PT_LOAD && ph.p_filesz && add_segment(elf, &ph, err) < 0)
            return -1;
        if (ph.p_type == PT_DYNAMIC)
            dynamic = ph;
        if (ph.p_type == PT_GNU_RELRO && ph.p_vaddr + ph.p_memsz >= ph.p_vaddr) {
            elf->relro_start = ph.p_vaddr;
            elf->relro_end = ph.p_vaddr + ph.p_memsz;
        }
    }
    if (!elf->segment_count)
        return lw_err_set(err, LW_INVALID,
            "the ELF file loads nothing: it is not an executable (debug information only?)");
    if (dynamic.p_filesz)
        read_dynamic(elf, &dynamic);
    return 0;
}

static void note_section(struct gotypes_elf *elf, const char *name, const GElf_Shdr *sh)
{
    static const struct {
        const char *name;
        size_t field;
    } wanted[] = {
        {".gopclntab", offsetof(struct gotypes_elf, pclntab)},
        {".data.rel.ro.gopclntab", offsetof(struct gotypes_elf, pclntab)},
        {".go.buildinfo", offsetof(struct gotypes_elf, buildinfo)},
        {".note.gnu.build-id", offsetof(struct gotypes_elf, gnu_note)},
        {".note.go.buildid", offsetof(struct gotypes_elf, go_note)},
    };
    if (sh->sh_type == SHT_NOBITS || sh->sh_offset > elf->len ||
        sh->sh_size > elf->len - sh->sh_offset)
        return;
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        if (strcmp(name, wanted[i].name) == 0)
            *(struct gotypes_span *)((char *)elf + wanted[i].field) = (struct gotypes_span){
                .bytes = elf->image + sh->sh_offset,
                .len = sh->sh_size,
                .address = sh->sh_addr,
            };
    }
}

/* Section headers are a convenience that a stripper may have removed: nothing here is an error. */
static void read_sections(struct gotypes_elf *elf, Elf *handle)
{
    size_t names = 0;
    if (elf_getshdrstrndx(handle, &names) != 0)
        return;
    Elf_Scn *section = NULL;
    for (int i = 0; i < GOTYPES_SECTIONS_MAX; i++) {
        section = elf_nextscn(handle, section);
        GElf_Shdr sh;
        if (!section || !gelf_getshdr(section, &sh))
            return;
        const char *name = elf_strptr(handle, names, sh.sh_name);
        if (name)
            note_section(elf, name, &sh);
    }
}

static int read_header(struct gotypes_elf *elf, Elf *handle, struct lw_err *err)
{
    GElf_Ehdr header;
    if (elf_kind(handle) != ELF_K_ELF || !gelf_getehdr(handle, &header))
        return lw_err_set(err, LW_INVALID, "not an ELF file");
    if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB)
        return lw_err_set(err, LW_INVALID, "not a 64-bit little-endian ELF file");
    if (header.e_type != ET_EXEC && header.e_type != ET_DYN)
        return lw_err_set(
            err, LW_INVALID, "ELF type %u is not an executable", (unsigned)header.e_type);
    if (header.e_machine != EM_X86_64 && header.e_machine != EM_AARCH64)
        return lw_err_set(err, LW_INVALID,
            "ELF machine %u: only amd64 (62) and arm64 (183) are read", (unsigned)header.e_machine);
    elf->arch = header.e_machine == EM_X86_64 ? GOTYPES_AMD64 : GOTYPES_ARM64;
    elf->position_independent = header.e_type == ET_DYN;
    return 0;
}

int gotypes_elf_init(struct gotypes_elf *elf, const void *image, size_t len, struct lw_err *err)
{
    *elf = (struct gotypes_elf){.image = image, .len = len};
    if (elf_version(EV_CURRENT) == EV_NONE)
        return lw_err_set(err, LW_INTERNAL, "libelf is too old: %s", elf_errmsg(-1));
    /* libelf asks for a writable pointer; opened for reading, it never writes. */
    Elf *handle = len ? elf_memory((char *)(uintptr_t)image, len) : NULL;
    if (!handle)
        return lw_err_set(err, LW_INVALID, "not an ELF file");
    int result = -1;
    if (read_header(elf, handle, err) == 0 && read_segments(elf, handle, err) == 0) {
        read_sections(elf, handle);
        result = 0;
    }
    elf_end(handle);
    if (result < 0)
        gotypes_elf_fini(elf);
    return result;
}

void gotypes_elf_fini(struct gotypes_elf *elf)
{
    free(elf->relocations);
    elf->relocations = NULL;
    elf->relocation_count = 0;
}

size_t gotypes_elf_note(
    const struct gotypes_span *notes, const char *owner, uint32_t type, const unsigned char **desc)
{
    struct lw_cursor c = lw_cursor_on(notes->bytes, notes->len);
    for (int i = 0; i < NOTES_MAX && lw_cursor_left(&c) >= 12; i++) {
        uint32_t name_len = lw_cursor_u32(&c), desc_len = lw_cursor_u32(&c);
        uint32_t note_type = lw_cursor_u32(&c);
        const unsigned char *name = lw_cursor_bytes(&c, ((size_t)name_len + 3) & ~(size_t)3);
        const unsigned char *at = lw_cursor_bytes(&c, desc_len);
        if (!lw_cursor_ok(&c))
            return 0;
        if (note_type == type && name_len > strlen(owner) &&
            memcmp(name, owner, strlen(owner) + 1) == 0) {
            *desc = at;
            return desc_len;
        }
        lw_cursor_bytes(&c, (4 - desc_len % 4) % 4);
    }
    return 0;
}
