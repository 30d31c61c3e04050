/* The labels of samples, each text written once for all families that have a sample with them: in a
 * large fleet they are most of an exposition. Private to metrics/. */
#ifndef LW_METRICS_LABELS_H
#define LW_METRICS_LABELS_H

#include <stddef.h>

#include "base/strbuf.h"
#include "expo/expo.h"

/* A list of texts; the newest one is open until labels_close(). Zero bytes long where the limit of
 * an exposition would be passed, which the exposition then is, too. */
struct labels {
    struct lw_strbuf text;
    size_t *ends; /* owned: where each closed text ends */
    size_t count;
    size_t room;
};

void labels_init(struct labels *labels);
void labels_fini(struct labels *labels);

/* To the open text: one label, or all of the i-th text of another list. */
void labels_add(struct labels *labels, const char *name, const char *value);
void labels_add_all(struct labels *labels, const struct labels *from, size_t i);

void labels_close(struct labels *labels);

/* Adds the i-th text to the next sample. */
void labels_write(struct expo *e, const struct labels *labels, size_t i);

#endif
