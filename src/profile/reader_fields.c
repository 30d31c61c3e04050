/* From the fields of profile.proto to tables. It takes what Go writes: known fields, with the types
 * they have, ids that run 1..N in each table, labels of one key. All else is for profile_decode().
 * Format: google/pprof's proto/profile.proto; https://protobuf.dev/programming-guides/encoding. */
#include <string.h>

#include "profile/reader_priv.h"

#define VARINT_BYTES_MAX 10
#define LENGTH_BYTES_MAX 4

/* The tag byte of a field: its number, and whether it is a varint or has a length. */
#define VARINT(field) ((field) << 3)
#define BYTES(field)  ((field) << 3 | 2)

/* Reads a varint; the byte after it, or NULL where it does not end. */
static inline const unsigned char *read_varint(
    const unsigned char *at, const unsigned char *end, uint64_t *value)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < VARINT_BYTES_MAX && at < end; i++) {
        unsigned char byte = *at++;
        v |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            *value = v;
            return at;
        }
    }
    return NULL;
}

/* Reads a length, and that many bytes have to follow: the first of them, or NULL. */
static inline const unsigned char *read_length(
    const unsigned char *at, const unsigned char *end, size_t *len)
{
    uint64_t v;
    const unsigned char *bytes = read_varint(at, end, &v);
    if (!bytes || bytes - at > LENGTH_BYTES_MAX || v > (uint64_t)(end - bytes))
        return NULL;
    *len = (size_t)v;
    return bytes;
}

/* Reads a message of nothing but varints, its fields 1..count into values; absent ones are 0, of
 * several the last one counts. */
static bool read_numbers(
    const unsigned char *at, const unsigned char *end, uint64_t *values, unsigned count)
{
    memset(values, 0, count * sizeof *values);
    while (at < end) {
        unsigned field = *at >> 3;
        if ((*at & 0x87) || field < 1 || field > count)
            return false;
        at = read_varint(at + 1, end, &values[field - 1]);
        if (!at)
            return false;
    }
    return true;
}

static bool add_type(struct profile_reader *r, const unsigned char *at, const unsigned char *end)
{
    uint64_t *type = reader_table_add(r, &r->types, 2, sizeof *type);
    return type && read_numbers(at, end, type, 2);
}

/* ---- samples ---- */

struct sample {
    struct reader_row row;
    unsigned value_count;
};

static bool take_id(struct profile_reader *r, uint32_t *stack, struct sample *s, uint64_t id)
{
    if (id == 0 || id >= UINT32_MAX)
        return false;
    if (id > r->location_max)
        r->location_max = (uint32_t)id;
    stack[s->row.depth++] = (uint32_t)id;
    return true;
}

static bool take_value(struct sample *s, uint64_t value)
{
    if (s->value_count == READER_COLUMNS || value > INT64_MAX)
        return false;
    s->row.values[s->value_count++] = (int64_t)value;
    return true;
}

/* The numeric label `bytes` of a sample; whether that is its name is only known at the end. */
static bool take_label(
    struct profile_reader *r, struct sample *s, const unsigned char *at, const unsigned char *end)
{
    uint64_t label[4]; /* key, str, num, num_unit */
    if (!read_numbers(at, end, label, 4) || (r->has_label && label[0] != r->label_key))
        return false;
    r->has_label = true;
    r->label_key = label[0];
    if ((int64_t)label[2] > 0)
        s->row.object_bytes = (int64_t)label[2];
    return true;
}

/* Go writes up to two numbers each with its tag, more of them packed. */
static bool take_packed(struct profile_reader *r, uint32_t *stack, struct sample *s, bool are_ids,
    const unsigned char *at, const unsigned char *end)
{
    while (at < end) {
        uint64_t v;
        at = read_varint(at, end, &v);
        if (!at || !(are_ids ? take_id(r, stack, s, v) : take_value(s, v)))
            return false;
    }
    return true;
}

/* One field of a sample from its tag on: the byte after it, or NULL. */
static const unsigned char *take_field(struct profile_reader *r, uint32_t *stack, struct sample *s,
    const unsigned char *at, const unsigned char *end)
{
    unsigned char tag = *at++;
    uint64_t v;
    size_t len;
    if (tag == VARINT(1) || tag == VARINT(2)) {
        at = read_varint(at, end, &v);
        return at && (tag == VARINT(1) ? take_id(r, stack, s, v) : take_value(s, v)) ? at : NULL;
    }
    at = read_length(at, end, &len);
    if (!at)
        return NULL;
    bool taken = tag == BYTES(3) ? take_label(r, s, at, at + len)
                                 : (tag == BYTES(1) || tag == BYTES(2)) &&
                                       take_packed(r, stack, s, tag == BYTES(1), at, at + len);
    return taken ? at + len : NULL;
}

