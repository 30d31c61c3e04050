/* How large one quantity of a build was over the last week: a histogram a day, whose quantiles are
 * good to 2.2 %. Pure and bounded: eight days of at most GATE_BUCKETS counts, and only between the
 * smallest and the largest value of a day (a heap that stays within a factor of four costs a
 * kilobyte). */
#ifndef LW_GATE_HISTORY_H
#define LW_GATE_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#include "base/cursor.h"
#include "base/err.h"
#include "base/strbuf.h"
#include "base/time.h"

#define GATE_DAYS    8   /* today, and seven whole days before */
#define GATE_BUCKETS 768 /* 16 an octave, from 1/16 to 2^44: bytes, or events an hour */

struct gate_day {
    int64_t day;      /* since 1970; 0: nothing is kept */
    size_t first;     /* bucket of counts[0] */
    size_t len;       /* of counts */
    uint32_t *counts; /* owned */
};

/* Zero-initialised is a valid empty history. */
struct gate_history {
    struct gate_day days[GATE_DAYS]; /* by day modulo GATE_DAYS */
};

void gate_history_fini(struct gate_history *history);

/* A value that was seen; one below the smallest bucket counts as that, one that is no number not at
 * all. A day more than a week behind the newest makes room. */
void gate_history_add(struct gate_history *history, struct lw_wall at, double value);

/* Values of the last seven days and today. */
uint64_t gate_history_count(const struct gate_history *history, struct lw_wall now);

/* Their quantile q (0..1), as the middle of its bucket; NAN when there are none. */
double gate_history_quantile(const struct gate_history *history, struct lw_wall now, double q);

/* A little-endian image; decode gives -1 and LW_CORRUPT for anything encode did not write, and then
 * leaves an empty history. */
void gate_history_encode(const struct gate_history *history, struct lw_strbuf *out);
int gate_history_decode(
    struct gate_history *history, struct lw_cursor *in, struct lw_err *err) LW_MUST_CHECK;

#endif
