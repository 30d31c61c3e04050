#include "baselines.h"

#include <math.h>
#include <string.h>

#define MIN_S  60.0
#define HOUR_S 3600.0

struct line {
    double slope; /* bytes/s */
    double r2;
    double now; /* where the line stands at the newest point */
};

/* The oldest point that is at most `span_s` old; -1 when the past does not reach that far. */
static int reach(const struct baseline_state *s, double span_s)
{
    double from_s = s->t_s[s->count - 1] - span_s;
    if (s->t_s[0] > from_s + MIN_S)
        return -1;
    int i = 0;
    while (s->t_s[i] < from_s - MIN_S / 2)
        i++;
    return i;
}

static struct line fit(const struct baseline_state *s, int from)
{
    int n = s->count - from;
    double mean_t = 0, mean_y = 0, stt = 0, sty = 0, syy = 0;
    for (int i = from; i < s->count; i++) {
        mean_t += s->t_s[i] / n;
        mean_y += s->bytes[i] / n;
    }
    for (int i = from; i < s->count; i++) {
        double t = s->t_s[i] - mean_t, y = s->bytes[i] - mean_y;
        stt += t * t;
        sty += t * y;
        syy += y * y;
    }
    double slope = stt > 0 ? sty / stt : 0;
    return (struct line){.slope = slope,
        .r2 = syy > 0 ? slope * sty / syy : 0,
        .now = mean_y + slope * (s->t_s[s->count - 1] - mean_t)};
}

static bool faster_than(const struct baseline_state *s, double rate, double span_s)
{
    int from = reach(s, span_s);
    if (from < 0 || from == s->count - 1)
        return false;
    double grown = s->bytes[s->count - 1] - s->bytes[from];
    return grown > rate * (s->t_s[s->count - 1] - s->t_s[from]);
}

static bool fixed_threshold(struct baseline_state *s)
{
    return faster_than(s, 2e6 / MIN_S, 30 * MIN_S);
}

static bool tuned_threshold(struct baseline_state *s)
{
    return faster_than(s, 50e3 / MIN_S, 2 * HOUR_S);
}

static bool straight_line(struct baseline_state *s)
{
    if (s->count < BASELINE_PAST)
        return false;
    struct line line = fit(s, 0);
    return line.slope > 0 && line.r2 > .9;
}

/* Coroot's memory leak inspection, whose documented default is growth by more than 10 MB an hour
 * (release notes of 0.11): here of a line through the last hour. */
static bool ten_mb_an_hour(struct baseline_state *s)
{
    int from = reach(s, HOUR_S);
    return from >= 0 && fit(s, from).slope > 10e6 / HOUR_S;
}

/* predict_linear(inuse[1h], 4 * 3600) > limit. Users take the memory limit of the container; it is
 * put here at twice the most that was in use in the first hour. */
static bool predicted_full(struct baseline_state *s)
{
    int from = reach(s, HOUR_S);
    if (from < 0)
        return false;
    if (s->limit_bytes == 0) {
        for (int i = from; i < s->count; i++)
            s->limit_bytes = fmax(s->limit_bytes, 2 * s->bytes[i]);
    }
    struct line line = fit(s, from);
    return line.now + line.slope * 4 * HOUR_S > s->limit_bytes;
}

const struct baseline baselines[] = {
    {"fixed rate: > 2 MB/min over 30 min", fixed_threshold, 1},
    {"tuned rate: > 50 KB/min over 2 h, 60 times running", tuned_threshold, 60},
    {"line over 240 points, R² > .9", straight_line, 1},
    {"Coroot's rule: > 10 MB/h over 1 h", ten_mb_an_hour, 1},
    {"predict_linear [1h], 4 h ahead, for 15 min", predicted_full, 15},
};
const int baseline_count = sizeof baselines / sizeof *baselines;

bool baseline_push(
    const struct baseline *baseline, struct baseline_state *s, const struct trend_point *point)
{
    if (point->alloc_bytes < s->alloc_bytes - 1)
        *s = (struct baseline_state){0};
    s->alloc_bytes = point->alloc_bytes;
    if (s->count == BASELINE_PAST) {
        s->count--;
        memmove(s->t_s, s->t_s + 1, sizeof *s->t_s * s->count);
        memmove(s->bytes, s->bytes + 1, sizeof *s->bytes * s->count);
    }
    s->t_s[s->count] = point->t_s;
    s->bytes[s->count++] = point->inuse_bytes;
    s->in_a_row = baseline->holds(s) ? s->in_a_row + 1 : 0;
    return s->in_a_row >= baseline->in_a_row;
}
