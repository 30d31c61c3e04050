/* From a reader's tables to the profile, in the same steps and with the same results as symbols.c,
 * samples.c and sites.c have them for a message. */
#include <endian.h>
#include <string.h>

#include "base/hash.h"
#include "profile/frames.h"
#include "profile/reader_priv.h"
#include "profile/sums.h"

static const char *string_of(const struct profile_reader *r, uint64_t index)
{
    return (const char *)r->characters.items + ((const uint32_t *)r->strings.items)[index];
}

static bool has_string(const struct profile_reader *r, uint64_t index)
{
    return index < r->strings.count;
}

/* The same as lw_hash_string, without looking for the end. */
static uint64_t hash_string(const struct profile_reader *r, uint64_t seed, uint64_t index)
{
    const uint32_t *begin = (const uint32_t *)r->strings.items + index;
    size_t end = index + 1 < r->strings.count ? begin[1] : r->characters.count;
    return lw_hash_bytes(seed, (const char *)r->characters.items + *begin, end - *begin);
}

/* In the order in which Go writes them, which is that of struct profile_values. */
static bool are_heap_types(const struct profile_reader *r)
{
    static const char *const words[2 * READER_COLUMNS] = {"alloc_objects", "count", "alloc_space",
        "bytes", "inuse_objects", "count", "inuse_space", "bytes"};
    const uint64_t *types = r->types.items;
    if (r->types.count != 2 * READER_COLUMNS)
        return false;
    for (size_t i = 0; i < 2 * READER_COLUMNS; i++) {
        if (!has_string(r, types[i]) || strcmp(string_of(r, types[i]), words[i]) != 0)
            return false;
    }
    return true;
}

static bool is_go_heap(const struct profile_reader *r)
{
    return r->strings.count > 0 && *string_of(r, 0) == '\0' && are_heap_types(r) &&
           r->period_bytes >= 0 && r->location_max <= r->locations.count &&
           (!r->has_label ||
               (has_string(r, r->label_key) && strcmp(string_of(r, r->label_key), "bytes") == 0));
}

/* ---- symbols ---- */

static bool build_mappings(struct profile_reader *r)
{
    size_t count = r->mappings.count;
    struct profile_mapping *known = reader_table_add(r, &r->known, count, sizeof *known);
    if (count && !known)
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct reader_mapping *m = (const struct reader_mapping *)r->mappings.items + i;
        if (!has_string(r, m->file) || !has_string(r, m->build_id))
            return false;
        known[i] = (struct profile_mapping){.start = m->start,
            .limit = m->limit,
            .offset = m->offset,
            .file = string_of(r, m->file),
            .build_id = string_of(r, m->build_id)};
    }
    r->profile.mappings = known;
    r->profile.mapping_count = count;
    return true;
}

static bool hash_functions(struct profile_reader *r)
{
    struct reader_function *functions = r->functions.items;
    for (size_t i = 0; i < r->functions.count; i++) {
        struct reader_function *f = &functions[i];
        if (!has_string(r, f->name) || !has_string(r, f->file))
            return false;
        f->hash = hash_string(r, hash_string(r, 0, f->name), f->file);
    }
    return true;
}

static bool build_frames(struct profile_reader *r, struct profile_layout *layout)
{
    size_t count = r->lines.count;
    struct profile_frame *frames = reader_table_add(r, &r->frames, count, sizeof *frames);
    uint64_t *hashes = reader_table_add(r, &r->hashes, count, sizeof *hashes);
    if (count && (!frames || !hashes))
        return false;
    const struct reader_function *functions = r->functions.items;
    for (size_t i = 0; i < count; i++) {
        const struct reader_line *line = (const struct reader_line *)r->lines.items + i;
        if (line->function > r->functions.count)
            return false;
        const struct reader_function *f = &functions[line->function - 1];
        frames[i] = (struct profile_frame){.function = string_of(r, f->name),
            .file = string_of(r, f->file),
            .line = line->line,
            .start_line = f->start_line};
        hashes[i] = htole64(profile_hash_frame(f->hash, line->line, f->start_line));
        profile_layout_learn(layout, &frames[i]);
    }
    return true;
}

