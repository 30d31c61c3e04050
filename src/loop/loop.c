#include "loop/loop.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "loop/timers.h"
#include "loop/workers.h"

#define EVENTS_PER_ROUND 128
#define SIGNALS_MAX      8
#define WAIT_MAX_MS      60000

struct loop_fd {
    int fd;
    void (*ready)(void *ctx, uint32_t events);
    void *ctx;
    struct loop_fd *next_dead; /* removed in this round, freed at its end */
    bool dead;
};

struct signal_handler {
    int signo;
    void (*caught)(void *ctx, int signo);
    void *ctx;
};

struct loop {
    bool is_virtual;
    bool stopping;
    struct lw_mono now;
    int64_t wall_minus_mono_ns; /* fixed at the start */
    struct timers timers;

    int epoll_fd;
    struct loop_fd *dead_fds;

    int signal_fd;
    sigset_t signals;
    struct loop_fd *signal_watch;
    struct signal_handler signal_handlers[SIGNALS_MAX];
    int signal_count;

    struct workers *workers; /* NULL on a virtual loop */
    struct loop_fd *workers_watch;
    size_t jobs;
    size_t jobs_max;
    struct loop_job *inline_jobs; /* a virtual loop's jobs that wait for done(), oldest first */
    struct loop_job **inline_end;
};

/* CLOCK_BOOTTIME goes on while the machine is suspended, so a laptop's nap is a gap in the series
 * and not a jump in the rates. */
static int64_t clock_ns(clockid_t id)
{
    struct timespec ts;
    clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * LW_NS_PER_S + ts.tv_nsec;
}

static void finish_jobs(void *ctx, uint32_t events)
{
    struct loop *loop = ctx;
    (void)events;
    struct loop_job *job = workers_take_done(loop->workers);
    while (job) {
        struct loop_job *next = job->next;
        loop->jobs--;
        job->done(job);
        job = next;
    }
}

static void deliver_signals(void *ctx, uint32_t events)
{
    struct loop *loop = ctx;
    (void)events;
    struct signalfd_siginfo info;
    while (read(loop->signal_fd, &info, sizeof info) == sizeof info) {
        for (int i = 0; i < loop->signal_count; i++) {
            struct signal_handler *h = &loop->signal_handlers[i];
            if (h->signo == (int)info.ssi_signo)
                h->caught(h->ctx, h->signo);
        }
    }
}

struct loop *loop_new(int workers, size_t queue_max, struct lw_err *err)
{
    struct loop *loop = LW_NEW(struct loop);
    loop->now.ns = clock_ns(CLOCK_BOOTTIME);
    loop->wall_minus_mono_ns = clock_ns(CLOCK_REALTIME) - loop->now.ns;
    loop->jobs_max = queue_max;
    loop->signal_fd = -1;
    sigemptyset(&loop->signals);
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll_fd < 0) {
        lw_err_sys(err, LW_IO, errno, "cannot make an epoll instance");
        goto fail;
    }
    loop->workers = workers_new(workers, err);
    if (!loop->workers)
        goto fail;
    loop->workers_watch =
        loop_fd_add(loop, workers_fd(loop->workers), EPOLLIN, finish_jobs, loop, err);
    if (!loop->workers_watch)
        goto fail;
    return loop;
fail:
    loop_free(&loop);
    return NULL;
}

struct loop *loop_new_virtual(struct lw_wall start)
{
    struct loop *loop = LW_NEW(struct loop);
    loop->is_virtual = true;
    loop->now.ns = LW_NS_PER_S; /* not zero: an unset time must not look like now */
    loop->wall_minus_mono_ns = start.ns - loop->now.ns;
    loop->epoll_fd = -1;
    loop->signal_fd = -1;
    loop->jobs_max = SIZE_MAX;
    loop->inline_end = &loop->inline_jobs;
    return loop;
}

bool loop_is_virtual(const struct loop *loop)
{
    return loop->is_virtual;
}

static void free_dead_fds(struct loop *loop)
{
    while (loop->dead_fds) {
        struct loop_fd *watch = loop->dead_fds;
        loop->dead_fds = watch->next_dead;
        free(watch);
    }
}

