/* The inside of a store, shared by its files. */
#ifndef LW_STORE_STORE_PRIV_H
#define LW_STORE_STORE_PRIV_H

#include "base/map.h"
#include "store/sightings.h"
#include "store/sites.h"
#include "store/store.h"
#include "store/sweep.h"
#include "store/types.h"

/* A change of verdict that waits to be written. */
struct verdict_change {
    struct lw_wall at;
    uint64_t target_id;
    uint64_t row_id; /* of a site or type; 0: the total */
    enum trend_class from, to;
    double rate, rate_lo, rate_hi;
};

#define CHANGES_MAX 4096 /* more than that between two batches: the oldest are let go */

/* A job of scrape_configs, also one that no target is of any more. */
struct store_job {
    uint64_t id; /* hash of the name */
    char *name;
    uint64_t scrapes[LW_CODE_COUNT]; /* by outcome, since the daemon started */
    struct sightings sightings;
    bool dirty;           /* its sightings changed since they were last written */
    struct lw_wall saved; /* when they were */
};

struct store {
    struct trend_config trend;
    size_t sites_per_target;
    int64_t retention_ns;
    struct lw_map targets;        /* owned struct store_target, retired ones too */
    struct store_target **listed; /* owned array of those in discovery, sorted */
    size_t listed_count;
    struct lw_map
        jobs; /* owned struct store_job, by hash of the name; as many as configured ever */
    struct sites sites;
    struct types types;
    struct lw_map usages; /* owned struct store_usage, by id; at most USAGES_MAX */
    char *build_label;    /* owned; NULL or "": none */
    struct store_db *db;  /* owned; NULL: memory only */
    bool batch_out;       /* one batch at a time */
    struct sweep sweep;   /* over all of `targets` */
    struct lw_wall pruned;
    struct verdict_change *changes; /* owned */
    size_t change_count;
    struct store_stats stats;
    void (*changed)(void *ctx, const struct store_change *change);
    void (*goroutines_changed)(void *ctx, const struct store_change *change);
    void *changed_ctx;
};

/* A target that is in discovery, or NULL. */
struct store_target *store_find(const struct store *store, uint64_t id);

/* Frees targets that left a while ago, are written down and have not come back. */
void store_purge_retired(struct store *store, struct lw_wall now);

/* Queues a change of verdict for the next batch. */
void store_note_change(struct store *store, const struct verdict_change *change);

/* What the target said itself of its sites is let go. */
void store_forget_kinds(struct store *store, struct store_target *target);

/* The target's build is not known any more, nor what it said itself. */
void store_forget_build(struct store *store, struct store_target *target);

/* The job of that name, with what the file has of it. */
struct store_job *store_job_of(struct store *store, const char *name);

/* What the file has of a target that is new in memory: restore.c */
void store_restore_job(struct store *store, struct store_job *job);
void store_restore(struct store *store, struct store_target *target, struct lw_wall now);

#endif
