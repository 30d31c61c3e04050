/* The message is built in an arena: strings, functions and locations once each, found again by a
 * hash of what they are. Two of one hash would be shown as one: no more than a wrong name. */
#include "profile/encode.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"
#include "profile/profile.pb-c.h"

#define MESSAGE_BYTES_MAX ((size_t)1 << 30)
#define GZIP_WINDOW       (15 + 16) /* zlib's way to say: with a gzip header */
#define COLUMNS           4

/* A growing list of pointers to what lies in the arena. */
struct list {
    void **items; /* owned */
    size_t count;
    size_t cap;
};

struct encoder {
    struct lw_arena *memory;
    bool is_full; /* the arena gave out */
    struct list strings;
    struct list functions;
    struct list locations;
    struct list samples;
    struct lw_map string_at;   /* (void *)(place + 1) by hash */
    struct lw_map function_at; /* its message, as locations' */
    struct lw_map location_at;
};

static void push(struct list *list, void *item)
{
    if (list->count == list->cap) {
        list->cap = list->cap ? list->cap * 2 : 256;
        list->items = lw_renew(list->items, list->cap, sizeof *list->items);
    }
    list->items[list->count++] = item;
}

static void *take(struct encoder *e, size_t count, size_t size)
{
    void *p = lw_arena_new_array(e->memory, count, size);
    if (!p)
        e->is_full = true;
    return p;
}

static int64_t string_at(struct encoder *e, const char *text)
{
    uint64_t hash = lw_hash_string(0, text);
    void *known = lw_map_find(&e->string_at, hash);
    if (!known) {
        push(&e->strings, (void *)text);
        known = (void *)e->strings.count;
        lw_map_put(&e->string_at, hash, known);
    }
    return (int64_t)(uintptr_t)known - 1;
}

static Leakwatch__Pprof__ValueType *value_type(
    struct encoder *e, const char *type, const char *unit)
{
    Leakwatch__Pprof__ValueType *v = take(e, 1, sizeof *v);
    if (!v)
        return NULL;
    leakwatch__pprof__value_type__init(v);
    v->type = string_at(e, type);
    v->unit = string_at(e, unit);
    return v;
}

/* ---- symbols ---- */

static uint64_t function_id(struct encoder *e, const struct profile_frame *frame, uint64_t hash)
{
    Leakwatch__Pprof__Function *f = lw_map_find(&e->function_at, hash);
    if (f)
        return f->id;
    f = take(e, 1, sizeof *f);
    if (!f)
        return 0;
    leakwatch__pprof__function__init(f);
    f->id = e->functions.count + 1;
    f->name = f->system_name = string_at(e, frame->function);
    f->filename = string_at(e, frame->file);
    f->start_line = frame->start_line;
    push(&e->functions, f);
    lw_map_put(&e->function_at, hash, f);
    return f->id;
}

/* A location for each function and line: an inlined call becomes one of its own. */
static uint64_t location_id(struct encoder *e, const struct profile_frame *frame)
{
    uint64_t function = lw_hash_string(lw_hash_string(0, frame->function), frame->file);
    uint64_t hash = lw_hash_u64(function, (uint64_t)frame->line);
    Leakwatch__Pprof__Location *l = lw_map_find(&e->location_at, hash);
    if (l)
        return l->id;
    l = take(e, 1, sizeof *l);
    Leakwatch__Pprof__Line *line = take(e, 1, sizeof *line);
    Leakwatch__Pprof__Line **lines = take(e, 1, sizeof *lines);
    if (!l || !line || !lines)
        return 0;
    leakwatch__pprof__line__init(line);
    line->function_id = function_id(e, frame, function);
    line->line = frame->line;
    *lines = line;
    leakwatch__pprof__location__init(l);
    l->id = e->locations.count + 1;
    l->mapping_id = 1;
    l->line = lines;
    l->n_line = 1;
    push(&e->locations, l);
    lw_map_put(&e->location_at, hash, l);
    return l->id;
}

/* ---- the message ---- */

static void add_sample(struct encoder *e, const struct profile_change *row)
{
    int64_t values[COLUMNS];
    bool changed = false;
    for (int i = 0; i < COLUMNS; i++) {
        values[i] = profile_change_of(row, (enum profile_sample)i);
        changed |= values[i] != 0;
    }
    if (!changed)
        return;
    Leakwatch__Pprof__Sample *s = take(e, 1, sizeof *s);
    uint64_t *stack = take(e, row->site->frame_count, sizeof *stack);
    int64_t *kept = take(e, COLUMNS, sizeof *kept);
    if (!s || !stack || !kept)
        return;
    for (size_t i = 0; i < row->site->frame_count; i++)
        stack[i] = location_id(e, row->site->frames[i]);
    memcpy(kept, values, sizeof values);
    leakwatch__pprof__sample__init(s);
    s->location_id = stack;
    s->n_location_id = row->site->frame_count;
    s->value = kept;
    s->n_value = COLUMNS;
    push(&e->samples, s);
}

