/* loop/: timers on the virtual clock, then descriptors, jobs and signals on the real one. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "loop/loop.h"

#define START_NS (1700000000 * LW_NS_PER_S)

/* ---- timers, on the virtual clock ---- */

#define TIMERS_MAX 2000

/* Fires, writes down who and when, and does what `then` says. */
struct tick {
    struct loop_timer timer;
    struct loop *loop;
    int id;
    int64_t again_ns; /* re-arm so much later; 0: do not */
    int left;         /* how often to re-arm */
    struct tick *disarm;
    bool stop;
};

static struct {
    int id;
    int64_t at_ns; /* since the start */
} fired[TIMERS_MAX];
static int fired_count;
static int64_t epoch_ns; /* the loop's clock when the test began */

static void tick(void *ctx)
{
    struct tick *t = ctx;
    if (fired_count < TIMERS_MAX) {
        fired[fired_count].id = t->id;
        fired[fired_count].at_ns = loop_now(t->loop).ns - epoch_ns;
    }
    fired_count++;
    if (t->disarm)
        loop_timer_disarm(t->loop, &t->disarm->timer);
    if (t->left-- > 0)
        loop_timer_arm(t->loop, &t->timer, lw_mono_add(loop_now(t->loop), t->again_ns));
    if (t->stop)
        loop_stop(t->loop);
}

static void arm(struct tick *t, struct loop *loop, int id, int64_t in_ns)
{
    t->loop = loop;
    t->id = id;
    t->timer.fire = tick;
    t->timer.ctx = t;
    loop_timer_arm(loop, &t->timer, (struct lw_mono){epoch_ns + in_ns});
}

static struct loop *virtual_loop(void)
{
    struct loop *loop = loop_new_virtual((struct lw_wall){START_NS});
    epoch_ns = loop_now(loop).ns;
    fired_count = 0;
    return loop;
}

static struct loop *real_loop(int workers, size_t queue_max)
{
    struct lw_err err;
    struct loop *loop = loop_new(workers, queue_max, &err);
    assert_non_null(loop);
    epoch_ns = loop_now(loop).ns;
    fired_count = 0;
    return loop;
}

static void assert_fired(int at, int id, int64_t at_ns)
{
    assert_true(at < fired_count);
    assert_int_equal(fired[at].id, id);
    assert_int_equal(fired[at].at_ns, at_ns);
}

static void test_virtual_order(void **state)
{
    (void)state;
    struct loop *loop = virtual_loop();
    struct tick t[5] = {0};
    assert_int_equal(loop_wall_now(loop).ns, START_NS);
    arm(&t[0], loop, 0, 300);
    arm(&t[1], loop, 1, 100);
    arm(&t[2], loop, 2, 300);
    arm(&t[3], loop, 3, 200);
    arm(&t[4], loop, 4, 200);
    arm(&t[0], loop, 0, 300); /* re-armed: now it comes after 2 */
    loop_run(loop);
    assert_int_equal(fired_count, 5);
    assert_fired(0, 1, 100);
    assert_fired(1, 3, 200);
    assert_fired(2, 4, 200);
    assert_fired(3, 2, 300);
    assert_fired(4, 0, 300);
    assert_int_equal(loop_wall_now(loop).ns, START_NS + 300);
    loop_free(&loop);
    assert_null(loop);
    loop_free(&loop);
}

