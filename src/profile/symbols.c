/* From the message's mappings, functions and locations to frames. */
#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "profile/decoder.h"
#include "profile/frames.h"
#include "profile/sums.h"

const char *profile_string(const struct profile_decoder *d, int64_t index, const char *what,
    uint64_t id, struct lw_err *err)
{
    if (index >= 0 && (uint64_t)index < d->message->n_string_table)
        return d->message->string_table[index];
    lw_err_set(err, LW_NOT_PROFILE, "%s %" PRIu64 " refers to string %" PRId64 " of a table of %zu",
        what, id, index, d->message->n_string_table);
    return NULL;
}

/* As profile_string, copied into the profile the first time it is asked for. */
static const char *keep_string(
    struct profile_decoder *d, int64_t index, const char *what, uint64_t id, struct lw_err *err)
{
    const char *s = profile_string(d, index, what, id, err);
    if (!s || d->strings[index])
        return s ? d->strings[index] : NULL;
    d->strings[index] = lw_arena_strndup(d->kept, s, strlen(s));
    if (!d->strings[index])
        profile_no_room(d, err);
    return d->strings[index];
}

/* ---- step 1: tables ---- */

static int index_mappings(struct profile_decoder *d, struct lw_err *err)
{
    size_t count = d->message->n_mapping;
    struct profile_id *list = lw_arena_new_array(d->scratch, count, sizeof *list);
    if (!list)
        return profile_no_room(d, err);
    for (size_t i = 0; i < count; i++)
        list[i] = (struct profile_id){.id = d->message->mapping[i]->id, .slot = i};
    return profile_ids_init(&d->mapping_ids, "mapping", list, count, err);
}

static int index_functions(struct profile_decoder *d, struct lw_err *err)
{
    size_t count = d->message->n_function;
    struct profile_id *list = lw_arena_new_array(d->scratch, count, sizeof *list);
    if (!list)
        return profile_no_room(d, err);
    for (size_t i = 0; i < count; i++)
        list[i] = (struct profile_id){.id = d->message->function[i]->id, .slot = i};
    return profile_ids_init(&d->function_ids, "function", list, count, err);
}

static int index_locations(struct profile_decoder *d, struct lw_err *err)
{
    size_t count = d->message->n_location;
    struct profile_id *list = lw_arena_new_array(d->scratch, count, sizeof *list);
    if (!list)
        return profile_no_room(d, err);
    for (size_t i = 0; i < count; i++)
        list[i] = (struct profile_id){.id = d->message->location[i]->id, .slot = i};
    return profile_ids_init(&d->location_ids, "location", list, count, err);
}

/* A frame for each line, one for a location without lines, and one for samples without a location.
 */
static size_t count_frames(const Leakwatch__Pprof__Profile *message)
{
    size_t count = 1;
    for (size_t i = 0; i < message->n_location; i++) {
        size_t lines = message->location[i]->n_line;
        count += lines ? lines : 1;
    }
    return count;
}

int profile_tables_init(struct profile_decoder *d, struct lw_err *err)
{
    const Leakwatch__Pprof__Profile *m = d->message;
    if (m->n_string_table == 0 || m->string_table[0][0] != '\0')
        return lw_err_set(
            err, LW_NOT_PROFILE, "the string table does not begin with the empty string");
    if (index_mappings(d, err) || index_functions(d, err) || index_locations(d, err))
        return -1;
    d->frame_count = count_frames(m);
    d->strings = lw_arena_new_array(d->scratch, m->n_string_table, sizeof *d->strings);
    d->functions = lw_arena_new_array(d->scratch, m->n_function, sizeof *d->functions);
    d->locations = lw_arena_new_array(d->scratch, m->n_location + 1, sizeof *d->locations);
    d->frame_hashes = lw_arena_new_array(d->scratch, d->frame_count, sizeof *d->frame_hashes);
    d->rows = lw_arena_new_array(d->scratch, m->n_sample, sizeof *d->rows);
    if (!d->strings || !d->functions || !d->locations || !d->frame_hashes || !d->rows)
        return profile_no_room(d, err);
    return 0;
}

/* ---- step 2: symbols ---- */

static int build_mappings(struct profile_decoder *d, struct lw_err *err)
{
    size_t count = d->message->n_mapping;
    struct profile_mapping *mappings = lw_arena_new_array(d->kept, count, sizeof *mappings);
    if (!mappings)
        return profile_no_room(d, err);
    for (size_t i = 0; i < count; i++) {
        const Leakwatch__Pprof__Mapping *m = d->message->mapping[i];
        mappings[i] = (struct profile_mapping){
            .start = m->memory_start,
            .limit = m->memory_limit,
            .offset = m->file_offset,
            .file = keep_string(d, m->filename, "mapping", m->id, err),
            .build_id = keep_string(d, m->build_id, "mapping", m->id, err),
        };
        if (!mappings[i].file || !mappings[i].build_id)
            return -1;
    }
    d->profile->mappings = mappings;
    d->profile->mapping_count = count;
    return 0;
}

