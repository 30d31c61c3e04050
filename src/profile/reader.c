#include "profile/reader.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "profile/inflate.h"
#include "profile/reader_priv.h"
#include "profile/sniff.h"
#include "profile/sums.h"

#define TABLES_COUNT 15

/* All of them, for whoever empties or frees all. */
static void list_tables(struct profile_reader *r, struct reader_table *list[TABLES_COUNT])
{
    struct reader_table *all[TABLES_COUNT] = {&r->types, &r->rows, &r->stacks, &r->mappings,
        &r->locations, &r->lines, &r->functions, &r->strings, &r->characters, &r->hashes, &r->sums,
        &r->index, &r->order, &r->sites, &r->known};
    memcpy(list, all, sizeof all);
}

struct profile_reader *profile_reader_new(bool with_isal)
{
    struct profile_reader *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->inflate = profile_inflate_new(with_isal);
    r->window = malloc(READER_WINDOW_BYTES);
    r->last = malloc(READER_STACK_BYTES_MAX);
    if (!r->inflate || !r->window || !r->last)
        profile_reader_free(&r);
    return r;
}

static void free_tables(struct profile_reader *r)
{
    struct reader_table *list[TABLES_COUNT];
    list_tables(r, list);
    for (size_t i = 0; i < TABLES_COUNT; i++) {
        free(list[i]->items);
        *list[i] = (struct reader_table){0};
    }
    r->table_bytes = 0;
}

void profile_reader_free(struct profile_reader **reader)
{
    struct profile_reader *r = *reader;
    if (!r)
        return;
    profile_free(&r->slow);
    free_tables(r);
    if (r->inflate)
        profile_inflate_free(&r->inflate);
    free(r->window);
    free(r->last);
    lw_arena_free(&r->memory);
    free(r);
    *reader = NULL;
}

/* By half as much again: a table twice as large as it needs to be counts against the budget. */
bool reader_table_grow(
    struct profile_reader *r, struct reader_table *table, size_t more, size_t item_bytes)
{
    if (more > UINT32_MAX)
        return false;
    size_t need = table->count + more, room = table->room + table->room / 2;
    if (room < need)
        room = need < 16 ? 16 : need;
    size_t extra = (room - table->room) * item_bytes;
    if (room > UINT32_MAX || r->table_bytes > r->budget_bytes ||
        extra > r->budget_bytes - r->table_bytes)
        return false;
    void *items = realloc(table->items, room * item_bytes);
    if (!items)
        return false;
    table->items = items;
    table->room = room;
    r->table_bytes += extra;
    return true;
}

static void trim(struct profile_reader *r)
{
    if (r->table_bytes > PROFILE_READER_KEPT_BYTES)
        free_tables(r);
}

void profile_reader_rest(struct profile_reader *r)
{
    profile_free(&r->slow);
    lw_arena_free(&r->memory);
    trim(r);
}

static void begin(struct profile_reader *r, const struct profile_limits *limits)
{
    profile_reader_rest(r);
    struct reader_table *list[TABLES_COUNT];
    list_tables(r, list);
    for (size_t i = 0; i < TABLES_COUNT; i++)
        list[i]->count = 0;
    r->budget_bytes = limits->decode_bytes;
    r->has_label = false;
    r->last_bytes = 0;
    r->raw_bytes = r->sites_refused = 0;
    r->time_ns = r->period_bytes = 0;
}

const struct profile *profile_reader_decode(struct profile_reader *r, const void *body,
    size_t body_len, const struct profile_limits *limits, struct lw_err *err)
{
    begin(r, limits);
    r->was_fast =
        reader_scan(r, body, body_len, limits->inflated_bytes) && reader_sum(r, limits->sites);
    if (r->was_fast)
        return &r->profile;
    trim(r); /* or the memory of both ways would be held at once */
    if (r->sites_refused)
        profile_refuse_sites(r->sites_refused, limits->sites, err);
    else
        r->slow = profile_decode(body, body_len, limits, err);
    return r->slow;
}

bool profile_reader_was_fast(const struct profile_reader *r)
{
    return r->was_fast;
}

size_t profile_reader_bytes(const struct profile_reader *r)
{
    return r->table_bytes;
}

/* ---- the stream ---- */

static bool scan_plain(struct profile_reader *r, const unsigned char *body, size_t len)
{
    r->raw_bytes = len;
    return reader_fields(r, body, body + len) == body + len;
}

/* What a window holds of a field that is cut by its end moves to the front of the next one. */
static bool scan_gzip(struct profile_reader *r, size_t inflated_limit)
{
    size_t kept = 0;
    for (;;) { /* ends: each round takes bytes of a bounded stream */
        ssize_t got =
            profile_inflate_read(r->inflate, r->window + kept, READER_WINDOW_BYTES - kept);
        if (got <= 0)
            return got == 0 && kept == 0;
        if ((size_t)got > inflated_limit - r->raw_bytes)
            return false;
        r->raw_bytes += (size_t)got;
        const unsigned char *end = r->window + kept + got;
        const unsigned char *rest = reader_fields(r, r->window, end);
        if (!rest || rest == r->window)
            return false;
        kept = (size_t)(end - rest);
        memmove(r->window, rest, kept);
    }
}

bool reader_scan(struct profile_reader *r, const void *body, size_t body_len, size_t inflated_limit)
{
    unsigned char *before_stacks = reader_table_add(r, &r->stacks, 1, 1);
    if (body_len > UINT_MAX || !before_stacks)
        return false;
    *before_stacks = 0;
    if (!profile_sniff_is_gzip(body, body_len))
        return body_len <= inflated_limit && scan_plain(r, body, body_len);
    profile_inflate_begin(r->inflate, body, body_len);
    return scan_gzip(r, inflated_limit);
}
