#include "loop/timers.h"

#include <stdlib.h>

#include "base/mem.h"

static bool before(const struct loop_timer *a, const struct loop_timer *b)
{
    return a->due.ns != b->due.ns ? a->due.ns < b->due.ns : a->order < b->order;
}

static void place(struct timers *timers, size_t i, struct loop_timer *timer)
{
    timers->heap[i] = timer;
    timer->slot = i + 1;
}

static void sift_up(struct timers *timers, size_t i)
{
    struct loop_timer *timer = timers->heap[i];
    while (i > 0 && before(timer, timers->heap[(i - 1) / 2])) {
        place(timers, i, timers->heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    place(timers, i, timer);
}

static void sift_down(struct timers *timers, size_t i)
{
    struct loop_timer *timer = timers->heap[i];
    for (;;) {
        size_t child = 2 * i + 1;
        if (child + 1 < timers->count && before(timers->heap[child + 1], timers->heap[child]))
            child++;
        if (child >= timers->count || !before(timers->heap[child], timer))
            break;
        place(timers, i, timers->heap[child]);
        i = child;
    }
    place(timers, i, timer);
}

void timers_fini(struct timers *timers)
{
    free(timers->heap);
    *timers = (struct timers){0};
}

void timers_put(struct timers *timers, struct loop_timer *timer, struct lw_mono due)
{
    timers_remove(timers, timer);
    if (timers->count == timers->cap) {
        timers->cap = timers->cap ? timers->cap * 2 : 16;
        timers->heap = lw_renew(timers->heap, timers->cap, sizeof *timers->heap);
    }
    timer->due = due;
    timer->order = timers->next_order++;
    place(timers, timers->count++, timer);
    sift_up(timers, timers->count - 1);
}

void timers_remove(struct timers *timers, struct loop_timer *timer)
{
    if (!timer->slot)
        return;
    size_t i = timer->slot - 1;
    timer->slot = 0;
    struct loop_timer *last = timers->heap[--timers->count];
    if (last == timer)
        return;
    place(timers, i, last);
    sift_up(timers, i);
    sift_down(timers, last->slot - 1);
}

struct loop_timer *timers_first(const struct timers *timers)
{
    return timers->count ? timers->heap[0] : NULL;
}