static void test_virtual_run_for(void **state)
{
    (void)state;
    struct loop *loop = virtual_loop();
    struct tick t = {.again_ns = LW_NS_PER_S, .left = 1000000};
    arm(&t, loop, 7, LW_NS_PER_S);
    loop_run_for(loop, 10 * LW_NS_PER_S); /* the end belongs to it */
    assert_int_equal(fired_count, 10);
    assert_fired(9, 7, 10 * LW_NS_PER_S);
    loop_run_for(loop, LW_NS_PER_S - 1);
    assert_int_equal(fired_count, 10);
    assert_int_equal(loop_wall_now(loop).ns, START_NS + 11 * LW_NS_PER_S - 1);
    loop_run_for(loop, 1);
    assert_int_equal(fired_count, 11);
    loop_run_for(loop, 7 * 86400 * LW_NS_PER_S); /* a week */
    assert_int_equal(fired_count, 11 + 7 * 86400);
    loop_timer_disarm(loop, &t.timer);
    loop_timer_disarm(loop, &t.timer);
    loop_run(loop); /* nothing is left: it returns */
    loop_free(&loop);
}

/* Many timers at random times, a third of them re-armed or disarmed: fired in order, all of them,
 * and in a second run the same. */
static void run_many(int order[TIMERS_MAX])
{
    static struct tick t[TIMERS_MAX];
    struct loop *loop = virtual_loop();
    memset(t, 0, sizeof t);
    uint32_t seed = 5;
    int want = TIMERS_MAX;
    for (int i = 0; i < TIMERS_MAX; i++) {
        seed = seed * 1664525 + 1013904223;
        arm(&t[i], loop, i, seed >> 22);
    }
    for (int i = 0; i < TIMERS_MAX; i += 3) {
        seed = seed * 1664525 + 1013904223;
        if (seed >> 31) {
            arm(&t[i], loop, i, seed >> 22);
        } else {
            loop_timer_disarm(loop, &t[i].timer);
            want--;
        }
    }
    loop_run(loop);
    assert_int_equal(fired_count, want);
    for (int i = 0; i < fired_count; i++) {
        order[i] = fired[i].id;
        assert_true(i == 0 || fired[i - 1].at_ns <= fired[i].at_ns);
        assert_int_equal(fired[i].at_ns, t[order[i]].timer.due.ns - epoch_ns);
    }
    loop_free(&loop);
}

static void test_virtual_runs_are_the_same(void **state)
{
    (void)state;
    static int first[TIMERS_MAX], second[TIMERS_MAX];
    run_many(first);
    run_many(second);
    assert_memory_equal(first, second, sizeof first);
}

static void test_disarm_in_callback(void **state)
{
    (void)state;
    struct loop *loop = virtual_loop();
    struct tick t[3] = {0};
    arm(&t[0], loop, 0, 100);
    arm(&t[1], loop, 1, 100); /* due in the same moment, and still it can be called off */
    arm(&t[2], loop, 2, 200);
    t[0].disarm = &t[1];
    t[2].disarm = &t[2]; /* itself: a no-op, it is off already */
    loop_run(loop);
    assert_int_equal(fired_count, 2);
    assert_fired(0, 0, 100);
    assert_fired(1, 2, 200);
    loop_free(&loop);
}

static void test_stop(void **state)
{
    (void)state;
    struct loop *loop = virtual_loop();
    struct tick t[2] = {{.stop = true}};
    arm(&t[0], loop, 0, 100);
    arm(&t[1], loop, 1, 100);
    loop_run(loop);
    assert_int_equal(fired_count, 1);
    loop_run(loop); /* goes on where it stopped */
    assert_int_equal(fired_count, 2);
    loop_free(&loop);
}

static void test_past_due_time_is_now(void **state)
{
    (void)state;
    struct loop *loop = virtual_loop();
    struct tick t = {0};
    arm(&t, loop, 0, -5 * LW_NS_PER_S);
    loop_run(loop);
    assert_fired(0, 0, 0); /* the clock does not run backwards */
    loop_free(&loop);
}

/* ---- descriptors, on the real clock ---- */

struct fd_case {
    struct loop *loop;
    int fd[2];
    struct loop_fd *watch[2];
    int calls;
    uint32_t events;
};

static void signal_fd(int fd)
{
    uint64_t one = 1;
    assert_int_equal(write(fd, &one, sizeof one), sizeof one);
}

