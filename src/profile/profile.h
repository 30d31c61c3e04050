/* A decoded heap profile: what one scrape said, summed per allocation site. Pure: bytes in, an
 * immutable object or an error out; no I/O, no clock, no globals, no log.
 *
 * The wire format is google/pprof's proto/profile.proto; what Go puts into it is written down in
 * Go's src/runtime/pprof/protomem.go. */
#ifndef LW_PROFILE_PROFILE_H
#define LW_PROFILE_PROFILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/time.h"

/* The four numbers of a heap profile, scaled by the target to estimates of the true totals. */
struct profile_values {
    int64_t alloc_objects; /* since the process started */
    int64_t alloc_bytes;
    int64_t inuse_objects; /* at the end of the last completed GC cycle */
    int64_t inuse_bytes;
};

/* Adds what one site, or a part of it, holds. The numbers are the target's and can be absurd: a sum
 * that would overflow stays at INT64_MAX. */
void profile_values_add(struct profile_values *sum, const struct profile_values *values);

/* Whose code a frame is, as far as names and paths tell; see profile/frames.h. */
enum profile_owner {
    PROFILE_OWNER_STD,     /* Go's standard library and runtime */
    PROFILE_OWNER_OTHER,   /* a dependency, C code, or unknown */
    PROFILE_OWNER_PROGRAM, /* package main, or below the same root directory */
};

/* One function of a call stack. Strings belong to the profile and are never NULL. Where the target
 * gave no symbols, `function` is the address within the mapping's file, "0x3d0fd". */
struct profile_frame {
    const char *function; /* "main.(*Store).Open" */
    const char *file;     /* as the compiler recorded it; "" where unknown */
    int64_t line;         /* 0 where unknown */
    int64_t start_line;   /* where the function begins; 0 before Go 1.21 */
    enum profile_owner owner;
};

/* The part of a site's values that one object size makes up (Go's label `bytes`). */
struct profile_size {
    int64_t object_bytes; /* 0: the target did not say */
    struct profile_values values;
};

#define PROFILE_FRAMES_MAX 1024

/* One allocation site: a call stack together with the CALL instruction at its leaf.
 *
 * `id` is the same across scrapes, across restarts of one build (also of a position-independent
 * one) and across the replicas of a job: a hash of each frame's function, file and line (relative
 * to the function's start where that is known) and of the leaf's address within its mapping's file.
 * `lineage` leaves the address out, so that it also survives a rebuild that did not touch the
 * functions of the stack. */
struct profile_site {
    uint64_t id;
    uint64_t lineage;
    uint64_t leaf_address; /* as in the profile: inside the CALL instruction; 0 where unknown */
    /* Leaf first, inlined calls expanded, 1..PROFILE_FRAMES_MAX: the rest of a stack is cut. Sites
     * share the frames themselves. */
    const struct profile_frame *const *frames;
    size_t frame_count;
    /* Of the stack's locations, leaf first, as in the profile: several frames have one address
     * where calls were inlined. Cut where the site's samples differ (two calls on one line), so
     * what is here holds for all of its values; 1..PROFILE_FRAMES_MAX. */
    const uint64_t *addresses;
    size_t address_count;
    size_t leaf_location; /* the address of the frame `leaf`, if it is below address_count */
    size_t leaf;          /* the first frame that is not the runtime's; 0 if all are */
    size_t responsible;   /* the first frame of the program's own code; see profile_responsible() */
    struct profile_values values;
    /* Sorted by object_bytes, sums to values; not in what is lent. */
    const struct profile_size *sizes;
    size_t size_count;
    /* Sampling variance of inuse_bytes per byte of it, in bytes: Re of Var(I) = I * Re, the mean
     * over the sizes b of s_b (1 - p_b) / p_b weighted by in-use, p_b = 1 - exp(-s_b / period)
     * (malloc.go samples each byte with rate 1/period). 0 when every allocation is recorded or
     * nothing is in use. */
    double noise_bytes;
};

struct profile_mapping {
    uint64_t start;
    uint64_t limit;
    uint64_t offset; /* of start in the file */
    const char *file;
    const char *build_id; /* "" where unknown */
};

struct lw_arena;

struct profile {
    struct lw_arena *memory; /* owned; everything below lies in it, and so does this struct */
    /* Largest in-use first, ties by id. A site whose values are all 0 is left out. */
    const struct profile_site *sites;
    size_t site_count;
    const struct profile_mapping *mappings; /* [0] is the main binary in what Go writes */
    size_t mapping_count;
    struct profile_values total;   /* of all sites */
    int64_t period_bytes;          /* MemProfileRate; 0: off, 1: everything is recorded */
    struct lw_wall taken;          /* the target's clock; 0 = not said */
    size_t sample_count;           /* rows in the file, before summing */
    size_t raw_bytes;              /* inflated size */
    struct profile_reader *reader; /* who lends it and makes its stacks; NULL: it has them all */
};

/* A site of the profile with its stack, which in a profile that is lent (profile/reader.h) is made
 * now, unless it was before: until then only id, values and noise_bytes are set. Not by two threads
 * at once. NULL: its stacks would take more than limits->decode_bytes. */
const struct profile_site *profile_site_whole(
    const struct profile *profile, const struct profile_site *site);

/* Bounds of what is taken from one target. */
struct profile_limits {
    size_t inflated_bytes; /* most bytes after gunzip; exactly the limit is still taken */
    size_t decode_bytes;   /* most memory for body, message and profile together; sorting may take
                            * another 40 bytes a sample for a moment */
    size_t sites;          /* more distinct sites than this are LW_INFLATED_TOO_LARGE */
};

/* The limits that go with a body_size_limit: 16 times as much memory plus 1 MiB, 200,000 sites. */
struct profile_limits profile_limits_for(size_t body_size_limit_bytes);

/* Decodes the body of GET /debug/pprof/heap: gzip'd (once, or twice when middleware did it again)
 * or bare. The result is immutable and the caller's; any thread may read it. NULL on error:
 * LW_NOT_GZIP (neither gzip nor a profile: says what it looks like, for example HTML; or corrupt
 * gzip), LW_TRUNCATED, LW_INFLATED_TOO_LARGE (any of the limits), LW_NOT_PROFILE (not a valid
 * profile.proto, with what is wrong), LW_NOT_HEAP (a profile without the four heap sample types, or
 * with negative values, as a delta of ?seconds=N has them). */
struct profile *profile_decode(const void *body, size_t body_len,
    const struct profile_limits *limits, struct lw_err *err) LW_MUST_CHECK;

/* Clears *profile; NULL is a no-op. */
void profile_free(struct profile **profile);

#endif
