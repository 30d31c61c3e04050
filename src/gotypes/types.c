#include "gotypes/types.h"

#include <stdio.h>
#include <string.h>

#include "base/cursor.h"

#define TYPE_BYTES      48
#define NAME_BYTES_MAX  (64u << 10)
#define NESTING_MAX     32
#define SIZE_BYTES_MAX  ((uint64_t)1 << 48)
#define FIELDS_MAX      4096 /* of one struct */
#define FIELD_BYTES     24   /* name, type, offset */
#define KIND_MASK       31   /* bits above were flags before 1.24 */
#define FLAG_UNCOMMON   1
#define FLAG_EXTRA_STAR 2

/* Bytes of a record before its uncommon part, by kind; 0: as struct Type alone. */
static const uint8_t record_bytes[GOTYPES_T_COUNT] = {
    [GOTYPES_T_ARRAY] = 72,
    [GOTYPES_T_CHAN] = 64,
    [GOTYPES_T_FUNC] = 56,
    [GOTYPES_T_INTERFACE] = 80,
    [GOTYPES_T_MAP] = 88,
    [GOTYPES_T_POINTER] = 56,
    [GOTYPES_T_SLICE] = 56,
    [GOTYPES_T_STRUCT] = 80,
};
#define SWISS_MAP_BYTES 112

/* What a value must be long, by kind; 0: anything. */
static const uint8_t value_bytes[GOTYPES_T_COUNT] = {
    [GOTYPES_T_BOOL] = 1,
    [GOTYPES_T_INT] = 8,
    [GOTYPES_T_INT8] = 1,
    [GOTYPES_T_INT16] = 2,
    [GOTYPES_T_INT32] = 4,
    [GOTYPES_T_INT64] = 8,
    [GOTYPES_T_UINT] = 8,
    [GOTYPES_T_UINT8] = 1,
    [GOTYPES_T_UINT16] = 2,
    [GOTYPES_T_UINT32] = 4,
    [GOTYPES_T_UINT64] = 8,
    [GOTYPES_T_UINTPTR] = 8,
    [GOTYPES_T_FLOAT32] = 4,
    [GOTYPES_T_FLOAT64] = 8,
    [GOTYPES_T_COMPLEX64] = 8,
    [GOTYPES_T_COMPLEX128] = 16,
    [GOTYPES_T_CHAN] = 8,
    [GOTYPES_T_FUNC] = 8,
    [GOTYPES_T_INTERFACE] = 16,
    [GOTYPES_T_MAP] = 8,
    [GOTYPES_T_POINTER] = 8,
    [GOTYPES_T_SLICE] = 24,
    [GOTYPES_T_STRING] = 16,
    [GOTYPES_T_UNSAFE_POINTER] = 8,
};

static bool in_types(const struct gotypes_types *types, uint64_t address, uint64_t len)
{
    return address >= types->start && address < types->end && len <= types->end - address;
}

/* abi.Name: a byte of flags, a length as encoding/binary writes it, the bytes. */
static bool read_name(
    const struct gotypes_types *types, uint64_t address, const char **name, size_t *len)
{
    if (!in_types(types, address, 2))
        return false;
    uint64_t most = types->end - address;
    const unsigned char *bytes = gotypes_elf_bytes(types->elf, address, most);
    struct lw_cursor c = lw_cursor_on(bytes, bytes ? most : 0);
    lw_cursor_u8(&c);
    uint32_t n = 0;
    uint8_t byte = 0x80;
    for (unsigned shift = 0; shift < 21 && (byte & 0x80); shift += 7) {
        byte = lw_cursor_u8(&c);
        n |= (uint32_t)(byte & 0x7f) << shift;
    }
    const unsigned char *s = n <= NAME_BYTES_MAX ? lw_cursor_bytes(&c, n) : NULL;
    if (!s || (byte & 0x80))
        return false;
    for (uint32_t i = 0; i < n; i++)
        if (s[i] < 0x20 || s[i] == 0x7f)
            return false;
    *name = (const char *)s;
    *len = n;
    return true;
}

static bool is_power_of_two(unsigned v)
{
    return v && !(v & (v - 1));
}

bool gotypes_type_read(
    const struct gotypes_types *types, uint64_t address, struct gotypes_type *type)
{
    if (address % 8 != 0 || !in_types(types, address, TYPE_BYTES))
        return false;
    const unsigned char *bytes = gotypes_elf_bytes(types->elf, address, TYPE_BYTES);
    struct lw_cursor c = lw_cursor_on(bytes, bytes ? TYPE_BYTES : 0);
    *type = (struct gotypes_type){.address = address, .size = lw_cursor_u64(&c)};
    uint64_t pointer_bytes = lw_cursor_u64(&c);
    lw_cursor_u32(&c); /* hash */
    uint8_t flags = lw_cursor_u8(&c), align = lw_cursor_u8(&c), field_align = lw_cursor_u8(&c);
    uint8_t kind = lw_cursor_u8(&c) & KIND_MASK;
    lw_cursor_bytes(&c, 16); /* equality, pointer mask */
    uint32_t name = lw_cursor_u32(&c);
    if (!lw_cursor_ok(&c) || kind == 0 || kind >= GOTYPES_T_COUNT || !is_power_of_two(align) ||
        align > 64 || !is_power_of_two(field_align) || field_align > 64 ||
        type->size > SIZE_BYTES_MAX || type->size % align != 0 || pointer_bytes > type->size ||
        (value_bytes[kind] && type->size != value_bytes[kind]))
        return false;
    type->kind = kind;
    type->has_uncommon = flags & FLAG_UNCOMMON;
    if (!read_name(types, types->start + name, &type->name, &type->name_len))
        return false;
    if (flags & FLAG_EXTRA_STAR) {
        if (!type->name_len || type->name[0] != '*')
            return false;
        type->name++;
        type->name_len--;
    }
    return type->name_len > 0;
}