static void stop_when_ready(void *ctx, uint32_t events)
{
    struct fd_case *c = ctx;
    c->calls++;
    c->events = events;
    loop_stop(c->loop);
}

#define EAGER_ROUNDS 100000

/* Two timers that re-arm themselves, one for now and one for the past, would go on for long; beside
 * them a descriptor gets its turn, and another timer does. */
static void test_eager_timers_starve_nobody(void **state)
{
    (void)state;
    struct lw_err err;
    struct fd_case c = {.loop = real_loop(1, 1)};
    struct tick past = {.again_ns = -LW_NS_PER_S, .left = EAGER_ROUNDS};
    struct tick now = {.again_ns = 0, .left = EAGER_ROUNDS};
    struct tick once = {0};
    c.fd[0] = eventfd(0, EFD_NONBLOCK);
    c.watch[0] = loop_fd_add(c.loop, c.fd[0], EPOLLIN, stop_when_ready, &c, &err);
    assert_non_null(c.watch[0]);
    arm(&past, c.loop, 1, -2 * LW_NS_PER_S);
    arm(&now, c.loop, 2, 0);
    arm(&once, c.loop, 3, 0);
    signal_fd(c.fd[0]);
    loop_run(c.loop);
    assert_int_equal(c.calls, 1);

    assert_true(past.left > 0 && now.left > 0); /* so it was not their end that let it in */

    once.stop = true;
    arm(&once, c.loop, 3, 0);
    loop_fd_remove(c.loop, &c.watch[0]);
    loop_run(c.loop);
    assert_true(past.left > 0 && now.left > 0);
    loop_timer_disarm(c.loop, &past.timer);
    loop_timer_disarm(c.loop, &now.timer);
    loop_timer_disarm(c.loop, &once.timer);
    close(c.fd[0]);
    loop_free(&c.loop);
}

static void remove_both(void *ctx, uint32_t events)
{
    struct fd_case *c = ctx;
    (void)events;
    c->calls++;
    loop_fd_remove(c->loop, &c->watch[0]);
    loop_fd_remove(c->loop, &c->watch[1]);
    loop_fd_remove(c->loop, &c->watch[1]); /* NULL by now */
}

/* Both are ready in one round; whichever comes first takes both off, and the other is not called.
 */
static void test_fd_removed_in_callback(void **state)
{
    (void)state;
    struct lw_err err;
    struct fd_case c = {.loop = real_loop(1, 1)};
    for (int i = 0; i < 2; i++) {
        c.fd[i] = eventfd(1, EFD_NONBLOCK);
        c.watch[i] = loop_fd_add(c.loop, c.fd[i], EPOLLIN, remove_both, &c, &err);
        assert_non_null(c.watch[i]);
    }
    struct tick end = {.stop = true};
    arm(&end, c.loop, 0, 0); /* fires at the end of the first round */
    loop_run(c.loop);
    assert_int_equal(c.calls, 1);
    assert_null(c.watch[0]);
    assert_null(c.watch[1]);
    close(c.fd[0]);
    close(c.fd[1]);
    loop_free(&c.loop);
}

static void test_fd_change(void **state)
{
    (void)state;
    struct lw_err err;
    struct fd_case c = {.loop = real_loop(1, 1)};
    c.fd[0] = eventfd(1, EFD_NONBLOCK); /* readable and writable */
    c.watch[0] = loop_fd_add(c.loop, c.fd[0], EPOLLIN, stop_when_ready, &c, &err);
    assert_non_null(c.watch[0]);
    loop_run(c.loop);
    assert_int_equal(c.events, EPOLLIN);
    assert_int_equal(loop_fd_change(c.loop, c.watch[0], EPOLLOUT, &err), 0);
    loop_run(c.loop);
    assert_int_equal(c.events, EPOLLOUT);
    assert_int_equal(c.calls, 2);
    loop_fd_remove(c.loop, &c.watch[0]);
    close(c.fd[0]);

    assert_null(loop_fd_add(c.loop, -1, EPOLLIN, stop_when_ready, &c, &err));
    assert_int_equal(err.code, LW_IO);
    assert_non_null(strstr(err.msg, "-1"));
    loop_free(&c.loop);
}

