/* The shape of growth in a window: how even, how steady, how lasting. */
#ifndef LW_TREND_SHAPE_H
#define LW_TREND_SHAPE_H

#include "trend/window.h"

/* A ratio to something near zero is cut here. */
#define TREND_RATIO_MAX 100.0

struct trend_shape {
    double growth_bytes;  /* seven times the least-squares slope over the eight segment means */
    double largest_share; /* largest of the seven steps over the growth */
    int rising;           /* steps of seven that went up */
    double last_two;      /* growth of the last two steps over an even share of the growth */
    double last_one;      /* the same of the last step */
    double late;          /* growth of the second half over that of the first */
    double first_two;     /* growth of the first two steps over an even share of the growth */
};

struct trend_shape trend_shape_of(const double means[TREND_SEGMENTS]);

/* Slope at 5/6 of the window over slope at 1/6, of a least-squares parabola through `values`, one
 * for each block of w. -TREND_RATIO_MAX where the parabola does not rise at the middle. */
double trend_shape_curve(const struct trend_window *w, const double *values);

#endif