/* An owner goes by the names alone, so it is found once a function. */
static void find_owners(struct profile_reader *r, const struct profile_layout *layout)
{
    struct reader_function *functions = r->functions.items;
    for (size_t i = 0; i < r->functions.count; i++) {
        struct profile_frame frame = {
            .function = string_of(r, functions[i].name), .file = string_of(r, functions[i].file)};
        functions[i].owner = profile_frame_owner(layout, &frame);
    }
    struct profile_frame *frames = r->frames.items;
    for (size_t i = 0; i < r->frames.count; i++) {
        const struct reader_line *line = (const struct reader_line *)r->lines.items + i;
        frames[i].owner = functions[line->function - 1].owner;
    }
}

/* The end of the last location's lines, and every mapping known. */
static bool close_locations(struct profile_reader *r)
{
    size_t count = r->locations.count;
    struct reader_location *end = reader_table_add(r, &r->locations, 1, sizeof *end);
    if (!end)
        return false;
    *end = (struct reader_location){.first_line = (uint32_t)r->lines.count};
    for (const struct reader_location *l = r->locations.items; l < end; l++) {
        if (l->mapping > r->mappings.count)
            return false;
    }
    return count > 0 || r->rows.count == 0;
}

static bool build_symbols(struct profile_reader *r)
{
    struct profile_layout layout = {0};
    if (!build_mappings(r) || !hash_functions(r) || !build_frames(r, &layout) ||
        !close_locations(r))
        return false;
    find_owners(r, &layout);
    return true;
}

/* ---- rows ---- */

static const struct reader_location *location_of(
    const struct profile_reader *r, const struct reader_row *row, size_t i)
{
    uint32_t id = ((const uint32_t *)r->stacks.items)[row->stack + i];
    return (const struct reader_location *)r->locations.items + (id - 1);
}

static uint64_t file_address(const struct profile_reader *r, const struct reader_location *l)
{
    if (!l->mapping || !l->address) /* 0 is no address and stays so */
        return l->address;
    const struct profile_mapping *mapping = &r->profile.mappings[l->mapping - 1];
    return l->address - mapping->start + mapping->offset;
}

/* Finds the row's site. A stack of more frames than are kept is not Go's. */
static bool identify(const struct profile_reader *r, struct reader_row *row, uint64_t *site_id)
{
    uint64_t hashes[PROFILE_FRAMES_MAX];
    const uint64_t *all = r->hashes.items;
    size_t frames = 0;
    for (size_t i = 0; i < row->depth; i++) {
        const struct reader_location *l = location_of(r, row, i);
        if (l[1].first_line - l->first_line > PROFILE_FRAMES_MAX - frames)
            return false;
        for (uint32_t line = l->first_line; line < l[1].first_line; line++)
            hashes[frames++] = all[line];
    }
    row->frame_count = (uint32_t)frames;
    row->lineage = lw_hash_bytes(0, hashes, frames * sizeof *hashes);
    *site_id = lw_hash_u64(row->lineage, file_address(r, location_of(r, row, 0)));
    return true;
}

static bool is_before(const struct reader_key *a, const struct reader_key *b)
{
    if (a->major != b->major)
        return a->major < b->major;
    return a->minor != b->minor ? a->minor < b->minor : a->place < b->place;
}

/* Merges sorted runs until there is one, because qsort() allocates; keys has room for twice as
 * many. Where they are in the end. */
