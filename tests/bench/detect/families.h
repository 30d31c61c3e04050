/* The families of programs in the benchmark: fourteen that leak and seventeen that only look like
 * it, or do not even that. */
#ifndef LW_BENCH_FAMILIES_H
#define LW_BENCH_FAMILIES_H

#include <stdbool.h>

#include "heap.h"

/* The ranges that sizes and times are drawn from: a benchmark that is good in one place only shows
 * when they move. */
enum family_ranges { FAMILY_RANGES_SAME, FAMILY_RANGES_SHIFTED };

struct family_case {
    struct heap_plan plan;
    double leak_rate;    /* bytes/s while it leaks, on average; 0 healthy */
    double leak_start_s; /* since attach; 0: leaking from the first sample on */
};

/* What a family's builder draws from. */
struct family_draw {
    struct prng *r;
    double size_shift; /* all sizes times this */
    double time_shift; /* all times of the program (not of the watcher) times this */
};

struct family {
    const char *name;
    bool is_leak;
    bool is_steady;   /* leaks at one rate from its start on: its rate and interval can be scored */
    bool is_ordinary; /* healthy, and not made to look like a leak */
    int weight;       /* how often it comes, relative to the others */
    void (*build)(struct family_case *c, struct family_draw *d);
};

extern const struct family families[];
extern const int family_count;

/* Others, which the mix does not draw from and nothing is ever tuned on. */
extern const struct family strangers[];
extern const int stranger_count;

/* A family drawn by weight. */
const struct family *family_draw_any(struct prng *r);

/* A program of the family. minutes: how long it is watched; 0: as is typical of the family. */
void family_build(const struct family *family, enum family_ranges ranges, double minutes,
    struct prng *r, struct family_case *c);

/* A process that holds gigabytes in `sites` ordinary sites, and one that leaks `leak_rate` bytes/s:
 * site 0 leaks, the others churn total_bytes between them. */
void family_build_haystack_site(int site, int sites, double total_bytes, double leak_rate,
    double minutes, struct prng *r, struct family_case *c);

/* A quiet site with a leak of `leak_rate` bytes/s in a process that is `age_s` old. */
void family_build_quiet_leak(
    double leak_rate, double age_s, double minutes, struct prng *r, struct family_case *c);

#endif
