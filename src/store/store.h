/* What the daemon knows: every target with its newest heap and the series of its sites, call stacks
 * kept once for all targets, and a SQLite file behind it from which all of it comes back after a
 * crash. Owned by the loop's thread. Neither schedules nor sends; who opens it gives it the time.
 *
 * Bounds: a target has at most sites_per_target followed sites (and types) (each about 6 KiB) and
 * SITES_SHOWN further rows of its newest profile; everything below that is summed as `other`. */
#ifndef LW_STORE_STORE_H
#define LW_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/labels.h"
#include "base/map.h"
#include "base/time.h"
#include "gate/gate.h"
#include "gate/history.h"
#include "profile/goroutines.h"
#include "profile/profile.h"
#include "store/goroutines.h"
#include "store/memory.h"
#include "store/outlook.h"
#include "store/past.h"
#include "trend/trend.h"

struct store;
struct store_job;
struct store_db; /* store/db.h */

/* ---- what is in it, to be read by anyone on the loop's thread ---- */

struct store_frame {
    char *function;
    char *file;
    int64_t line;
};

#define STORE_FRAMES_MAX 64 /* of a call stack, from the leaf */

/* A call stack, kept once however many targets share it. */
struct store_site {
    uint64_t id;
    uint64_t lineage;
    struct store_frame *frames; /* leaf first */
    size_t frame_count;         /* 1..STORE_FRAMES_MAX */
    size_t leaf;
    size_t responsible;
    size_t refs;    /* rows that show it */
    bool persisted; /* it is in the file, or in a batch on the way there */
};

/* A Go type that sites allocate, kept once. One that could not be told has no name but a reason. */
struct store_type {
    uint64_t id;       /* of all below but the version: rows and series outlive an update */
    char *name;        /* "*main.Session", "map[string]int"; "" when it could not be told */
    char *kind;        /* of the allocation: "object", "slice growth", …; "" when not known */
    char *import_path; /* of the named type at its heart, or "" */
    char *module;      /* that it belongs to, or "" */
    char *version;     /* of that module, or "" */
    char *unresolved;  /* why it could not be told, or "" */
    size_t refs;       /* sites of builds and rows that have it */
};

/* What the program's code says of how the objects or arrays of a site end; texts are "" where it
 * says nothing. */
struct store_fate {
    char *finalizer_in;  /* a function that gives such objects a finalizer */
    char *cycle;         /* fields by which one can then refer to itself, "main.File.reader, …" */
    char *kept_in;       /* a function that keeps a part of such an array only … */
    uint64_t kept_bytes; /* … so many bytes */
};

/* One build of a program, as its binary says: what the types of its sites are. Shared by the
 * targets that run it. */
struct store_build {
    uint64_t id;     /* of binary_id */
    char *binary_id; /* build id, or a hash of the file */
    char *source;    /* where it was found: "config", "proc", "directory", "upload", … */
    char *module;    /* the main module */
    char *version;
    char *vcs_revision;
    char *go_version;
    struct lw_map types; /* by site id: struct store_type, a reference each */
    struct lw_map fates; /* by site id: owned struct store_fate, where there is something to say */
    size_t refs;         /* targets that run it */
    bool dirty;          /* learnt something since it was last written */
};

/* A site of one target, or a type: the sum of its sites. */
struct store_row {
    struct store_site *site;      /* a reference; NULL: the row of a type */
    struct store_type *type;      /* a reference; NULL: not known (yet), or there is no binary */
    size_t sites;                 /* of a type in the newest profile; 1 for a site */
    struct profile_values values; /* of the newest scrape; when the profile no longer has it, in-use
                                     is zero and alloc stays: it never falls within a process */
    struct trend_series *series;  /* owned; NULL: shown, but too small so far to be followed */
    double noise_bytes;           /* of the newest scrape, as in profile_site */
    bool present;                 /* in the newest profile */
    struct lw_wall busy;          /* when it last held enough to be worth following */
};

/* The rows of a target by one key: its sites, or their types. */
struct store_rows {
    struct store_row *list; /* owned; largest in-use first */
    size_t count;
    size_t followed;             /* rows with a series */
    struct profile_values other; /* what has no row */
    size_t other_count;          /* sites in it */
};

