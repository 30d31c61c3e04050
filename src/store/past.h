/* What a target was before its process of now: the builds it ran, and how much its heap held. Its
 * series let go of that with each restart, but who looks for the deploy that brought a leak wants
 * to see across it. Bounds: 16 builds a target and 128 blocks (5 KiB), the oldest are let go. */
#ifndef LW_STORE_PAST_H
#define LW_STORE_PAST_H

#include <stddef.h>
#include <stdint.h>

#include "base/cursor.h"
#include "base/strbuf.h"
#include "base/time.h"
#include "trend/trend.h"

struct store_build;

#define STORE_RUNS_MAX        16
#define STORE_PAST_BLOCKS_MAX 128

/* A build that a target ran, in one process or several in a row. Texts are owned, and "" where the
 * binary does not say. */
struct store_run {
    uint64_t build; /* of struct store_build */
    char *binary_id;
    char *version;
    char *revision;
    struct lw_wall from; /* the first scrape of its first process … */
    struct lw_wall to;   /* … and the newest one that it is known to have run at */
};

/* Zero: nothing is known. */
struct store_past {
    struct store_run *runs; /* owned; oldest first */
    size_t run_count;
    struct trend_block *blocks; /* owned; the total of earlier processes, oldest first */
    size_t block_count;
};

void past_fini(struct store_past *past);

/* The process, first seen at `from`, runs that build now. */
void past_note_build(struct store_past *past, const struct store_build *build, struct lw_wall from,
    struct lw_wall now);

/* Takes what the total's series has, before it is let go of. Blocks grow coarser where there would
 * be too many. */
void past_keep(struct store_past *past, const struct trend_series *total);

/* The clock that told the times was set back by so many seconds. */
void past_set_back(struct store_past *past, int64_t seconds);

/* Lets go of blocks that are older than a series at that base block would reach back from now. */
void past_trim(struct store_past *past, double base_s, struct lw_wall now);

/* As part of a target's image. Decoding fills *past, which was empty; what was never written fails
 * the cursor, and the caller ends with past_fini. */
void past_encode(const struct store_past *past, struct lw_strbuf *out);
void past_decode(struct lw_cursor *in, struct store_past *past);

#endif