void loop_free(struct loop **loop)
{
    struct loop *l = *loop;
    if (!l)
        return;
    assert(l->jobs == 0);
    assert(l->timers.count == 0);
    loop_fd_remove(l, &l->workers_watch);
    loop_fd_remove(l, &l->signal_watch);
    workers_free(&l->workers);
    free_dead_fds(l);
    timers_fini(&l->timers);
    if (l->signal_fd >= 0) {
        close(l->signal_fd);
        pthread_sigmask(SIG_UNBLOCK, &l->signals, NULL);
    }
    if (l->epoll_fd >= 0)
        close(l->epoll_fd);
    free(l);
    *loop = NULL;
}

/* Fires what is due at loop->now. Only timers that were armed before this call began may fire in
 * it: a timer that re-arms itself for now must not keep the descriptors waiting. */
static void fire_timers(struct loop *loop)
{
    uint64_t later = loop->timers.next_order;
    struct loop_timer *timer;
    while (!loop->stopping && (timer = timers_first(&loop->timers)) &&
           timer->due.ns <= loop->now.ns && timer->order < later) {
        timers_remove(&loop->timers, timer);
        timer->fire(timer->ctx);
    }
}

static int wait_ms(const struct loop *loop)
{
    const struct loop_timer *timer = timers_first(&loop->timers);
    if (!timer)
        return WAIT_MAX_MS;
    int64_t ns = timer->due.ns - clock_ns(CLOCK_BOOTTIME);
    if (ns <= 0)
        return 0;
    int64_t ms = (ns + LW_NS_PER_MS - 1) / LW_NS_PER_MS;
    return ms < WAIT_MAX_MS ? (int)ms : WAIT_MAX_MS;
}

static void run_round(struct loop *loop)
{
    struct epoll_event events[EVENTS_PER_ROUND];
    int n = epoll_wait(loop->epoll_fd, events, EVENTS_PER_ROUND, wait_ms(loop));
    loop->now.ns = clock_ns(CLOCK_BOOTTIME);
    for (int i = 0; i < n && !loop->stopping; i++) {
        struct loop_fd *watch = events[i].data.ptr;
        if (!watch->dead)
            watch->ready(watch->ctx, events[i].events);
    }
    fire_timers(loop);
    free_dead_fds(loop);
}

/* Calls done() of the jobs a virtual loop ran inline, never from within the submitting callback. */
static void finish_inline_jobs(struct loop *loop)
{
    while (loop->inline_jobs) {
        struct loop_job *job = loop->inline_jobs;
        if (!(loop->inline_jobs = job->next))
            loop->inline_end = &loop->inline_jobs;
        loop->jobs--;
        job->done(job);
    }
}

/* One step of virtual time, not past `end`; false when nothing is left to do before it. */
static bool step_virtual(struct loop *loop, int64_t end_ns)
{
    finish_inline_jobs(loop);
    struct loop_timer *timer = timers_first(&loop->timers);
    if (!timer || timer->due.ns > end_ns)
        return false;
    if (timer->due.ns > loop->now.ns)
        loop->now = timer->due;
    timers_remove(&loop->timers, timer);
    timer->fire(timer->ctx);
    return true;
}

void loop_run(struct loop *loop)
{
    loop->stopping = false;
    while (!loop->stopping) {
        if (!loop->is_virtual)
            run_round(loop);
        else if (!step_virtual(loop, INT64_MAX))
            break;
    }
}

void loop_run_for(struct loop *loop, int64_t ns)
{
    assert(loop->is_virtual);
    int64_t end_ns = loop->now.ns + ns;
    loop->stopping = false;
    while (!loop->stopping && step_virtual(loop, end_ns))
        continue;
    if (!loop->stopping)
        loop->now.ns = end_ns;
}

void loop_stop(struct loop *loop)
{
    loop->stopping = true;
}

struct lw_mono loop_now(const struct loop *loop)
{
    return loop->now;
}

struct lw_wall loop_wall_now(const struct loop *loop)
{
    return (struct lw_wall){loop->now.ns + loop->wall_minus_mono_ns};
}

