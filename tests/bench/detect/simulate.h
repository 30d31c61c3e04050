/* Cases as labelled series, and as lines of a file of series. */
#ifndef LW_BENCH_SIMULATE_H
#define LW_BENCH_SIMULATE_H

#include <stdio.h>

#include "cli/series_file.h"
#include "families.h"

/* Runs a case. The caller frees the series by series_fini(). */
void simulate_case(const struct family_case *c, const char *id, const char *family, struct prng *r,
    struct series *series);

/* Series `number` of a seed, of a family drawn by weight; its family is returned. Each number has a
 * random stream of its own, so that any one series can be had without the others. */
const struct family *simulate_number(
    uint64_t seed, int number, enum family_ranges ranges, struct series *series);

/* The same as a line of JSON, as cli/series_file.h reads it. */
void simulate_write(FILE *out, uint64_t seed, int number, enum family_ranges ranges);

#endif
