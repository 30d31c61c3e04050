/* From the fields of profile.proto to tables. It takes what Go writes: known fields, with the types
 * they have, ids that run 1..N in each table, labels of one key. All else is for profile_decode().
 * Format: google/pprof's proto/profile.proto; https://protobuf.dev/programming-guides/encoding. */
#include <stddef.h>
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
    if (at < end && *at < 0x80) { /* most are that short */
        *value = *at;
        return at + 1;
    }
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
    unsigned char *stack; /* room for as many bytes as the sample has */
    size_t stack_bytes;
};

/* What the ids are is looked at when all locations are known. */
static void take_ids(struct sample *s, const unsigned char *at, const unsigned char *end)
{
    memcpy(s->stack + s->stack_bytes, at, (size_t)(end - at));
    s->stack_bytes += (size_t)(end - at);
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
    if (!read_numbers(at, end, label, 4) || (r->has_label && label[0] != r->label_key) ||
        label[2] > UINT32_MAX)
        return false;
    r->has_label = true;
    r->label_key = label[0];
    if (label[2])
        s->row.object_bytes = (uint32_t)label[2];
    return true;
}

/* Go writes up to two numbers each with its tag, more of them packed. */
static bool take_packed_values(struct sample *s, const unsigned char *at, const unsigned char *end)
{
    while (at < end) {
        uint64_t v;
        at = read_varint(at, end, &v);
        if (!at || !take_value(s, v))
            return false;
    }
    return true;
}

/* One field of a sample from its tag on: the byte after it, or NULL. */
static const unsigned char *take_field(
    struct profile_reader *r, struct sample *s, const unsigned char *at, const unsigned char *end)
{
    unsigned char tag = *at++;
    const unsigned char *begin = at;
    uint64_t v;
    size_t len;
    if (tag == VARINT(1) || tag == VARINT(2)) {
        at = read_varint(at, end, &v);
        if (at && tag == VARINT(1))
            take_ids(s, begin, at);
        return at && (tag == VARINT(1) || take_value(s, v)) ? at : NULL;
    }
    at = read_length(at, end, &len);
    if (!at)
        return NULL;
    if (tag == BYTES(1)) {
        if (len && (at[len - 1] & 0x80)) /* an id must not go on in the next field */
            return NULL;
        take_ids(s, at, at + len);
        return at + len;
    }
    bool taken = tag == BYTES(3) ? take_label(r, s, at, at + len)
                                 : tag == BYTES(2) && take_packed_values(s, at, at + len);
    return taken ? at + len : NULL;
}

/* How many bytes at the end are the same, at most `max`; eight at a time. */
static size_t common_end(const unsigned char *a_end, const unsigned char *b_end, size_t max)
{
    size_t n = 0;
    for (uint64_t a, b; n + sizeof a <= max; n += sizeof a) {
        memcpy(&a, a_end - n - sizeof a, sizeof a);
        memcpy(&b, b_end - n - sizeof b, sizeof b);
        if (a != b)
            break;
    }
    while (n < max && a_end[-1 - (ptrdiff_t)n] == b_end[-1 - (ptrdiff_t)n])
        n++;
    return n;
}

/* How many bytes at the end of a stack are ids at the end of the one before it, too. An id begins
 * after the end of another: so that the first of the bytes in common need not be whole, it is left
 * out, unless the stacks are the same. */
static size_t shared_with_last(const struct profile_reader *r, const struct sample *s)
{
    size_t max = s->stack_bytes < r->last_bytes ? s->stack_bytes : r->last_bytes;
    const unsigned char *end = s->stack + s->stack_bytes;
    size_t n = common_end(end, r->last + READER_STACK_BYTES_MAX, max);
    if (n == s->stack_bytes && n == r->last_bytes)
        return n;
    while (n && (end[-(ptrdiff_t)n] & 0x80))
        n--;
    return n ? n - 1 : 0;
}

/* Keeps of the stack what is not known from the row before, and makes it the last one. */
static void keep_stack(struct profile_reader *r, struct sample *s)
{
    bool is_kept_whole = r->rows.count % READER_WHOLE_EVERY == 0;
    size_t shared = is_kept_whole ? 0 : shared_with_last(r, s), own = s->stack_bytes - shared;
    s->row.own = (uint16_t)own;
    s->row.shared = (uint16_t)shared;
    memcpy(r->last + READER_STACK_BYTES_MAX - s->stack_bytes, s->stack, own);
    r->last_bytes = s->stack_bytes;
    r->stacks.count = s->row.stack + own;
}

/* No stack has more bytes than its sample. */
static bool add_sample(struct profile_reader *r, const unsigned char *at, const unsigned char *end)
{
    struct sample s = {.row = {.stack = (uint32_t)r->stacks.count}};
    s.stack = reader_table_add(r, &r->stacks, (size_t)(end - at), 1);
    if (!s.stack)
        return false;
    while (at < end) {
        at = take_field(r, &s, at, end);
        if (!at)
            return false;
    }
    if (s.value_count != READER_COLUMNS || s.stack_bytes == 0 ||
        s.stack_bytes > READER_STACK_BYTES_MAX)
        return false;
    struct reader_row *row = reader_table_add(r, &r->rows, 1, sizeof *row);
    if (!row)
        return false;
    keep_stack(r, &s);
    *row = s.row;
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
