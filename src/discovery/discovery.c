#include "discovery/discovery.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "base/log.h"
#include "base/mem.h"
#include "discovery/files.h"
#include "discovery/targets.h"
#include "discovery/watch.h"

#define EVENTS_PER_ROUND 4096 /* what is left keeps the descriptor ready */

/* One path of file_sd_configs. */
struct pattern {
    struct discovery *discovery;
    const char *path; /* the configuration's */
    int64_t refresh_interval_ns;
    struct loop_timer refresh;
    int watch_id; /* of its directory; -1: not watched */
    bool unwatched_logged;
    bool dir_failing;
    bool stale; /* something happened in its directory */
};

struct discovery {
    struct loop *loop;
    void (*changed)(void *ctx, const struct discovery_set *set);
    void *ctx;
    struct config *config; /* a reference; NULL before the first apply */
    struct discovery_files files;
    struct pattern *patterns; /* owned */
    size_t pattern_count;
    struct discovery_watch *watch; /* NULL: the refresh alone must do */
    struct loop_fd *watch_fd;
    struct discovery_targets *targets; /* as last handed on */
    bool truncated_logged;
};

static void log_truncation(struct discovery *d)
{
    bool truncated = d->targets->truncated;
    if (truncated && !d->truncated_logged)
        lw_error("discovery", "more than %zu targets: the first ones are kept, the others left out",
            DISCOVERY_TARGETS_MAX);
    d->truncated_logged = truncated;
}

/* Hands the set on if it is another one than before. */
static void publish(struct discovery *d)
{
    struct discovery_targets *next = discovery_targets_new(d->config, &d->files);
    if (d->targets && discovery_targets_equal(d->targets, next)) {
        discovery_targets_free(&next);
        return;
    }
    struct discovery_targets *last = d->targets;
    d->targets = next;
    log_truncation(d);
    d->changed(d->ctx, &next->set);
    discovery_targets_free(&last);
}

/* Watches the directory of a pattern, which may have come, gone or been replaced since. A directory
 * that is not there is for the scan to report. */
static void watch_dir(struct pattern *pattern)
{
    struct discovery *d = pattern->discovery;
    struct lw_err err;
    lw_err_clear(&err);
    char *dir = discovery_pattern_dir(pattern->path);
    pattern->watch_id = d->watch ? discovery_watch_add(d->watch, dir, &err) : -1;
    free(dir);
    bool failed = pattern->watch_id < 0 && err.sys && err.sys != ENOENT && err.sys != ENOTDIR;
    if (failed && !pattern->unwatched_logged)
        lw_warn("discovery", "%s: its target files are only read every refresh_interval", err.msg);
    pattern->unwatched_logged = failed;
}

/* Reads the files of a pattern; true when that changed any groups. The watch comes first, so that
 * no change falls between the two. */
static bool scan(struct pattern *pattern)
{
    struct discovery *d = pattern->discovery;
    pattern->stale = false;
    watch_dir(pattern);
    loop_timer_arm(
        d->loop, &pattern->refresh, lw_mono_add(loop_now(d->loop), pattern->refresh_interval_ns));
    return discovery_files_scan(&d->files, pattern->path, &pattern->dir_failing);
}

static void refresh(void *ctx)
{
    struct pattern *pattern = ctx;
    struct discovery *d = pattern->discovery;
    if (scan(pattern))
        publish(d);
}

static void mark_stale(struct discovery *d, int watch_id)
{
    for (size_t i = 0; i < d->pattern_count; i++) {
        if (watch_id < 0 || d->patterns[i].watch_id == watch_id)
            d->patterns[i].stale = true;
    }
}

static void take_events(void *ctx, uint32_t events)
{
    struct discovery *d = ctx;
    (void)events;
    int watch_id;
    for (int i = 0; i < EVENTS_PER_ROUND && discovery_watch_next(d->watch, &watch_id); i++)
        mark_stale(d, watch_id);
    bool changed = false;
    for (size_t i = 0; i < d->pattern_count; i++) {
        if (d->patterns[i].stale)
            changed |= scan(&d->patterns[i]);
    }
    if (changed)
        publish(d);
}

