#include "report/words.h"

#include <stdio.h>

struct report_word report_word_bytes(double bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    struct report_word word = {"unknown"};
    if (!isfinite(bytes))
        return word;
    int unit = 0;
    while (fabs(bytes) >= 1024 && unit < 6) {
        bytes /= 1024;
        unit++;
    }
    snprintf(word.text, sizeof word.text, "%.*f %s", unit && fabs(bytes) < 100 ? 1 : 0, bytes,
        units[unit]);
    return word;
}

/* Seconds of the unit of time in which a rate is told. */
static double span_of(double bytes_per_s)
{
    return fabs(bytes_per_s) * 60 >= 10240 ? 60 : 3600;
}

struct report_word report_word_rate(double bytes_per_s)
{
    struct report_word word = {"unknown"};
    if (!isfinite(bytes_per_s))
        return word;
    double span = span_of(bytes_per_s);
    snprintf(word.text, sizeof word.text, "%.40s/%s", report_word_bytes(bytes_per_s * span).text,
        span > 60 ? "h" : "min");
    return word;
}

struct report_word report_word_rate_interval(const struct report_estimate *rate)
{
    struct report_word word = report_word_rate(rate->value);
    if (!isfinite(rate->value) || !isfinite(rate->lo) || !isfinite(rate->hi))
        return word;
    double span = span_of(rate->value);
    struct report_word all;
    snprintf(all.text, sizeof all.text, "%.20s (%.16s to %.16s)", word.text,
        report_word_bytes(rate->lo * span).text, report_word_bytes(rate->hi * span).text);
    return all;
}

struct report_word report_word_duration(double seconds)
{
    struct report_word word = {"unknown"};
    if (isnan(seconds))
        return word;
    if (isinf(seconds) || seconds > 1e9) {
        snprintf(word.text, sizeof word.text, "never");
        return word;
    }
    long s = seconds > 0 ? (long)(seconds + .5) : 0;
    if (s < 120)
        snprintf(word.text, sizeof word.text, "%ld s", s);
    else if (s < 7200)
        snprintf(word.text, sizeof word.text, "%ld min", (s + 30) / 60);
    else if (s < 2 * 86400)
        snprintf(word.text, sizeof word.text, "%ld h %ld min", s / 3600, s % 3600 / 60);
    else
        snprintf(word.text, sizeof word.text, "%ld d %ld h", s / 86400, s % 86400 / 3600);
    return word;
}

struct report_word report_word_time(struct lw_wall at)
{
    struct report_word word = {"unknown"};
    char text[LW_WALL_TEXT_BYTES];
    if (at.ns)
        snprintf(word.text, sizeof word.text, "%.10s %.5s UTC", lw_wall_rfc3339(at, text),
            lw_wall_rfc3339(at, text) + 11);
    return word;
}