/* ---- jobs ---- */

#define JOBS 100

struct work {
    struct loop_job job;
    struct loop *loop;
    pthread_t ran_on, done_on;
    int ran, done;
    int stop_at;       /* stop the loop when so many are done */
    int gate[2];       /* run() waits for a byte here when gate[0] is not 0 */
    struct work *then; /* submitted by done() */
};

static int works_done;

static void work_run(struct loop_job *job)
{
    struct work *w = (struct work *)job;
    char byte;
    if (w->gate[0])
        w->ran += (int)read(w->gate[0], &byte, 1) - 1;
    w->ran_on = pthread_self();
    w->ran++;
}

static void work_done(struct loop_job *job)
{
    struct work *w = (struct work *)job;
    struct lw_err err;
    w->done_on = pthread_self();
    w->done++;
    if (w->then && loop_job_submit(w->loop, &w->then->job, &err) < 0)
        works_done = -JOBS;
    if (++works_done == w->stop_at)
        loop_stop(w->loop);
}

static struct work new_work(struct loop *loop)
{
    return (struct work){.job = {.run = work_run, .done = work_done}, .loop = loop};
}

static void test_jobs(void **state)
{
    (void)state;
    struct lw_err err;
    static struct work works[JOBS];
    struct loop *loop = real_loop(3, JOBS);
    works_done = 0;
    for (int i = 0; i < JOBS; i++) {
        works[i] = new_work(loop);
        works[i].stop_at = JOBS;
        assert_int_equal(loop_job_submit(loop, &works[i].job, &err), 0);
    }
    assert_int_equal(loop_jobs_under_way(loop), JOBS);
    assert_int_equal(works_done, 0); /* done() waits for the loop */
    loop_run(loop);
    assert_int_equal(loop_jobs_under_way(loop), 0);
    for (int i = 0; i < JOBS; i++) {
        assert_int_equal(works[i].ran, 1);
        assert_int_equal(works[i].done, 1);
        assert_false(pthread_equal(works[i].ran_on, pthread_self()));
        assert_true(pthread_equal(works[i].done_on, pthread_self()));
    }
    loop_free(&loop);
}

static void test_full_queue_is_busy(void **state)
{
    (void)state;
    struct lw_err err;
    struct loop *loop = real_loop(1, 2);
    struct work works[3];
    works_done = 0;
    for (int i = 0; i < 3; i++)
        works[i] = new_work(loop);
    assert_int_equal(pipe(works[0].gate), 0); /* holds the only worker */
    assert_int_equal(loop_job_submit(loop, &works[0].job, &err), 0);
    assert_int_equal(loop_job_submit(loop, &works[1].job, &err), 0);
    assert_int_equal(loop_job_submit(loop, &works[2].job, &err), -1);
    assert_int_equal(err.code, LW_BUSY);
    assert_non_null(strstr(err.msg, "2"));
    assert_int_equal(loop_jobs_under_way(loop), 2);
    assert_int_equal(write(works[0].gate[1], "x", 1), 1);
    works[1].stop_at = 2;
    loop_run(loop);
    assert_int_equal(works[2].ran, 0); /* it stayed the caller's */
    works[2].stop_at = 3;
    assert_int_equal(loop_job_submit(loop, &works[2].job, &err), 0);
    loop_run(loop);
    assert_int_equal(works[2].done, 1);
    close(works[0].gate[0]);
    close(works[0].gate[1]);
    loop_free(&loop);
}