static struct reader_key *sort(struct reader_key *keys, size_t count)
{
    struct reader_key *from = keys, *to = keys + count;
    for (size_t run = 1; run < count; run *= 2) {
        for (size_t at = 0; at < count; at += 2 * run) {
            size_t a = at, a_end = count - at < run ? count : at + run;
            size_t b = a_end, b_end = count - b < run ? count : b + run;
            for (size_t n = at; n < b_end; n++)
                to[n] = b == b_end || (a < a_end && is_before(&from[a], &from[b])) ? from[a++]
                                                                                   : from[b++];
        }
        struct reader_key *swap = from;
        from = to;
        to = swap;
    }
    return from;
}

static const struct reader_row *row_of(const struct profile_reader *r, const struct reader_key *key)
{
    return (const struct reader_row *)r->rows.items + key->place;
}

/* The rows by site, then object size, then place; NULL: not for the fast way. */
static const struct reader_key *sort_rows(struct profile_reader *r)
{
    size_t count = r->rows.count;
    struct reader_row *rows = r->rows.items;
    struct reader_key *keys = reader_table_add(r, &r->keys, 2 * count + 1, sizeof *keys);
    if (!keys)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        keys[i].minor = (uint64_t)rows[i].object_bytes;
        keys[i].place = (uint32_t)i;
        if (!identify(r, &rows[i], &keys[i].major))
            return NULL;
    }
    return sort(keys, count);
}

/* ---- sites ---- */

static const struct profile_frame **add_frames(
    struct profile_reader *r, const struct reader_row *row)
{
    const struct profile_frame **refs =
        reader_table_add(r, &r->frame_refs, row->frame_count, sizeof *refs);
    const struct profile_frame *frames = r->frames.items;
    size_t n = 0;
    for (size_t i = 0; i < row->depth; i++) {
        const struct reader_location *l = location_of(r, row, i);
        for (uint32_t line = l->first_line; line < l[1].first_line; line++)
            refs[n++] = &frames[line];
    }
    return refs;
}

/* Which location of a stack a frame of it is in. */
static size_t location_of_frame(
    const struct profile_reader *r, const struct reader_row *row, size_t frame)
{
    size_t at = 0, end = 0;
    for (;; at++) {
        const struct reader_location *l = location_of(r, row, at);
        end += l[1].first_line - l->first_line;
        if (end > frame)
            return at;
    }
}

static void fill_stack(
    struct profile_reader *r, struct profile_site *site, const struct reader_row *row)
{
    site->lineage = row->lineage;
    site->leaf_address = location_of(r, row, 0)->address;
    site->frames = add_frames(r, row);
    site->frame_count = row->frame_count;
    site->leaf = profile_leaf(site->frames, site->frame_count);
    site->responsible = profile_responsible(site->frames, site->frame_count, site->leaf);
    site->leaf_location = location_of_frame(r, row, site->leaf);
    uint64_t *addresses = reader_table_add(r, &r->addresses, row->depth, sizeof *addresses);
    for (size_t i = 0; i < row->depth; i++)
        addresses[i] = location_of(r, row, i)->address;
    site->addresses = addresses;
    site->address_count = row->depth;
}

/* What a further row of the site has in common with those before. */
static void cut_addresses(
    const struct profile_reader *r, struct profile_site *site, const struct reader_row *row)
{
    size_t depth = 0;
    while (depth < site->address_count && depth < row->depth &&
           location_of(r, row, depth)->address == site->addresses[depth])
        depth++;
    site->address_count = depth;
}

static void add_row(struct profile_reader *r, struct profile_site *site,
    const struct reader_row *row, bool first_of_size)
{
    const struct profile_values values = {.alloc_objects = row->values[0],
        .alloc_bytes = row->values[1],
        .inuse_objects = row->values[2],
        .inuse_bytes = row->values[3]};
    struct profile_size *sizes = r->sizes.items;
    if (first_of_size) {
        sizes[r->sizes.count++] = (struct profile_size){.object_bytes = row->object_bytes};
        site->size_count++;
    }
    profile_values_add(&sizes[r->sizes.count - 1].values, &values);
    profile_values_add(&site->values, &values);
}

