/* leakwatchd: watches Go services for memory leaks from outside. The list of what is started, and
 * its mirror. */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/resource.h>

#include "base/log.h"
#include "cli/flags.h"
#include "engine/engine.h"
#include "engine/notify.h"

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

/* Two workers, because decoding is the work of the daemon, and one profile must not wait for
 * another's disk; and one more for who waits for the network, as an upload does. */
#define WORKERS 3
/* What a large fleet answers while the loop writes a long response comes all at once. What jobs
 * hold is bounded by bytes where they are made (engine/decode.c). */
#define JOBS_MAX           4096
#define TRANSFERS_MAX      512
#define FETCH_BUDGET_BYTES ((size_t)512 << 20)

struct daemon {
    struct loop *loop;
    struct engine *engine;
    struct notify *notify;
    bool is_stopping;
};

/* Of what a worker does then nothing waits for anybody else for longer than a second or so, and the
 * rest is writing: a signal that comes again, as from an impatient supervisor, would gain little,
 * and lose what is not written yet. Who cannot wait has SIGKILL, which loses no more than that. */
static void stop(void *ctx, int signo)
{
    struct daemon *d = ctx;
    if (d->is_stopping)
        return;
    d->is_stopping = true;
    signal(SIGTERM, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    lw_info("main", "stopping on %s", signo == SIGTERM ? "SIGTERM" : "SIGINT");
    loop_stop(d->loop);
}

static void reload(void *ctx, int signo)
{
    struct daemon *d = ctx;
    (void)signo;
    struct lw_err err;
    notify_reloading(d->notify);
    int rc = engine_reload(d->engine, &err);
    if (rc < 0)
        lw_error("config", "the running configuration stays: %s", err.msg);
    notify_reloaded(d->notify, rc < 0 ? err.msg : "configuration read again");
}

static int start_engine(struct daemon *d, const struct flags *flags, struct lw_err *err)
{
    struct engine_options options = {
        .loop = d->loop,
        .storage_path = flags->storage_path,
        .config_path = flags->config_path,
        .lifecycle = flags->lifecycle,
        .version = PACKAGE_VERSION,
        .revision = LW_REVISION,
    };
    options.fetcher = scrape_fetcher_new_curl(d->loop, TRANSFERS_MAX, FETCH_BUDGET_BYTES, err);
    if (!options.fetcher)
        return -1;
    d->engine = engine_new(&options, err);
    return d->engine ? 0 : -1;
}

static int start(struct daemon *d, const struct flags *flags, struct lw_err *err)
{
    d->loop = loop_new(WORKERS, JOBS_MAX, err);
    if (!d->loop)
        return -1;
    if (loop_signal_add(d->loop, SIGTERM, stop, d, err) < 0 ||
        loop_signal_add(d->loop, SIGINT, stop, d, err) < 0 ||
        loop_signal_add(d->loop, SIGHUP, reload, d, err) < 0)
        return -1;
    if (start_engine(d, flags, err) < 0)
        return -1;
    for (size_t i = 0; i < flags->listen_count; i++) {
        if (engine_listen(d->engine, flags->listen[i], err) < 0)
            return -1;
    }
    d->notify = notify_new(d->loop);
    return 0;
}

static void end(struct daemon *d)
{
    /* A signal that comes now comes too late, and must not end what is being written down. */
    signal(SIGHUP, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    notify_free(&d->notify);
    engine_free(&d->engine);
    loop_free(&d->loop);
}

/* A thousand descriptors, as shells give them, are few for a fleet: all that we are allowed are
 * taken, as Go's programs do. None of the libraries uses select(), for which the limit is there. */
static void raise_descriptor_limit(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_cur == files.rlim_max)
        return;
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files); /* what there is must do */
}

int main(int argc, char **argv)
{
    struct flags flags;
    enum flags_exit status = FLAGS_EXIT_OK;
    if (!flags_parse(argc, argv, &flags, &status))
        return status;
    raise_descriptor_limit();
    signal(SIGPIPE, SIG_IGN); /* a peer that hangs up is an error of write(), not of the daemon */
    signal(SIGXFSZ, SIG_IGN); /* so is a limit on the size of files */

    struct daemon d = {0};
    struct lw_err err = {0};
    if (start(&d, &flags, &err) == 0) {
        loop_run(d.loop);
    } else {
        fprintf(stderr, "leakwatchd: %s\n", err.msg);
        status = err.code == LW_INVALID ? FLAGS_EXIT_USAGE : FLAGS_EXIT_RUN;
    }
    end(&d);
    return status;
}
