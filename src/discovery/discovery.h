/* Where targets come from: static_configs and file_sd_configs of every job, merged into one
 * complete set that is handed on whenever it changes. */
#ifndef LW_DISCOVERY_DISCOVERY_H
#define LW_DISCOVERY_DISCOVERY_H

#include "base/labels.h"
#include "config/config.h"
#include "loop/loop.h"

struct discovery_target {
    uint64_t id; /* hash of the labels and the URL: what Prometheus calls a target's identity */
    const struct config_job *job; /* lives as long as the set's config */
    char *address;                /* "host:port" */
    char *url;                    /* scheme://address/prefix/heap */
    struct lw_labels *labels;     /* shown outside: job, instance (the address unless set), … */
    struct lw_labels *discovered; /* before that: __address__, __meta_filepath, … */
};

/* All targets now; sorted by id, ids unique. Valid during the call that hands it over. */
struct discovery_set {
    struct config *config;
    const struct discovery_target *targets;
    size_t count;
    size_t dropped; /* duplicates of a target that is in the set */
};

struct discovery;

/* changed() is called on the loop, with a complete set, after each apply and whenever a file
 * changed what it says. A file that cannot be read or is wrong keeps its last groups and is logged
 * once. */
struct discovery *discovery_new(
    struct loop *loop, void (*changed)(void *ctx, const struct discovery_set *set), void *ctx);

/* Takes up a configuration (keeps a reference). Calls changed() before it returns. */
void discovery_apply(struct discovery *discovery, struct config *config);

/* Clears *discovery; NULL is a no-op. */
void discovery_free(struct discovery **discovery);

/* Files whose last reading failed: for metrics. */
size_t discovery_failing_files(const struct discovery *discovery);

#endif
