#include "prng.h"

#include <math.h>

#define MANY 60 /* from here on a normal variable stands for a Poisson one */

static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

struct prng prng_of(uint64_t seed, uint64_t stream)
{
    struct prng r;
    uint64_t state = splitmix(&seed) ^ stream * 0xd1342543de82ef95u;
    for (int i = 0; i < 4; i++)
        r.s[i] = splitmix(&state);
    return r;
}

static uint64_t rotate(uint64_t x, int k)
{
    return x << k | x >> (64 - k);
}

static uint64_t next(struct prng *r)
{
    uint64_t *s = r->s;
    uint64_t result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

double prng_uniform(struct prng *r)
{
    return ((double)(next(r) >> 12) + .5) * 0x1p-52;
}

double prng_between(struct prng *r, double lo, double hi)
{
    return lo + (hi - lo) * prng_uniform(r);
}

double prng_scale(struct prng *r, double lo, double hi)
{
    return lo * exp(log(hi / lo) * prng_uniform(r));
}

bool prng_chance(struct prng *r, double p)
{
    return prng_uniform(r) < p;
}

/* Box and Muller 1958, one of the two. */
double prng_normal(struct prng *r)
{
    double radius = sqrt(-2 * log(prng_uniform(r)));
    return radius * cos(2 * M_PI * prng_uniform(r));
}

double prng_exponential(struct prng *r, double mean)
{
    return -mean * log(prng_uniform(r));
}

double prng_lognormal(struct prng *r, double mean, double sigma)
{
    return mean * exp(sigma * prng_normal(r) - sigma * sigma / 2);
}

/* Knuth's method for small means. */
long prng_poisson(struct prng *r, double mean)
{
    if (mean <= 0)
        return 0;
    if (mean > MANY)
        return (long)fmax(round(mean + sqrt(mean) * prng_normal(r)), 0);
    double limit = exp(-mean), product = prng_uniform(r);
    long count = 0;
    for (; product > limit; count++)
        product *= prng_uniform(r);
    return count;
}

/* Leaps from one hit to the next: the gaps are geometric. */
long prng_binomial(struct prng *r, long n, double p)
{
    if (p <= 0 || n <= 0)
        return 0;
    if (p >= 1)
        return n;
    double scale = 1 / log1p(-p);
    long hits = 0;
    double at = floor(log(prng_uniform(r)) * scale);
    while (at < (double)n) {
        hits++;
        at += 1 + floor(log(prng_uniform(r)) * scale);
    }
    return hits;
}