static void test_jobs_finish(void **state)
{
    (void)state;
    struct lw_err err;
    static struct work works[JOBS];
    struct loop *loop = real_loop(2, JOBS);
    works_done = 0;
    for (int i = 0; i < JOBS; i++)
        works[i] = new_work(loop);
    works[0].then = &works[JOBS - 1]; /* one that comes only while they finish */
    for (int i = 0; i < JOBS - 1; i++)
        assert_int_equal(loop_job_submit(loop, &works[i].job, &err), 0);
    loop_jobs_finish(loop);
    assert_int_equal(loop_jobs_under_way(loop), 0);
    assert_int_equal(works_done, JOBS);
    assert_int_equal(works[JOBS - 1].done, 1);
    loop_jobs_finish(loop); /* nothing to do: returns at once */
    loop_free(&loop);
}

static void submit_from_timer(void *ctx)
{
    struct work *w = ctx;
    struct lw_err err;
    assert_int_equal(loop_job_submit(w->loop, &w->job, &err), 0);
    assert_int_equal(w->ran, 1);  /* inline */
    assert_int_equal(w->done, 0); /* but never from within the submitting callback */
}

static void test_virtual_jobs(void **state)
{
    (void)state;
    struct lw_err err;
    struct loop *loop = virtual_loop();
    struct work second = new_work(loop), first = new_work(loop);
    works_done = 0;
    first.then = &second;
    struct loop_timer timer = {.fire = submit_from_timer, .ctx = &first};
    loop_timer_arm(loop, &timer, loop_now(loop));
    loop_run(loop);
    assert_int_equal(first.done, 1);
    assert_int_equal(second.done, 1);
    assert_true(pthread_equal(first.ran_on, pthread_self()));
    assert_int_equal(loop_job_submit(loop, &first.job, &err), 0);
    loop_jobs_finish(loop);
    assert_int_equal(first.done, 2);
    assert_int_equal(second.done, 2);
    loop_free(&loop);
}

/* ---- signals ---- */

struct signal_case {
    struct loop *loop;
    int caught[4];
    int count;
    int stop_at;
};

static void catch_signal(void *ctx, int signo)
{
    struct signal_case *c = ctx;
    if (c->count < 4)
        c->caught[c->count] = signo;
    if (++c->count == c->stop_at)
        loop_stop(c->loop);
}

static void test_signals(void **state)
{
    (void)state;
    struct lw_err err;
    struct signal_case c = {.loop = real_loop(2, 1), .stop_at = 2};
    assert_int_equal(loop_signal_add(c.loop, SIGUSR1, catch_signal, &c, &err), 0);
    assert_int_equal(loop_signal_add(c.loop, SIGHUP, catch_signal, &c, &err), 0);
    assert_int_equal(kill(getpid(), SIGUSR1), 0);
    assert_int_equal(kill(getpid(), SIGHUP), 0);
    loop_run(c.loop);
    assert_int_equal(c.count, 2);
    assert_int_equal(c.caught[0] + c.caught[1], SIGUSR1 + SIGHUP);
    c.stop_at = 3; /* and it goes on catching */
    assert_int_equal(kill(getpid(), SIGUSR1), 0);
    loop_run(c.loop);
    assert_int_equal(c.caught[2], SIGUSR1);
    loop_free(&c.loop);
    sigset_t blocked;
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    assert_false(sigismember(&blocked, SIGUSR1)); /* left as it was found */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_virtual_order),
        cmocka_unit_test(test_virtual_run_for),
        cmocka_unit_test(test_virtual_runs_are_the_same),
        cmocka_unit_test(test_disarm_in_callback),
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_past_due_time_is_now),
        cmocka_unit_test(test_eager_timers_starve_nobody),
        cmocka_unit_test(test_fd_removed_in_callback),
        cmocka_unit_test(test_fd_change),
        cmocka_unit_test(test_jobs),
        cmocka_unit_test(test_full_queue_is_busy),
        cmocka_unit_test(test_jobs_finish),
        cmocka_unit_test(test_virtual_jobs),
        cmocka_unit_test(test_signals),
    };
    return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
