/* What an incident was about, written for people and for programs: facts in, a diagnosis, and a
 * report as JSON and as Markdown out. Pure: no I/O, no clock, no globals; a worker may do all of
 * it.
 *
 * Everything in struct report_facts is borrowed for the call and may be foreign text. What is not
 * known is NULL, "" or a count of 0 for text and lists, NAN for numbers and 0 for times; the report
 * then says that it is not known, or leaves the section out. Begin with report_facts_init(). */
#ifndef LW_REPORT_REPORT_H
#define LW_REPORT_REPORT_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/map.h"
#include "base/strbuf.h"
#include "base/time.h"
#include "profile/profile.h"

/* ---- facts ---- */

/* A number with its 95 % interval; all NAN: not known. lo and hi may be infinite. */
struct report_estimate {
    double value;
    double lo;
    double hi;
};
#define REPORT_UNKNOWN ((struct report_estimate){NAN, NAN, NAN})

struct report_frame {
    const char *function; /* "main.(*Store).Open" */
    const char *file;
    int64_t line;
};

/* A call stack, leaf first. */
struct report_stack {
    const struct report_frame *frames;
    size_t count;       /* 0: not known (a type, or the target's total) */
    size_t leaf;        /* the first frame that is not the runtime's */
    size_t responsible; /* the first frame of the program's own code, as profile_responsible() */
};

/* What the program's code says of how the objects or arrays of a site end; "" where it
 * says nothing. */
struct report_fate {
    const char *finalizer_in; /* a function that gives such objects a finalizer */
    const char *cycle;        /* fields by which one can then refer to itself */
    const char *kept_in;      /* a function that keeps a part of such an array only … */
    double kept_bytes;        /* … of so many bytes */
};

/* The type of an allocation as its binary tells it, or only the kind. */
struct report_type {
    const char *name; /* "*main.Session"; "" when it is not known */
    const char *kind; /* "object", "closure", "boxing", … (gotypes_kind_word); "" not known */
    const char *unresolved;         /* why there is no name; "" */
    const struct report_fate *fate; /* NULL: the code says nothing */
};

/* What grows: a site, a type, or (without a stack and a name) the target's total. */
struct report_growth {
    uint64_t id; /* of the site or the type; 0: the total */
    struct report_type type;
    struct report_stack stack;
    const char *verdict;         /* trend_class_word() */
    struct report_estimate rate; /* bytes of in-use per second */
    double window_s;             /* over which it was measured */
    double retention;            /* Δin-use / Δalloc over the window, 0..1 */
    double age_s;                /* mean age of what is in use: in-use / alloc rate */
    struct lw_wall onset_from;   /* it began between these */
    struct lw_wall onset_to;
    struct profile_values values; /* newest */
};

struct report_target {
    uint64_t id;
    const char *job;
    const char *instance;
    /* What it runs; "" where the binary is not known. */
    const char *module;
    const char *version;
    const char *revision;
    const char *build_id;
    const char *go_version;
    int64_t period_bytes; /* MemProfileRate */
};

/* The build in which the growth was first seen; all "" when that is not known. */
struct report_first_seen {
    const char *version;
    const char *revision;
    const char *build_id;
    const char *absent_in; /* the build before, watched for long enough without it; "" */
};

struct report_goroutines {
    uint64_t id;
    int64_t count;
    double growth_per_hour; /* NAN: not measured */
    const char *wait;       /* "chan receive", "select", "IO wait", …; "" not known */
    const char *created_by; /* function; "" not known */
    struct report_stack stack;
    bool shares_frames; /* with what grows */
};

/* Where the process' memory is, bytes; NAN where not known. RSS is about their sum. */
struct report_memory {
    double rss;
    double inuse;
    double idle;
    double stacks;
    double runtime;
    double other;
    double limit;             /* NAN: none known */
    const char *limit_source; /* "config", "cgroup", "GOMEMLIMIT"; "" */
};

/* A file of the bundle. */
struct report_file {
    const char *name;  /* "heap.pb.gz" */
    const char *state; /* "ok", "refused", "failed", "unsupported" */
    const char *why;   /* "" when ok */
    uint64_t bytes;
};

/* A gate of the verdict. */
struct report_gate {
    const char *word;
    const char *text;
    double value;
    double limit;
    bool at_most;
    bool judged;
    bool passed;
};

struct report_facts {
    uint64_t incident_id;
    const char *trigger; /* "verdict", "webhook", "api", "memory" */
    const char *reason;  /* what whoever asked for it said; "" */
    struct lw_wall opened_at;
    struct lw_wall written_at;

    struct report_target target;
    struct report_growth subject;       /* what leaks most; verdict "" when nothing does */
    const struct report_growth *others; /* what else grows in this target, most first */
    size_t other_count;
    const struct report_gate *gates; /* of the subject's verdict */
    size_t gate_count;

    struct report_first_seen first_seen;
    size_t replicas;         /* targets of the job; 0: not known */
    size_t replicas_growing; /* of which show the same growth, this one included */

    /* Decoded profiles, NULL where there is none. The report makes its tables from them. */
    const struct profile *before_gc; /* heap.pb.gz */
    const struct profile *after_gc;  /* heap-gc.pb.gz, fetched right after before_gc */
    const struct profile *baseline;  /* from before the onset, or the oldest there is */
    struct lw_wall baseline_at;
    const struct lw_map *types; /* by site id: const struct report_type; NULL: none known */

