/* What a detector said of labelled series, held against the labels. An alarm before the leak has
 * begun is false; one transient false alarm spoils a series. */
#ifndef LW_BENCH_SCORE_H
#define LW_BENCH_SCORE_H

#include <stdbool.h>
#include <stddef.h>

#include "baselines.h"
#include "cli/series_file.h"

/* What one detector said of one series. Sample numbers count from 1 at the first sample of the
 * leak; 0: never. */
struct finding {
    int first;           /* first alarm at or after the leak's start */
    int false_alarms;    /* times an alarm began that was false */
    bool at_end;         /* there is an alarm at the last sample */
    double healthy_days; /* time in which any alarm is false */

    /* of the engine alone */
    int first_growing;
    int first_provisional;
    bool grew_falsely, provisional_falsely;
    double alarm_rate, alarm_lo, alarm_hi; /* bytes/s, at the first alarm */
    double end_rate, end_lo, end_hi;
    int changes; /* of class, after it left warming */
};

struct finding score_engine(const struct series *series, const struct trend_config *config);
struct finding score_baseline(const struct series *series, const struct baseline *baseline);

/* Many findings of one detector. Zero-initialise. */
struct tally {
    int found, missed, spoiled; /* series: leaks found, leaks missed, with a false alarm */
    int end_found, end_missed, end_spoiled;
    int false_alarms;
    double healthy_days;
    int *ttd; /* of those found; owned */
    int count, room;
};

void tally_add(struct tally *tally, bool is_leak, const struct finding *finding);
void tally_fini(struct tally *tally);

double tally_precision(const struct tally *tally);
double tally_recall(const struct tally *tally);
double tally_f1(const struct tally *tally);
double tally_end_precision(const struct tally *tally);
double tally_end_recall(const struct tally *tally);
/* The quantile q of the times to detect, in samples; NAN without any. */
double tally_ttd(struct tally *tally, double q);

/* A list of figures. Zero-initialise. */
struct figures {
    double *list; /* owned */
    int count, room;
};

void figures_add(struct figures *figures, double value);
void figures_fini(struct figures *figures);
double figures_quantile(struct figures *figures, double q);
double figures_mean(const struct figures *figures);

#endif
