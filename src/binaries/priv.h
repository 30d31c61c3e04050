/* The inside of the room on the loop, shared by its files. */
#ifndef LW_BINARIES_PRIV_H
#define LW_BINARIES_PRIV_H

#include <stdatomic.h>

#include "base/map.h"
#include "binaries/ask.h"
#include "binaries/binaries.h"
#include "binaries/cache.h"
#include "binaries/catalogue.h"

struct binaries {
    struct loop *loop;     /* borrowed */
    struct config *config; /* a reference */
    char *uploads;         /* the folder of uploads, or NULL */
    binaries_answered *answered;
    void *ctx;

    /* The lane: one worker job at a time, which has the cache for its own and reads the catalogue.
     * Both are only changed on the loop while the lane is free. */
    bool lane_taken;
    bool scan_wanted;
    struct loop_timer rescan; /* folders are looked at again and again */
    struct loop_timer retry;  /* the workers' queue was full */
    struct binaries_cache *cache;
    struct binaries_catalogue *catalogue; /* NULL before the first scan */
    struct binaries_file *files;          /* the catalogue as it is shown; owned */
    size_t file_count;
    atomic_bool stop;

    struct binaries_ask *first, **end; /* that wait for the lane */
    size_t waiting;
    size_t waiting_bytes;
    struct lw_map targets; /* → struct target of binaries.c */

    size_t uploads_under_way;
};

/* Has the folders and uploads looked at as soon as the lane is free. */
void binaries_scan(struct binaries *binaries);

/* Removes what a daemon that was killed left of uploads that had not ended. */
void binaries_uploads_clean(const char *folder);

#endif