/* The one mapping says that there are symbols, so that pprof does not look for the binary. */
static void fill_mapping(
    struct encoder *e, Leakwatch__Pprof__Mapping *mapping, const struct profile *of)
{
    leakwatch__pprof__mapping__init(mapping);
    mapping->id = 1;
    if (of->mapping_count) {
        mapping->memory_start = of->mappings[0].start;
        mapping->memory_limit = of->mappings[0].limit;
        mapping->file_offset = of->mappings[0].offset;
        mapping->filename = string_at(e, of->mappings[0].file);
        mapping->build_id = string_at(e, of->mappings[0].build_id);
    }
    mapping->has_functions = true;
    mapping->has_filenames = true;
    mapping->has_line_numbers = true;
    mapping->has_inline_frames = true;
}

/* Deflates what is packed; level 6 is zlib's own choice. */
static int deflate_into(struct lw_strbuf *out, unsigned char *bytes, size_t len, struct lw_err *err)
{
    z_stream z = {0};
    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        return lw_err_set(err, LW_NO_MEMORY, "no memory to compress a profile");
    unsigned char chunk[16384];
    int state = Z_OK;
    z.next_in = bytes;
    z.avail_in = (uInt)len; /* at most MESSAGE_BYTES_MAX */
    while (state == Z_OK && !out->failed) {
        z.next_out = chunk;
        z.avail_out = sizeof chunk;
        state = deflate(&z, Z_FINISH);
        lw_strbuf_add(out, chunk, sizeof chunk - z.avail_out);
    }
    deflateEnd(&z);
    if (out->failed)
        return lw_err_set(
            err, LW_TOO_LARGE, "the profile is larger than %zu bytes compressed", out->limit);
    return 0;
}

static int pack(const struct encoder *e, const Leakwatch__Pprof__Profile *message,
    struct lw_strbuf *out, struct lw_err *err)
{
    size_t len = e->is_full ? SIZE_MAX : leakwatch__pprof__profile__get_packed_size(message);
    if (len > MESSAGE_BYTES_MAX)
        return lw_err_set(
            err, LW_TOO_LARGE, "the profile is larger than %zu bytes", MESSAGE_BYTES_MAX);
    unsigned char *bytes = malloc(len + 1);
    if (!bytes)
        return lw_err_set(err, LW_NO_MEMORY, "no memory for a profile of %zu bytes", len);
    leakwatch__pprof__profile__pack(message, bytes);
    int rc = deflate_into(out, bytes, len, err);
    free(bytes);
    return rc;
}

static int encode(struct encoder *e, const struct profile_diff *diff, const struct profile *of,
    struct lw_strbuf *out, struct lw_err *err)
{
    Leakwatch__Pprof__Profile message;
    Leakwatch__Pprof__Mapping mapping, *mappings[] = {&mapping};
    Leakwatch__Pprof__ValueType *types[COLUMNS];
    leakwatch__pprof__profile__init(&message);
    string_at(e, ""); /* place 0 by definition */
    for (int i = 0; i < COLUMNS; i++)
        types[i] = value_type(e, profile_sample_word((enum profile_sample)i),
            profile_sample_unit((enum profile_sample)i));
    message.sample_type = types;
    message.n_sample_type = COLUMNS;
    message.period_type = value_type(e, "space", "bytes");
    message.period = of->period_bytes;
    message.time_nanos = of->taken.ns;
    message.default_sample_type = string_at(e, profile_sample_word(PROFILE_INUSE_SPACE));
    fill_mapping(e, &mapping, of);
    message.mapping = mappings;
    message.n_mapping = 1;
    for (size_t i = 0; i < diff->count && !e->is_full; i++)
        add_sample(e, &diff->rows[i]);
    message.sample = (Leakwatch__Pprof__Sample **)e->samples.items;
    message.n_sample = e->samples.count;
    message.location = (Leakwatch__Pprof__Location **)e->locations.items;
    message.n_location = e->locations.count;
    message.function = (Leakwatch__Pprof__Function **)e->functions.items;
    message.n_function = e->functions.count;
    message.string_table = (char **)e->strings.items;
    message.n_string_table = e->strings.count;
    return pack(e, &message, out, err);
}

int profile_encode_diff(const struct profile_diff *diff, const struct profile *of,
    struct lw_strbuf *out, struct lw_err *err)
{
    struct encoder e = {.memory = lw_arena_new(MESSAGE_BYTES_MAX)};
    int rc = encode(&e, diff, of, out, err);
    free(e.strings.items);
    free(e.functions.items);
    free(e.locations.items);
    free(e.samples.items);
    lw_map_fini(&e.string_at);
    lw_map_fini(&e.function_at);
    lw_map_fini(&e.location_at);
    lw_arena_free(&e.memory);
    return rc;
}
