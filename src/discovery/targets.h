/* From configuration and groups to targets with their labels and identities. */
#ifndef LW_DISCOVERY_TARGETS_H
#define LW_DISCOVERY_TARGETS_H

#include <stdbool.h>

#include "discovery/discovery.h"
#include "discovery/files.h"

#define DISCOVERY_TARGETS_MAX ((size_t)100000)

/* A set that owns its targets and a reference to its configuration. */
struct discovery_targets {
    struct discovery_set set;
    struct discovery_target *list; /* set.targets, to be written to and freed */
    bool truncated; /* there were more than DISCOVERY_TARGETS_MAX; the first are kept */
};

/* All targets of the configuration, in its order; those of files come from `files`. */
struct discovery_targets *discovery_targets_new(
    struct config *config, const struct discovery_files *files);

/* Clears *targets; NULL is a no-op. */
void discovery_targets_free(struct discovery_targets **targets);

/* Whether both would be the same to whoever they are handed to. */
bool discovery_targets_equal(const struct discovery_targets *a, const struct discovery_targets *b);

#endif
