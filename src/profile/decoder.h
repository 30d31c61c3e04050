/* What the steps of decoding a profile hand to each other, one of a heap or of goroutines; nobody
 * outside this room includes this. */
#ifndef LW_PROFILE_DECODER_H
#define LW_PROFILE_DECODER_H

#include <stdbool.h>
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

/* Steps 0 to 2: inflates and unpacks the body, then tables and symbols. Zero *d and set its limits
 * before; in any case call profile_decoder_close() after. */
int profile_decoder_open(
    struct profile_decoder *d, const void *body, size_t body_len, struct lw_err *err) LW_MUST_CHECK;

/* Frees what decoding needed, and unless ok what it gave. */
void profile_decoder_close(struct profile_decoder *d, bool ok);

/* The i-th location of a sample's stack, NULL where the profile has none of that id; a sample
 * without a stack has one location that says so. */
const struct profile_location *profile_sample_location(
    const struct profile_decoder *d, const Leakwatch__Pprof__Sample *sample, size_t i);
size_t profile_sample_depth(const Leakwatch__Pprof__Sample *sample);

/* Fills in the ids and the frame_count of a row whose sample is set. Errors: LW_NOT_PROFILE. */
int profile_sample_identify(
    const struct profile_decoder *d, struct profile_row *row, struct lw_err *err) LW_MUST_CHECK;

/* The row's stack, leaf first, inlined calls expanded; in `kept`. NULL: LW_INFLATED_TOO_LARGE. */
const struct profile_frame *const *profile_sample_frames(
    struct profile_decoder *d, const struct profile_row *row, struct lw_err *err) LW_MUST_CHECK;

/* Step 1: room for the tables, and the ids of mappings, functions and locations. */
int profile_tables_init(struct profile_decoder *d, struct lw_err *err) LW_MUST_CHECK;

/* Step 2: mappings, functions, locations and frames, with every reference looked up. */
int profile_symbols_build(struct profile_decoder *d, struct lw_err *err) LW_MUST_CHECK;

/* Step 3: samples, summed into sites. */
int profile_sites_build(struct profile_decoder *d, struct lw_err *err) LW_MUST_CHECK;

#endif