/* Goroutines by stack: rows whose site is the stack of a group, its id that of the group. In-use
 * objects and bytes are both its count. At most 64 are followed and 64 more shown. */
struct store_goroutines {
    struct lw_wall at; /* of the newest look; 0: none yet */
    int64_t total;
    struct trend_series *series; /* owned; of the total */
    struct store_rows groups;
};

enum store_health { STORE_UNKNOWN, STORE_UP, STORE_DOWN };

struct store_target {
    uint64_t id;
    char *name;               /* "job/instance": what it is called in logs */
    struct lw_labels *labels; /* job, instance, … */
    struct lw_labels *discovered;
    char *job_name; /* of the scrape_configs entry; the label job may differ */
    char *url;
    int64_t interval_ns;
    int64_t timeout_ns;
    bool is_twin; /* one before it in the walk has the same labels, and another URL */

    enum store_health health;
    char *last_error; /* "" when up */
    enum lw_code last_code;
    struct lw_wall last_scrape; /* 0: never */
    int64_t last_duration_ns;
    uint64_t scrapes[LW_CODE_COUNT]; /* since the daemon started, by outcome */

    struct lw_wall first_seen; /* of its first good scrape */
    struct lw_wall last_heap;  /* of its newest good scrape */
    int64_t period_bytes;      /* MemProfileRate */
    uint64_t place;            /* a hash of where its newest profile has the code; 0: not said */
    uint64_t restarts;         /* of the target's process, as seen in its profiles */
    struct profile_values total;
    size_t site_count;           /* in the newest profile */
    struct trend_series *series; /* of the total */
    struct store_rows sites;
    struct store_rows types; /* while no binary is known none is present: `other` holds all */

    struct store_build *build; /* a reference; NULL: not known */
    char *build_error;         /* why it is not, for people; "" when it is or was not asked for */
    struct lw_map kinds;       /* while build is NULL, by site id: struct store_type without a name,
                                  a reference each */
    struct lw_mono kinds_due;  /* not to be asked for kinds before then */

    struct store_job *job;         /* borrowed from the store; never NULL */
    struct lw_wall watched_since;  /* this process, without a break */
    int64_t memory_limit_bytes;    /* of the config; 0: not said there */
    int64_t goroutine_interval_ns; /* of the config */
    double counted_growth_bytes;   /* growth of a row below this is nobody's worry yet */
    struct store_memory memory;
    struct lw_mono memory_due; /* not to be looked at before then */
    struct store_goroutines goroutines;
    struct lw_mono goroutines_due;
    struct store_outlook outlook; /* settled after each scrape */
    struct store_past past;       /* owned; the builds, and the heap before this process */

    bool dirty;             /* changed since its last batch */
    struct lw_wall retired; /* when it left discovery; 0: it is in */
};

/* Whether a row is growing or a leak, and grew by at least target->counted_growth_bytes. */
bool store_row_is_suspect(const struct store_target *target, const struct store_row *row);

/* The verdict of a target as a whole, and the series it is of: the worst of its total and of the
 * rows that are suspect. */
const struct trend_series *store_target_worst(const struct store_target *target);
enum trend_class store_target_class(const struct store_target *target);

/* Where a leak was first seen, over all targets of the job and over restarts and deployments. */
struct store_first_seen {
    struct lw_wall at;
    const char *binary_id; /* of the build; borrowed until the store changes, as the rest */
    const char *version;   /* "" where the binary does not say */
    const char *revision;
    const char *absent_in; /* the version (or revision, or binary id) of the newest build before it
                              that was watched for long and did not have it; NULL: none was */
};

/* Of a row that leaks; row NULL: of the worst of the target. False where nothing leaks, or its
 * build is not known. */
bool store_first_seen(
    const struct store_target *target, const struct store_row *row, struct store_first_seen *seen);

/* The row of a site or a type, or NULL. */
const struct store_row *store_rows_find(const struct store_rows *rows, uint64_t id);
uint64_t store_row_id(const struct store_row *row);

/* Walks the targets that are in discovery, by job, then instance, then id. */
size_t store_target_count(const struct store *store);
const struct store_target *store_target_at(const struct store *store, size_t i);
const struct store_target *store_target_find(const struct store *store, uint64_t id);

