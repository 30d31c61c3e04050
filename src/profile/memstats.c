#include "profile/memstats.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define LINES_MAX 100 /* Go writes 27 */

/* Members by the name that the text has for them: of "Stack = a / b", a is under its name and b
 * under "Stack/". */
static const struct {
    const char *name;
    size_t offset;
    bool is_required;
} members[] = {
    {"Sys", offsetof(struct profile_memstats, sys), true},
    {"HeapAlloc", offsetof(struct profile_memstats, heap_alloc), true},
    {"HeapSys", offsetof(struct profile_memstats, heap_sys), true},
    {"HeapInuse", offsetof(struct profile_memstats, heap_inuse), true},
    {"HeapIdle", offsetof(struct profile_memstats, heap_idle), true},
    {"HeapReleased", offsetof(struct profile_memstats, heap_released), true},
    {"Stack", offsetof(struct profile_memstats, stack_inuse), true},
    {"Stack/", offsetof(struct profile_memstats, stack_sys), true},
    {"MSpan/", offsetof(struct profile_memstats, mspan_sys), false},
    {"MCache/", offsetof(struct profile_memstats, mcache_sys), false},
    {"BuckHashSys", offsetof(struct profile_memstats, buck_hash_sys), false},
    {"GCSys", offsetof(struct profile_memstats, gc_sys), false},
    {"OtherSys", offsetof(struct profile_memstats, other_sys), false},
    {"NextGC", offsetof(struct profile_memstats, next_gc), false},
    {"MaxRSS", offsetof(struct profile_memstats, max_rss), false},
    {"NumGC", offsetof(struct profile_memstats, num_gc), false},
    {"NumForcedGC", offsetof(struct profile_memstats, num_forced_gc), false},
};

#define MEMBERS (sizeof members / sizeof *members)

_Static_assert(
    MEMBERS == PROFILE_MEMSTATS_COUNTS && offsetof(struct profile_memstats, gc_cpu_fraction) ==
                                              PROFILE_MEMSTATS_COUNTS * sizeof(int64_t),
    "the counts come first, one a line");

struct reader {
    struct profile_memstats *stats;
    unsigned seen; /* a bit a member */
};

static bool is_name(const char *name, const char *word, size_t len, bool second)
{
    size_t name_len = strlen(name);
    return name_len == len + second && memcmp(name, word, len) == 0 &&
           (name[name_len - 1] == '/') == second;
}

/* Takes a decimal number off *at; false where there is none or it is beyond INT64_MAX. */
static bool take_number(const char **at, const char *end, int64_t *number)
{
    const char *first = *at;
    *number = 0;
    for (; *at < end && **at >= '0' && **at <= '9'; ++*at) {
        if (__builtin_mul_overflow(*number, 10, number) ||
            __builtin_add_overflow(*number, **at - '0', number))
            return false;
    }
    return *at > first;
}

/* A copy, because strtod() reads on to a NUL. */
static bool read_fraction(const char *at, const char *end, double *fraction)
{
    char text[64], *rest;
    size_t len = (size_t)(end - at);
    if (len == 0 || len >= sizeof text)
        return false;
    memcpy(text, at, len);
    text[len] = '\0';
    double value = strtod(text, &rest);
    if (*rest || !isfinite(value))
        return false;
    *fraction = fmin(fmax(value, 0), 1);
    return true;
}

static int refuse(const char *word, size_t len, struct lw_err *err)
{
    return lw_err_set(err, LW_NOT_PROFILE, "%.*s of runtime.MemStats is no number",
        len < 40 ? (int)len : 40, word);
}

/* One number of a line "# name = number" or, second, of "# name = … / number". */
static int read_member(struct reader *r, const char *word, size_t len, bool second, const char **at,
    const char *end, struct lw_err *err)
{
    for (size_t i = 0; i < MEMBERS; i++) {
        if (!is_name(members[i].name, word, len, second))
            continue;
        r->seen |= 1u << i;
        int64_t *member = (int64_t *)(void *)((char *)r->stats + members[i].offset);
        return take_number(at, end, member) ? 0 : refuse(word, len, err);
    }
    return 0;
}

static int read_line(struct reader *r, const char *at, const char *end, struct lw_err *err)
{
    static const char mark[] = " = ", slash[] = " / ";
    if (end - at < 2 || at[0] != '#' || at[1] != ' ')
        return 0;
    const char *word = at + 2;
    const char *equals = memmem(word, (size_t)(end - word), mark, sizeof mark - 1);
    if (!equals)
        return 0;
    size_t len = (size_t)(equals - word);
    const char *value = equals + sizeof mark - 1;
    if (is_name("GCCPUFraction", word, len, false))
        return read_fraction(value, end, &r->stats->gc_cpu_fraction) ? 0 : refuse(word, len, err);
    if (read_member(r, word, len, false, &value, end, err) < 0)
        return -1;
    const char *second = memmem(value, (size_t)(end - value), slash, sizeof slash - 1);
    if (!second)
        return 0;
    second += sizeof slash - 1;
    return read_member(r, word, len, true, &second, end, err);
}

static int check_seen(const struct reader *r, struct lw_err *err)
{
    for (size_t i = 0; i < MEMBERS; i++) {
        if (members[i].is_required && !(r->seen & 1u << i))
            return lw_err_set(
                err, LW_NOT_PROFILE, "runtime.MemStats has no line %s", members[i].name);
    }
    return 0;
}

int profile_memstats_parse(
    const char *text, size_t len, struct profile_memstats *stats, struct lw_err *err)
{
    static const char head[] = "\n# runtime.MemStats\n";
    struct reader r = {.stats = stats};
    *stats = (struct profile_memstats){0};
    const char *at = memmem(text, len, head, sizeof head - 1), *end = text + len;
    if (!at)
        return lw_err_set(err, LW_NOT_PROFILE,
            "the text has no runtime.MemStats; is the path /debug/pprof/heap?debug=1?");
    at += sizeof head - 1;
    for (int lines = 0; at < end && lines < LINES_MAX; lines++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *line_end = newline ? newline : end;
        if (read_line(&r, at, line_end, err) < 0)
            return -1;
        at = newline ? newline + 1 : end;
    }
    return check_seen(&r, err);
}

int64_t profile_memstats_held_bytes(const struct profile_memstats *stats)
{
    return stats->sys > stats->heap_released ? stats->sys - stats->heap_released : 0;
}
