/* What the steps of profile_decode() hand to each other; nobody else includes this. */
#ifndef LW_PROFILE_DECODER_H
#define LW_PROFILE_DECODER_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "profile/ids.h"
#include "profile/profile.h"
#include "profile/profile.pb-c.h"

/* A Function of the message, looked up. */
struct profile_function {
    const char *name;
    const char *file;
    int64_t start_line;
    uint64_t hash; /* of name and file */
};

/* A Location of the message, looked up: a range of the decoder's frames. */
struct profile_location {
    size_t first_frame;
    size_t frame_count; /* at least 1 */
    uint64_t address;
    uint64_t
        file_address; /* relative to the mapping's file, so that it survives another load address */
};

/* A Sample that is worth something, before summing. */
struct profile_row {
    uint64_t site_id;
    uint64_t lineage;
    int64_t object_bytes;
    size_t sample;      /* its place in the message */
    size_t frame_count; /* of its stack, at most PROFILE_FRAMES_MAX */
};

#define PROFILE_COLUMNS 4

struct profile_decoder {
    const struct profile_limits *limits;
    struct lw_arena *scratch; /* the message and the tables of the decoder, freed at its end */
    struct lw_arena *kept;    /* the profile */
    Leakwatch__Pprof__Profile *message;

    struct profile_ids mapping_ids;
    struct profile_ids function_ids;
    struct profile_ids location_ids;
    const char **strings; /* copies in `kept` of those strings that were needed */
    struct profile_function *functions;
    struct profile_location *locations; /* one more than the message has, for samples without any */
    uint64_t *frame_hashes;             /* of function, file and line, one a frame, little-endian */
    size_t frame_count;
    struct profile_row *rows; /* room for one a sample */
    size_t row_count;
    size_t columns[PROFILE_COLUMNS]; /* places in Sample.value, in profile_values' order */

    struct profile *profile; /* lies in kept */
    struct profile_frame *frames;
};

/* What an allocation that the arenas refused means: returns -1 with LW_INFLATED_TOO_LARGE. */
int profile_no_room(const struct profile_decoder *d, struct lw_err *err);

/* A string of the table; `what` and its id say in the message who refers to it. NULL with
 * LW_NOT_PROFILE where there is no such string. */
const char *profile_string(const struct profile_decoder *d, int64_t index, const char *what,
    uint64_t id, struct lw_err *err) LW_MUST_CHECK;

/* Step 1: room for the tables, and the ids of mappings, functions and locations. */
int profile_tables_init(struct profile_decoder *d, struct lw_err *err) LW_MUST_CHECK;

/* Step 2: mappings, functions, locations and frames, with every reference looked up. */
int profile_symbols_build(struct profile_decoder *d, struct lw_err *err) LW_MUST_CHECK;

/* Step 3: samples, summed into sites. */
int profile_sites_build(struct profile_decoder *d, struct lw_err *err) LW_MUST_CHECK;

#endif
