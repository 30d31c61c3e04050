#include "trend/ring.h"

#include <math.h>
#include <string.h>

void trend_ring_block_merge(struct trend_ring_block *to, const struct trend_ring_block *from)
{
    float points = to->points + from->points;
    to->min_bytes = to->points > 0 ? fminf(to->min_bytes, from->min_bytes) : from->min_bytes;
    to->mean_bytes += (from->mean_bytes - to->mean_bytes) * (from->points / points);
    to->points = points;
    to->end_s = from->end_s;
    to->alloc_bytes = from->alloc_bytes;
}

static void append(struct trend_ring *ring, const struct trend_ring_block *block)
{
    if (ring->count == TREND_RING_BLOCKS) {
        ring->start_s = ring->blocks[0].end_s;
        ring->start_alloc_bytes = ring->blocks[0].alloc_bytes;
        ring->count--;
        memmove(ring->blocks, ring->blocks + 1, sizeof *block * ring->count);
    }
    ring->blocks[ring->count++] = *block;
    ring->odd = !ring->odd;
}

int trend_ring_append(struct trend_ring rings[TREND_LEVELS], const struct trend_ring_block *block)
{
    struct trend_ring_block next = *block;
    for (int level = 0; level < TREND_LEVELS; level++) {
        struct trend_ring *ring = &rings[level];
        append(ring, &next);
        if (ring->odd)
            return level + 1;
        next = ring->blocks[ring->count - 2];
        trend_ring_block_merge(&next, &ring->blocks[ring->count - 1]);
    }
    return TREND_LEVELS;
}

double trend_ring_center_s(const struct trend_ring *ring, int i)
{
    return ((double)trend_ring_start_s(ring, i) + ring->blocks[i].end_s) / 2;
}

int trend_ring_count_until(const struct trend_ring *ring, double t_s)
{
    int count = 0;
    while (count < ring->count && ring->blocks[count].end_s <= t_s)
        count++;
    return count;
}
