/* What the store knows of a target, copied out for a report: the report is written by a worker, and
 * the store belongs to the loop's thread. */
#ifndef LW_ENGINE_FACTS_H
#define LW_ENGINE_FACTS_H

#include "base/arena.h"
#include "base/map.h"
#include "report/report.h"
#include "store/store.h"

#define FACTS_OTHERS_MAX   8
#define FACTS_REPLICAS_MAX 1000 /* of a job that are looked at; more count as not growing */

/* What the past says of a group of goroutines. */
struct facts_group {
    uint64_t id;
    double growth_per_hour;
    bool is_growing; /* beyond what chance and load explain */
    bool may_hold;   /* what the subject allocates: store_goroutines_join() */
};

struct facts {
    struct lw_arena *memory; /* owned; all texts and lists of the report's facts lie in it */
    struct lw_map types;     /* by site id: struct report_type in `memory` */
    /* What a mute of this leak mutes: the type, else the site's lineage, both of which survive a
     * new build; 0: the total. */
    uint64_t subject;
    const struct facts_group *groups; /* those that are followed */
    size_t group_count;
    struct report_facts report; /* without what a bundle tells */
};

/* Copies what is known now. Never NULL; past its bound of memory texts become "" and lists short.
 */
struct facts *facts_new(const struct store *store, const struct store_target *target);
void facts_free(struct facts **facts);

/* `subject` alone. */
uint64_t facts_subject_of(const struct store_target *target);

#endif
