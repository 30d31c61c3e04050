/* A series of no particular kind for property tests: pieces of rest, growth, decay, steps, restarts
 * and gaps in random order. The same seed gives the same series. */
#ifndef LW_TESTS_TREND_WALK_H
#define LW_TESTS_TREND_WALK_H

#include <stdint.h>

#include "trend/trend.h"

#define TREND_WALK_START_S 1.7e9

struct trend_walk {
    uint64_t prng;
    struct trend_point point; /* the newest */
    int left;                 /* points of the piece */
    double slope;             /* of the piece, bytes a point */
};

/* Uniform in 0..1, neither included. */
double trend_walk_uniform(uint64_t *prng);

struct trend_walk trend_walk_of(uint64_t seed);

/* Moves walk->point on by about a minute. */
void trend_walk_step(struct trend_walk *walk);

#endif
