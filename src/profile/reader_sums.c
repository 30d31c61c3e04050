/* From a reader's tables to what each site holds, with the same results as symbols.c, samples.c and
 * sites.c have them for a message. */
#include <endian.h>
#include <string.h>

#include "base/hash.h"
#include "profile/reader_priv.h"
#include "profile/sums.h"

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
        if (!has_string(r, types[i]) || strcmp(reader_string(r, types[i]), words[i]) != 0)
            return false;
    }
    return true;
}

static bool is_go_heap(const struct profile_reader *r)
{
    return r->strings.count > 0 && *reader_string(r, 0) == '\0' && are_heap_types(r) &&
           r->period_bytes >= 0 &&
           (!r->has_label || (has_string(r, r->label_key) &&
                                 strcmp(reader_string(r, r->label_key), "bytes") == 0));
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
            .file = reader_string(r, m->file),
            .build_id = reader_string(r, m->build_id)};
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

static bool hash_lines(struct profile_reader *r)
{
    size_t count = r->lines.count;
    uint64_t *hashes = reader_table_add(r, &r->hashes, count, sizeof *hashes);
    if (count && !hashes)
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct reader_line *line = (const struct reader_line *)r->lines.items + i;
        if (line->function > r->functions.count)
            return false;
        const struct reader_function *f =
            (const struct reader_function *)r->functions.items + (line->function - 1);
        hashes[i] = htole64(profile_hash_frame(f->hash, line->line, f->start_line));
    }
    return true;
}

/* The end of the last location's lines, which is not counted; every mapping known, and the hash of
 * the outermost line, mostly the only one, where the walk through the stacks needs it. */
static bool close_locations(struct profile_reader *r)
{
    struct reader_location *end = reader_table_add(r, &r->locations, 1, sizeof *end);
    if (!end)
        return false;
    r->locations.count--;
    *end = (struct reader_location){.first_line = (uint32_t)r->lines.count};
    const uint64_t *hashes = r->hashes.items;
    for (struct reader_location *l = r->locations.items; l < end; l++) {
        if (l->mapping > r->mappings.count)
            return false;
        l->hash = hashes[l[1].first_line - 1];
    }
    return true;
}

/* ---- from stacks to ids ---- */

/* The stack of the row that is looked at, as hashes of its frames: they stand at the end, so that
 * what it has in common with the row before is in place already. */
struct walk {
    uint64_t hashes[PROFILE_FRAMES_MAX];
    /* How many frames the last bytes of the stack hold, by the number of bytes. */
    uint16_t frames[READER_STACK_BYTES_MAX + 1];
    uint64_t site_id;
};

/* The location whose id ends before *end, which becomes its beginning; NULL where there is none. A
 * varint's last byte is the one below 0x80, and before a row's stack there is one, too. Most ids
 * have one byte or two, in an order that no processor foresees: so there is no branch on that. */
static const struct reader_location *location_before(
    const struct profile_reader *r, const unsigned char **end)
{
    const unsigned char *at = *end - 1;
    bool is_longer = at[-1] & 0x80;
    uint64_t id = is_longer ? (uint64_t)*at << 7 | (at[-1] & 0x7f) : *at;
    if (*at & 0x80)
        return NULL;
    at -= is_longer;
    while ((at[-1] & 0x80) && is_longer && *end - at < READER_ID_BYTES_MAX)
        id = id << 7 | (*--at & 0x7f);
    *end = at;
    return id && id <= r->locations.count ? reader_location(r, (uint32_t)id) : NULL;
}

static uint64_t file_address(const struct profile_reader *r, const struct reader_location *l)
{
    if (!l->mapping || !l->address) /* 0 is no address and stays so */
        return l->address;
    const struct profile_mapping *mapping = &r->profile.mappings[l->mapping - 1];
    return l->address - mapping->start + mapping->offset;
}

