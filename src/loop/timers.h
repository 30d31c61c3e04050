/* The timers of a loop: a binary heap by due time. Private to loop/. */
#ifndef LW_LOOP_TIMERS_H
#define LW_LOOP_TIMERS_H

#include "loop/loop.h"

struct timers {
    struct loop_timer **heap; /* owned array of borrowed timers */
    size_t count;
    size_t cap;
    uint64_t next_order;
};

void timers_fini(struct timers *timers);
void timers_put(struct timers *timers, struct loop_timer *timer, struct lw_mono due);
void timers_remove(struct timers *timers, struct loop_timer *timer);

/* The timer due first, or NULL. */
struct loop_timer *timers_first(const struct timers *timers);

#endif
