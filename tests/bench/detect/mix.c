#include "mix.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "simulate.h"

#define FAST_RATE    (1e6 / 60) /* bytes/s */
#define FAST_SAMPLES 25
#define HOUR_S       3600.0

void mix_init(struct mix *mix, bool with_baselines)
{
    *mix = (struct mix){.with_baselines = with_baselines};
    trend_config_init(&mix->config, 60);
}

void mix_fini(struct mix *mix)
{
    tally_fini(&mix->engine);
    for (int i = 0; i < baseline_count; i++)
        tally_fini(&mix->baselines[i]);
    for (int i = 0; i < mix->family_count; i++)
        tally_fini(&mix->families[i].tally);
    figures_fini(&mix->provisional.fast_samples);
    figures_fini(&mix->alarm_error);
    figures_fini(&mix->end_error);
    figures_fini(&mix->alarm_cover);
    figures_fini(&mix->end_cover);
    figures_fini(&mix->changes);
}

/* ---- adding ---- */

static struct mix_family *family_of(struct mix *mix, const struct series *series)
{
    for (int i = 0; i < mix->family_count; i++) {
        if (strcmp(mix->families[i].name, series->family) == 0)
            return &mix->families[i];
    }
    if (mix->family_count == MIX_FAMILIES_MAX)
        return &mix->families[MIX_FAMILIES_MAX - 1];
    struct mix_family *family = &mix->families[mix->family_count++];
    strcpy(family->name, series->family);
    family->is_leak = series->label == SERIES_LEAK;
    return family;
}

static void add_rate(
    struct figures *error, struct figures *cover, double truth, double rate, double lo, double hi)
{
    figures_add(error, fabs(rate / truth - 1));
    figures_add(cover, lo <= truth && truth <= hi);
}

/* How long the process has lived when the leak begins, as well as the first points tell. */
static bool is_in_old_process(const struct series *series)
{
    if (series->leak_start_s >= HOUR_S)
        return true;
    size_t hour = 0;
    while (hour + 1 < series->count && series->points[hour].t_s < HOUR_S)
        hour++;
    double grown = series->points[hour].alloc_bytes - series->points[0].alloc_bytes;
    return grown > 0 && series->points[0].alloc_bytes / grown > 1;
}

static void add_provisional(
    struct mix_provisional *p, const struct series *series, const struct finding *f)
{
    p->right += f->first_provisional > 0 && !f->provisional_falsely;
    p->wrong += f->provisional_falsely;
    if (series->label != SERIES_LEAK || series->leak_rate < FAST_RATE || !is_in_old_process(series))
        return;
    p->fast++;
    p->fast_in_25 += f->first_provisional > 0 && f->first_provisional <= FAST_SAMPLES;
    if (f->first_provisional > 0)
        figures_add(&p->fast_samples, f->first_provisional);
}

static void complain(const struct series *series, const struct finding *f)
{
    bool is_leak = series->label == SERIES_LEAK;
    if (f->false_alarms > 0)
        printf("false alarm: %s %s\n", series->id, series->family);
    else if (is_leak && f->first == 0)
        printf("missed: %s %s\n", series->id, series->family);
}

void mix_add(struct mix *mix, const struct series *series, bool is_steady)
{
    bool is_leak = series->label == SERIES_LEAK;
    struct finding f = score_engine(series, &mix->config);
    tally_add(&mix->engine, is_leak, &f);
    tally_add(&family_of(mix, series)->tally, is_leak, &f);
    if (mix->verbose)
        complain(series, &f);
    add_provisional(&mix->provisional, series, &f);
    if (is_leak && is_steady && f.first > 0 && f.false_alarms == 0) {
        add_rate(&mix->alarm_error, &mix->alarm_cover, series->leak_rate, f.alarm_rate, f.alarm_lo,
            f.alarm_hi);
        if (f.at_end)
            add_rate(&mix->end_error, &mix->end_cover, series->leak_rate, f.end_rate, f.end_lo,
                f.end_hi);
    }
    if (!is_leak) {
        mix->healthy++;
        mix->grew_falsely += f.grew_falsely;
        figures_add(&mix->changes, f.changes / fmax(f.healthy_days, 1e-9));
    }
    for (int i = 0; mix->with_baselines && i < baseline_count; i++) {
        struct finding b = score_baseline(series, &baselines[i]);
        tally_add(&mix->baselines[i], is_leak, &b);
    }
}

