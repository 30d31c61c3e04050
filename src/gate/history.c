#include "gate/history.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define BUCKETS_AN_OCTAVE 16
#define SMALLEST_LOG2     (-4) /* of the first bucket's lower edge */
#define DAY_NS            (86400 * LW_NS_PER_S)

static int64_t day_of(struct lw_wall at)
{
    return at.ns / DAY_NS;
}

static size_t bucket_of(double value)
{
    if (value < ldexp(1, SMALLEST_LOG2))
        return 0;
    double bucket = (log2(value) - SMALLEST_LOG2) * BUCKETS_AN_OCTAVE;
    return bucket < GATE_BUCKETS - 1 ? (size_t)bucket : GATE_BUCKETS - 1;
}

static double middle_of(size_t bucket)
{
    return exp2(((double)bucket + 0.5) / BUCKETS_AN_OCTAVE + SMALLEST_LOG2);
}

static void clear_day(struct gate_day *day)
{
    free(day->counts);
    *day = (struct gate_day){0};
}

void gate_history_fini(struct gate_history *history)
{
    for (size_t i = 0; i < GATE_DAYS; i++)
        clear_day(&history->days[i]);
}

/* Makes the day hold a bucket; those between are zero. */
static void widen(struct gate_day *day, size_t bucket)
{
    size_t first = day->len && day->first < bucket ? day->first : bucket;
    size_t end = day->len && day->first + day->len > bucket ? day->first + day->len : bucket + 1;
    if (day->len == end - first)
        return;
    uint32_t *counts = lw_new(end - first, sizeof *counts);
    if (day->len)
        memcpy(counts + (day->first - first), day->counts, day->len * sizeof *counts);
    free(day->counts);
    day->counts = counts;
    day->first = first;
    day->len = end - first;
}

void gate_history_add(struct gate_history *history, struct lw_wall at, double value)
{
    int64_t today = day_of(at);
    if (!isfinite(value) || value < 0 || today <= 0)
        return;
    struct gate_day *day = &history->days[today % GATE_DAYS];
    if (today < day->day)
        return;
    if (today > day->day) {
        clear_day(day);
        day->day = today;
    }
    size_t bucket = bucket_of(value);
    widen(day, bucket);
    uint32_t *count = &day->counts[bucket - day->first];
    *count += *count < UINT32_MAX;
}

static bool is_within(const struct gate_day *day, struct lw_wall now)
{
    return day->day && day_of(now) - day->day < GATE_DAYS;
}

uint64_t gate_history_count(const struct gate_history *history, struct lw_wall now)
{
    uint64_t count = 0;
    for (size_t i = 0; i < GATE_DAYS; i++) {
        const struct gate_day *day = &history->days[i];
        for (size_t b = 0; is_within(day, now) && b < day->len; b++)
            count += day->counts[b];
    }
    return count;
}

double gate_history_quantile(const struct gate_history *history, struct lw_wall now, double q)
{
    uint64_t sums[GATE_BUCKETS] = {0}, total = 0, below = 0;
    for (size_t i = 0; i < GATE_DAYS; i++) {
        const struct gate_day *day = &history->days[i];
        for (size_t b = 0; is_within(day, now) && b < day->len; b++) {
            sums[day->first + b] += day->counts[b];
            total += day->counts[b];
        }
    }
    if (!total)
        return NAN;
    size_t bucket = 0;
    for (; bucket < GATE_BUCKETS - 1; bucket++) {
        below += sums[bucket];
        if (below > 0 && (double)below >= q * (double)total)
            break;
    }
    return middle_of(bucket);
}

void gate_history_encode(const struct gate_history *history, struct lw_strbuf *out)
{
    for (size_t i = 0; i < GATE_DAYS; i++) {
        const struct gate_day *day = &history->days[i];
        lw_strbuf_add_u64(out, (uint64_t)day->day);
        lw_strbuf_add_u32(out, (uint32_t)day->first);
        lw_strbuf_add_u32(out, (uint32_t)day->len);
        for (size_t b = 0; b < day->len; b++)
            lw_strbuf_add_u32(out, day->counts[b]);
    }
}

static bool decode_day(struct gate_day *day, size_t place, struct lw_cursor *in)
{
    uint64_t number = lw_cursor_u64(in);
    size_t first = lw_cursor_u32(in), len = lw_cursor_u32(in);
    if (!lw_cursor_ok(in) || first > GATE_BUCKETS || len > GATE_BUCKETS - first ||
        number > INT64_MAX / DAY_NS || (number ? number % GATE_DAYS != place : len > 0))
        return false;
    *day = (struct gate_day){.day = (int64_t)number,
        .first = first,
        .len = len,
        .counts = len ? lw_new(len, sizeof *day->counts) : NULL};
    for (size_t b = 0; b < len; b++)
        day->counts[b] = lw_cursor_u32(in);
    return lw_cursor_ok(in);
}

int gate_history_decode(struct gate_history *history, struct lw_cursor *in, struct lw_err *err)
{
    *history = (struct gate_history){0};
    for (size_t i = 0; i < GATE_DAYS; i++) {
        if (decode_day(&history->days[i], i, in))
            continue;
        gate_history_fini(history);
        return lw_err_set(err, LW_CORRUPT, "the stored image of a build's history is damaged");
    }
    return 0;
}
