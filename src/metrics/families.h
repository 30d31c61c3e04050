/* The groups of families of /metrics. Private to metrics/. */
#ifndef LW_METRICS_FAMILIES_H
#define LW_METRICS_FAMILIES_H

#include "expo/expo.h"
#include "metrics/labels.h"
#include "metrics/metrics.h"

#define EXPOSITION_BYTES_MAX ((size_t)256 << 20)

void families_daemon(struct expo *e, const struct metrics_view *view);
void families_process(struct expo *e);

/* The families of targets. */
struct families {
    const struct metrics_view *view;
    /* What every sample of a target begins with, by its place in the store. */
    struct labels targets;
};

/* Write some of them, as much as the loop may be held up for: the i-th step, from 0 on. False:
 * there is no such step, and nothing was written. */
bool families_targets_step(struct expo *e, const struct families *f, size_t i);
bool families_outlook_step(struct expo *e, const struct families *f, size_t i);
bool families_rows_step(struct expo *e, const struct families *f, size_t i);

/* Writes the labels of the store's targets: job, instance, and what the config added. One that
 * would take the name of a label of ours becomes exported_<name>. Of targets that differ in their
 * URL only, all but the first also have target_id. */
void families_label_targets(struct labels *labels, const struct store *store);

#endif
