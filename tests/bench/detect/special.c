#include "special.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "mix.h"
#include "simulate.h"
#include "trend/series.h"

#define DAY_MIN       1440.0
#define HAYSTACK      31 /* sites */
#define HAYSTACK_RATE (100e3 / 60)

void special_ordinary(uint64_t seed, int sites)
{
    struct trend_config config;
    trend_config_init(&config, 60);
    int alarms = 0, flags = 0;
    double days = 0;
    for (int i = 0; i < family_count; i++) {
        for (int k = 0; families[i].is_ordinary && k < sites; k++) {
            struct prng r = prng_of(seed, (uint64_t)(i * sites + k));
            struct family_case c;
            struct series series;
            family_build(&families[i], FAMILY_RANGES_SAME, DAY_MIN, &r, &c);
            simulate_case(&c, "", families[i].name, &r, &series);
            struct finding f = score_engine(&series, &config);
            alarms += f.false_alarms;
            flags += f.provisional_falsely;
            days += f.healthy_days;
            series_fini(&series);
        }
    }
    printf("%d false alarms and %d provisional flags in %.0f ordinary site-days\n\n", alarms, flags,
        days);
}

/* ---- families that nothing was tuned on ---- */

static void print_stranger(const struct family *family, struct tally *t, int count)
{
    if (family->is_leak)
        printf("| %s | %d of %d | %d | %.0f |\n", family->name, t->found, count, t->spoiled,
            tally_ttd(t, .5));
    else
        printf("| %s | – | %d of %d | – |\n", family->name, t->spoiled, count);
}

void special_strangers(uint64_t seed, int count)
{
    struct trend_config config;
    trend_config_init(&config, 60);
    struct tally all = {0};
    puts("| family | found | with a false alarm | samples to detect, median |\n|---|---|---|---|");
    for (int i = 0; i < stranger_count; i++) {
        struct tally t = {0};
        for (int k = 0; k < count; k++) {
            struct prng r = prng_of(seed, (uint64_t)(i * count + k));
            struct family_case c;
            struct series series;
            family_build(&strangers[i], FAMILY_RANGES_SAME, 0, &r, &c);
            simulate_case(&c, "", strangers[i].name, &r, &series);
            struct finding f = score_engine(&series, &config);
            tally_add(&t, strangers[i].is_leak, &f);
            tally_add(&all, strangers[i].is_leak, &f);
            series_fini(&series);
        }
        print_stranger(&strangers[i], &t, count);
        tally_fini(&t);
    }
    printf("\nprecision %.3f, recall %.3f, %.2f false alarms per site-day\n\n",
        tally_precision(&all), tally_recall(&all), all.false_alarms / all.healthy_days);
    tally_fini(&all);
}

/* ---- a needle in a haystack ---- */

/* Adds a series to a total. Both have been sampled at the same times, but for what was lost: then
 * the total is what it was before. */
static void add_to_total(struct series *total, const struct series *part)
{
    if (!total->points) {
        total->points = lw_new(part->count, sizeof *total->points);
        total->count = part->count;
        memcpy(total->points, part->points, part->count * sizeof *part->points);
        return;
    }
    size_t at = 0;
    for (size_t i = 0; i < total->count; i++) {
        struct trend_point *sum = &total->points[i];
        while (at + 1 < part->count && part->points[at].t_s < sum->t_s - 30)
            at++;
        const struct trend_point *p = &part->points[at];
        double both = sum->inuse_bytes + p->inuse_bytes;
        if (both > 0)
            sum->noise_bytes =
                (sum->noise_bytes * sum->inuse_bytes + p->noise_bytes * p->inuse_bytes) / both;
        sum->inuse_bytes = both;
        sum->alloc_bytes += p->alloc_bytes;
    }
}

struct haystack {
    struct tally by_site, by_total;
    struct tally baselines[8]; /* on the total */
    /* on the total without the leak: runs with a false alarm */
    int total_spoiled, baselines_spoiled[8];
    int false_alarms; /* of the sites that do not leak */
    double healthy_days;
};

static void score_total(struct haystack *h, const struct series *total)
{
    struct trend_config config;
    trend_config_init(&config, 60);
    bool is_leak = total->label == SERIES_LEAK;
    struct finding f = score_engine(total, &config);
    if (is_leak)
        tally_add(&h->by_total, true, &f);
    else
        h->total_spoiled += f.false_alarms > 0;
    for (int i = 0; i < baseline_count; i++) {
        f = score_baseline(total, &baselines[i]);
        if (is_leak)
            tally_add(&h->baselines[i], true, &f);
        else
            h->baselines_spoiled[i] += f.false_alarms > 0;
    }
}

static void run_haystack(struct haystack *h, uint64_t seed, int run)
{
    struct trend_config config;
    trend_config_init(&config, 60);
    struct series total = {.label = SERIES_LEAK, .leak_rate = HAYSTACK_RATE};
    struct series rest = {.label = SERIES_HEALTHY};
    for (int site = 0; site < HAYSTACK; site++) {
        struct prng r = prng_of(seed, (uint64_t)(run * HAYSTACK + site));
        struct family_case c;
        struct series series;
        family_build_haystack_site(site, HAYSTACK, 1e9, HAYSTACK_RATE, DAY_MIN, &r, &c);
        simulate_case(&c, "", "haystack", &r, &series);
        struct finding f = score_engine(&series, &config);
        if (site == 0)
            tally_add(&h->by_site, true, &f);
        else
            add_to_total(&rest, &series);
        h->false_alarms += f.false_alarms;
        h->healthy_days += f.healthy_days;
        add_to_total(&total, &series);
        series_fini(&series);
    }
    score_total(h, &total);
    score_total(h, &rest);
    series_fini(&total);
    series_fini(&rest);
}