    const struct report_goroutines *goroutines; /* groups that grew, or the largest */
    size_t goroutine_count;
    int64_t goroutines_total; /* 0: not known */

    struct report_memory memory;
    struct report_estimate limit_in_s; /* time to the limit; hi infinite where it may never be */

    const struct report_file *files;
    size_t file_count;
};

/* Makes everything "not known". */
void report_facts_init(struct report_facts *facts);
/* The same of one more thing that grows. */
void report_growth_init(struct report_growth *growth);

/* Whether the baseline is from when the growth had begun, so that it tells of a part of it only. */
bool report_baseline_is_late(const struct report_facts *facts);

/* What most of the growth since the baseline is: at least half of it, of types at least a third
 * where one function allocates nearly all or no other has half as much, or "". */
struct report_blame {
    struct report_frame frame; /* the function it is allocated below, in its first such stack */
    double share;              /* of the growth, 0..1 */
    const char *type;
    double type_share;
};

/* What and whose code it is when what grows is a type of several sites, or the heap's total, so
 * that no stack tells. Of the functions that most of it is allocated below, the innermost. All is
 * "" when there is no baseline, no such function or type, or the subject has a stack. Texts are
 * borrowed from the facts. */
void report_blame(const struct report_facts *facts, struct report_blame *blame);

/* ---- diagnosis ---- */

/* The patterns of leaks in Go programs that are told apart. X(name, word, title) */
#define REPORT_PATTERNS(X) \
    X(REPORT_CLOSURE_MAP, "closure-map", "functions kept in a long-lived container") \
    X(REPORT_ANY_MAP, "any-map", "a map of interfaces used as a universal store") \
    X(REPORT_REFLECT_TYPES, "reflect-types", "types made at run time") \
    X(REPORT_GENERIC_REGISTRY, "generic-registry", "functions made by generic code and kept") \
    X(REPORT_SYNCMAP_KEYS, "syncmap-keys", "a sync.Map whose entries are never removed") \
    X(REPORT_ERROR_CHAIN, "error-chain", "errors wrapped around errors and kept") \
    X(REPORT_TICKER, "ticker", "timers or tickers that are never stopped") \
    X(REPORT_GOROUTINE, "goroutine", "goroutines that wait for ever") \
    X(REPORT_HTTP_BODY, "http-body", "HTTP response bodies that are never closed") \
    X(REPORT_CACHE_UNBOUNDED, "cache-unbounded", "a cache, map or list that is only added to") \
    X(REPORT_SUBSLICE, "subslice", "small slices or strings of large arrays that are kept") \
    X(REPORT_FINALIZER_CYCLE, "finalizer-cycle", \
        "objects with finalizers that are never collected") \
    X(REPORT_SLOW, "slow", "slow growth within a large heap")

enum report_pattern {
#define REPORT_PATTERN_ENUM(name, word, title) name,
    REPORT_PATTERNS(REPORT_PATTERN_ENUM)
#undef REPORT_PATTERN_ENUM
        REPORT_PATTERN_COUNT,
    REPORT_NO_PATTERN = REPORT_PATTERN_COUNT /* "unknown" */
};

const char *report_pattern_word(enum report_pattern pattern);
const char *report_pattern_title(enum report_pattern pattern);

#define REPORT_NOTES_MAX  8
#define REPORT_NOTE_BYTES 240

struct report_notes {
    char text[REPORT_NOTES_MAX][REPORT_NOTE_BYTES]; /* a sentence each, without a full stop */
    size_t count;
};

enum report_strength {
    REPORT_POSSIBLE, /* the shape fits, and so it does others */
    REPORT_LIKELY,   /* something that is characteristic was seen */
    REPORT_STRONG,   /* several such things, independent of each other */
};

const char *report_strength_word(enum report_strength strength);

struct report_candidate {
    enum report_pattern pattern;
    int score; /* of the evidence, for and against; only its order means anything */
    enum report_strength strength;
    struct report_notes evidence;
    struct report_notes against; /* what speaks against it, or is not known */
    const char *fix;             /* what usually mends it; static text */
};

#define REPORT_CANDIDATES_MAX 3

/* Best first. count 0: nothing that was seen fits a known pattern, which is an honest answer. */
struct report_diagnosis {
    struct report_candidate list[REPORT_CANDIDATES_MAX];
    size_t count;
};

/* Says which patterns the facts fit; never more than they show. */
void report_diagnose(const struct report_facts *facts, struct report_diagnosis *diagnosis);

/* The first candidate's pattern where that is likely at least, else REPORT_NO_PATTERN. */
enum report_pattern report_diagnosis_pattern(const struct report_diagnosis *diagnosis);

/* ---- the report ---- */

/* One line: what leaks and how fast, "*main.Session grows by 4.1 MiB/min ± 0.3 in checkout". */
#define REPORT_TITLE_BYTES 256
const char *report_title(const struct report_facts *facts, char title[REPORT_TITLE_BYTES]);

/* Appends the report. The caller inits *out with a limit: at most about 1 MiB is written whatever
 * the facts hold, because lists are cut and say so. LW_TOO_LARGE when that limit was passed. */
int report_encode_json(const struct report_facts *facts, const struct report_diagnosis *diagnosis,
    struct lw_strbuf *out, struct lw_err *err) LW_MUST_CHECK;
int report_encode_markdown(const struct report_facts *facts,
    const struct report_diagnosis *diagnosis, struct lw_strbuf *out,
    struct lw_err *err) LW_MUST_CHECK;

#endif