void mix_simulate(struct mix *mix, uint64_t seed, int count, enum family_ranges ranges)
{
    for (int i = 0; i < count; i++) {
        struct series series;
        const struct family *family = simulate_number(seed, i, ranges, &series);
        mix_add(mix, &series, family->is_steady);
        series_fini(&series);
    }
}

static bool is_steady_name(const char *name)
{
    for (int i = 0; i < family_count; i++) {
        if (strcmp(families[i].name, name) == 0)
            return families[i].is_steady;
    }
    return false;
}

int mix_read(struct mix *mix, const char *path, struct lw_err *err)
{
    struct series_file *file = series_file_open(path, err);
    if (!file)
        return -1;
    struct series series;
    int rc;
    while ((rc = series_file_next(file, &series, err)) > 0) {
        mix_add(mix, &series, is_steady_name(series.family));
        series_fini(&series);
    }
    series_file_close(&file);
    return rc;
}

/* ---- tables ---- */

static void print_detector(const char *name, struct tally *t)
{
    printf("| %s | %.3f | %.3f | %.3f | %.3f | %.0f | %.0f | %.3f | %.3f |\n", name,
        tally_precision(t), tally_recall(t), tally_f1(t), t->false_alarms / t->healthy_days,
        tally_ttd(t, .5), tally_ttd(t, .9), tally_end_precision(t), tally_end_recall(t));
}

void mix_print_detectors(struct mix *mix)
{
    puts(
        "| detector | precision | recall | F1 | false alarms per site-day | samples to detect, "
        "median | p90 | precision at end | recall at end |\n|---|---|---|---|---|---|---|---|---|");
    print_detector("**leakwatchd**", &mix->engine);
    for (int i = 0; mix->with_baselines && i < baseline_count; i++)
        print_detector(baselines[i].name, &mix->baselines[i]);
}

void mix_print_families(struct mix *mix)
{
    puts("| family | found of | samples to detect, median | p90 |\n|---|---|---|---|");
    for (int i = 0; i < mix->family_count; i++) {
        struct tally *t = &mix->families[i].tally;
        if (mix->families[i].is_leak)
            printf("| %s | %d of %d | %.0f | %.0f |\n", mix->families[i].name, t->found,
                t->found + t->missed, tally_ttd(t, .5), tally_ttd(t, .9));
    }
    puts("\n| healthy family | series with a false alarm | site-days |\n|---|---|---|");
    for (int i = 0; i < mix->family_count; i++) {
        struct tally *t = &mix->families[i].tally;
        if (!mix->families[i].is_leak)
            printf("| %s | %d | %.0f |\n", mix->families[i].name, t->spoiled, t->healthy_days);
    }
}

void mix_print_rates(struct mix *mix)
{
    struct mix_provisional *p = &mix->provisional;
    puts("| figure | value |\n|---|---|");
    printf("| 95 %% interval holds the true rate, at the alarm | %.3f of %d |\n",
        figures_mean(&mix->alarm_cover), mix->alarm_cover.count);
    printf("| … at the end | %.3f of %d |\n", figures_mean(&mix->end_cover), mix->end_cover.count);
    printf("| median error of the rate, at the alarm | %.1f %% |\n",
        100 * figures_quantile(&mix->alarm_error, .5));
    printf("| … at the end | %.1f %% |\n", 100 * figures_quantile(&mix->end_error, .5));
    printf("| healthy series that were ever `growing` | %.1f %% |\n",
        100.0 * mix->grew_falsely / mix->healthy);
    printf("| changes of class a day, healthy series, mean (p90) | %.2f (%.1f) |\n",
        figures_mean(&mix->changes), figures_quantile(&mix->changes, .9));
    if (p->right + p->wrong == 0)
        return; /* nothing is flagged */
    printf("| `provisional`: precision | %.3f (%d of %d) |\n",
        (double)p->right / (p->right + p->wrong), p->right, p->right + p->wrong);
    printf("| … leaks of ≥ 1 MB/min in processes older than an hour, flagged within %d samples | "
           "%d of %d, median %.0f |\n",
        FAST_SAMPLES, p->fast_in_25, p->fast, figures_quantile(&p->fast_samples, .5));
}
