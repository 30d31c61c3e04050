/* The worker threads of a loop. Private to loop/: nothing else knows that threads exist. */
#ifndef LW_LOOP_WORKERS_H
#define LW_LOOP_WORKERS_H

#include "loop/loop.h"

struct workers;

struct workers *workers_new(int threads, struct lw_err *err) LW_MUST_CHECK;

/* Lets running jobs end, forgets queued ones, joins the threads. Clears *workers. */
void workers_free(struct workers **workers);

/* Readable whenever workers_take_done would give something. */
int workers_fd(const struct workers *workers);

void workers_put(struct workers *workers, struct loop_job *job);

/* All jobs that have run since the last call, oldest first, as a list. */
struct loop_job *workers_take_done(struct workers *workers);

#endif
