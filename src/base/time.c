#include "base/time.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

const char *lw_wall_rfc3339(struct lw_wall t, char text[LW_WALL_TEXT_BYTES])
{
    time_t s = (time_t)(t.ns / LW_NS_PER_S);
    int64_t ns = t.ns % LW_NS_PER_S;
    if (ns < 0) {
        ns += LW_NS_PER_S;
        s--;
    }
    struct tm tm;
    size_t n = 0;
    if (gmtime_r(&s, &tm))
        n = strftime(text, LW_WALL_TEXT_BYTES, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(text + n, LW_WALL_TEXT_BYTES - n, ".%03dZ", (int)(ns / LW_NS_PER_MS));
    return text;
}

/* Digits of exactly that number at *p, which moves past them; -1 where there are none. */
static int take_digits(const char **p, int count)
{
    int value = 0;
    for (int i = 0; i < count; i++, (*p)++) {
        if (**p < '0' || **p > '9')
            return -1;
        value = value * 10 + (**p - '0');
    }
    return value;
}

/* The digits after the point, as nanoseconds; 0 where there is no point, -1 where none follow it.
 */
static int64_t take_fraction(const char **p)
{
    int64_t ns = 0, unit = LW_NS_PER_S / 10;
    if (**p != '.')
        return 0;
    const char *first = ++*p;
    for (; **p >= '0' && **p <= '9'; (*p)++, unit /= 10)
        ns += unit * (**p - '0');
    return *p > first ? ns : -1;
}

/* "Z" or "+01:30" at the end of the text, in seconds; false for anything else. */
static bool parse_offset(const char *p, int *offset_s)
{
    *offset_s = 0;
    if (strcmp(p, "Z") == 0 || strcmp(p, "z") == 0)
        return true;
    if (*p != '+' && *p != '-')
        return false;
    int sign = *p++ == '-' ? -1 : 1;
    int hours = take_digits(&p, 2);
    if (hours < 0 || hours > 23 || *p++ != ':')
        return false;
    int minutes = take_digits(&p, 2);
    *offset_s = sign * (hours * 3600 + minutes * 60);
    return minutes >= 0 && minutes < 60 && !*p;
}

/* Fields in the order of the text, each with the character that follows it; 0: none. */
static bool take_fields(const char **p, struct tm *tm)
{
    static const struct {
        int digits, min, max;
        char then;
    } fields[] = {{4, 1970, 2261, '-'}, {2, 1, 12, '-'}, {2, 1, 31, 'T'}, {2, 0, 23, ':'},
        {2, 0, 59, ':'}, {2, 0, 59, 0}};
    int values[6];
    for (int i = 0; i < 6; i++) {
        values[i] = take_digits(p, fields[i].digits);
        if (values[i] < fields[i].min || values[i] > fields[i].max)
            return false;
        if (fields[i].then && *(*p)++ != fields[i].then)
            return false;
    }
    *tm = (struct tm){.tm_year = values[0] - 1900,
        .tm_mon = values[1] - 1,
        .tm_mday = values[2],
        .tm_hour = values[3],
        .tm_min = values[4],
        .tm_sec = values[5]};
    return true;
}

int lw_wall_parse(const char *text, struct lw_wall *t)
{
    struct tm tm;
    int offset_s;
    if (!take_fields(&text, &tm))
        return -1;
    int day = tm.tm_mday;
    int64_t fraction_ns = take_fraction(&text);
    if (fraction_ns < 0 || !parse_offset(text, &offset_s))
        return -1;
    int64_t s = timegm(&tm); /* moves the 31st of a month of thirty days into the next */
    if (tm.tm_mday != day)
        return -1;
    t->ns = (s - offset_s) * LW_NS_PER_S + fraction_ns;
    return 0;
}