/* Scrapes of a job (of scrape_configs) that had this outcome, since the daemon started. */
uint64_t store_job_scrapes(const struct store *store, const char *job_name, enum lw_code outcome);

struct store_stats {
    uint64_t batches_written;
    uint64_t batches_failed;
    uint64_t images_refused; /* rows of the file that could not be read */
    size_t sites;            /* call stacks held */
    size_t followed;         /* series held, totals of heaps included */
    uint64_t target_sets;    /* how often which targets there are was set */
};

const struct store_stats *store_stats(const struct store *store);
const struct trend_config *store_trend_config(const struct store *store);

/* ---- filling it ---- */

struct store_options {
    struct trend_config trend;
    size_t sites_per_target;
    struct lw_wall now;
};

/* db (may be NULL: memory only) is taken over. */
struct store *store_new(const struct store_options *options, struct store_db *db);

/* Frees everything and closes the file; unwritten changes are lost, so write a last batch before.
 */
void store_free(struct store **store);

void store_set_sites_per_target(struct store *store, size_t sites);

/* What discovery and the config say of a target; everything is copied or referenced. */
struct store_target_spec {
    uint64_t id;
    struct lw_labels *labels;
    struct lw_labels *discovered;
    const char *job_name;
    const char *url;
    int64_t interval_ns;
    int64_t timeout_ns;
    int64_t memory_limit_bytes;    /* 0: the config does not say */
    int64_t goroutine_interval_ns; /* 0: never */
};

/* Makes the store hold exactly these targets, ids unique. One that is new to it gets back what the
 * file has of it; one that left is kept for a while, should it come back. */
void store_set_targets(
    struct store *store, const struct store_target_spec *specs, size_t count, struct lw_wall now);

/* A series changed its class. */
struct store_change {
    const struct store_target *target;
    const struct store_row *row; /* of a site or a type; NULL: the target's total */
    enum trend_class from;
    const struct trend_verdict *verdict; /* what it is now */
};

/* Who is told of changes, from within store_ingest. */
void store_on_change(
    struct store *store, void (*changed)(void *ctx, const struct store_change *change), void *ctx);

/* How and when a scrape went. Of one target, two workers may finish two scrapes in the other order:
 * one that is older than the newest is counted and otherwise left out. */
struct store_scrape {
    struct lw_wall at;
    int64_t duration_ns;
    const struct lw_err *outcome; /* code LW_OK, or why it failed */
};

/* A scrape that gave nothing. Returns false when the target is not in the store any more. */
bool store_fail(struct store *store, uint64_t target_id, const struct store_scrape *scrape);

/* A scrape that gave a profile: follows it in all series. *restarted (may be NULL) says whether the
 * target's process was found to have restarted. Returns false as store_fail does. */
bool store_ingest(struct store *store, uint64_t target_id, const struct store_scrape *scrape,
    const struct profile *profile, bool *restarted);

/* ---- memory and goroutines ---- */

/* What was seen of a target's memory. False when it is not in the store any more. */
bool store_learn_memory(
    struct store *store, uint64_t target_id, const struct store_memory_look *look);

/* What was seen of its goroutines. Of a process that restarted meanwhile nothing must be told. */
bool store_learn_goroutines(struct store *store, uint64_t target_id, struct lw_wall at,
    const struct profile_goroutines *all);

/* Who is told of groups of goroutines that changed their class, from within store_learn_goroutines;
 * the rates are goroutines per second. ctx is that of store_on_change. */
void store_on_goroutines_change(
    struct store *store, void (*changed)(void *ctx, const struct store_change *change));

/* Who looks says when it may be done again. */
void store_set_memory_due(struct store *store, uint64_t target_id, struct lw_mono due);
void store_set_goroutines_due(struct store *store, uint64_t target_id, struct lw_mono due);

/* ---- types ---- */

/* What a target's binary says of itself; copied. */
struct store_build_spec {
    const char *binary_id;
    const char *source;
    const char *module;
    const char *version;
    const char *vcs_revision;
    const char *go_version;
};