/* No stack has more locations than its sample has bytes. */
static bool add_sample(struct profile_reader *r, const unsigned char *at, const unsigned char *end)
{
    struct sample s = {.row = {.stack = (uint32_t)r->stacks.count}};
    uint32_t *stack = reader_table_add(r, &r->stacks, (size_t)(end - at), sizeof *stack);
    if (!stack)
        return false;
    r->sample_count++;
    while (at < end) {
        at = take_field(r, stack, &s, at, end);
        if (!at)
            return false;
    }
    r->stacks.count = s.row.stack;
    if (s.value_count != READER_COLUMNS || s.row.depth == 0)
        return false;
    if (!(s.row.values[0] | s.row.values[1] | s.row.values[2] | s.row.values[3]))
        return true;
    struct reader_row *row = reader_table_add(r, &r->rows, 1, sizeof *row);
    if (!row)
        return false;
    *row = s.row;
    r->stacks.count += s.row.depth;
    return true;
}

/* ---- symbols ---- */

static bool add_mapping(struct profile_reader *r, const unsigned char *at, const unsigned char *end)
{
    uint64_t m[10]; /* id, start, limit, offset, filename, build_id, and four flags */
    struct reader_mapping *mapping = reader_table_add(r, &r->mappings, 1, sizeof *mapping);
    if (!mapping || !read_numbers(at, end, m, 10) || m[0] != r->mappings.count)
        return false;
    *mapping = (struct reader_mapping){
        .start = m[1], .limit = m[2], .offset = m[3], .file = m[4], .build_id = m[5]};
    return true;
}

static bool add_line(struct profile_reader *r, const unsigned char *at, const unsigned char *end)
{
    uint64_t l[3]; /* function, line, column */
    struct reader_line *line = reader_table_add(r, &r->lines, 1, sizeof *line);
    if (!line || !read_numbers(at, end, l, 3) || l[0] == 0 || l[0] >= UINT32_MAX)
        return false;
    *line = (struct reader_line){.line = (int64_t)l[1], .function = (uint32_t)l[0]};
    return true;
}

/* Fields: id, mapping, address, line, folded. One without a line has no symbols. */
static bool add_location(
    struct profile_reader *r, const unsigned char *at, const unsigned char *end)
{
    uint64_t values[6] = {0};
    uint32_t first_line = (uint32_t)r->lines.count;
    while (at < end) {
        unsigned field = *at >> 3;
        size_t len = 0;
        if (*at == BYTES(4)) {
            at = read_length(at + 1, end, &len);
            if (!at || !add_line(r, at, at + len))
                return false;
            at += len;
        } else if ((*at & 0x87) || field < 1 || field == 4 || field > 5) {
            return false;
        } else {
            at = read_varint(at + 1, end, &values[field]);
            if (!at)
                return false;
        }
    }
    struct reader_location *location = reader_table_add(r, &r->locations, 1, sizeof *location);
    if (!location || values[1] != r->locations.count || values[2] > UINT32_MAX ||
        r->lines.count == first_line)
        return false;
    *location = (struct reader_location){
        .address = values[3], .mapping = (uint32_t)values[2], .first_line = first_line};
    return true;
}

static bool add_function(
    struct profile_reader *r, const unsigned char *at, const unsigned char *end)
{
    uint64_t f[5]; /* id, name, system_name, filename, start_line */
    struct reader_function *function = reader_table_add(r, &r->functions, 1, sizeof *function);
    if (!function || !read_numbers(at, end, f, 5) || f[0] != r->functions.count)
        return false;
    *function = (struct reader_function){.name = f[1], .file = f[3], .start_line = (int64_t)f[4]};
    return true;
}

static bool add_string(struct profile_reader *r, const unsigned char *at, size_t len)
{
    uint32_t *begin = reader_table_add(r, &r->strings, 1, sizeof *begin);
    size_t used = r->characters.count;
    char *copy = reader_table_add(r, &r->characters, len + 1, 1);
    if (!begin || !copy || memchr(at, 0, len))
        return false;
    *begin = (uint32_t)used;
    memcpy(copy, at, len);
    copy[len] = '\0';
    return true;
}

/* ---- the profile ---- */

static bool take_number(struct profile_reader *r, unsigned field, uint64_t v)
{
    if (field == 9)
        r->time_ns = (int64_t)v;
    else if (field == 12)
        r->period_bytes = (int64_t)v;
    return field == 7 || field == 8 || field == 9 || field == 10 || field >= 12;
}

static bool take_bytes(
    struct profile_reader *r, unsigned field, const unsigned char *at, size_t len)
{
    const unsigned char *end = at + len;
    uint64_t period_type[2];
    switch (field) {
    case 1:
        return add_type(r, at, end);
    case 2:
        return add_sample(r, at, end);
    case 3:
        return add_mapping(r, at, end);
    case 4:
        return add_location(r, at, end);
    case 5:
        return add_function(r, at, end);
    case 6:
        return add_string(r, at, len);
    case 11:
        return read_numbers(at, end, period_type, 2);
    default:
        return false;
    }
}

const unsigned char *reader_fields(
    struct profile_reader *r, const unsigned char *at, const unsigned char *end)
{
    while (at < end) {
        unsigned field = *at >> 3, type = *at & 0x87;
        const unsigned char *next;
        uint64_t v;
        size_t len;
        if (type == 2) {
            next = read_length(at + 1, end, &len);
            if (!next)
                return at;
            if (!take_bytes(r, field, next, len))
                return NULL;
            next += len;
        } else {
            next = read_varint(at + 1, end, &v);
            if (!next)
                return at;
            if (type != 0 || !take_number(r, field, v))
                return NULL;
        }
        at = next;
    }
    return at;
}
