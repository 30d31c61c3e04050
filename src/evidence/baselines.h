/* The directory of a target's baselines, as retention sees it. Private to evidence/. */
#ifndef LW_EVIDENCE_BASELINES_H
#define LW_EVIDENCE_BASELINES_H

#include "evidence/evidence.h"

/* What a target has; 0 and nothing for one that has none. Worker. */
struct baselines_use {
    int64_t bytes;
    struct lw_wall newest;
};
int baselines_measure(const struct evidence *evidence, uint64_t target_id,
    struct baselines_use *use, struct lw_err *err) LW_MUST_CHECK;

/* Removes all of a target's, and what a kill left. Worker. */
int baselines_remove(
    const struct evidence *evidence, uint64_t target_id, struct lw_err *err) LW_MUST_CHECK;

#endif
