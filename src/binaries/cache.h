/* Binaries that are open and indexed, the least recently used of which makes room. Used by one
 * worker job at a time. Private to binaries/. */
#ifndef LW_BINARIES_CACHE_H
#define LW_BINARIES_CACHE_H

#include "binaries/image.h"
#include "gotypes/gotypes.h"

#define BINARIES_ID_BYTES 132 /* a GNU build id of 64 bytes in hex, and more */

struct binaries_binary {
    struct binaries_image image;
    struct gotypes *index;
    char id[BINARIES_ID_BYTES]; /* as binaries_answer.binary_id */
    uint64_t used;              /* the cache's clock at the last use */
};

struct binaries_cache;

struct binaries_cache *binaries_cache_new(void);
void binaries_cache_free(struct binaries_cache **cache);

/* The file at path, indexed; the cache's, until the next call. NULL on error: as
 * binaries_image_open and gotypes_new, and LW_CORRUPT for a file that changes while it is read. */
const struct binaries_binary *binaries_cache_get(
    struct binaries_cache *cache, const char *path, struct lw_err *err) LW_MUST_CHECK;

/* Lets go of a binary whose file has changed. */
void binaries_cache_drop(struct binaries_cache *cache, const struct binaries_binary *binary);

#endif
