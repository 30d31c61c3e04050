/* The groups of families of /metrics. Private to metrics/. */
#ifndef LW_METRICS_FAMILIES_H
#define LW_METRICS_FAMILIES_H

#include "expo/expo.h"
#include "metrics/metrics.h"

void families_daemon(struct expo *e, const struct metrics_view *view);
void families_process(struct expo *e);
void families_targets(struct expo *e, const struct metrics_view *view);
void families_outlook(struct expo *e, const struct metrics_view *view);
void families_rows(struct expo *e, const struct metrics_view *view);

/* The labels every sample of a target begins with: job, instance, and what the config added. One
 * that would take the name of a label of ours becomes exported_<name>. Of targets that differ in
 * their URL only, all but the first also have target_id. */
void families_target_labels(struct expo *e, const struct store_target *target);

#endif