/* What it says of a site; copied. name or unresolved is "". */
struct store_type_spec {
    uint64_t site_id;
    const char *name;
    const char *kind;
    const char *import_path;
    const char *module;
    const char *version;
    const char *unresolved;
    const struct store_fate *fate; /* NULL: nothing is said */
};

/* The target runs this build, and these are types of its sites, added to those known. False when
 * the target is not in the store any more. */
bool store_learn(struct store *store, uint64_t target_id, const struct store_build_spec *build,
    const struct store_type_spec *types, size_t count);

/* The target's binary is not to be had, or was refused: says why. What was known is let go, and the
 * series of types with it. */
bool store_unlearn(struct store *store, uint64_t target_id, const char *why);

/* What a target without a binary said itself of its sites: the kind of allocation and no more, so
 * each spec's name is "". Shown from the next scrape on, if that finds the process still running;
 * let go with it, when a build is learnt or when the reason for there being none is another. False
 * when the target is not in the store any more or has a build. */
bool store_learn_kinds(
    struct store *store, uint64_t target_id, const struct store_type_spec *kinds, size_t count);

/* What the target said itself of a site (a type without a name), or NULL. */
const struct store_type *store_kind_of(const struct store_target *target, uint64_t site_id);

/* Who asks for kinds says when it may be done again. */
void store_set_kinds_due(struct store *store, uint64_t target_id, struct lw_mono due);

/* The type of a site in the build that the target runs, or NULL when that was not learnt yet. */
const struct store_type *store_type_of(const struct store_target *target, uint64_t site_id);

/* What that build says of how what a site allocates ends, or NULL. */
const struct store_fate *store_fate_of(const struct store_target *target, uint64_t site_id);

/* ---- builds of a job, as the gate compares them ---- */

/* What one build of a job used over the last week, all its targets together. */
struct store_usage {
    uint64_t id;    /* of job and build */
    char *job;      /* the label */
    char *build;    /* the value of the build label, or the id of the binary */
    char *version;  /* of the binary, or "" */
    char *revision; /* the same */
    struct lw_wall first_seen;
    struct lw_wall last_seen;
    struct gate_history measures[GATE_MEASURE_COUNT];
    struct lw_wall saved;
    bool dirty;
};

/* The label of targets that says which build they run; NULL: none. */
void store_set_build_label(struct store *store, const char *name);

/* Which build a target runs, by the label, else by its binary; "" while that is not known. */
const char *store_target_build(const struct store *store, const struct store_target *target);

/* A value of a target that was seen; store_ingest notes GATE_INUSE itself. */
void store_note_measure(struct store *store, const struct store_target *target,
    enum gate_measure measure, struct lw_wall at, double value);

/* Walks them in no order: start with *at = 0; false at the end. */
bool store_usage_next(const struct store *store, size_t *at, const struct store_usage **usage);

/* ---- writing it down ---- */

struct store_batch;

/* To be called now and then, also without a file: lets go of targets that left a while ago. Puts
 * together what changed since the last batch: of the targets those whose turn came meanwhile, which
 * each has once in interval_ns, as many as are about 1 MiB and the next ones in the next batch (0:
 * all, 64 MiB); and all changes of verdicts. NULL when there is nothing or a batch is out. */
struct store_batch *store_batch_new(struct store *store, int64_t interval_ns, struct lw_wall now);

/* Writes a batch in one transaction; a worker may do it. LW_IO (disk full, …), LW_CORRUPT. */
int store_batch_write(struct store_batch *batch, struct lw_err *err) LW_MUST_CHECK;

/* Takes a batch back after store_batch_write; what was not written is put into the next one. */
void store_batch_done(struct store *store, struct store_batch **batch, bool written);

/* For a batch that failed with LW_CORRUPT, after store_batch_done: renames the file (set_aside, of
 * STORE_PATH_BYTES), begins a new one, and lets the next batches write all that is in memory. What
 * is lost are the targets that left. */
int store_begin_anew(
    struct store *store, struct lw_wall now, char *set_aside, struct lw_err *err) LW_MUST_CHECK;

/* Whether anything waits to be written. */
bool store_is_dirty(const struct store *store);

/* Targets that were last written down longer ago than this are let go from the file with one of
 * the next batches: those that left, and those that never answered meanwhile. */
void store_set_retention(struct store *store, int64_t retention_ns);

#endif