/* Shapes, which stand for all types of one layout, are in a package that does not exist. */
static bool is_shape_path(const char *path, size_t len)
{
    static const char shapes[] = "go.shape";
    return len == sizeof shapes - 1 && memcmp(path, shapes, len) == 0;
}

/* The uncommon part of a record begins with the offset of the import path's name. */
static bool own_import_path(const struct gotypes_types *types, const struct gotypes_type *type,
    const char **path, size_t *len)
{
    if (!type->has_uncommon)
        return false;
    uint64_t before = record_bytes[type->kind] ? record_bytes[type->kind] : TYPE_BYTES;
    if (type->kind == GOTYPES_T_MAP && types->swiss_maps)
        before = SWISS_MAP_BYTES;
    const unsigned char *bytes = gotypes_elf_bytes(types->elf, type->address + before, 4);
    struct lw_cursor c = lw_cursor_on(bytes, bytes ? 4 : 0);
    uint32_t offset = lw_cursor_u32(&c);
    return lw_cursor_ok(&c) && offset && read_name(types, types->start + offset, path, len) &&
           *len && !is_shape_path(*path, *len);
}

/* The type that a record's word at an offset past struct Type points at. */
static bool part(const struct gotypes_types *types, const struct gotypes_type *type,
    unsigned offset, struct gotypes_type *out)
{
    uint64_t address;
    return gotypes_elf_word(types->elf, type->address + TYPE_BYTES + offset, &address) &&
           gotypes_type_read(types, address, out);
}

static bool is_container(enum gotypes_type_kind kind)
{
    return kind == GOTYPES_T_POINTER || kind == GOTYPES_T_SLICE || kind == GOTYPES_T_ARRAY ||
           kind == GOTYPES_T_CHAN;
}

/* Depth first; of a map the value before the key. */
static bool find_import_path(const struct gotypes_types *types, const struct gotypes_type *type,
    const char **path, size_t *len)
{
    struct gotypes_type waiting[NESTING_MAX];
    size_t count = 0;
    waiting[count++] = *type;
    for (int steps = 0; count && steps < NESTING_MAX; steps++) {
        struct gotypes_type t = waiting[--count];
        if (own_import_path(types, &t, path, len))
            return true;
        bool has_key = t.kind == GOTYPES_T_MAP;
        if (has_key && count < NESTING_MAX)
            count += part(types, &t, 0, &waiting[count]);
        if ((has_key || is_container(t.kind)) && count < NESTING_MAX)
            count += part(types, &t, has_key ? 8 : 0, &waiting[count]);
    }
    return false;
}

void gotypes_type_import_path(
    const struct gotypes_types *types, uint64_t address, char *out, size_t out_size)
{
    struct gotypes_type type;
    const char *path;
    size_t len;
    out[0] = '\0';
    if (gotypes_type_read(types, address, &type) && find_import_path(types, &type, &path, &len) &&
        len < out_size) {
        memcpy(out, path, len);
        out[len] = '\0';
    }
}

/* A struct's record goes on with its package's name, and its list of fields. */
static bool next_field(const struct gotypes_types *types, const struct gotypes_type *type,
    unsigned *at, struct gotypes_part *part)
{
    uint64_t list, count, name;
    if (!gotypes_elf_word(types->elf, type->address + TYPE_BYTES + 8, &list) ||
        !gotypes_elf_word(types->elf, type->address + TYPE_BYTES + 16, &count) || *at >= count ||
        *at >= FIELDS_MAX)
        return false;
    uint64_t field = list + (uint64_t)*at * FIELD_BYTES;
    ++*at;
    return gotypes_elf_word(types->elf, field, &name) &&
           gotypes_elf_word(types->elf, field + 8, &part->type) &&
           read_name(types, name, &part->field, &part->field_len);
}

bool gotypes_type_next_part(const struct gotypes_types *types, const struct gotypes_type *type,
    unsigned *at, struct gotypes_part *part)
{
    *part = (struct gotypes_part){0};
    if (type->kind == GOTYPES_T_STRUCT)
        return next_field(types, type, at, part);
    unsigned parts = type->kind == GOTYPES_T_MAP ? 2 : is_container(type->kind) ? 1 : 0;
    return *at < parts &&
           gotypes_elf_word(types->elf, type->address + TYPE_BYTES + 8 * (*at)++, &part->type);
}

static bool starts_with(const struct gotypes_type *type, const char *prefix)
{
    size_t len = strlen(prefix);
    return type->name_len >= len && memcmp(type->name, prefix, len) == 0;
}

bool gotypes_type_is_closure(const struct gotypes_type *type)
{
    return type->kind == GOTYPES_T_STRUCT &&
           (starts_with(type, "struct { F uintptr;") || starts_with(type, "struct { .F uintptr;"));
}

bool gotypes_type_is_map_storage(const struct gotypes_type *type)
{
    return starts_with(type, "map.bucket[") || starts_with(type, "map.group[") ||
           starts_with(type, "map.hdr[") || starts_with(type, "noalg.map.");
}

void gotypes_type_copy_name(const struct gotypes_type *type, char *out, size_t out_size)
{
    if (type->name_len < out_size)
        snprintf(out, out_size, "%.*s", (int)type->name_len, type->name);
    else
        snprintf(out, out_size, "%.*s...", (int)(out_size - 4), type->name);
}
