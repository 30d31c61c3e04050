#include "trend_walk.h"

#include <math.h>

#define MIB 1048576.0

/* Knuth's multiplier (MMIX). */
double trend_walk_uniform(uint64_t *prng)
{
    *prng = *prng * 6364136223846793005u + 1442695040888963407u;
    return ((double)(*prng >> 11) + .5) * 0x1p-53;
}

struct trend_walk trend_walk_of(uint64_t seed)
{
    return (struct trend_walk){.prng = seed,
        .point = {.t_s = TREND_WALK_START_S, .inuse_bytes = 64 * MIB, .alloc_bytes = 1e9}};
}

static void begin_piece(struct trend_walk *w)
{
    w->left = (int)(300 * trend_walk_uniform(&w->prng));
    w->slope = 0;
    if (trend_walk_uniform(&w->prng) > .4)
        w->slope = 3 * MIB * (trend_walk_uniform(&w->prng) - .3);
    double chance = trend_walk_uniform(&w->prng);
    if (chance < .1)
        w->point.inuse_bytes *= 2 * trend_walk_uniform(&w->prng);
    else if (chance < .2)
        w->point.alloc_bytes *= .5;
    else if (chance < .3)
        w->point.t_s += 3600 * trend_walk_uniform(&w->prng);
    w->point.noise_bytes = chance < .5 ? 0 : 5e5 * trend_walk_uniform(&w->prng);
}

void trend_walk_step(struct trend_walk *w)
{
    if (w->left-- <= 0)
        begin_piece(w);
    double step = w->slope * 2 * trend_walk_uniform(&w->prng);
    w->point.t_s += 60 + 4 * (trend_walk_uniform(&w->prng) - .5);
    w->point.inuse_bytes = fmin(fmax(w->point.inuse_bytes + step, 0), 4096 * MIB);
    w->point.alloc_bytes += fmax(step, 0) + 5 * MIB * trend_walk_uniform(&w->prng);
}