/* Sums the site whose rows begin at keys, of which `left` are left. */
static void sum_site(
    struct profile_reader *r, struct profile_site *site, const struct reader_key *keys, size_t left)
{
    *site = (struct profile_site){
        .id = keys->major, .sizes = (const struct profile_size *)r->sizes.items + r->sizes.count};
    fill_stack(r, site, row_of(r, keys));
    for (size_t n = 0; n < left && keys[n].major == keys->major; n++) {
        const struct reader_row *row = row_of(r, &keys[n]);
        add_row(r, site, row, n == 0 || keys[n].minor != keys[n - 1].minor);
        if (n)
            cut_addresses(r, site, row);
    }
    site->noise_bytes = profile_site_noise_bytes(site, r->period_bytes);
}

/* What the rows come to: how many sites, and room for all of them, so that nothing moves while it
 * is pointed to. */
static bool make_room(struct profile_reader *r, const struct reader_key *keys, size_t *sites)
{
    size_t frames = 0, addresses = 0;
    *sites = 0;
    for (size_t i = 0; i < r->rows.count; i++) {
        if (i && keys[i].major == keys[i - 1].major)
            continue;
        *sites += 1;
        frames += row_of(r, &keys[i])->frame_count;
        addresses += row_of(r, &keys[i])->depth;
    }
    bool ok = reader_table_add(r, &r->frame_refs, frames + 1, sizeof(struct profile_frame *)) &&
              reader_table_add(r, &r->addresses, addresses + 1, sizeof(uint64_t)) &&
              reader_table_add(r, &r->sizes, r->rows.count + 1, sizeof(struct profile_size)) &&
              reader_table_add(r, &r->order, 2 * *sites + 1, sizeof(struct reader_key)) &&
              reader_table_add(r, &r->sites, *sites + 1, sizeof(struct profile_site));
    r->frame_refs.count = r->addresses.count = r->sizes.count = 0;
    return ok;
}

/* The sites, largest in-use first, ties by id; a key's place is where its rows begin among keys.
 * They are sorted before they are made, because they are large. */
static const struct reader_key *order_sites(struct profile_reader *r, const struct reader_key *keys)
{
    struct reader_key *order = r->order.items;
    size_t count = 0;
    for (size_t i = 0; i < r->rows.count;) {
        struct profile_values sum = {0};
        size_t first = i;
        for (; i < r->rows.count && keys[i].major == keys[first].major; i++) {
            const struct profile_values row = {.inuse_bytes = row_of(r, &keys[i])->values[3]};
            profile_values_add(&sum, &row);
        }
        order[count++] = (struct reader_key){.major = (uint64_t)(INT64_MAX - sum.inuse_bytes),
            .minor = keys[first].major,
            .place = (uint32_t)first};
    }
    return sort(order, count);
}

static bool build_sites(struct profile_reader *r, size_t site_limit)
{
    const struct reader_key *keys = sort_rows(r);
    size_t count;
    if (!keys || !make_room(r, keys, &count) || count > site_limit)
        return false;
    const struct reader_key *order = order_sites(r, keys);
    struct profile_site *sites = r->sites.items;
    for (size_t i = 0; i < count; i++) {
        sum_site(r, &sites[i], &keys[order[i].place], r->rows.count - order[i].place);
        profile_values_add(&r->profile.total, &sites[i].values);
    }
    r->profile.sites = sites;
    r->profile.site_count = count;
    return true;
}

bool reader_sum(struct profile_reader *r, size_t site_limit)
{
    r->profile = (struct profile){.period_bytes = r->period_bytes,
        .taken.ns = r->time_ns > 0 ? r->time_ns : 0,
        .sample_count = r->sample_count,
        .raw_bytes = r->raw_bytes};
    return is_go_heap(r) && build_symbols(r) && build_sites(r, site_limit);
}
