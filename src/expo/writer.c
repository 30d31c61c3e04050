#include "expo/expo.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/utf8.h"

static bool ends_with(const char *s, const char *suffix)
{
    size_t n = strlen(s), m = strlen(suffix);
    return n >= m && strcmp(s + n - m, suffix) == 0;
}

/* The names promtool's lint lets pass: snake case, no colon. */
static bool is_metric_name(const char *name)
{
    return name[0] >= 'a' && name[0] <= 'z' &&
           name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

/* Labels also come from configurations, which may use all that Prometheus takes. */
static bool is_label_name(const char *name)
{
    const char *p = name;
    while ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || *p == '_' ||
           (*p >= '0' && *p <= '9' && p != name))
        p++;
    return p != name && !*p;
}

/* Suffixes by which a scraper knows types of samples; a family name must not end in one. */
static bool has_reserved_suffix(const char *name)
{
    static const char *const reserved[] = {
        "_total", "_created", "_info", "_bucket", "_count", "_sum"};
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
        if (ends_with(name, reserved[i]))
            return true;
    }
    return false;
}

static bool is_unit_of(const char *unit, const char *name)
{
    size_t n = strlen(name), m = strlen(unit);
    return m > 0 && n > m + 1 && name[n - m - 1] == '_' && ends_with(name, unit);
}

/* ---- escaping ---- */

/* What a character becomes between quotes, or NULL for itself. */
static const char *escape_of(char c)
{
    switch (c) {
    case '\\':
        return "\\\\";
    case '"':
        return "\\\"";
    case '\n':
        return "\\n";
    default:
        return NULL;
    }
}

