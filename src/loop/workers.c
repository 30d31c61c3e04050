#include "loop/workers.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"

struct job_list {
    struct loop_job *first;
    struct loop_job **end;
};

struct workers {
    pthread_mutex_t lock; /* guards waiting, finished and stopping */
    pthread_cond_t work;
    struct job_list waiting;
    struct job_list finished;
    bool stopping;
    int wake_fd; /* eventfd: counts finished jobs */
    int threads;
    pthread_t thread[];
};

static void list_clear(struct job_list *list)
{
    list->first = NULL;
    list->end = &list->first;
}

static void list_add(struct job_list *list, struct loop_job *job)
{
    job->next = NULL;
    *list->end = job;
    list->end = &job->next;
}

static struct loop_job *list_take_first(struct job_list *list)
{
    struct loop_job *job = list->first;
    if (job && !(list->first = job->next))
        list->end = &list->first;
    return job;
}

static void *work(void *arg)
{
    struct workers *workers = arg;
    pthread_mutex_lock(&workers->lock);
    for (;;) {
        while (!workers->stopping && !workers->waiting.first)
            pthread_cond_wait(&workers->work, &workers->lock);
        if (workers->stopping)
            break;
        struct loop_job *job = list_take_first(&workers->waiting);
        pthread_mutex_unlock(&workers->lock);
        job->run(job);
        pthread_mutex_lock(&workers->lock);
        list_add(&workers->finished, job);
        uint64_t one = 1;
        ssize_t n = write(workers->wake_fd, &one, sizeof one);
        (void)n; /* fails only when the counter is full, and then the fd is readable anyway */
    }
    pthread_mutex_unlock(&workers->lock);
    return NULL;
}

struct workers *workers_new(int threads, struct lw_err *err)
{
    struct workers *workers = lw_new(1, sizeof *workers + (size_t)threads * sizeof(pthread_t));
    list_clear(&workers->waiting);
    list_clear(&workers->finished);
    pthread_mutex_init(&workers->lock, NULL);
    pthread_cond_init(&workers->work, NULL);
    workers->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (workers->wake_fd < 0) {
        lw_err_sys(err, LW_IO, errno, "cannot make an eventfd for the workers");
        workers_free(&workers);
        return NULL;
    }
    /* Signals are the loop's: workers are born with all of them blocked. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = 0;
    while (workers->threads < threads && !failed) {
        failed = pthread_create(&workers->thread[workers->threads], NULL, work, workers);
        if (!failed)
            workers->threads++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed) {
        lw_err_sys(err, LW_IO, failed, "cannot start worker thread %d of %d", workers->threads + 1,
            threads);
        workers_free(&workers);
    }
    return workers;
}

void workers_free(struct workers **workers)
{
    struct workers *w = *workers;
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    pthread_cond_broadcast(&w->work);
    pthread_mutex_unlock(&w->lock);
    for (int i = 0; i < w->threads; i++)
        pthread_join(w->thread[i], NULL);
    if (w->wake_fd >= 0)
        close(w->wake_fd);
    pthread_cond_destroy(&w->work);
    pthread_mutex_destroy(&w->lock);
    free(w);
    *workers = NULL;
}

int workers_fd(const struct workers *workers)
{
    return workers->wake_fd;
}

void workers_put(struct workers *workers, struct loop_job *job)
{
    pthread_mutex_lock(&workers->lock);
    list_add(&workers->waiting, job);
    pthread_cond_signal(&workers->work);
    pthread_mutex_unlock(&workers->lock);
}

struct loop_job *workers_take_done(struct workers *workers)
{
    uint64_t count;
    ssize_t n = read(workers->wake_fd, &count, sizeof count);
    (void)n; /* EAGAIN: nothing has finished, and the list below is empty */
    pthread_mutex_lock(&workers->lock);
    struct loop_job *first = workers->finished.first;
    list_clear(&workers->finished);
    pthread_mutex_unlock(&workers->lock);
    return first;
}
