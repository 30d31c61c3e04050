#include "gotypes_sketch.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define EHDR_BYTES   64u
#define PHDR_BYTES   56u
#define TYPES_BYTES  0x1000u
#define NAMES        (SKETCH_TYPES + SKETCH_TYPE_BYTES * SKETCH_TYPES_MAX)
#define MODULEDATA   (SKETCH_DATA + 0x100u)
#define BUILDINFO    SKETCH_DATA
#define RELA         (SKETCH_DATA + 0x400u)
#define DYNAMIC      (SKETCH_DATA + 0xd00u)
#define PCLNTAB_SIZE (SKETCH_DATA - SKETCH_PCLNTAB)

static void put(struct sketch *s, unsigned offset, uint64_t v, unsigned bytes)
{
    assert(offset + bytes <= SKETCH_BYTES);
    for (unsigned i = 0; i < bytes; i++)
        s->image[offset + i] = (unsigned char)(v >> (8 * i));
}

void sketch_put32(struct sketch *s, unsigned offset, uint32_t v)
{
    put(s, offset, v, 4);
}

void sketch_put64(struct sketch *s, unsigned offset, uint64_t v)
{
    put(s, offset, v, 8);
}

void sketch_init(struct sketch *s, bool is_arm64)
{
    memset(s, 0, sizeof *s);
    s->is_arm64 = is_arm64;
    memset(s->image + SKETCH_TEXT, is_arm64 ? 0 : 0xcc, SKETCH_TYPES - SKETCH_TEXT);
}

static unsigned text_bytes(const struct sketch *s)
{
    return s->func_count * SKETCH_FUNC_BYTES + s->extra_bytes;
}

uint64_t sketch_func_address(unsigned number)
{
    return SKETCH_BASE + SKETCH_TEXT + number * SKETCH_FUNC_BYTES;
}

uint64_t sketch_func(struct sketch *s, const char *name)
{
    assert(s->func_count < SKETCH_FUNCS_MAX && !s->extra_bytes);
    s->names[s->func_count] = name;
    s->at = SKETCH_TEXT + s->func_count * SKETCH_FUNC_BYTES;
    return sketch_func_address(s->func_count++);
}

void sketch_extend(struct sketch *s, unsigned bytes)
{
    s->extra_bytes = bytes;
    assert(text_bytes(s) <= SKETCH_TYPES - SKETCH_TEXT);
}

uint64_t sketch_code(struct sketch *s, const void *bytes, size_t len)
{
    uint64_t address = SKETCH_BASE + s->at;
    assert(s->at + len <= SKETCH_TEXT + text_bytes(s));
    memcpy(s->image + s->at, bytes, len);
    s->at += (unsigned)len;
    return address;
}

uint64_t sketch_word(struct sketch *s, uint32_t word)
{
    unsigned char bytes[4] = {(unsigned char)word, (unsigned char)(word >> 8),
        (unsigned char)(word >> 16), (unsigned char)(word >> 24)};
    return sketch_code(s, bytes, 4);
}

uint64_t sketch_lea(struct sketch *s, unsigned reg, uint64_t target)
{
    uint64_t here = SKETCH_BASE + s->at;
    const unsigned char lea[3] = {0x48, 0x8d, (unsigned char)(0x05 | reg << 3)};
    sketch_code(s, lea, sizeof lea);
    sketch_word(s, (uint32_t)(target - (here + 7)));
    return here;
}

uint64_t sketch_call(struct sketch *s, uint64_t target)
{
    uint64_t here = SKETCH_BASE + s->at;
    if (s->is_arm64)
        return sketch_word(s, 0x94000000u | ((uint32_t)((target - here) >> 2) & 0x3ffffff));
    sketch_code(s, "\xe8", 1);
    sketch_word(s, (uint32_t)(target - (here + 5)));
    return here;
}

uint64_t sketch_address(struct sketch *s, unsigned reg, uint64_t target)
{
    uint64_t here = SKETCH_BASE + s->at;
    uint32_t pages = (uint32_t)((target >> 12) - (here >> 12));
    sketch_word(s, 0x90000000u | (pages & 3) << 29 | (pages >> 2 & 0x7ffff) << 5 | reg);
    return sketch_word(s, 0x91000000u | (uint32_t)(target & 0xfff) << 10 | reg << 5 | reg);
}

void sketch_depth(struct sketch *s, unsigned bytes)
{
    unsigned number = s->func_count - 1;
    s->depths[number] = bytes;
    s->depth_at[number] = s->at - SKETCH_TEXT - number * SKETCH_FUNC_BYTES;
}

/* An abi.Name; returns its offset from the types. */
static uint32_t add_name(struct sketch *s, const char *prefix, const char *name)
{
    unsigned offset = NAMES + s->name_bytes;
    size_t len = strlen(prefix) + strlen(name);
    assert(len < 128 && s->name_bytes + len + 3 <= TYPES_BYTES - (NAMES - SKETCH_TYPES));
    s->image[offset + 1] = (unsigned char)len;
    snprintf((char *)s->image + offset + 2, len + 1, "%s%s", prefix, name);
    s->name_bytes += (unsigned)len + 3;
    return offset - SKETCH_TYPES;
}

