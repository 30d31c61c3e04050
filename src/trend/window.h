/* The newest window of a ring, cut into eight segments, with and without what load explains. */
#ifndef LW_TREND_WINDOW_H
#define LW_TREND_WINDOW_H

#include "trend/ring.h"
#include "trend/trend.h"

#define TREND_SEGMENTS 8

struct trend_window {
    const struct trend_ring *ring; /* borrowed */
    int first;                     /* block of the ring that the window begins with */
    int blocks;     /* an even number; below TREND_WINDOW_BLOCKS_MIN nothing else is set */
    double start_s; /* since the epoch */
    double length_s;

    int cuts[TREND_SEGMENTS + 1];     /* segment g has the blocks cuts[g] .. cuts[g + 1] - 1 */
    double segment_s[TREND_SEGMENTS]; /* their middles, since the epoch */

    double place[TREND_RING_BLOCKS];    /* of each block's middle, -1 .. 1 over the window */
    double raw[TREND_RING_BLOCKS];      /* mean in-use of each block, bytes */
    double adjusted[TREND_RING_BLOCKS]; /* the same less what the allocation rate explains */
    double raw_means[TREND_SEGMENTS];
    double adjusted_means[TREND_SEGMENTS];
    double load_r2; /* share of the variance of raw that the allocation rate explains, 0..1 */
};

/* Cuts the newest window of `ring`. `lifetime_max_s` is trend_config's. */
void trend_window_cut(struct trend_window *w, const struct trend_ring *ring, double lifetime_max_s);

/* The series to take growth from: the adjusted one where load explains most of the variation. */
const double *trend_window_means(const struct trend_window *w, double load_r2_min);

/* Bytes allocated over the window. */
static inline double trend_window_alloc_bytes(const struct trend_window *w)
{
    const struct trend_ring *ring = w->ring;
    return trend_ring_start_alloc(ring, ring->count) - trend_ring_start_alloc(ring, w->first);
}

/* Bytes that are allocated and freed again a second, in the second half of the window over the
 * first. 0..100. */
double trend_window_churn_growth(const struct trend_window *w);

#endif
