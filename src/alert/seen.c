#include "alert/seen.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"

struct alert_seen {
    struct lw_map known;          /* by id; the values mean nothing */
    uint64_t ids[ALERT_SEEN_MAX]; /* a ring, oldest first from `next` on once it is full */
    size_t count;
    size_t next;
};

static uint64_t id_of(const struct alert_notice *notice)
{
    return lw_hash_u64(lw_hash_u64(0, notice->fingerprint), (uint64_t)notice->starts_at.ns);
}

struct alert_seen *alert_seen_new(void)
{
    return LW_NEW(struct alert_seen);
}

void alert_seen_free(struct alert_seen **seen)
{
    if (!*seen)
        return;
    lw_map_fini(&(*seen)->known);
    free(*seen);
    *seen = NULL;
}

bool alert_seen_has(const struct alert_seen *seen, const struct alert_notice *notice)
{
    return lw_map_find(&seen->known, id_of(notice)) != NULL;
}

void alert_seen_add(struct alert_seen *seen, const struct alert_notice *notice)
{
    uint64_t id = id_of(notice);
    if (lw_map_put(&seen->known, id, seen))
        return;
    if (seen->count == ALERT_SEEN_MAX)
        lw_map_remove(&seen->known, seen->ids[seen->next]);
    else
        seen->count++;
    seen->ids[seen->next] = id;
    seen->next = (seen->next + 1) % ALERT_SEEN_MAX;
}