uint64_t sketch_type(
    struct sketch *s, unsigned kind, uint64_t size, unsigned flags, const char *name)
{
    assert(s->type_count < SKETCH_TYPES_MAX);
    unsigned at = SKETCH_TYPES + SKETCH_TYPE_BYTES * s->type_count++;
    sketch_put64(s, at, size);
    s->image[at + 20] = (unsigned char)flags;
    s->image[at + 21] = s->image[at + 22] = size % 8 == 0 ? 8 : 1;
    s->image[at + 23] = (unsigned char)kind;
    sketch_put32(s, at + 40, add_name(s, flags & 2 ? "*" : "", name));
    return SKETCH_BASE + at;
}

void sketch_pointer(struct sketch *s, uint64_t address, uint64_t value)
{
    if (!s->is_position_independent) {
        sketch_put64(s, (unsigned)(address - SKETCH_BASE), value);
        return;
    }
    assert(s->relocation_count < sizeof s->relocations / sizeof s->relocations[0]);
    s->relocations[s->relocation_count].address = address;
    s->relocations[s->relocation_count++].value = value;
}

void sketch_import_path(struct sketch *s, uint64_t type, unsigned record_bytes, const char *path)
{
    sketch_put32(s, (unsigned)(type - SKETCH_BASE) + record_bytes, add_name(s, "", path));
}

