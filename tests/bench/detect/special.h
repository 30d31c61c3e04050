/* What the mix does not show: how quiet ordinary sites are, how small a leak may be, and what the
 * urgent path trades. All print Markdown. */
#ifndef LW_BENCH_SPECIAL_H
#define LW_BENCH_SPECIAL_H

#include <stdint.h>

/* `sites` sites of each ordinary family, each watched for a day: alarms must be none. */
void special_ordinary(uint64_t seed, int sites);

/* A leak of 100 KB/min in one of 31 sites that hold a gigabyte between them, for a day: by site,
 * and by the heap's total, where what others use is applied too. */
void special_haystack(uint64_t seed, int runs);

/* Leaks of a quiet site, by rate: how long they take. */
void special_rates(uint64_t seed, int runs);

/* `count` series of each family that nothing was tuned on. */
void special_strangers(uint64_t seed, int count);

/* What a series takes, and a point that goes into it: over a day of each of `runs` leaks. The only
 * figure that depends on the machine. */
void special_cost(uint64_t seed, int runs);

/* The urgent path at several settings, over `count` series of the mix. */
void special_urgent(uint64_t seed, int count);

#endif