/* ---- taking a configuration up ---- */

static void stop_watching(struct discovery *d)
{
    loop_fd_remove(d->loop, &d->watch_fd);
    discovery_watch_free(&d->watch);
}

/* Without inotify, which a virtual loop cannot have, the files are still read every
 * refresh_interval. */
static void start_watching(struct discovery *d)
{
    if (d->pattern_count == 0 || loop_is_virtual(d->loop))
        return;
    struct lw_err err;
    d->watch = discovery_watch_new(&err);
    if (d->watch)
        d->watch_fd =
            loop_fd_add(d->loop, discovery_watch_fd(d->watch), EPOLLIN, take_events, d, &err);
    if (d->watch_fd)
        return;
    lw_warn("discovery", "%s: target files are only read every refresh_interval", err.msg);
    stop_watching(d);
}

static void clear_patterns(struct discovery *d)
{
    for (size_t i = 0; i < d->pattern_count; i++)
        loop_timer_disarm(d->loop, &d->patterns[i].refresh);
    free(d->patterns);
    d->patterns = NULL;
    d->pattern_count = 0;
}

static void add_patterns(struct discovery *d, const struct config_file_sd *sd)
{
    for (size_t i = 0; i < sd->files.count; i++) {
        d->patterns[d->pattern_count++] = (struct pattern){
            .discovery = d,
            .path = sd->files.list[i],
            .refresh_interval_ns = sd->refresh_interval_ns,
            .watch_id = -1,
        };
    }
}

static size_t count_patterns(const struct config_job *job)
{
    size_t count = 0;
    for (size_t i = 0; i < job->file_sd_config_count; i++)
        count += job->file_sd_configs[i].files.count;
    return count;
}

static void set_patterns(struct discovery *d)
{
    const struct config *config = d->config;
    size_t count = 0;
    for (size_t i = 0; i < config->scrape_config_count; i++)
        count += count_patterns(&config->scrape_configs[i]);
    d->patterns = lw_new(count, sizeof *d->patterns);
    for (size_t i = 0; i < config->scrape_config_count; i++) {
        const struct config_job *job = &config->scrape_configs[i];
        for (size_t j = 0; j < job->file_sd_config_count; j++)
            add_patterns(d, &job->file_sd_configs[j]);
    }
    for (size_t i = 0; i < d->pattern_count; i++)
        d->patterns[i].refresh = (struct loop_timer){.fire = refresh, .ctx = &d->patterns[i]};
}

static bool is_wanted(const void *ctx, const char *path)
{
    const struct discovery *d = ctx;
    for (size_t i = 0; i < d->pattern_count; i++) {
        if (discovery_pattern_matches(d->patterns[i].path, path))
            return true;
    }
    return false;
}

void discovery_apply(struct discovery *d, struct config *config)
{
    stop_watching(d);
    clear_patterns(d);
    config_ref(config);
    config_unref(&d->config);
    d->config = config;
    set_patterns(d);
    /* Files that stay keep the groups of their last good reading, even if they are wrong just now.
     */
    discovery_files_retain(&d->files, is_wanted, d);
    start_watching(d);
    for (size_t i = 0; i < d->pattern_count; i++)
        (void)scan(&d->patterns[i]);
    struct discovery_targets *last = d->targets;
    d->targets = NULL; /* so that the set is handed on whatever it is */
    publish(d);
    discovery_targets_free(&last);
}

struct discovery *discovery_new(
    struct loop *loop, void (*changed)(void *ctx, const struct discovery_set *set), void *ctx)
{
    struct discovery *d = LW_NEW(struct discovery);
    d->loop = loop;
    d->changed = changed;
    d->ctx = ctx;
    return d;
}

void discovery_free(struct discovery **discovery)
{
    struct discovery *d = *discovery;
    if (!d)
        return;
    stop_watching(d);
    clear_patterns(d);
    discovery_targets_free(&d->targets);
    discovery_files_fini(&d->files);
    config_unref(&d->config);
    free(d);
    *discovery = NULL;
}

size_t discovery_failing_files(const struct discovery *discovery)
{
    return discovery_files_failing(&discovery->files);
}
