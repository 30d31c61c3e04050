/* A decoded goroutine profile: how many goroutines stand where. The answer of GET
 * /debug/pprof/goroutine (debug=0), the same message as that of a heap with one number a stack;
 * Go's src/runtime/pprof/pprof.go (writeGoroutine). Pure, as profile/profile.h is. */
#ifndef LW_PROFILE_GOROUTINES_H
#define LW_PROFILE_GOROUTINES_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/time.h"
#include "profile/profile.h"
#include "profile/waits.h"

/* Goroutines with one call stack, whatever their labels. */
struct profile_goroutines_group {
    /* A hash of each frame's function, file and line (relative to the function's start where that
     * is known): the same across scrapes, restarts and replicas, and for a rebuild that did not
     * touch the functions of the stack. As a site's lineage: no address, because what is at the
     * leaf is the runtime's own. */
    uint64_t id;
    int64_t count; /* 1 or more */
    /* Leaf first, inlined calls expanded, 1..PROFILE_FRAMES_MAX: the rest is cut. The last one is
     * what the go statement started. */
    const struct profile_frame *const *frames;
    size_t frame_count;
    size_t leaf;        /* the first frame that is not the runtime's; 0 if all are */
    size_t responsible; /* the first frame of the program's own code; see profile_responsible() */
    enum profile_wait wait;
};

struct profile_goroutines {
    struct lw_arena *memory; /* owned; everything below lies in it, and so does this struct */
    const struct profile_goroutines_group *groups; /* largest first, ties by id */
    size_t group_count;
    int64_t total;        /* goroutines in all groups */
    struct lw_wall taken; /* the target's clock; 0 = not said */
};

/* Decodes a body of /debug/pprof/goroutine or /debug/pprof/goroutineleak, gzip'd or bare;
 * limits->sites bounds the groups. The result is immutable and the caller's. NULL on error: as
 * profile_decode(), and LW_NOT_PROFILE for a profile of something else or with negative counts. */
struct profile_goroutines *profile_goroutines_decode(const void *body, size_t body_len,
    const struct profile_limits *limits, struct lw_err *err) LW_MUST_CHECK;

/* Clears *goroutines; NULL is a no-op. */
void profile_goroutines_free(struct profile_goroutines **goroutines);

#endif
