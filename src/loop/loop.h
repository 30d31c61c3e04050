/* The event loop: one thread, one epoll, timers on a heap, signals as ordinary events, and a
 * bounded pool of workers for pure jobs. Everything that changes state runs in callbacks of this
 * one thread.
 *
 * The loop owns the clock. A real loop reads the machine's; a virtual one stands still while a
 * callback runs and jumps to the next timer when nothing is left to do, so that a week of a fleet
 * is simulated in seconds and every run is the same. A virtual loop has no threads (jobs run
 * inline) and takes no file descriptors or signals. */
#ifndef LW_LOOP_LOOP_H
#define LW_LOOP_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/time.h"

struct loop;

/* A loop on the machine's clock. workers: threads in the pool (1..64); queue_max: jobs that may
 * wait or run at once, more are refused. NULL on error. */
struct loop *loop_new(int workers, size_t queue_max, struct lw_err *err) LW_MUST_CHECK;

/* A loop on a virtual clock that begins at `start`. */
struct loop *loop_new_virtual(struct lw_wall start);

/* Whether the loop was made by loop_new_virtual: then it takes no descriptors and no signals. */
bool loop_is_virtual(const struct loop *loop);

/* Frees the loop. Clears *loop; NULL is a no-op. Everything that was put on the loop must have been
 * taken off it, and no job may be under way (loop_jobs_finish). */
void loop_free(struct loop **loop);

/* Runs callbacks until loop_stop(); a virtual loop also returns when no timer is left. */
void loop_run(struct loop *loop);

/* A virtual loop only: runs until `ns` of virtual time have passed; the clock then stands there. */
void loop_run_for(struct loop *loop, int64_t ns);

/* Makes loop_run return after the callback that is running. */
void loop_stop(struct loop *loop);

/* The time when the current round of callbacks began. The wall clock is read once at the start and
 * then follows the monotonic one, so that series never run backwards when NTP steps the machine. */
struct lw_mono loop_now(const struct loop *loop);
struct lw_wall loop_wall_now(const struct loop *loop);

/* The machine's wall clock as it is this moment, for what other machines are told: what NTP
 * corrected since the start is in it. May go backwards; nothing of ours is to be ordered by it. The
 * same as loop_wall_now on a virtual loop. */
struct lw_wall loop_wall_true(const struct loop *loop);

/* ---- timers ---- */

/* Lives in its owner; zero-initialise, set fire and ctx, arm. Not armed it costs nothing. */
struct loop_timer {
    void (*fire)(void *ctx);
    void *ctx;
    struct lw_mono due;
    uint64_t order; /* loop's: of two with one due time the one armed first fires first */
    size_t slot;    /* loop's: 1 + place in the heap, 0 = not armed */
};

/* Arms or re-arms a timer to fire once at or after `due`; a time that is past counts as now. It
 * never fires within this call. */
void loop_timer_arm(struct loop *loop, struct loop_timer *timer, struct lw_mono due);
void loop_timer_disarm(struct loop *loop, struct loop_timer *timer);

/* ---- file descriptors ---- */

struct loop_fd;

/* Watches fd for EPOLL* events; the fd stays the caller's. NULL on error (LW_IO). */
struct loop_fd *loop_fd_add(struct loop *loop, int fd, uint32_t events,
    void (*ready)(void *ctx, uint32_t events), void *ctx, struct lw_err *err) LW_MUST_CHECK;
int loop_fd_change(
    struct loop *loop, struct loop_fd *watch, uint32_t events, struct lw_err *err) LW_MUST_CHECK;
/* Takes fd off; call it before closing the fd. Clears *watch; NULL is a no-op. Safe in ready(). */
void loop_fd_remove(struct loop *loop, struct loop_fd **watch);

/* ---- signals ---- */

/* Blocks signo in this and all later threads and delivers it as a call of caught(). At most 8. */
int loop_signal_add(struct loop *loop, int signo, void (*caught)(void *ctx, int signo), void *ctx,
    struct lw_err *err) LW_MUST_CHECK;

/* ---- workers ---- */

/* A pure job: `run` is called on a worker thread and touches nothing but what the job owns; `done`
 * is then called on the loop's thread, where it takes the result and frees the job. Lives in its
 * owner. */
struct loop_job {
    void (*run)(struct loop_job *job);
    void (*done)(struct loop_job *job);
    struct loop_job *next; /* loop's */
};

/* Hands a job over until done(). LW_BUSY when queue_max jobs are under way: then the caller keeps
 * it. */
int loop_job_submit(struct loop *loop, struct loop_job *job, struct lw_err *err) LW_MUST_CHECK;

/* Jobs handed over whose done() has not been called. */
size_t loop_jobs_under_way(const struct loop *loop);

/* Blocks until every job has run and its done() was called: the last step before taking the owners
 * of jobs apart. */
void loop_jobs_finish(struct loop *loop);

#endif