static void write_header(struct sketch *s)
{
    static const unsigned char ident[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
    memcpy(s->image, ident, sizeof ident);
    put(s, 16, s->is_position_independent ? 3 : 2, 2);
    put(s, 18, s->is_arm64 ? 183 : 62, 2);
    put(s, 20, 1, 4);
    put(s, 32, EHDR_BYTES, 8);
    put(s, 52, EHDR_BYTES, 2);
    put(s, 54, PHDR_BYTES, 2);
    put(s, 58, 64, 2);
}

static void write_segment(
    struct sketch *s, unsigned type, unsigned flags, unsigned from, unsigned until)
{
    unsigned number = s->image[56];
    unsigned at = EHDR_BYTES + number * PHDR_BYTES;
    put(s, at, type, 4);
    put(s, at + 4, flags, 4);
    put(s, at + 8, from, 8);
    put(s, at + 16, SKETCH_BASE + from, 8);
    put(s, at + 32, until - from, 8);
    put(s, at + 40, until - from, 8);
    s->image[56] = (unsigned char)(number + 1);
}

/* A table that has one value up to an offset and another from there on; returns its place. */
static unsigned write_values(
    struct sketch *s, unsigned *at, int first, unsigned until, int then, unsigned end)
{
    unsigned start = *at, quantum = s->is_arm64 ? 4 : 1;
    unsigned changes[2][2] = {{(unsigned)(first + 1) * 2, until / quantum},
        {(unsigned)(then - first) * 2, (end - until) / quantum}};
    for (unsigned i = 0; i < 2; i++) {
        if (changes[i][1] == 0)
            continue;
        for (unsigned k = 0; k < 2; k++) {
            unsigned v = changes[i][k];
            for (; v >= 0x80; v >>= 7)
                s->image[(*at)++] = (unsigned char)(v | 0x80);
            s->image[(*at)++] = (unsigned char)v;
        }
    }
    s->image[(*at)++] = 0;
    return start;
}

static void write_func(
    struct sketch *s, unsigned number, unsigned at, unsigned name, const unsigned values[3])
{
    unsigned start_line = s->is_old ? 0 : 4;
    sketch_put32(s, at, number * SKETCH_FUNC_BYTES);
    sketch_put32(s, at + 4, name);
    sketch_put32(s, at + 16, values[0]); /* depth of the frame, file, line */
    sketch_put32(s, at + 20, values[1]);
    sketch_put32(s, at + 24, values[2]);
    s->image[at + 39 + start_line] = 0;
}

/* Header, names, files, values, functions: each part has its own kilobyte or two. */
static void write_pclntab(struct sketch *s)
{
    const unsigned base = SKETCH_PCLNTAB, names = 0x80, units = 0x400, files = 0x410;
    const unsigned values = 0x500, funcs = 0xd00;
    unsigned name_at = base + names, value_at = base + values + 1;
    unsigned func_at = base + funcs + 8 * (s->func_count + 1);
    put(s, base, s->is_old ? 0xfffffff0u : 0xfffffff1u, 4);
    s->image[base + 6] = s->is_arm64 ? 4 : 1;
    s->image[base + 7] = 8;
    put(s, base + 8, s->func_count, 8);
    const unsigned parts[5] = {names, units, files, values, funcs};
    for (unsigned i = 0; i < 5; i++)
        put(s, base + 32 + 8 * i, parts[i], 8);
    memcpy(s->image + base + files, "/src/main.go", 13);
    for (unsigned i = 0; i < s->func_count; i++) {
        snprintf((char *)s->image + name_at, 64, "%s", s->names[i]);
        unsigned end = SKETCH_FUNC_BYTES + (i + 1 == s->func_count ? s->extra_bytes : 0);
        const unsigned offsets[3] = {
            write_values(s, &value_at, 0, s->depth_at[i], (int)s->depths[i], end) - base - values,
            write_values(s, &value_at, 0, end, 0, end) - base - values,
            write_values(s, &value_at, 10, 16, 20 + (int)i, end) - base - values,
        };
        sketch_put32(s, base + funcs + 8 * i, i * SKETCH_FUNC_BYTES);
        sketch_put32(s, base + funcs + 8 * i + 4, func_at - base - funcs);
        write_func(s, i, func_at, name_at - base - names, offsets);
        name_at += (unsigned)strlen(s->names[i]) + 1;
        func_at += 48;
    }
    sketch_put32(s, base + funcs + 8 * s->func_count, text_bytes(s));
    assert(func_at <= SKETCH_DATA && value_at <= base + funcs && name_at <= base + units);
}

static void write_moduledata(struct sketch *s)
{
    const unsigned parts[] = {0, 0x80, 0x400, 0x410, 0x500, 0xd00, 0xd00};
    const unsigned words[] = {0, 1, 4, 7, 10, 13, 16};
    uint64_t at = SKETCH_BASE + MODULEDATA, table = SKETCH_BASE + SKETCH_PCLNTAB;
    uint64_t text = SKETCH_BASE + SKETCH_TEXT, types = SKETCH_BASE + SKETCH_TYPES;
    uint64_t end = text + text_bytes(s);
    for (unsigned i = 0; i < sizeof parts / sizeof parts[0]; i++)
        sketch_pointer(s, at + 8 * words[i], table + parts[i]);
    sketch_put64(s, MODULEDATA + 8 * 17, s->func_count + 1);
    sketch_pointer(s, at + 8 * 20, text);
    sketch_pointer(s, at + 8 * 21, end);
    sketch_pointer(s, at + 8 * 22, text);
    sketch_pointer(s, at + 8 * 23, end);
    unsigned first = s->is_old ? 35 : 37;
    sketch_pointer(s, at + 8 * first, types);
    sketch_pointer(s, at + 8 * (first + 1), types + TYPES_BYTES);
    sketch_pointer(s, at + 8 * (first + 3), types);
}

static void write_relocations(struct sketch *s)
{
    for (unsigned i = 0; i < s->relocation_count; i++) {
        unsigned at = RELA + 24 * (s->relocation_count - 1 - i); /* the linker need not sort them */
        sketch_put64(s, at, s->relocations[i].address);
        sketch_put64(s, at + 8, s->is_arm64 ? 1027 : 8);
        sketch_put64(s, at + 16, s->relocations[i].value);
    }
    sketch_put64(s, DYNAMIC, 7);
    sketch_put64(s, DYNAMIC + 8, SKETCH_BASE + RELA);
    sketch_put64(s, DYNAMIC + 16, 8);
    sketch_put64(s, DYNAMIC + 24, 24 * s->relocation_count);
}

static void write_buildinfo(struct sketch *s)
{
    static const char version[] = "go1.22.4";
    static const char modules[] = "0123456789abcdef"
                                  "path\texample.com/checkout/cmd/shop\n"
                                  "mod\texample.com/checkout\tv1.8.2\t\n"
                                  "build\tvcs.modified=true\n"
                                  "0123456789abcdef";
    unsigned at = BUILDINFO;
    memcpy(s->image + at, "\xff Go buildinf:", 14);
    s->image[at + 15] = 2;
    at += 32;
    s->image[at++] = sizeof version - 1;
    memcpy(s->image + at, version, sizeof version - 1);
    at += sizeof version - 1;
    s->image[at++] = sizeof modules - 1;
    memcpy(s->image + at, modules, sizeof modules - 1);
    assert(sizeof modules - 1 < 128 && at + sizeof modules <= MODULEDATA);
}

void sketch_finish(struct sketch *s)
{
    enum { LOAD = 1, DYNAMIC_TABLE = 2, R = 4, W = 2, X = 1 };
    write_header(s);
    write_segment(s, LOAD, R | X, 0, SKETCH_TYPES);
    write_segment(s, LOAD, R, SKETCH_TYPES, SKETCH_DATA);
    write_segment(s, LOAD, R | W, SKETCH_DATA, SKETCH_BYTES);
    write_pclntab(s);
    write_moduledata(s);
    write_buildinfo(s);
    if (s->is_position_independent) {
        write_segment(s, DYNAMIC_TABLE, R | W, DYNAMIC, DYNAMIC + 32);
        write_relocations(s);
    }
}