static int build_functions(struct profile_decoder *d, struct lw_err *err)
{
    for (size_t i = 0; i < d->message->n_function; i++) {
        const Leakwatch__Pprof__Function *m = d->message->function[i];
        struct profile_function *f = &d->functions[i];
        f->start_line = m->start_line;
        f->name = keep_string(d, m->name, "function", m->id, err);
        if (!f->name)
            return -1;
        f->file = keep_string(d, m->filename, "function", m->id, err);
        if (!f->file)
            return -1;
        f->hash = lw_hash_string(lw_hash_string(0, f->name), f->file);
    }
    return 0;
}

static void add_frame(
    struct profile_decoder *d, size_t at, const struct profile_function *f, int64_t line)
{
    d->frames[at] = (struct profile_frame){
        .function = f->name, .file = f->file, .line = line, .start_line = f->start_line};
    uint64_t hash = profile_hash_frame(f->hash, line, f->start_line);
    d->frame_hashes[at] = htole64(hash); /* because it will be hashed as bytes */
}

/* The frame of code without symbols, named by where it lies in `file`. */
static int add_address_frame(struct profile_decoder *d, size_t at, uint64_t file_address,
    const char *file, struct lw_err *err)
{
    char text[32];
    int len = snprintf(text, sizeof text, "0x%" PRIx64, file_address);
    struct profile_function f = {.file = file};
    f.name = lw_arena_strndup(d->kept, text, (size_t)len);
    if (!f.name)
        return profile_no_room(d, err);
    f.hash = lw_hash_string(lw_hash_string(0, f.name), f.file);
    add_frame(d, at, &f, 0);
    return 0;
}

static int add_line(struct profile_decoder *d, size_t at, const Leakwatch__Pprof__Location *m,
    const Leakwatch__Pprof__Line *line, struct lw_err *err)
{
    size_t slot = profile_ids_find(&d->function_ids, line->function_id);
    if (slot == PROFILE_NO_SLOT)
        return lw_err_set(err, LW_NOT_PROFILE,
            "location %" PRIu64 " refers to function %" PRIu64 ", which the profile does not have",
            m->id, line->function_id);
    add_frame(d, at, &d->functions[slot], line->line);
    return 0;
}

/* Fills the location and as many frames from first_frame on as it has. */
static int build_location(struct profile_decoder *d, struct profile_location *location,
    const Leakwatch__Pprof__Location *m, struct lw_err *err)
{
    const char *file = "";
    location->address = location->file_address = m->address;
    if (m->mapping_id) {
        size_t slot = profile_ids_find(&d->mapping_ids, m->mapping_id);
        if (slot == PROFILE_NO_SLOT)
            return lw_err_set(err, LW_NOT_PROFILE,
                "location %" PRIu64 " refers to mapping %" PRIu64
                ", which the profile does not have",
                m->id, m->mapping_id);
        const struct profile_mapping *mapping = &d->profile->mappings[slot];
        file = mapping->file;
        if (m->address) /* 0 is no address and stays so */
            location->file_address = m->address - mapping->start + mapping->offset;
    }
    if (m->n_line == 0) {
        location->frame_count = 1;
        return add_address_frame(d, location->first_frame, location->file_address, file, err);
    }
    location->frame_count = m->n_line;
    for (size_t i = 0; i < m->n_line; i++) {
        if (add_line(d, location->first_frame + i, m, m->line[i], err))
            return -1;
    }
    return 0;
}

static int build_locations(struct profile_decoder *d, struct lw_err *err)
{
    size_t count = d->message->n_location, next_frame = 0;
    for (size_t i = 0; i < count; i++) {
        struct profile_location *location = &d->locations[i];
        location->first_frame = next_frame;
        if (build_location(d, location, d->message->location[i], err))
            return -1;
        next_frame += location->frame_count;
    }
    static const struct profile_function none = {.name = "[no stack]", .file = ""};
    d->locations[count] = (struct profile_location){.first_frame = next_frame, .frame_count = 1};
    add_frame(d, next_frame, &none, 0);
    return 0;
}

static void find_owners(struct profile_decoder *d)
{
    struct profile_layout layout = {0};
    for (size_t i = 0; i < d->frame_count; i++)
        profile_layout_learn(&layout, &d->frames[i]);
    for (size_t i = 0; i < d->frame_count; i++)
        d->frames[i].owner = profile_frame_owner(&layout, &d->frames[i]);
}

int profile_symbols_build(struct profile_decoder *d, struct lw_err *err)
{
    d->frames = lw_arena_new_array(d->kept, d->frame_count, sizeof *d->frames);
    if (!d->frames)
        return profile_no_room(d, err);
    if (build_mappings(d, err) || build_functions(d, err) || build_locations(d, err))
        return -1;
    find_owners(d);
    return 0;
}
