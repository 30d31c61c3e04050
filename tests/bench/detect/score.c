#include "score.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

#define DAY_S 86400.0

/* Follows one kind of alarm through a series. */
struct watch {
    const struct series *series;
    int first;
    int false_alarms;
    bool is_on;
};

static bool leaks_at(const struct series *series, size_t i)
{
    return series->label == SERIES_LEAK && series->points[i].t_s >= series->leak_start_s;
}

/* The number of sample i, counted from the leak's first. */
static int number_of(const struct series *series, size_t i)
{
    size_t before = 0;
    while (before < series->count && !leaks_at(series, before))
        before++;
    return (int)(i - before) + 1;
}

/* True when this is the first true alarm. */
static bool see(struct watch *w, size_t i, bool is_on)
{
    bool begins = is_on && !w->is_on;
    w->is_on = is_on;
    if (!leaks_at(w->series, i)) {
        w->false_alarms += begins;
        return false;
    }
    if (!is_on || w->first)
        return false;
    w->first = number_of(w->series, i);
    return true;
}

static double healthy_days(const struct series *series)
{
    if (series->count < 2)
        return 0;
    double begin_s = series->points[0].t_s, end_s = series->points[series->count - 1].t_s;
    if (series->label == SERIES_LEAK)
        end_s = fmax(fmin(end_s, series->leak_start_s), begin_s);
    return (end_s - begin_s) / DAY_S;
}

struct finding score_engine(const struct series *series, const struct trend_config *config)
{
    struct finding f = {.healthy_days = healthy_days(series)};
    struct trend_series *engine = trend_series_new();
    const struct trend_verdict *v = trend_series_verdict(engine);
    struct watch leak = {.series = series}, growing = leak, provisional = leak;
    for (size_t i = 0; i < series->count; i++) {
        enum trend_class was = v->class;
        trend_series_push(engine, config, &series->points[i]);
        f.changes += v->class != was && was != TREND_WARMING && v->class != TREND_WARMING;
        see(&growing, i, v->class >= TREND_GROWING);
        see(&provisional, i, v->provisional);
        if (see(&leak, i, v->class == TREND_LEAK)) {
            f.alarm_rate = v->rate;
            f.alarm_lo = v->rate_lo;
            f.alarm_hi = v->rate_hi;
        }
    }
    f.first = leak.first;
    f.false_alarms = leak.false_alarms;
    f.at_end = leak.is_on;
    f.first_growing = growing.first;
    f.first_provisional = provisional.first;
    f.grew_falsely = growing.false_alarms > 0;
    f.provisional_falsely = provisional.false_alarms > 0;
    f.end_rate = v->rate;
    f.end_lo = v->rate_lo;
    f.end_hi = v->rate_hi;
    trend_series_free(&engine);
    return f;
}

struct finding score_baseline(const struct series *series, const struct baseline *baseline)
{
    struct baseline_state *state = LW_NEW(struct baseline_state);
    struct watch w = {.series = series};
    for (size_t i = 0; i < series->count; i++)
        see(&w, i, baseline_push(baseline, state, &series->points[i]));
    free(state);
    return (struct finding){.first = w.first,
        .false_alarms = w.false_alarms,
        .at_end = w.is_on,
        .healthy_days = healthy_days(series)};
}

/* ---- tallies ---- */

void tally_add(struct tally *t, bool is_leak, const struct finding *f)
{
    t->spoiled += f->false_alarms > 0;
    t->false_alarms += f->false_alarms;
    t->healthy_days += f->healthy_days;
    if (!is_leak) {
        t->end_spoiled += f->at_end;
        return;
    }
    t->end_found += f->at_end;
    t->end_missed += !f->at_end;
    if (f->first == 0 || f->false_alarms > 0) {
        t->missed++;
        return;
    }
    t->found++;
    if (t->count == t->room) {
        t->room = t->room ? 2 * t->room : 64;
        t->ttd = lw_renew(t->ttd, (size_t)t->room, sizeof *t->ttd);
    }
    t->ttd[t->count++] = f->first;
}

void tally_fini(struct tally *tally)
{
    free(tally->ttd);
    *tally = (struct tally){0};
}

static double share(int part, int rest)
{
    return part + rest > 0 ? (double)part / (part + rest) : NAN;
}

double tally_precision(const struct tally *t)
{
    return share(t->found, t->spoiled);
}

double tally_recall(const struct tally *t)
{
    return share(t->found, t->missed);
}

double tally_f1(const struct tally *t)
{
    return share(2 * t->found, t->spoiled + t->missed);
}

double tally_end_precision(const struct tally *t)
{
    return share(t->end_found, t->end_spoiled);
}

double tally_end_recall(const struct tally *t)
{
    return share(t->end_found, t->end_missed);
}

static int by_int(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

double tally_ttd(struct tally *t, double q)
{
    if (t->count == 0)
        return NAN;
    qsort(t->ttd, (size_t)t->count, sizeof *t->ttd, by_int);
    return t->ttd[(int)(q * (t->count - 1) + .5)];
}

/* ---- figures ---- */

void figures_add(struct figures *f, double value)
{
    if (f->count == f->room) {
        f->room = f->room ? 2 * f->room : 64;
        f->list = lw_renew(f->list, (size_t)f->room, sizeof *f->list);
    }
    f->list[f->count++] = value;
}

void figures_fini(struct figures *figures)
{
    free(figures->list);
    *figures = (struct figures){0};
}

static int by_double(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double figures_quantile(struct figures *f, double q)
{
    if (f->count == 0)
        return NAN;
    qsort(f->list, (size_t)f->count, sizeof *f->list, by_double);
    return f->list[(int)(q * (f->count - 1) + .5)];
}

double figures_mean(const struct figures *f)
{
    double sum = 0;
    for (int i = 0; i < f->count; i++)
        sum += f->list[i];
    return f->count ? sum / f->count : NAN;
}
