/* The inside of a profile_reader: tables that the stream fills (reader_fields.c), that become
 * sums at its end (reader_sums.c), and stacks when asked (reader_stacks.c). Within, a function that
 * meets what is not for the fast way returns false, and profile_decode() begins anew. */
#ifndef LW_PROFILE_READER_PRIV_H
#define LW_PROFILE_READER_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "profile/profile.h"

/* Columns of a heap profile: alloc and inuse, objects and space. */
#define READER_COLUMNS 4

/* An array that keeps its memory from one profile to the next. */
struct reader_table {
    void *items; /* owned */
    size_t count;
    size_t room;
};

/* Strings are indexes into the string table until the end, where that is known. */
struct reader_mapping {
    uint64_t start, limit, offset;
    uint64_t file, build_id;
};

struct reader_function {
    uint64_t name, file;
    int64_t start_line;
    uint64_t hash;            /* of both strings; found at the end */
    enum profile_owner owner; /* found with the first stack */
};

struct reader_location {
    uint64_t hash; /* of its outermost line; found at the end */
    uint64_t address;
    uint32_t mapping;    /* id; 0: none */
    uint32_t first_line; /* its lines end where those of the next location begin */
};

struct reader_line {
    int64_t line;
    uint32_t function; /* id */
};

/* Of every so many rows one has its stack whole. */
#define READER_WHOLE_EVERY 64

/* A sample. Of its stack, the bytes of the ids of its locations, leaf first, mostly only those are
 * kept that are not at the end of the stack of the row before it, too: half of them, in what Go
 * writes. The rows with whole stacks are there so that none is gathered from all rows there are. */
struct reader_row {
    int64_t values[READER_COLUMNS];
    uint32_t object_bytes;
    uint32_t next;   /* 1 + the place of another row of its site; 0: none */
    uint32_t stack;  /* where its bytes begin in `stacks` */
    uint16_t own;    /* so many they are */
    uint16_t shared; /* … and so many follow, of the row before */
};

/* A stack as bytes: as many frames as are kept, in ids of which no profile has more. */
#define READER_ID_BYTES_MAX    5
#define READER_STACK_BYTES_MAX (READER_ID_BYTES_MAX * PROFILE_FRAMES_MAX)

/* What a site holds. */
struct reader_sum {
    uint64_t id;
    struct profile_values values;
    double noise;  /* what divided by in-use is profile_site.noise_bytes */
    uint32_t rows; /* 1 + the place of its newest row; the others follow by `next` */
};

/* What sites are sorted by. */
struct reader_key {
    int64_t inuse_bytes;
    uint32_t sum; /* its place */
};

struct profile_reader {
    struct profile_inflate *inflate; /* owned */
    unsigned char *window;           /* owned, READER_WINDOW_BYTES */
    size_t budget_bytes;             /* of the tables, while a profile is read */
    size_t table_bytes;              /* what they hold */
    bool was_fast;
    struct profile *slow; /* owned: what profile_decode() gave, until the next call */

    /* What the stream says; the sizes of all are bounded by budget_bytes. */
    struct reader_table types;      /* uint64_t: two strings a sample type */
    struct reader_table rows;       /* struct reader_row */
    struct reader_table stacks;     /* unsigned char: a 0, then ids of locations, as varints */
    struct reader_table mappings;   /* struct reader_mapping */
    struct reader_table locations;  /* struct reader_location; behind it lies one as an end */
    struct reader_table lines;      /* struct reader_line */
    struct reader_table functions;  /* struct reader_function */
    struct reader_table strings;    /* uint32_t: where in `characters` each begins */
    struct reader_table characters; /* char: the strings, each with its NUL */
    uint64_t label_key;             /* a string; the same in all labels */
    bool has_label;
    unsigned char *last; /* owned, READER_STACK_BYTES_MAX: the newest row's stack, at the end */
    size_t last_bytes;
    int64_t time_ns, period_bytes;
    size_t raw_bytes;

    /* What it comes to. */
    struct reader_table hashes; /* uint64_t: of lines as frames, little-endian */
    struct reader_table sums;   /* struct reader_sum */
    struct reader_table index;  /* uint32_t: 1 + place in sums, by the id's lowest bits; 0: none */
    struct reader_table order;  /* struct reader_key, twice as many as sites: sorting copies */
    struct reader_table sites;  /* struct profile_site */
    struct reader_table known;  /* struct profile_mapping */
    const struct reader_key *ordered; /* lies in `order`: one a site, in their order */
    size_t sites_refused;             /* so many, more than are taken; else 0 */
    struct profile profile;

    /* Of the sites that were asked for. */
    struct lw_arena *memory;      /* owned, with all below; NULL: none was */
    struct profile_frame *frames; /* one a line */
};

#define READER_WINDOW_BYTES ((size_t)32 << 10) /* more than any field of a profile of Go's */

/* Makes room for `more` items; false past the budget, or past 2^32 items. */
bool reader_table_grow(
    struct profile_reader *r, struct reader_table *table, size_t more, size_t item_bytes);

/* `more` items behind those of a table, or NULL where there is no room to be had. They are counted,
 * and not cleared. */
static inline void *reader_table_add(
    struct profile_reader *r, struct reader_table *table, size_t more, size_t item_bytes)
{
    if (more > table->room - table->count && !reader_table_grow(r, table, more, item_bytes))
        return NULL;
    void *first = (char *)table->items + table->count * item_bytes;
    table->count += more;
    return first;
}

/* Reads a body into the tables; false: not for the fast way. */
bool reader_scan(
    struct profile_reader *r, const void *body, size_t body_len, size_t inflated_limit);

/* The fields of a message within [at, end), as many as are whole: the byte after the last one, or
 * NULL. reader_fields.c */
const unsigned char *reader_fields(
    struct profile_reader *r, const unsigned char *at, const unsigned char *end);

/* From the tables to r->profile, but for stacks; false: not for the fast way, or, when
 * r->sites_refused says so, for none. reader_sums.c */
bool reader_sum(struct profile_reader *r, size_t site_limit);

/* Makes the stack of the site in that place; false: no room. reader_stacks.c */
bool reader_make_stack(struct profile_reader *r, size_t site);

/* Names and places that have been found to be there. */
static inline const char *reader_string(const struct profile_reader *r, uint64_t index)
{
    return (const char *)r->characters.items + ((const uint32_t *)r->strings.items)[index];
}

static inline const struct reader_location *reader_location(
    const struct profile_reader *r, uint32_t id)
{
    return (const struct reader_location *)r->locations.items + (id - 1);
}

#endif