/* Nearly all there is: large expositions are mostly names. */
static bool is_plain(char c)
{
    return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

static void add_escaped(struct lw_strbuf *out, const char *text)
{
    const char *plain = text; /* what is not written yet and needs no change */
    const char *p = text;
    while (*p) {
        if (is_plain(*p)) {
            p++;
            continue;
        }
        size_t len = lw_utf8_sequence(p);
        const char *replacement = len == 0 ? LW_UTF8_REPLACEMENT : escape_of(*p);
        if (replacement) {
            lw_strbuf_add(out, plain, (size_t)(p - plain));
            lw_strbuf_adds(out, replacement);
            plain = p + 1;
        }
        p += len ? len : 1;
    }
    lw_strbuf_add(out, plain, (size_t)(p - plain));
}

/* The text format leaves quotes in a HELP alone, OpenMetrics escapes them. */
static void add_help(struct expo *e, const char *help)
{
    if (e->format == EXPO_OPENMETRICS) {
        add_escaped(e->out, help);
        return;
    }
    for (const char *p = help; *p; p++) {
        if (*p == '"')
            lw_strbuf_adds(e->out, "\"");
        else if (escape_of(*p))
            lw_strbuf_adds(e->out, escape_of(*p));
        else
            lw_strbuf_add(e->out, p, 1);
    }
}

/* ---- writing ---- */

void expo_init(struct expo *e, enum expo_format format, struct lw_strbuf *out)
{
    *e = (struct expo){.out = out, .format = format};
}

void expo_finish(struct expo *e)
{
    assert(!e->in_labels);
    if (e->format == EXPO_OPENMETRICS)
        lw_strbuf_adds(e->out, "# EOF\n");
    lw_map_fini(&e->seen);
}

static const char *const sample_suffix[] = {
    [EXPO_GAUGE] = "", [EXPO_COUNTER] = "_total", [EXPO_INFO] = "_info"};

/* "x" and "x_total" would clash in one of the formats, so only the bare names are compared. */
static void check_family(struct expo *e, enum expo_type type, const char *name, const char *unit)
{
    assert(!e->in_labels);
    assert(is_metric_name(name));
    assert(!has_reserved_suffix(name));
    assert(strlen(name) + strlen(sample_suffix[type]) < sizeof e->name);
    assert(!unit || is_unit_of(unit, name));
    bool is_new = !lw_map_put(&e->seen, lw_hash_string(0, name), e);
    assert(is_new);
}

void expo_family(
    struct expo *e, enum expo_type type, const char *name, const char *unit, const char *help)
{
    static const char *const text_type[] = {
        [EXPO_GAUGE] = "gauge", [EXPO_COUNTER] = "counter", [EXPO_INFO] = "gauge"};
    static const char *const openmetrics_type[] = {
        [EXPO_GAUGE] = "gauge", [EXPO_COUNTER] = "counter", [EXPO_INFO] = "info"};
    check_family(e, type, name, unit);
    assert(help[0]);
    e->type = type;
    e->name_len = (size_t)snprintf(e->name, sizeof e->name, "%s%s", name, sample_suffix[type]);
    if (e->format == EXPO_OPENMETRICS) {
        lw_strbuf_addf(e->out, "# TYPE %s %s\n", name, openmetrics_type[type]);
        if (unit)
            lw_strbuf_addf(e->out, "# UNIT %s %s\n", name, unit);
        lw_strbuf_addf(e->out, "# HELP %s ", name);
        add_help(e, help);
        lw_strbuf_adds(e->out, "\n");
    } else {
        lw_strbuf_addf(e->out, "# HELP %s ", e->name);
        add_help(e, help);
        lw_strbuf_addf(e->out, "\n# TYPE %s %s\n", e->name, text_type[type]);
    }
}

static void begin_label(struct expo *e)
{
    assert(e->name[0]);
    if (!e->in_labels)
        lw_strbuf_add(e->out, e->name, e->name_len);
    lw_strbuf_add(e->out, e->in_labels ? "," : "{", 1);
    e->in_labels = true;
}

void expo_label_text(struct lw_strbuf *out, const char *name, const char *value)
{
    assert(is_label_name(name));
    lw_strbuf_adds(out, name);
    lw_strbuf_add(out, "=\"", 2);
    add_escaped(out, value);
    lw_strbuf_add(out, "\"", 1);
}

void expo_label(struct expo *e, const char *name, const char *value)
{
    begin_label(e);
    expo_label_text(e->out, name, value);
}

void expo_labels(struct expo *e, const char *labels, size_t len)
{
    begin_label(e);
    lw_strbuf_add(e->out, labels, len);
}

static void add_value(struct expo *e, const char *value, size_t len)
{
    assert(e->name[0]);
    if (e->in_labels)
        lw_strbuf_add(e->out, "} ", 2);
    else
        lw_strbuf_addf(e->out, "%s ", e->name);
    e->in_labels = false;
    lw_strbuf_add(e->out, value, len);
    lw_strbuf_add(e->out, "\n", 1);
}

/* By hand: nearly all values are integers, and printf() takes longer than all the rest. */
static void add_int(struct expo *e, int64_t value)
{
    char text[24], *end = text + sizeof text, *at = end;
    uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do
        *--at = (char)('0' + left % 10);
    while (left /= 10);
    if (value < 0)
        *--at = '-';
    add_value(e, at, (size_t)(end - at));
}

void expo_int(struct expo *e, int64_t value)
{
    assert(e->type != EXPO_COUNTER || value >= 0);
    assert(e->type != EXPO_INFO || value == 1);
    add_int(e, value);
}

void expo_double(struct expo *e, double value)
{
    assert(e->type != EXPO_COUNTER || value >= 0);
    assert(e->type != EXPO_INFO);
    if (value == rint(value) && fabs(value) < 1e15) { /* the same digits, sooner */
        add_int(e, (int64_t)value);
        return;
    }
    char text[40];
    if (isnan(value)) {
        snprintf(text, sizeof text, "NaN");
    } else if (isinf(value)) {
        snprintf(text, sizeof text, value > 0 ? "+Inf" : "-Inf");
    } else {
        int digits = 15; /* always enough to show what was typed, 17 to give any double back */
        do
            snprintf(text, sizeof text, "%.*g", digits, value);
        while (digits++ < 17 && strtod(text, NULL) != value);
    }
    add_value(e, text, strlen(text));
}
