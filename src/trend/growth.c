#include "trend/growth.h"

#include <math.h>

#define PAIRS         (TREND_SEGMENTS * (TREND_SEGMENTS - 1) / 2)
#define NORMAL_95     1.96 /* of a normal variable within this many deviations lie 95 % */
#define AUTOCORRELATE 1.8  /* widens Sen's interval, see the header */
#define WALK_SLOPE    1.2

static void sort(double *values, int count)
{
    for (int i = 1; i < count; i++) {
        double v = values[i];
        int j = i;
        for (; j > 0 && values[j - 1] > v; j--)
            values[j] = values[j - 1];
        values[j] = v;
    }
}

/* Sen 1968: the slopes of rank (N - z sd)/2 from below and from above bound the true one, sd being
 * that of Kendall's S, n(n - 1)(2n + 5)/18. */
static int sen_rank(void)
{
    double n = TREND_SEGMENTS;
    double sd = sqrt(n * (n - 1) * (2 * n + 5) / 18);
    return (int)floor((PAIRS - NORMAL_95 * sd) / 2);
}

struct trend_growth trend_growth_estimate(
    const struct trend_window *w, const double means[TREND_SEGMENTS], double noise_bytes)
{
    double slopes[PAIRS];
    int count = 0;
    for (int i = 0; i < TREND_SEGMENTS; i++) {
        for (int j = i + 1; j < TREND_SEGMENTS; j++)
            slopes[count++] = (means[j] - means[i]) / (w->segment_s[j] - w->segment_s[i]);
    }
    sort(slopes, PAIRS);

    double rate = (slopes[PAIRS / 2 - 1] + slopes[PAIRS / 2]) / 2;
    double below = AUTOCORRELATE * (rate - slopes[sen_rank() - 1]);
    double above = AUTOCORRELATE * (slopes[PAIRS - sen_rank()] - rate);
    double grown_bytes = fabs(rate) * w->length_s;
    double sampling = NORMAL_95 * sqrt(WALK_SLOPE * noise_bytes * grown_bytes) / w->length_s;
    return (struct trend_growth){
        .rate = rate, .lo = rate - hypot(below, sampling), .hi = rate + hypot(above, sampling)};
}

double trend_growth_turnover_variance(
    const struct trend_window *w, double growth_bytes, double noise_bytes, double span)
{
    double inuse_bytes = 0;
    for (int g = 0; g < TREND_SEGMENTS; g++)
        inuse_bytes += w->raw_means[g] / TREND_SEGMENTS;
    double freed_bytes = trend_window_alloc_bytes(w) - fmax(growth_bytes, 0);
    if (inuse_bytes <= 0 || freed_bytes <= 0)
        return 0;
    double lives = freed_bytes / inuse_bytes; /* T/L */
    return 2 * inuse_bytes * noise_bytes * -expm1(-lives * span) / (1 + lives / TREND_SEGMENTS / 2);
}
