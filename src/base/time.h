/* Two clocks that do not mix: a point on the monotonic clock orders and schedules, a point on the
 * wall clock is shown to people and survives a restart. Passing one for the other does not compile.
 */
#ifndef LW_BASE_TIME_H
#define LW_BASE_TIME_H

#include <stdint.h>

struct lw_mono {
    int64_t ns; /* since some point that is fixed while the machine runs */
};

struct lw_wall {
    int64_t ns; /* since 1970-01-01T00:00:00Z; 0 = unknown */
};

#define LW_NS_PER_US ((int64_t)1000)
#define LW_NS_PER_MS ((int64_t)1000000)
#define LW_NS_PER_S  ((int64_t)1000000000)

static inline struct lw_mono lw_mono_add(struct lw_mono t, int64_t ns)
{
    return (struct lw_mono){t.ns + ns};
}

/* a - b in ns */
static inline int64_t lw_mono_sub(struct lw_mono a, struct lw_mono b)
{
    return a.ns - b.ns;
}

/* So many seconds earlier; what is not known stays so, and nothing comes before 1970. */
static inline struct lw_wall lw_wall_before(struct lw_wall t, int64_t seconds)
{
    int64_t ns = seconds * LW_NS_PER_S;
    if (t.ns)
        t.ns = t.ns > ns ? t.ns - ns : 1;
    return t;
}

static inline double lw_wall_s(struct lw_wall t)
{
    return (double)t.ns / 1e9;
}

/* "2026-11-21T04:14:21.837Z" with its NUL; always UTC, always milliseconds. */
#define LW_WALL_TEXT_BYTES 32
const char *lw_wall_rfc3339(struct lw_wall t, char text[LW_WALL_TEXT_BYTES]);

/* Reads a time as RFC 3339 §5.6 writes it, years 1970 to 2261, with or without a fraction (digits
 * below the nanosecond are dropped), Z or an offset. Returns 0, or -1 for anything else. */
int lw_wall_parse(const char *text, struct lw_wall *t);

#endif
