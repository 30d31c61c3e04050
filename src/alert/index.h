/* Which target an alert is about, told by its labels. Rebuilt when the targets change, so that
 * finding one costs the same whatever their number. */
#ifndef LW_ALERT_INDEX_H
#define LW_ALERT_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/labels.h"

struct alert_index;

struct alert_index *alert_index_new(void);
void alert_index_free(struct alert_index **index);

/* Takes a target in. Ids are unique; of labels only job and instance count. */
void alert_index_add(struct alert_index *index, uint64_t target_id, const struct lw_labels *labels);

/* How an alert named its target. X(name, text) */
#define ALERT_MATCHES(X) \
    X(ALERT_BY_NOTHING, "") \
    X(ALERT_BY_LABEL, "target_label") \
    X(ALERT_BY_EXPORTED, "exported_job, exported_instance") \
    X(ALERT_BY_INSTANCE, "job, instance") \
    X(ALERT_BY_HOST, "job, host of instance")

enum alert_match {
#define ALERT_MATCH_ENUM(name, text) name,
    ALERT_MATCHES(ALERT_MATCH_ENUM)
#undef ALERT_MATCH_ENUM
};

const char *alert_match_text(enum alert_match match);

/* Finds the one target that labels name, in this order:
 *   1. the label target_label (NULL: none is configured), whose value is a target's id (sixteen hex
 *      digits), job/instance or instance;
 *   2. exported_job and exported_instance, which Prometheus makes of job and instance when it
 *      scrapes our metrics without honor_labels;
 *   3. job and instance;
 *   4. job and the host of instance, because a service may show metrics and profiles at two ports.
 * A missing job goes with any. Labels that name several targets name none. Returns false (and
 * ALERT_BY_NOTHING) when there is no such target. */
bool alert_index_find(const struct alert_index *index, const struct lw_labels *labels,
    const char *target_label, uint64_t *target_id, enum alert_match *match);

#endif