/* Goes on to the next row and finds its site. A stack of more frames than are kept is not Go's. */
static bool identify(
    const struct profile_reader *r, const struct reader_row *row, struct walk *walk)
{
    if (!row->own) /* the same stack again, of another size */
        return row->shared > 0;
    const unsigned char *begin = (const unsigned char *)r->stacks.items + row->stack;
    const unsigned char *at = begin + row->own, *end = at + row->shared;
    const uint64_t *hashes = r->hashes.items;
    const struct reader_location *l = NULL;
    size_t frames = walk->frames[row->shared];
    while (at > begin) {
        l = location_before(r, &at);
        if (!l || l[1].first_line - l->first_line > PROFILE_FRAMES_MAX - frames)
            return false;
        walk->hashes[PROFILE_FRAMES_MAX - ++frames] = l->hash;
        for (uint32_t line = l[1].first_line - 1; line-- > l->first_line;)
            walk->hashes[PROFILE_FRAMES_MAX - ++frames] = hashes[line];
        walk->frames[end - at] = (uint16_t)frames;
    }
    uint64_t lineage =
        lw_hash_bytes(0, &walk->hashes[PROFILE_FRAMES_MAX - frames], frames * sizeof(uint64_t));
    walk->site_id = lw_hash_u64(lineage, file_address(r, l));
    return true;
}

/* ---- sums ---- */

/* The noise of objects by their size, of which a profile has few; expm1() is slow. */
#define NOISES 64

struct noises {
    double period_bytes;
    struct {
        uint32_t object_bytes;
        double bytes;
    } by_size[NOISES];
};

static double noise_of(struct noises *noises, uint32_t object_bytes)
{
    if (noises->period_bytes <= 1) /* everything is recorded */
        return 0;
    size_t slot = (object_bytes >> 3 ^ object_bytes >> 9) % NOISES;
    if (noises->by_size[slot].object_bytes != object_bytes) {
        noises->by_size[slot].object_bytes = object_bytes;
        noises->by_size[slot].bytes = profile_size_noise_bytes(object_bytes, noises->period_bytes);
    }
    return noises->by_size[slot].bytes;
}

/* Room for twice as many sites as there can be; none is in it yet. */
static bool make_index(struct profile_reader *r)
{
    size_t slots = 16;
    while (slots < 2 * r->rows.count)
        slots *= 2;
    uint32_t *index = reader_table_add(r, &r->index, slots, sizeof *index);
    if (index)
        memset(index, 0, slots * sizeof *index);
    return index != NULL;
}

/* The sum of a site, a new one where there is none; NULL: not for the fast way. */
static struct reader_sum *find_sum(struct profile_reader *r, uint64_t id)
{
    uint32_t *index = r->index.items;
    struct reader_sum *sums = r->sums.items;
    size_t mask = r->index.count - 1;
    size_t slot = id & mask;
    for (; index[slot]; slot = (slot + 1) & mask) {
        if (sums[index[slot] - 1].id == id)
            return &sums[index[slot] - 1];
    }
    struct reader_sum *sum = reader_table_add(r, &r->sums, 1, sizeof *sum);
    if (!sum)
        return NULL;
    *sum = (struct reader_sum){.id = id};
    index[slot] = (uint32_t)r->sums.count;
    return sum;
}

/* In bytes; more in one row is not Go's, and could be more than a sum can hold. */
#define INUSE_MAX ((int64_t)1 << 44)

/* A row of a size that is not known has a noise that depends on other rows. */
static bool add_row(struct profile_reader *r, struct walk *walk, size_t at, struct noises *noises)
{
    struct reader_row *row = (struct reader_row *)r->rows.items + at;
    const struct profile_values values = {.alloc_objects = row->values[0],
        .alloc_bytes = row->values[1],
        .inuse_objects = row->values[2],
        .inuse_bytes = row->values[3]};
    if (values.inuse_bytes > INUSE_MAX || (values.inuse_bytes && !row->object_bytes))
        return false;
    struct reader_sum *sum = find_sum(r, walk->site_id);
    if (!sum)
        return false;
    profile_values_add(&sum->values, &values);
    if (values.inuse_bytes)
        sum->noise += (double)values.inuse_bytes * noise_of(noises, row->object_bytes);
    row->next = sum->rows;
    sum->rows = (uint32_t)at + 1;
    return true;
}

