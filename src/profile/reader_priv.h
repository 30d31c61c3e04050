/* The inside of a profile_reader: tables that the stream fills (reader_scan.c) and that become a
 * profile at its end (reader_sums.c). Within, a function that meets what is not for the fast way
 * returns false, and profile_decode() begins anew. */
#ifndef LW_PROFILE_READER_PRIV_H
#define LW_PROFILE_READER_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
    uint64_t hash; /* of both strings; found at the end */
    enum profile_owner owner;
};

struct reader_location {
    uint64_t address;
    uint32_t mapping;    /* id; 0: none */
    uint32_t first_line; /* its lines end where those of the next location begin */
};

struct reader_line {
    int64_t line;
    uint32_t function; /* id */
};

/* A sample that is worth something. */
struct reader_row {
    int64_t values[READER_COLUMNS];
    int64_t object_bytes;
    uint32_t stack;       /* its first location in `stacks` */
    uint32_t depth;       /* 1 or more */
    uint32_t frame_count; /* at most PROFILE_FRAMES_MAX */
    uint64_t lineage;
};

/* What rows and sites are sorted by: major, then minor, then place. */
struct reader_key {
    uint64_t major, minor;
    uint32_t place;
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
    struct reader_table stacks;     /* uint32_t: ids of locations */
    struct reader_table mappings;   /* struct reader_mapping */
    struct reader_table locations;  /* struct reader_location, and one as an end */
    struct reader_table lines;      /* struct reader_line */
    struct reader_table functions;  /* struct reader_function */
    struct reader_table strings;    /* uint32_t: where in `characters` each begins */
    struct reader_table characters; /* char: the strings, each with its NUL */
    uint64_t label_key;             /* a string; the same in all labels */
    bool has_label;
    uint32_t location_max; /* the largest id that a stack names */
    size_t sample_count;
    int64_t time_ns, period_bytes;
    size_t raw_bytes;

    /* What it comes to. */
    struct reader_table keys;       /* struct reader_key, twice as many as rows: sorting copies */
    struct reader_table hashes;     /* uint64_t: of frames, little-endian */
    struct reader_table frames;     /* struct profile_frame */
    struct reader_table frame_refs; /* const struct profile_frame *: of all sites */
    struct reader_table addresses;  /* uint64_t: of all sites */
    struct reader_table sizes;      /* struct profile_size */
    struct reader_table order;      /* struct reader_key, twice as many as sites */
    struct reader_table sites;      /* struct profile_site */
    struct reader_table known;      /* struct profile_mapping */
    struct profile profile;
};

#define READER_WINDOW_BYTES ((size_t)32 << 10) /* more than any field of a profile of Go's */

/* Room for `more` items behind those of a table; NULL past the budget, or past 2^32 items. They are
 * counted, and not cleared. */
void *reader_table_add(
    struct profile_reader *r, struct reader_table *table, size_t more, size_t item_bytes);

/* Reads a body into the tables; false: not for the fast way. */
bool reader_scan(
    struct profile_reader *r, const void *body, size_t body_len, size_t inflated_limit);

/* The fields of a message within [at, end), as many as are whole: the byte after the last one, or
 * NULL. reader_fields.c */
const unsigned char *reader_fields(
    struct profile_reader *r, const unsigned char *at, const unsigned char *end);

/* From the tables to r->profile; false: not for the fast way. */
bool reader_sum(struct profile_reader *r, size_t site_limit);

#endif
