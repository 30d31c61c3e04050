/* The past of a series: rings of blocks, each level with blocks twice as long as the one before. */
#ifndef LW_TREND_RING_H
#define LW_TREND_RING_H

#include <stdbool.h>
#include <stdint.h>

#define TREND_LEVELS            5
#define TREND_RING_BLOCKS       48
#define TREND_WINDOW_BLOCKS_MIN 24 /* fewer are too few to judge */
#define TREND_RING_BASE_BLOCKS  2  /* base blocks in a block of level 0 */

/* What was seen between the end of the block before and end_s. Times are in seconds since the epoch
 * of the series began: a float holds a year of them to 2 s. */
struct trend_ring_block {
    double alloc_bytes; /* cumulative, at end_s */
    float end_s;
    float mean_bytes;
    float min_bytes;
    float points; /* seen; a float, since weights are all it is for */
};

struct trend_ring {
    struct trend_ring_block blocks[TREND_RING_BLOCKS]; /* oldest first */
    double start_alloc_bytes;                          /* where blocks[0] begins */
    float start_s;
    float
        judged_noise_bytes; /* what the newest evaluation assumed: sampling variance per byte, … */
    float judged_age_s;     /* … and how old the process was when the epoch began */
    uint8_t count;
    bool odd;             /* the newest block waits for a second one to go up a level */
    uint8_t judged_class; /* enum trend_class the newest evaluation speaks for */
};

/* Adds `from` to the block `to`, whose time comes first; a block without points is empty. */
void trend_ring_block_merge(struct trend_ring_block *to, const struct trend_ring_block *from);

/* Appends a block to level 0 of `rings`, and to each further level that thereby gets its two
 * blocks. Full rings let go of their oldest block. Returns the number of levels that got one. */
int trend_ring_append(struct trend_ring rings[TREND_LEVELS], const struct trend_ring_block *block);

/* Where block i begins, which is where block i - 1 ends; i may be ring->count. */
static inline float trend_ring_start_s(const struct trend_ring *ring, int i)
{
    return i > 0 ? ring->blocks[i - 1].end_s : ring->start_s;
}

static inline double trend_ring_start_alloc(const struct trend_ring *ring, int i)
{
    return i > 0 ? ring->blocks[i - 1].alloc_bytes : ring->start_alloc_bytes;
}

static inline float trend_ring_end_s(const struct trend_ring *ring)
{
    return trend_ring_start_s(ring, ring->count);
}

/* The middle of block i. */
double trend_ring_center_s(const struct trend_ring *ring, int i);

/* The number of blocks that end at or before t_s. */
int trend_ring_count_until(const struct trend_ring *ring, double t_s);

#endif
