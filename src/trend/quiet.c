#include "trend/quiet.h"

#include <math.h>

#include "trend/gates.h"
#include "trend/growth.h"
#include "trend/series.h"

#define SAMPLES_MIN     12 /* sampled objects: fewer say little of anything */
#define SWING_MIN       6  /* deviations of sampling: less is noise and nothing else */
#define LOAD_MIN        .5 /* of the variation explained by the allocation rate */
#define FALL_MIN        .5 /* of the swing: less is no fall */
#define FALLS_MIN       2  /* in a window */
#define STEP_MIN        .7 /* of the rise in one of seven steps */
#define AGE_MAX         10 /* base blocks that what is in use lives on average, where there is churn */
#define PRESENT         4 /* less in use than the growth looked at over this is nothing */
#define AGE_SHOWN_MAX_S 1e9

struct extent {
    double mean, least, most;
};

static struct extent extent_of(const struct trend_window *w)
{
    struct extent e = {.least = w->raw[0], .most = w->raw[0]};
    for (int k = 0; k < w->blocks; k++) {
        e.mean += w->raw[k] / w->blocks;
        e.least = fmin(e.least, w->raw[k]);
        e.most = fmax(e.most, w->raw[k]);
    }
    return e;
}

/* Falls by more than half of the swing within two blocks, each counted once. */
static int count_falls(const struct trend_window *w, const struct extent *e)
{
    double enough = FALL_MIN * (e->most - e->least);
    int falls = 0;
    for (int k = 2; k < w->blocks; k++) {
        if (fmax(w->raw[k - 1], w->raw[k - 2]) - w->raw[k] >= enough) {
            falls++;
            k += 2;
        }
    }
    return falls;
}

/* The largest of the seven steps over all the way that the segments went up and down. */
static double step_share(const struct trend_window *w)
{
    double largest = 0, way = 0;
    for (int g = 0; g + 1 < TREND_SEGMENTS; g++) {
        double step = w->raw_means[g + 1] - w->raw_means[g];
        largest = fmax(largest, step);
        way += fabs(step);
    }
    return way > 0 ? largest / way : 0;
}

void trend_quiet_judge(const struct trend_config *config, const struct trend_window *w,
    struct trend_gate gates[TREND_GATE_COUNT])
{
    struct extent e = extent_of(w);
    double noise_bytes = fmax(w->ring->judged_noise_bytes, 1);
    double swing = e.most - e.least;
    double rise = w->raw_means[TREND_SEGMENTS - 1] - w->raw_means[0];
    double deviation = sqrt(2 * e.mean * noise_bytes) + 1;
    bool swings = swing >= config->min_growth_bytes;

    if (e.mean >= config->min_growth_bytes / PRESENT)
        trend_gate_at_least(
            &gates[TREND_GATE_SAMPLES], fmin(e.mean / noise_bytes, 1e6), SAMPLES_MIN);
    trend_gate_at_least(&gates[TREND_GATE_SWING], swings ? swing / deviation : 0, SWING_MIN);
    trend_gate_at_least(&gates[TREND_GATE_LOAD], w->load_r2, LOAD_MIN);
    trend_gate_at_least(&gates[TREND_GATE_FALLS], count_falls(w, &e), FALLS_MIN);
    trend_gate_at_least(&gates[TREND_GATE_STEP],
        rise >= config->min_growth_bytes && rise >= SWING_MIN / 2.0 * deviation ? step_share(w) : 0,
        STEP_MIN);
    double freed = trend_window_alloc_bytes(w) - fmax(rise, 0);
    if (e.mean >= config->min_growth_bytes / PRESENT && freed > 0)
        trend_gate_at_most(&gates[TREND_GATE_CHURN],
            fmin(e.mean / freed * w->length_s, AGE_SHOWN_MAX_S), AGE_MAX * config->base_s);
}

enum trend_class trend_quiet_class(const struct trend_gate gates[TREND_GATE_COUNT])
{
    if (gates[TREND_GATE_STEP].passed)
        return TREND_STEP;
    if (gates[TREND_GATE_SWING].passed && gates[TREND_GATE_LOAD].passed)
        return TREND_LOAD_COUPLED;
    if (gates[TREND_GATE_SWING].passed && gates[TREND_GATE_FALLS].passed)
        return TREND_SAWTOOTH;
    if (gates[TREND_GATE_SAMPLES].judged && !gates[TREND_GATE_SAMPLES].passed)
        return TREND_UNRESOLVABLE;
    return gates[TREND_GATE_CHURN].passed ? TREND_CHURN : TREND_HEALTHY;
}

/* G over sqrt(Re G) is noise_z where G = noise_z² Re; G over sqrt(Re G + V), with V of turnover,
 * is turnover_z where G solves a square. */
double trend_quiet_resolvable_rate(const struct trend_config *config, const struct trend_window *w)
{
    double noise_bytes = w->ring->judged_noise_bytes;
    double plain = config->noise_z * config->noise_z * noise_bytes;
    double half = config->turnover_z * config->turnover_z * noise_bytes / 2;
    double turnover = trend_growth_turnover_variance(w, 0, noise_bytes, 1);
    double both = half + sqrt(half * half + config->turnover_z * config->turnover_z * turnover);
    double growth_bytes = fmax(fmax(plain, both), config->min_growth_bytes);
    return growth_bytes / w->length_s;
}

/* Objects that are small against a period are sampled with a variance of that period per byte, and
 * larger ones with less (profile_site.noise_bytes). */
double trend_series_period_bytes(
    const struct trend_series *series, const struct trend_config *config)
{
    if (series->verdict.class != TREND_UNRESOLVABLE)
        return NAN;
    double by_samples = config->min_growth_bytes / PRESENT / SAMPLES_MIN;
    double by_growth = config->min_growth_bytes / (config->noise_z * config->noise_z);
    double period = exp2(floor(log2(fmax(fmin(by_samples, by_growth), 1))));
    return period < series->noise_bytes ? period : (double)NAN;
}
