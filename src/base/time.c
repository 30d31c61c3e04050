#include "base/time.h"

#include <stdio.h>
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
