#include "trend/target.h"

#include <math.h>

#include "trend/ring.h"

#define INTERVAL_SES   3.92 /* a 95 % interval of a normal law, end to end */
#define LIVE_SHARE_MIN .005
#define ONSET_BLOCKS   4   /* blocks that trend/beginning.c looks at together */
#define GO_LIMIT_SHARE .95 /* beyond it the collector hardly lets the program run */

struct trend_rate trend_rate_of(const struct trend_verdict *verdict)
{
    return (struct trend_rate){
        .bytes_s = verdict->rate, .se = (verdict->rate_hi - verdict->rate_lo) / INTERVAL_SES};
}

struct trend_rate trend_rate_sum(struct trend_rate a, struct trend_rate b)
{
    return (struct trend_rate){a.bytes_s + b.bytes_s, hypot(a.se, b.se)};
}

bool trend_rate_unattributed(
    struct trend_rate total, struct trend_rate sum, struct trend_rate *difference)
{
    *difference = (struct trend_rate){total.bytes_s - sum.bytes_s, hypot(total.se, sum.se)};
    return fabs(difference->bytes_s) > 2 * difference->se;
}

double trend_target_counted_bytes(const struct trend_config *config, double live_bytes)
{
    return fmax(config->min_growth_bytes, LIVE_SHARE_MIN * live_bytes);
}

bool trend_target_onset(const struct trend_config *config, const struct trend_verdict *verdict,
    double *from_s, double *to_s)
{
    if (verdict->growing_since_s <= 0)
        return false;
    int level = verdict->level > 0 ? verdict->level : 0;
    double width_s = ldexp(config->base_s * TREND_RING_BASE_BLOCKS * ONSET_BLOCKS, level);
    *from_s = verdict->growing_since_s - width_s;
    *to_s = verdict->growing_since_s + width_s;
    return true;
}

double trend_room_live_bytes(const struct trend_room *room, bool *by_go_limit)
{
    double kappa = room->kappa > 0 ? room->kappa : TREND_KAPPA_ASSUMED;
    double killed = room->limit_bytes > 0 ? room->limit_bytes / kappa : INFINITY;
    double slowed = INFINITY;
    if (room->go_limit_bytes > 0)
        slowed = fmax(GO_LIMIT_SHARE * (room->go_limit_bytes - room->non_heap_bytes), 0);
    *by_go_limit = slowed < killed;
    return fmin(killed, slowed);
}

static double seconds_until(double bytes, double rate)
{
    if (bytes <= 0)
        return 0;
    return rate > 0 && isfinite(bytes) ? bytes / rate : INFINITY;
}

struct trend_forecast trend_forecast_of(
    double room_bytes, struct trend_rate rate, double largest_step_bytes)
{
    return (struct trend_forecast){
        .seconds = seconds_until(room_bytes, rate.bytes_s),
        .lo_s = seconds_until(room_bytes - largest_step_bytes, rate.bytes_s + 2 * rate.se),
        .hi_s = seconds_until(room_bytes, rate.bytes_s - 2 * rate.se),
    };
}

double trend_at_stake_bytes(double rate, double seconds_to_limit)
{
    return fmax(rate, 0) * fmin(TREND_HORIZON_S, seconds_to_limit);
}
