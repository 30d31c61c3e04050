/* When the growth in a window began. */
#ifndef LW_TREND_BEGINNING_H
#define LW_TREND_BEGINNING_H

#include "trend/window.h"

/* In seconds since the epoch, exact to a segment of the window or to a few blocks of the ring it
 * was found in. w: the newest window of `level`, which grows by `rate` bytes a second. */
double trend_beginning_find(const struct trend_ring rings[TREND_LEVELS], int level,
    const struct trend_window *w, double rate);

#endif
