#include "store/sweep.h"

#include <stdlib.h>

#include "base/mem.h"

void sweep_forget(struct sweep *sweep)
{
    free(sweep->list);
    sweep->list = NULL;
    sweep->count = 0;
}

/* SQLite's integers are signed. */
static int by_id(const void *a, const void *b)
{
    int64_t x = (int64_t)(*(struct store_target *const *)a)->id;
    int64_t y = (int64_t)(*(struct store_target *const *)b)->id;
    return (x > y) - (x < y);
}

static void order(struct sweep *sweep, const struct lw_map *targets)
{
    sweep->list = lw_new(targets->count, sizeof(struct store_target *));
    size_t at = 0;
    void *target;
    while (lw_map_next(targets, &at, NULL, &target))
        sweep->list[sweep->count++] = target;
    qsort(sweep->list, sweep->count, sizeof(struct store_target *), by_id);
}

size_t sweep_turns(
    struct sweep *sweep, const struct lw_map *targets, int64_t interval_ns, struct lw_wall now)
{
    if (!sweep->list)
        order(sweep, targets);
    if (interval_ns <= 0)
        return sweep->count;
    if (sweep->done.ns > now.ns || sweep->done.ns < now.ns - interval_ns)
        sweep->done.ns = now.ns - interval_ns;
    double share = (double)(now.ns - sweep->done.ns) / (double)interval_ns;
    return (size_t)(share * (double)sweep->count + 1e-6);
}

struct store_target *sweep_next(struct sweep *sweep)
{
    if (sweep->at >= sweep->count)
        sweep->at = 0;
    return sweep->list[sweep->at++];
}

void sweep_took(struct sweep *sweep, size_t turns, int64_t interval_ns)
{
    if (sweep->count)
        sweep->done.ns += (int64_t)((double)turns / (double)sweep->count * (double)interval_ns);
}
