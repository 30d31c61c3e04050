/* The open benchmark of the trend engine: what it finds, what it misses, how long it takes, and how
 * others do. Everything follows from the seed. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mix.h"
#include "simulate.h"
#include "special.h"

#define SERIES_COUNT   3000
#define SERIES_MAX     1000000
#define ORDINARY_SITES 200 /* of each of seven families, a day each */
#define RUNS           30
#define STRANGERS      200 /* of each family */

static const char usage[] =
    "usage: detect [--seed=N] [--series=N]                  all tables, in Markdown\n"
    "       detect --write [--shifted] [--seed=N] [--series=N]  the series, one JSON line each\n"
    "       detect --score=FILE.jsonl[.gz]                  the tables of a file of series\n"
    "       --verbose  names each series that was judged wrongly\n";

struct options {
    uint64_t seed;
    int series;
    bool write, shifted, verbose;
    const char *score;
};

static bool parse_number(const char *text, uint64_t most, uint64_t *value)
{
    char *end;
    errno = 0;
    *value = strtoull(text, &end, 10);
    return errno == 0 && end != text && !*end && *value >= 1 && *value <= most;
}

static bool parse(int argc, char **argv, struct options *o)
{
    static const struct option table[] = {
        {"seed", required_argument, NULL, 's'},
        {"series", required_argument, NULL, 'n'},
        {"write", no_argument, NULL, 'w'},
        {"shifted", no_argument, NULL, 'x'},
        {"score", required_argument, NULL, 'f'},
        {"verbose", no_argument, NULL, 'v'},
        {0},
    };
    uint64_t number;
    int flag;
    while ((flag = getopt_long(argc, argv, "", table, NULL)) != -1) {
        if (flag == '?')
            return false;
        if (flag == 's' && !parse_number(optarg, UINT64_MAX, &o->seed))
            return false;
        if (flag == 'n') {
            if (!parse_number(optarg, SERIES_MAX, &number))
                return false;
            o->series = (int)number;
        }
        if (flag == 'f')
            o->score = optarg;
        o->write |= flag == 'w';
        o->shifted |= flag == 'x';
        o->verbose |= flag == 'v';
    }
    return optind == argc;
}

static void print_mix(struct mix *mix)
{
    mix_print_detectors(mix);
    puts("");
    mix_print_families(mix);
    puts("");
    mix_print_rates(mix);
    puts("");
}

static int score(const struct options *o)
{
    struct mix mix;
    struct lw_err err;
    mix_init(&mix, true);
    mix.verbose = o->verbose;
    int rc = mix_read(&mix, o->score, &err);
    if (rc < 0)
        fprintf(stderr, "detect: %s\n", err.msg);
    else
        print_mix(&mix);
    mix_fini(&mix);
    return rc < 0;
}

static void run_mix(const struct options *o, uint64_t seed, enum family_ranges ranges)
{
    struct mix mix;
    mix_init(&mix, true);
    mix.verbose = o->verbose;
    mix_simulate(&mix, seed, o->series, ranges);
    print_mix(&mix);
    mix_fini(&mix);
}

static void run_all(const struct options *o)
{
    printf("# Leaks found and false alarms\n\nSeed %" PRIu64
           ". A series is judged as a whole: an alarm at any time counts, one before the leak "
           "began is false.\n\n## %d series\n\n",
        o->seed, o->series);
    run_mix(o, o->seed, FAMILY_RANGES_SAME);
    printf("## %d series of other ranges (seed %" PRIu64 ")\n\n", o->series, o->seed + 1);
    run_mix(o, o->seed + 1, FAMILY_RANGES_SHIFTED);
    puts("## Ordinary sites\n");
    special_ordinary(o->seed + 2, ORDINARY_SITES);
    puts("## A needle in a haystack\n");
    special_haystack(o->seed + 3, RUNS);
    puts("## Families that nothing was tuned on\n");
    special_strangers(o->seed + 6, STRANGERS);
    puts("## By rate: a quiet site in a process four hours old\n");
    special_rates(o->seed + 4, RUNS);
    puts("## The urgent path\n");
    special_urgent(o->seed, o->series);
    puts("## Cost\n");
    special_cost(o->seed + 5, RUNS);
}

int main(int argc, char **argv)
{
    struct options o = {.seed = 404, .series = SERIES_COUNT};
    if (!parse(argc, argv, &o)) {
        fputs(usage, stderr);
        return 2;
    }
    if (o.score)
        return score(&o);
    if (!o.write) {
        run_all(&o);
        return 0;
    }
    for (int i = 0; i < o.series; i++)
        simulate_write(stdout, o.seed, i, o.shifted ? FAMILY_RANGES_SHIFTED : FAMILY_RANGES_SAME);
    return 0;
}