static bool sum_rows(struct profile_reader *r)
{
    struct walk walk; /* large, and only what was written is read */
    struct noises noises = {.period_bytes = (double)r->period_bytes};
    walk.frames[0] = 0;
    for (size_t i = 0; i < r->rows.count; i++) {
        const struct reader_row *row = (const struct reader_row *)r->rows.items + i;
        if (!identify(r, row, &walk))
            return false;
        if ((row->values[0] | row->values[1] | row->values[2] | row->values[3]) &&
            !add_row(r, &walk, i, &noises))
            return false;
    }
    return true;
}

/* ---- sites ---- */

static bool is_before(
    const struct reader_sum *sums, const struct reader_key *a, const struct reader_key *b)
{
    if (a->inuse_bytes != b->inuse_bytes)
        return a->inuse_bytes > b->inuse_bytes;
    return sums[a->sum].id < sums[b->sum].id;
}

/* Merges sorted runs until there is one, because qsort() allocates; `to` has as much room. Where
 * they are in the end. */
static struct reader_key *sort(
    const struct reader_sum *sums, struct reader_key *from, struct reader_key *to, size_t count)
{
    for (size_t run = 1; run < count; run *= 2) {
        for (size_t at = 0; at < count; at += 2 * run) {
            size_t a = at, a_end = count - at < run ? count : at + run;
            size_t b = a_end, b_end = count - b < run ? count : b + run;
            for (size_t n = at; n < b_end; n++)
                to[n] = b == b_end || (a < a_end && is_before(sums, &from[a], &from[b]))
                            ? from[a++]
                            : from[b++];
        }
        struct reader_key *swap = from;
        from = to;
        to = swap;
    }
    return from;
}

/* Largest in-use first. Of most sites nothing is in use: they are not sorted. */
static bool order_sites(struct profile_reader *r)
{
    const struct reader_sum *sums = r->sums.items;
    size_t count = r->sums.count, used = 0;
    struct reader_key *keys = reader_table_add(r, &r->order, 2 * count + 1, sizeof *keys);
    if (!keys)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (sums[i].values.inuse_bytes)
            keys[used++] = (struct reader_key){sums[i].values.inuse_bytes, (uint32_t)i};
    }
    keys = sort(sums, keys, keys + count, used);
    for (size_t i = 0; i < count; i++) {
        if (!sums[i].values.inuse_bytes)
            keys[used++] = (struct reader_key){0, (uint32_t)i};
    }
    r->ordered = keys;
    return true;
}

static bool build_sites(struct profile_reader *r)
{
    size_t count = r->sums.count;
    struct profile_site *sites = reader_table_add(r, &r->sites, count + 1, sizeof *sites);
    if (!sites || !order_sites(r))
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct reader_sum *sum = (const struct reader_sum *)r->sums.items + r->ordered[i].sum;
        double inuse = (double)sum->values.inuse_bytes;
        sites[i] = (struct profile_site){.id = sum->id,
            .values = sum->values,
            .noise_bytes = inuse > 0 ? sum->noise / inuse : 0};
        profile_values_add(&r->profile.total, &sum->values);
    }
    r->profile.sites = sites;
    r->profile.site_count = count;
    return true;
}

/* Too many sites are refused for good: profile_decode() would only come to the same number. */
static bool check_sites(struct profile_reader *r, size_t site_limit)
{
    r->sites_refused = r->sums.count > site_limit ? r->sums.count : 0;
    return !r->sites_refused;
}

bool reader_sum(struct profile_reader *r, size_t site_limit)
{
    r->profile = (struct profile){.period_bytes = r->period_bytes,
        .taken.ns = r->time_ns > 0 ? r->time_ns : 0,
        .sample_count = r->rows.count,
        .raw_bytes = r->raw_bytes,
        .reader = r};
    return is_go_heap(r) && build_mappings(r) && hash_functions(r) && hash_lines(r) &&
           close_locations(r) && make_index(r) && sum_rows(r) && check_sites(r, site_limit) &&
           build_sites(r);
}
