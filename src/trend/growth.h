/* How fast a window grows, and how sure that is. */
#ifndef LW_TREND_GROWTH_H
#define LW_TREND_GROWTH_H

#include "trend/window.h"

/* Bytes per second, with a 95 % interval. */
struct trend_growth {
    double rate;
    double lo;
    double hi;
};

/* The Theil-Sen slope of eight segment means: the median of the slopes of all 28 pairs (Theil 1950,
 * Sen 1968). The interval adds two variances, on each side: Sen's rank interval of the slopes, 1.8
 * times as wide since neighbouring segments of a heap err together (measured on simulated steady
 * leaks, which it then covers in .95 to .97 of cases); and what Go's sampling adds to a growth of G
 * bytes over T seconds, 1.2 Re G / T^2 (a sampled leak is a random walk, and the slope of a line
 * fitted to one of variance Re G varies by 6/5 of that). noise_bytes: Re, sampling variance per
 * byte in use. means: of w, raw or adjusted. */
struct trend_growth trend_growth_estimate(
    const struct trend_window *w, const double means[TREND_SEGMENTS], double noise_bytes);

/* The sampling variance that replaced objects add to a growth, in bytes². A cache whose entries are
 * replaced is sampled anew all the time, and its estimate walks about. In-use I of mean lifetime L
 * (what is in use over what is freed a second) seen for T seconds in segments of S varies by
 * 2 I Re (1 - exp(-t/L)) / (1 + S/2L) over a time t: all of a walk while t is short, the averaged
 * noise of a steady state when it is long. span: t/T, 1 for growth over the window. */
double trend_growth_turnover_variance(
    const struct trend_window *w, double growth_bytes, double noise_bytes, double span);

#endif
