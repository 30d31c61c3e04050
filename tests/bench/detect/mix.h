/* The mix: many labelled series, the engine and the baselines over all of them, and the tables. */
#ifndef LW_BENCH_MIX_H
#define LW_BENCH_MIX_H

#include "families.h"
#include "score.h"

#define MIX_FAMILIES_MAX 64

/* How often the provisional flag was right, at one setting. */
struct mix_provisional {
    int right, wrong;            /* series */
    int fast;                    /* leaks of 1 MB/min and more in processes older than an hour */
    int fast_in_25;              /* … flagged within 25 samples */
    struct figures fast_samples; /* … and after how many those flagged at all were */
};

struct mix_family {
    char name[SERIES_NAME_BYTES];
    bool is_leak;
    struct tally tally;
};

struct mix {
    struct trend_config config;
    bool with_baselines;
    struct tally engine;
    struct tally baselines[8];
    struct mix_family families[MIX_FAMILIES_MAX];
    int family_count;
    struct mix_provisional provisional;
    struct figures alarm_error, end_error; /* |rate / true rate - 1| of steady leaks */
    struct figures alarm_cover, end_cover; /* 1: the 95 % interval held the true rate */
    int grew_falsely, healthy;             /* healthy series that were ever `growing`; all */
    struct figures changes;                /* of class a day, of healthy series */
    bool verbose;                          /* names each series that was judged wrongly */
};

void mix_init(struct mix *mix, bool with_baselines);
void mix_fini(struct mix *mix);

/* is_steady: its rate and interval can be scored. older_s: age of the process at the leak's start.
 */
void mix_add(struct mix *mix, const struct series *series, bool is_steady);

/* Adds the series 0 .. count - 1 of a seed. */
void mix_simulate(struct mix *mix, uint64_t seed, int count, enum family_ranges ranges);
/* Adds the series of a file. */
int mix_read(struct mix *mix, const char *path, struct lw_err *err) LW_MUST_CHECK;

/* Markdown. */
void mix_print_detectors(struct mix *mix);
void mix_print_families(struct mix *mix);
void mix_print_rates(struct mix *mix);

#endif
