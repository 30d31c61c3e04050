/* The inside of a series, for the files of this directory. */
#ifndef LW_TREND_SERIES_H
#define LW_TREND_SERIES_H

#include "trend/ring.h"
#include "trend/trend.h"

/* More bytes than an int64 of a profile can say are nobody's heap; times beyond this are no
 * clock's. Both bounds keep all arithmetic on foreign numbers finite. */
#define TREND_BYTES_MAX 1e19
#define TREND_TIME_MAX  1e12

/* What was grown when the series was last convicted: an acquittal looks back to it. */
struct trend_conviction {
    double level_bytes; /* in use where the convicting window began */
    double growth_bytes;
    double rate; /* bytes/s */
    float window_s;
    uint8_t level; /* of the ring that convicted */
};

/* An epoch is the life of a process as it was seen: from a first point to a restart or gap. */
struct trend_series {
    struct trend_ring rings[TREND_LEVELS];
    struct trend_ring_block open; /* being filled; no points: empty */
    double epoch_s;
    double first_alloc_bytes; /* at the epoch's first point */
    double last_alloc_bytes;
    double last_s;     /* -inf before the first point */
    float noise_bytes; /* of the newest point */
    float age_s;       /* of the process when the epoch began, an estimate; -1 until there is one */
    bool started;      /* the epoch has a point */
    uint8_t speaker;   /* level whose newest window the verdict tells */
    uint8_t candidate; /* class that may replace the verdict's … */
    float candidate_s; /* … since when it is heard, seconds since the epoch … */
    float heard_s;     /* … and when the verdict's own was heard last */
    float known_bytes; /* where the process stood before it restarted; 0: not known, or a leak */
    struct trend_conviction conviction; /* holds while leak, recurring or provisional */
    struct trend_verdict verdict;
};

/* What a verdict says before anything was seen. */
struct trend_verdict trend_verdict_warming(double since_s);

/* How long what is in use lives on average, by Little's law: L = W lambda. NAN when nothing is
 * allocated, and never more than TREND_TIME_MAX. */
double trend_verdict_mean_age_s(double inuse_bytes, double alloc_rate);

/* Judges the newest windows of the levels below `closed`, which just got a block, and settles what
 * the series is now. */
void trend_verdict_update(
    struct trend_series *series, const struct trend_config *config, int closed);

#endif
