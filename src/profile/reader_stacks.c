/* The stack of a site that a reader lends: made when it is asked for, because a daemon knows most
 * of them from the scrape before. */
#include <endian.h>
#include <string.h>

#include "base/hash.h"
#include "profile/frames.h"
#include "profile/reader_priv.h"

/* ---- frames, one a line ---- */

/* An owner goes by the names alone, so it is found once a function. */
static void find_owners(struct profile_reader *r, const struct profile_layout *layout)
{
    struct reader_function *functions = r->functions.items;
    for (size_t i = 0; i < r->functions.count; i++) {
        const struct profile_frame frame = {.function = reader_string(r, functions[i].name),
            .file = reader_string(r, functions[i].file)};
        functions[i].owner = profile_frame_owner(layout, &frame);
    }
    const struct reader_line *lines = r->lines.items;
    for (size_t i = 0; i < r->lines.count; i++)
        r->frames[i].owner = functions[lines[i].function - 1].owner;
}

static bool make_frames(struct profile_reader *r)
{
    r->memory = lw_arena_new(r->budget_bytes);
    r->frames = lw_arena_new_array(r->memory, r->lines.count, sizeof *r->frames);
    if (!r->frames)
        return false;
    struct profile_layout layout = {0};
    const struct reader_line *lines = r->lines.items;
    for (size_t i = 0; i < r->lines.count; i++) {
        const struct reader_function *f =
            (const struct reader_function *)r->functions.items + (lines[i].function - 1);
        r->frames[i] = (struct profile_frame){.function = reader_string(r, f->name),
            .file = reader_string(r, f->file),
            .line = lines[i].line,
            .start_line = f->start_line};
        profile_layout_learn(&layout, &r->frames[i]);
    }
    find_owners(r, &layout);
    return true;
}

/* ---- the locations of a row ---- */

struct stack {
    uint32_t ids[READER_STACK_BYTES_MAX]; /* leaf first */
    size_t depth;
    size_t frame_count;
};

/* Gathers the bytes of a row's stack: its own, and then what is in fewer than READER_WHOLE_EVERY
 * rows before. How many. */
static size_t gather(
    const struct profile_reader *r, size_t row, unsigned char bytes[READER_STACK_BYTES_MAX])
{
    const unsigned char *stacks = r->stacks.items;
    const struct reader_row *at = (const struct reader_row *)r->rows.items + row;
    size_t n = 0;
    for (size_t left = at->own + at->shared; left; at--) {
        if (left <= at->shared)
            continue;
        size_t own = left - at->shared;
        memcpy(bytes + n, stacks + at->stack + at->own - own, own);
        n += own;
        left = at->shared;
    }
    return n;
}

static void read_stack(const struct profile_reader *r, size_t row, struct stack *stack)
{
    unsigned char bytes[READER_STACK_BYTES_MAX];
    size_t len = gather(r, row, bytes);
    stack->depth = stack->frame_count = 0;
    for (size_t i = 0; i < len; stack->depth++) {
        uint32_t id = 0;
        unsigned shift = 0;
        do {
            id |= (uint32_t)(bytes[i] & 0x7f) << shift;
            shift += 7;
        } while (bytes[i++] & 0x80);
        const struct reader_location *l = reader_location(r, id);
        stack->ids[stack->depth] = id;
        stack->frame_count += l[1].first_line - l->first_line;
    }
}

static const struct reader_row *row_at(const struct profile_reader *r, uint32_t place)
{
    return place ? (const struct reader_row *)r->rows.items + (place - 1) : NULL;
}

/* Of a site's rows the one of the smallest size, and of those the first: as sites.c has it. */
static size_t first_row(const struct profile_reader *r, uint32_t rows)
{
    uint32_t first = rows;
    for (uint32_t place = rows; place; place = row_at(r, place)->next) {
        if (row_at(r, place)->object_bytes <= row_at(r, first)->object_bytes)
            first = place; /* later ones come first in the list */
    }
    return first - 1;
}

/* ---- a site ---- */

static bool fill_frames(
    struct profile_reader *r, struct profile_site *site, const struct stack *stack)
{
    const struct profile_frame **frames =
        lw_arena_new_array(r->memory, stack->frame_count, sizeof *frames);
    uint64_t hashes[PROFILE_FRAMES_MAX];
    if (!frames)
        return false;
    size_t n = 0;
    for (size_t i = 0; i < stack->depth; i++) {
        const struct reader_location *l = reader_location(r, stack->ids[i]);
        for (uint32_t line = l->first_line; line < l[1].first_line; line++) {
            hashes[n] = ((const uint64_t *)r->hashes.items)[line];
            frames[n++] = &r->frames[line];
        }
    }
    site->frames = frames;
    site->frame_count = n;
    site->lineage = lw_hash_bytes(0, hashes, n * sizeof *hashes);
    site->leaf = profile_leaf(frames, n);
    site->responsible = profile_responsible(frames, n, site->leaf);
    return true;
}

/* Which location of a stack a frame of it is in. */
static size_t location_of_frame(
    const struct profile_reader *r, const struct stack *stack, size_t frame)
{
    size_t at = 0, end = 0;
    for (;; at++) {
        const struct reader_location *l = reader_location(r, stack->ids[at]);
        end += l[1].first_line - l->first_line;
        if (end > frame)
            return at;
    }
}

/* What a further row of the site has in common with those before. */
static void cut_addresses(
    const struct profile_reader *r, struct profile_site *site, const struct stack *stack)
{
    size_t depth = 0;
    while (depth < site->address_count && depth < stack->depth &&
           reader_location(r, stack->ids[depth])->address == site->addresses[depth])
        depth++;
    site->address_count = depth;
}

static bool fill_addresses(
    struct profile_reader *r, struct profile_site *site, const struct stack *stack)
{
    uint64_t *addresses = lw_arena_new_array(r->memory, stack->depth, sizeof *addresses);
    if (!addresses)
        return false;
    for (size_t i = 0; i < stack->depth; i++)
        addresses[i] = reader_location(r, stack->ids[i])->address;
    site->leaf_location = location_of_frame(r, stack, site->leaf);
    site->leaf_address = addresses[0];
    site->addresses = addresses;
    site->address_count = stack->depth;
    return true;
}

bool reader_make_stack(struct profile_reader *r, size_t at)
{
    struct profile_site *site = (struct profile_site *)r->sites.items + at, made = *site;
    uint32_t rows = ((const struct reader_sum *)r->sums.items + r->ordered[at].sum)->rows;
    size_t first = first_row(r, rows);
    struct stack stack;
    if (!r->memory && !make_frames(r))
        return false;
    read_stack(r, first, &stack);
    if (!r->frames || !fill_frames(r, &made, &stack) || !fill_addresses(r, &made, &stack))
        return false;
    for (uint32_t place = rows; place; place = row_at(r, place)->next) {
        if (place - 1 == first)
            continue;
        read_stack(r, place - 1, &stack);
        cut_addresses(r, &made, &stack);
    }
    *site = made;
    return true;
}

const struct profile_site *profile_site_whole(
    const struct profile *profile, const struct profile_site *site)
{
    if (site->frames || !profile->reader)
        return site;
    bool made = reader_make_stack(profile->reader, (size_t)(site - profile->sites));
    return made ? site : NULL;
}
