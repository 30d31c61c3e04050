/* One capture: a bundle of profiles fetched from one target, cheap ones first, each step under the
 * rules that keep it from being a burden. What cannot be had is recorded with the reason, and the
 * rest goes on; one deadline is over all of it. Decides nothing about leaks and writes no files.
 *
 *   heap ─► MemStats ─► heap after a forced GC ─► … ─► CPU profile ─► trace ─► stacks as text ─► …
 *
 * The endpoints are those of Go's net/http/pprof and src/runtime/pprof. */
#ifndef LW_CAPTURE_CAPTURE_H
#define LW_CAPTURE_CAPTURE_H

#include "base/err.h"
#include "base/time.h"
#include "capture/rules.h"
#include "loop/loop.h"

/* ---- steps ---- */

/* X(name, file, path below the prefix), in the order in which they are fetched. MemStats come
 * before the forced GC because they say whether it may be forced. */
#define CAPTURE_STEPS(X) \
    X(CAPTURE_HEAP, "heap.pb.gz", "heap") \
    X(CAPTURE_MEMSTATS, "heap.txt", "heap?debug=1") \
    X(CAPTURE_HEAP_GC, "heap-gc.pb.gz", "heap?gc=1") \
    X(CAPTURE_ALLOCS, "allocs.pb.gz", "allocs") \
    X(CAPTURE_GOROUTINE, "goroutine.pb.gz", "goroutine") \
    X(CAPTURE_CMDLINE, "cmdline", "cmdline") \
    X(CAPTURE_MUTEX, "mutex.pb.gz", "mutex") \
    X(CAPTURE_BLOCK, "block.pb.gz", "block") \
    X(CAPTURE_GOROUTINE_LEAK, "goroutineleak.pb.gz", "goroutineleak") \
    X(CAPTURE_GOROUTINES_TEXT, "goroutines.txt", "goroutine?debug=2") \
    X(CAPTURE_CPU, "cpu.pb.gz", "profile?seconds=") \
    X(CAPTURE_TRACE, "trace.out", "trace?seconds=")

enum capture_step {
#define CAPTURE_STEP_ENUM(name, file, path) name,
    CAPTURE_STEPS(CAPTURE_STEP_ENUM)
#undef CAPTURE_STEP_ENUM
        CAPTURE_STEP_COUNT
};

/* The name of its file in a bundle. */
const char *capture_step_file(enum capture_step step);

enum capture_state {
    CAPTURE_OK,
    CAPTURE_REFUSED,     /* by a rule, or by the configuration: it was not asked for */
    CAPTURE_UNSUPPORTED, /* the target does not have it */
    CAPTURE_FAILED,      /* asked for in vain, or not reached */
};

const char *capture_state_word(enum capture_state state);

#define CAPTURE_WHY_BYTES 512

struct capture_item {
    enum capture_state state;
    struct lw_wall taken; /* when it was asked for; 0: it was not */
    int64_t duration_ns;
    char *body; /* owned, as it came over the wire, but for a command line's secrets; NULL unless
                   CAPTURE_OK */
    size_t len;
    char why[CAPTURE_WHY_BYTES]; /* "" when CAPTURE_OK */
};

struct capture_bundle {
    struct capture_item items[CAPTURE_STEP_COUNT];
    struct lw_wall started;
    struct lw_wall finished;
    size_t bytes;       /* of all items */
    size_t ok_count;    /* items that are there */
    bool is_whole;      /* nothing failed: what is missing was refused or is unsupported */
    unsigned missing;   /* bit n: the target does not have step n. For the next capture of it */
    int64_t goroutines; /* -1: not known */
    struct capture_judgement refused[CAPTURE_STEP_COUNT]; /* by rules, in the order of steps */
    size_t refused_count;
};

/* Clears *bundle; NULL is a no-op. */
void capture_bundle_free(struct capture_bundle **bundle);

/* ---- fetching, as whoever starts a capture provides it ---- */

/* One GET. Lives in the capture from start() until its done() or cancel(). */
struct capture_request {
    const char *path; /* below the target's prefix: "heap?gc=1"; borrowed until done */
    int64_t timeout_ns;
    size_t limit_bytes; /* of the body on the wire */
    /* err->code LW_OK: body is the callee's to free(). Otherwise body is NULL, `status` the one
     * that came (0: none did), and err's message quotes the beginning of what came with it. Never
     * called from within start() or cancel(). */
    void (*done)(struct capture_request *request, const struct lw_err *err, long status, char *body,
        size_t len);
    void *ctx; /* the capture's */
};

struct capture_source {
    void (*start)(struct capture_source *source, struct capture_request *request);
    /* done() will not be called. */
    void (*cancel)(struct capture_source *source, struct capture_request *request);
};

/* ---- a capture ---- */

struct capture_spec {
    struct loop *loop;                   /* borrowed */
    struct capture_source *source;       /* borrowed */
    const struct config_capture *config; /* copied */
    struct capture_vitals vitals;        /* what is known before */
    unsigned missing; /* of capture_bundle: what was found not to be there is not asked for again */
    /* The end, once, from the loop and never from within capture_new(). The bundle is the callee's.
     * The capture is to be freed then, which may be done at once. */
    void (*done)(void *ctx, struct capture_bundle *bundle);
    void *ctx;
};

struct capture;

struct capture *capture_new(const struct capture_spec *spec);

/* The step that is being fetched, or CAPTURE_STEP_COUNT at the end. */
enum capture_step capture_current(const struct capture *capture);

/* Cancels what is under way; done() is not called. A worker may still hold it: then it is freed
 * when the loop's jobs are finished. Clears *capture; NULL is a no-op. */
void capture_free(struct capture **capture);

#endif
