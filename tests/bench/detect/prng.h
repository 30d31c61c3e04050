/* Random numbers that are the same on every machine: xoshiro256** (Blackman and Vigna 2018), its
 * state filled by splitmix64. */
#ifndef LW_BENCH_PRNG_H
#define LW_BENCH_PRNG_H

#include <stdbool.h>
#include <stdint.h>

struct prng {
    uint64_t s[4];
};

/* Streams of one seed are independent of each other. */
struct prng prng_of(uint64_t seed, uint64_t stream);

double prng_uniform(struct prng *r); /* in 0..1, neither included */
double prng_between(struct prng *r, double lo, double hi);
/* Log-uniform: each factor as likely as any other. */
double prng_scale(struct prng *r, double lo, double hi);
bool prng_chance(struct prng *r, double p);
double prng_normal(struct prng *r);
double prng_exponential(struct prng *r, double mean);
double prng_lognormal(struct prng *r, double mean, double sigma);
long prng_poisson(struct prng *r, double mean);
/* How many of n, each with chance p. */
long prng_binomial(struct prng *r, long n, double p);

#endif
