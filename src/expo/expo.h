/* Writes the Prometheus text format 0.0.4 and OpenMetrics 1.0 from one sequence of calls. Knows how
 * a metric is written, not which ones there are.
 *
 *     expo_family(e, EXPO_GAUGE, "leakwatch_target_up", NULL, "Whether the last scrape …");
 *     expo_label(e, "job", job); expo_label(e, "instance", instance);
 *     expo_int(e, 1);
 *
 * A family's samples follow its expo_family(). A counter's name is given without _total and an
 * info's without _info; the samples get the suffix, and in the text format the family does too.
 * Names are asserted to be valid: they are ours, or those of targets' labels, which were checked
 * when they were read. Label values may be any bytes and are escaped, invalid UTF-8 replaced by
 * U+FFFD. The output's latched failure is the only error: ask lw_strbuf's once at the end.
 *
 * Formats: prometheus.io/docs/instrumenting/exposition_formats and the OpenMetrics 1.0
 * specification beside it. What both want and neither shows: no timestamps are written. */
#ifndef LW_EXPO_EXPO_H
#define LW_EXPO_EXPO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"
#include "base/strbuf.h"

enum expo_format { EXPO_TEXT, EXPO_OPENMETRICS };
enum expo_type { EXPO_GAUGE, EXPO_COUNTER, EXPO_INFO };

/* In the caller's storage; its fields are the writer's. */
struct expo {
    struct lw_strbuf *out; /* borrowed */
    enum expo_format format;
    enum expo_type type;
    char name[128]; /* of the family's samples, suffix included; "" before the first family */
    size_t name_len;
    bool in_labels; /* "name{…" of a sample is written and waits for more labels or the value */
    struct lw_map seen; /* hashes of the family names so far */
};

/* What a scraper's Accept header asks for, by its q values; text 0.0.4 when in doubt. */
enum expo_format expo_negotiate(const char *accept);
const char *expo_content_type(enum expo_format format);

void expo_init(struct expo *e, enum expo_format format, struct lw_strbuf *out);
/* Ends the exposition ("# EOF" in OpenMetrics) and frees what expo_init took. */
void expo_finish(struct expo *e);

/* Begins a family: each name once. unit: "bytes", "seconds", … when the name ends in it, else NULL.
 * help: one sentence, static text. */
void expo_family(
    struct expo *e, enum expo_type type, const char *name, const char *unit, const char *help);

/* Adds a label to the next sample; within one sample each name once. */
void expo_label(struct expo *e, const char *name, const char *value);

/* For labels that many samples have: what expo_label() would write, without a comma. */
void expo_label_text(struct lw_strbuf *out, const char *name, const char *value);

/* Adds labels to the next sample as they were written by expo_label_text(), with commas between
 * them. */
void expo_labels(struct expo *e, const char *labels, size_t len);

/* One sample with the labels collected since the last one. A counter's value is never negative, an
 * info's is 1. A double is written with the fewest digits that give it back. */
void expo_int(struct expo *e, int64_t value);
void expo_double(struct expo *e, double value);

#endif