struct lw_wall loop_wall_true(const struct loop *loop)
{
    if (loop->is_virtual)
        return loop_wall_now(loop);
    return (struct lw_wall){clock_ns(CLOCK_REALTIME)};
}

void loop_timer_arm(struct loop *loop, struct loop_timer *timer, struct lw_mono due)
{
    assert(timer->fire);
    /* One that is always re-armed for the past must not stay first for ever. */
    timers_put(&loop->timers, timer, due.ns < loop->now.ns ? loop->now : due);
}

void loop_timer_disarm(struct loop *loop, struct loop_timer *timer)
{
    timers_remove(&loop->timers, timer);
}

struct loop_fd *loop_fd_add(struct loop *loop, int fd, uint32_t events,
    void (*ready)(void *ctx, uint32_t events), void *ctx, struct lw_err *err)
{
    assert(!loop->is_virtual);
    struct loop_fd *watch = LW_NEW(struct loop_fd);
    *watch = (struct loop_fd){.fd = fd, .ready = ready, .ctx = ctx};
    struct epoll_event event = {.events = events, .data.ptr = watch};
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) {
        lw_err_sys(err, LW_IO, errno, "cannot watch file descriptor %d", fd);
        free(watch);
        return NULL;
    }
    return watch;
}

int loop_fd_change(struct loop *loop, struct loop_fd *watch, uint32_t events, struct lw_err *err)
{
    struct epoll_event event = {.events = events, .data.ptr = watch};
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, watch->fd, &event) < 0)
        return lw_err_sys(
            err, LW_IO, errno, "cannot change the watch of file descriptor %d", watch->fd);
    return 0;
}

void loop_fd_remove(struct loop *loop, struct loop_fd **watch)
{
    if (!*watch)
        return;
    /* Fails only when the descriptor was closed already, as libcurl does when a transfer is
     * cancelled while it connects, and then it is off the epoll set; so is what a worker may have
     * opened under its number since (ThreadSanitizer calls that a race). */
    (void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, (*watch)->fd, NULL);
    (*watch)->dead = true;
    (*watch)->next_dead = loop->dead_fds;
    loop->dead_fds = *watch;
    *watch = NULL;
}

int loop_signal_add(struct loop *loop, int signo, void (*caught)(void *ctx, int signo), void *ctx,
    struct lw_err *err)
{
    assert(!loop->is_virtual && loop->signal_count < SIGNALS_MAX);
    sigaddset(&loop->signals, signo);
    pthread_sigmask(SIG_BLOCK, &loop->signals, NULL);
    int fd = signalfd(loop->signal_fd, &loop->signals, SFD_NONBLOCK | SFD_CLOEXEC);
    if (fd < 0)
        return lw_err_sys(err, LW_IO, errno, "cannot make a signalfd");
    loop->signal_fd = fd;
    if (!loop->signal_watch) {
        loop->signal_watch = loop_fd_add(loop, fd, EPOLLIN, deliver_signals, loop, err);
        if (!loop->signal_watch)
            return -1;
    }
    loop->signal_handlers[loop->signal_count++] = (struct signal_handler){signo, caught, ctx};
    return 0;
}

int loop_job_submit(struct loop *loop, struct loop_job *job, struct lw_err *err)
{
    if (loop->jobs >= loop->jobs_max)
        return lw_err_set(err, LW_BUSY, "all %zu places for worker jobs are taken", loop->jobs_max);
    loop->jobs++;
    job->next = NULL;
    if (loop->workers) {
        workers_put(loop->workers, job);
    } else {
        job->run(job);
        *loop->inline_end = job;
        loop->inline_end = &job->next;
    }
    return 0;
}

size_t loop_jobs_under_way(const struct loop *loop)
{
    return loop->jobs;
}

void loop_jobs_finish(struct loop *loop)
{
    while (loop->jobs) {
        if (loop->is_virtual) {
            finish_inline_jobs(loop);
        } else {
            struct pollfd done = {.fd = workers_fd(loop->workers), .events = POLLIN};
            (void)poll(&done, 1, -1);
            finish_jobs(loop, EPOLLIN);
        }
    }
}
