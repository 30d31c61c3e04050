#include "trend/shape.h"

#include <math.h>

#define STEPS (TREND_SEGMENTS - 1)

#define START_SLOPE_MIN .02 /* of the slope at the middle: what a flat start counts as */

/* a / b, cut to the range; b that is not positive gives `otherwise`. */
static double ratio(double a, double b, double otherwise)
{
    if (!(b > 0))
        return otherwise;
    return fmin(fmax(a / b, -TREND_RATIO_MAX), TREND_RATIO_MAX);
}

/* Least-squares slope over places 0..7; 42 is the sum of their squares about the middle. */
static double slope_of(const double means[TREND_SEGMENTS])
{
    double sum = 0;
    for (int g = 0; g < TREND_SEGMENTS; g++)
        sum += (g - STEPS / 2.0) * means[g];
    return sum / 42;
}

struct trend_shape trend_shape_of(const double v[TREND_SEGMENTS])
{
    double growth = STEPS * slope_of(v);
    double even = growth / STEPS;
    double largest = v[1] - v[0];
    int rising = 0;
    for (int g = 0; g < STEPS; g++) {
        double step = v[g + 1] - v[g];
        largest = fmax(largest, step);
        rising += step > 0;
    }
    double first_half = (v[3] + v[4] - v[0] - v[1]) / 2;
    double second_half = (v[6] + v[7] - v[3] - v[4]) / 2;
    return (struct trend_shape){
        .growth_bytes = growth,
        .largest_share = ratio(largest, growth, TREND_RATIO_MAX),
        .rising = rising,
        .last_two = ratio(v[7] - v[5], 2 * even, -TREND_RATIO_MAX),
        .last_one = ratio(v[7] - v[6], even, -TREND_RATIO_MAX),
        .late = ratio(second_half, first_half, TREND_RATIO_MAX),
        .first_two = ratio(v[2] - v[0], 2 * even, -TREND_RATIO_MAX),
    };
}

/* Fits with polynomials made orthogonal over the blocks' places u: p1 = u - mean(u) and
 * p2 = u p1 - k p1 - mean(p1²), so each coefficient is one quotient and no system is solved. */
double trend_shape_curve(const struct trend_window *w, const double *values)
{
    double n = w->blocks, mean_u = 0, sum_p1p1 = 0, sum_up1p1 = 0;
    for (int i = 0; i < w->blocks; i++)
        mean_u += w->place[i] / n;
    for (int i = 0; i < w->blocks; i++) {
        double p1 = w->place[i] - mean_u;
        sum_p1p1 += p1 * p1;
        sum_up1p1 += w->place[i] * p1 * p1;
    }
    double k = sum_up1p1 / sum_p1p1;

    double sum_yp1 = 0, sum_yp2 = 0, sum_p2p2 = 0;
    for (int i = 0; i < w->blocks; i++) {
        double p1 = w->place[i] - mean_u;
        double p2 = (w->place[i] - k) * p1 - sum_p1p1 / n;
        sum_yp1 += values[i] * p1;
        sum_yp2 += values[i] * p2;
        sum_p2p2 += p2 * p2;
    }
    double linear = sum_yp1 / sum_p1p1;
    double square = sum_yp2 / sum_p2p2;

    /* The slope at u is linear + square (2u - mean_u - k); 1/6 and 5/6 of the window: u = ±2/3. */
    double middle = linear - square * (mean_u + k);
    if (!(middle > 0))
        return -TREND_RATIO_MAX;
    double start = fmax(middle - square * 4 / 3, START_SLOPE_MIN * middle);
    double end = middle + square * 4 / 3;
    return ratio(end, start, -TREND_RATIO_MAX);
}
