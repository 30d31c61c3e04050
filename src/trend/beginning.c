#include "trend/beginning.h"

#include <math.h>

#define CHUNK         4  /* blocks looked at together */
#define SAME_RATE_MIN .5 /* of the rate: slower is not the same growth */

/* A few blocks as one. */
struct chunk {
    double start_s;
    double center_s;
    double bytes;
};

static struct chunk chunk_of(const struct trend_ring *ring, int from)
{
    double bytes = 0;
    for (int i = 0; i < CHUNK; i++)
        bytes += ring->blocks[from + i].mean_bytes;
    double start_s = trend_ring_start_s(ring, from);
    double end_s = trend_ring_start_s(ring, from + CHUNK);
    return (struct chunk){
        .start_s = start_s, .center_s = (start_s + end_s) / 2, .bytes = bytes / CHUNK};
}

/* The segment of w that growth begins in: those before it rise less than half as fast. */
static int first_growing_segment(const struct trend_window *w, double rate)
{
    int g = 0;
    while (g < TREND_SEGMENTS - 1 &&
           w->raw_means[g + 1] - w->raw_means[g] <
               SAME_RATE_MIN * rate * (w->segment_s[g + 1] - w->segment_s[g]))
        g++;
    return g;
}

/* Where growth fills the window it is followed back from there, chunk by chunk, through ever
 * coarser rings. */
double trend_beginning_find(const struct trend_ring rings[TREND_LEVELS], int level,
    const struct trend_window *w, double rate)
{
    rate = fmax(rate, 0);
    int segment = first_growing_segment(w, rate);
    if (segment > 0)
        return w->segment_s[segment];

    struct chunk at = {w->start_s, w->segment_s[0], w->raw_means[0]};
    for (int q = level; q < TREND_LEVELS; q++) {
        int from = trend_ring_count_until(&rings[q], at.start_s) - CHUNK;
        for (; from >= 0; from -= CHUNK) {
            struct chunk before = chunk_of(&rings[q], from);
            double rise_bytes = at.bytes - before.bytes;
            if (rise_bytes < SAME_RATE_MIN * rate * (at.center_s - before.center_s))
                return at.start_s;
            at = before;
        }
    }
    return at.start_s;
}
