#include "trend/window.h"

#include <math.h>
#include <string.h>

#define LOAD_SPAN_MAX     16  /* blocks over which the allocation rate may be averaged */
#define LOAD_SPAN_WINS    .98 /* a longer average must leave this much less unexplained */
#define LOAD_HOLDS_MOST   1.05
#define CHURN_GROWTH_MOST 100

struct load_fit {
    double lifetime_s;
    double rate[TREND_RING_BLOCKS]; /* bytes/s allocated, averaged over the last blocks */
    double rate_mean;
    double unexplained; /* sum of squares */
};

static double mean_of(const double *values, int count)
{
    double sum = 0;
    for (int i = 0; i < count; i++)
        sum += values[i];
    return sum / count;
}

/* Each block's allocation rate averaged over it and the span - 1 blocks before. */
static void average_rates(const struct trend_window *w, int span, double *rates)
{
    for (int k = 0; k < w->blocks; k++) {
        int last = w->first + k;
        int from = last - span + 1 > 0 ? last - span + 1 : 0;
        double bytes = w->ring->blocks[last].alloc_bytes - trend_ring_start_alloc(w->ring, from);
        double time_s = (double)w->ring->blocks[last].end_s - trend_ring_start_s(w->ring, from);
        rates[k] = bytes / time_s;
    }
}

/* Load cannot hold more than is there: lifetime * rate stays below in-use in each segment. */
static double lifetime_held(const struct trend_window *w, const double *rates, double lifetime_s)
{
    for (int g = 0; g < TREND_SEGMENTS; g++) {
        double inuse = 0, rate = 0;
        for (int k = w->cuts[g]; k < w->cuts[g + 1]; k++) {
            inuse += w->raw[k];
            rate += rates[k];
        }
        if (lifetime_s * rate > LOAD_HOLDS_MOST * inuse)
            lifetime_s = LOAD_HOLDS_MOST * inuse / rate;
    }
    return lifetime_s;
}

/* Little's law (Little 1961): what is in use under a steady load is the allocation rate times the
 * mean lifetime, so the slope of in-use over the rate is a lifetime, with a lifetime's bounds. It
 * is fitted without a trend beside it: in doubt, growth is put down to load. */
static void fit_load(const struct trend_window *w, int span, double lifetime_max_s,
    double variation, double inuse_mean, struct load_fit *fit)
{
    average_rates(w, span, fit->rate);
    fit->rate_mean = mean_of(fit->rate, w->blocks);
    double sxx = 0, sxy = 0;
    for (int k = 0; k < w->blocks; k++) {
        double x = fit->rate[k] - fit->rate_mean;
        sxx += x * x;
        sxy += x * (w->raw[k] - inuse_mean);
    }
    double slope = sxx > 0 ? sxy / sxx : 0;
    fit->lifetime_s = lifetime_held(w, fit->rate, fmin(fmax(slope, 0), lifetime_max_s));
    double b = fit->lifetime_s;
    fit->unexplained = variation - 2 * b * sxy + b * b * sxx;
}

/* Fits load over averages of 1, 2, 4, 8 and 16 blocks and takes the best out of the series. */
static void adjust_for_load(struct trend_window *w, double lifetime_max_s)
{
    double inuse_mean = mean_of(w->raw, w->blocks);
    double variation = 0;
    for (int k = 0; k < w->blocks; k++)
        variation += (w->raw[k] - inuse_mean) * (w->raw[k] - inuse_mean);

    struct load_fit best, fit;
    fit_load(w, 1, lifetime_max_s, variation, inuse_mean, &best);
    for (int span = 2; span <= LOAD_SPAN_MAX; span *= 2) {
        fit_load(w, span, lifetime_max_s, variation, inuse_mean, &fit);
        if (fit.unexplained < best.unexplained * LOAD_SPAN_WINS)
            best = fit;
    }
    for (int k = 0; k < w->blocks; k++)
        w->adjusted[k] = w->raw[k] - best.lifetime_s * (best.rate[k] - best.rate_mean);
    if (variation > 0)
        w->load_r2 = fmin(fmax(1 - best.unexplained / variation, 0), 1);
}

static void cut_segments(struct trend_window *w)
{
    for (int g = 0; g <= TREND_SEGMENTS; g++)
        w->cuts[g] = (g * w->blocks + TREND_SEGMENTS / 2) / TREND_SEGMENTS;
    for (int g = 0; g < TREND_SEGMENTS; g++) {
        double from_s = trend_ring_start_s(w->ring, w->first + w->cuts[g]);
        double to_s = trend_ring_start_s(w->ring, w->first + w->cuts[g + 1]);
        w->segment_s[g] = (from_s + to_s) / 2;
    }
}

static void average_segments(const struct trend_window *w, const double *blocks, double *means)
{
    for (int g = 0; g < TREND_SEGMENTS; g++)
        means[g] = mean_of(blocks + w->cuts[g], w->cuts[g + 1] - w->cuts[g]);
}

void trend_window_cut(struct trend_window *w, const struct trend_ring *ring, double lifetime_max_s)
{
    memset(w, 0, sizeof *w);
    w->ring = ring;
    w->blocks = ring->count & ~1;
    w->first = ring->count - w->blocks;
    w->start_s = trend_ring_start_s(ring, w->first);
    w->length_s = trend_ring_end_s(ring) - w->start_s;
    if (w->blocks < TREND_WINDOW_BLOCKS_MIN)
        return;
    for (int k = 0; k < w->blocks; k++) {
        w->raw[k] = ring->blocks[w->first + k].mean_bytes;
        double center_s = trend_ring_center_s(ring, w->first + k) - w->start_s;
        w->place[k] = 2 * center_s / w->length_s - 1;
    }
    cut_segments(w);
    adjust_for_load(w, lifetime_max_s);
    average_segments(w, w->raw, w->raw_means);
    average_segments(w, w->adjusted, w->adjusted_means);
}

const double *trend_window_means(const struct trend_window *w, double load_r2_min)
{
    return w->load_r2 > load_r2_min ? w->adjusted_means : w->raw_means;
}

/* Bytes a second that are allocated between two blocks of the window and do not stay. */
static double churn_rate(const struct trend_window *w, int from, int to, double grown_bytes)
{
    double alloc_bytes = trend_ring_start_alloc(w->ring, w->first + to) -
                         trend_ring_start_alloc(w->ring, w->first + from);
    double time_s = (double)trend_ring_start_s(w->ring, w->first + to) -
                    trend_ring_start_s(w->ring, w->first + from);
    return fmax(alloc_bytes - fmax(grown_bytes, 0), 0) / time_s;
}

double trend_window_churn_growth(const struct trend_window *w)
{
    const double *v = w->raw_means;
    int half = w->cuts[TREND_SEGMENTS / 2];
    double middle = (v[3] + v[4]) / 2, edges = TREND_SEGMENTS / (TREND_SEGMENTS - 1.0);
    double first = churn_rate(w, 0, half, (middle - v[0]) * edges);
    double second = churn_rate(w, half, w->blocks, (v[7] - middle) * edges);
    return first > 0 ? fmin(second / first, CHURN_GROWTH_MOST) : CHURN_GROWTH_MOST;
}