static void print_haystack_row(const char *name, struct tally *t, int spoiled)
{
    int runs = t->found + t->missed;
    printf("| %s | %d of %d |", name, t->found, runs);
    if (t->found > 0)
        printf(" %.0f | %.0f |", tally_ttd(t, .5), tally_ttd(t, .9));
    else
        printf(" – | – |");
    printf(" %d of %d |\n", spoiled, runs);
}

void special_haystack(uint64_t seed, int runs)
{
    struct haystack h = {0};
    for (int run = 0; run < runs; run++)
        run_haystack(&h, seed, run);
    puts("| 100 KB/min in 1 GB | found | minutes, median | p90 | alarms without the leak, runs |\n"
         "|---|---|---|---|---|");
    print_haystack_row("**leakwatchd, by site**", &h.by_site, h.false_alarms);
    print_haystack_row("leakwatchd, the total alone", &h.by_total, h.total_spoiled);
    for (int i = 0; i < baseline_count; i++)
        print_haystack_row(baselines[i].name, &h.baselines[i], h.baselines_spoiled[i]);
    printf("\n%d false alarms in %.0f days of the other sites\n\n", h.false_alarms, h.healthy_days);
    tally_fini(&h.by_site);
    tally_fini(&h.by_total);
    for (int i = 0; i < baseline_count; i++)
        tally_fini(&h.baselines[i]);
}

/* ---- rates ---- */

void special_rates(uint64_t seed, int runs)
{
    static const struct {
        double kb_min, hours;
    } rows[] = {{20, 48}, {50, 24}, {100, 24}, {200, 12}, {500, 12}, {1000, 6}, {5000, 6}};
    struct trend_config config;
    trend_config_init(&config, 60);
    puts("| rate, KB/min | found | minutes, median | p90 | provisional, found | median |\n"
         "|---|---|---|---|---|---|");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct tally t = {0};
        struct figures flags = {0};
        for (int run = 0; run < runs; run++) {
            struct prng r = prng_of(seed, (uint64_t)(i * 1000) + (uint64_t)run);
            struct family_case c;
            struct series series;
            family_build_quiet_leak(
                rows[i].kb_min * 1e3 / 60, 4 * 3600, rows[i].hours * 60, &r, &c);
            simulate_case(&c, "", "quiet", &r, &series);
            struct finding f = score_engine(&series, &config);
            tally_add(&t, true, &f);
            if (f.first_provisional > 0)
                figures_add(&flags, f.first_provisional);
            series_fini(&series);
        }
        printf("| %.0f | %d of %d | %.0f | %.0f | %d | %.0f |\n", rows[i].kb_min, t.found, runs,
            tally_ttd(&t, .5), tally_ttd(&t, .9), flags.count, figures_quantile(&flags, .5));
        tally_fini(&t);
        figures_fini(&flags);
    }
    puts("");
}

/* ---- cost ---- */

/* A quiet leak, a day of it at a time, into one series after the other. */
void special_cost(uint64_t seed, int runs)
{
    struct trend_config config;
    trend_config_init(&config, 60);
    double spent_s = 0;
    size_t points = 0;
    for (int run = 0; run < runs; run++) {
        struct prng r = prng_of(seed, (uint64_t)run);
        struct family_case c;
        struct series series;
        family_build_quiet_leak(1e6 / 60, 4 * 3600, 1440, &r, &c);
        simulate_case(&c, "", "quiet", &r, &series);
        struct trend_series *engine = trend_series_new();
        clock_t begin = clock();
        for (size_t i = 0; i < series.count; i++)
            trend_series_push(engine, &config, &series.points[i]);
        spent_s += (double)(clock() - begin) / CLOCKS_PER_SEC;
        points += series.count;
        trend_series_free(&engine);
        series_fini(&series);
    }
    printf("| bytes a series | µs of CPU a push |\n|---|---|\n| %zu | %.2f |\n\n",
        sizeof(struct trend_series), 1e6 * spent_s / (double)points);
}

/* ---- the urgent path ---- */

void special_urgent(uint64_t seed, int count)
{
    static const double deviations[] = {2.5, 3, 3.5, 4, 4.5, 5, 6, 8};
    puts(
        "| deviations asked for | precision | fast leaks in old processes flagged within 25 samples "
        "| flagged at all | median samples |\n|---|---|---|---|---|");
    for (size_t i = 0; i < sizeof deviations / sizeof *deviations; i++) {
        struct mix mix;
        mix_init(&mix, false);
        mix.config.urgent_z = deviations[i];
        mix_simulate(&mix, seed, count, FAMILY_RANGES_SAME);
        struct mix_provisional *p = &mix.provisional;
        printf("| %.1f | %.3f (%d of %d) | %d of %d | %d | %.0f |\n", deviations[i],
            (double)p->right / (p->right + p->wrong), p->right, p->right + p->wrong, p->fast_in_25,
            p->fast, p->fast_samples.count, figures_quantile(&p->fast_samples, .5));
        mix_fini(&mix);
    }
    puts("");
}
