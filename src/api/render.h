/* How targets, sites and verdicts look in JSON, wherever they appear. Private to api/. */
#ifndef LW_API_RENDER_H
#define LW_API_RENDER_H

#include "api/json.h"
#include "profile/profile.h"
#include "store/store.h"
#include "trend/trend.h"

/* The members that say what a series is. NULL: a site that is not followed, all members null. */
void render_verdict(
    cJSON *object, const struct trend_series *series, const struct trend_config *config);

/* Of a target: the numbers are its total's, the verdict is that of its worst series. */
void render_target_verdict(
    cJSON *object, const struct store_target *target, const struct trend_config *config);

/* "gates": why, gate by gate. */
void render_gates(
    cJSON *object, const struct trend_series *series, const struct trend_config *config);

/* A list of blocks of a series, oldest first. */
void render_blocks(cJSON *object, const char *name, const struct trend_block *blocks, size_t count);

/* "builds": those a target ran, oldest first. */
void render_builds(cJSON *object, const struct store_past *past);

/* "sparkline": mean in-use over time, oldest first, at most 48 numbers. */
void render_sparkline(cJSON *object, const struct trend_series *series);

/* "labels", "discoveredLabels", …: a flat object. */
void render_labels(cJSON *object, const char *name, const struct lw_labels *labels);

/* The members that say which site it is: id, functions, stack. */
void render_site(cJSON *object, const struct store_site *site);

/* The members that say what a row allocates: type, kind, type_source and what belongs to them.
 * NULL: a target's total, where all are null. */
void render_type(cJSON *object, const struct store_target *target, const struct store_row *row);

/* "build": what the target runs, as far as its binary was found. */
void render_build(cJSON *object, const struct store_target *target);

/* The four values of a heap. */
void render_values(cJSON *object, const struct profile_values *values);

/* "firstSeenIn": of a row that leaks; NULL: of the worst of the target. */
void render_first_seen(
    cJSON *object, const struct store_target *target, const struct store_row *row);

/* The members of a target as Prometheus' /api/v1/targets has them, and "heap". */
void render_target(
    cJSON *object, const struct store_target *target, const struct trend_config *config);

#endif
