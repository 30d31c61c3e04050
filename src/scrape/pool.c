#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"
#include "scrape/scrape.h"

/* What a target is scraped by. */
struct source {
    char *url;                    /* owned */
    const struct config_job *job; /* borrowed from config */
    struct config *config;        /* a reference; NULL: there is no source */
};

/* SCHEDULED: the timer is armed for `due`. FETCHING: the request is under way, the timer is not
 * armed, and a new source waits in `next`, because the request still borrows from `now`. */
enum target_state { SCHEDULED, FETCHING };

struct target {
    struct scrape_pool *pool; /* borrowed */
    uint64_t id;
    enum target_state state;
    struct source now;
    struct source next; /* FETCHING: replaces `now` when the request has ended, if set */
    struct loop_timer timer;
    struct lw_mono due; /* of the next scrape, or of the one under way */
    struct scrape_request request;
    struct lw_mono started;
    struct lw_wall started_wall;
};

struct scrape_pool {
    struct loop *loop;              /* borrowed */
    struct scrape_fetcher *fetcher; /* borrowed */
    void (*scraped)(void *ctx, struct scrape_result *result);
    void *ctx;
    struct lw_map targets; /* id -> owned struct target */
    uint64_t missed;
};

static struct source source_of(const struct scrape_spec *spec)
{
    return (struct source){
        .url = lw_strdup(spec->url), .job = spec->job, .config = config_ref(spec->config)};
}

static void source_fini(struct source *source)
{
    free(source->url);
    if (source->config)
        config_unref(&source->config);
    *source = (struct source){0};
}

/* ---- when ---- */

/* The first point after now whose wall time is `offset` past a multiple of the interval: the place
 * of a target depends on its id only, so that a restart finds the same rhythm and a fleet is spread
 * evenly, as Prometheus does it (scrape/target.go, offset). */
static struct lw_mono first_due(const struct target *t)
{
    int64_t interval_ns = t->now.job->scrape_interval_ns;
    int64_t offset_ns = (int64_t)(lw_hash_u64(0, t->id) % (uint64_t)interval_ns);
    int64_t since_ns = (loop_wall_now(t->pool->loop).ns - offset_ns) % interval_ns;
    if (since_ns < 0) /* a wall clock near 1970 */
        since_ns += interval_ns;
    return lw_mono_add(loop_now(t->pool->loop), interval_ns - since_ns);
}

static void schedule(struct target *t, struct lw_mono due)
{
    t->state = SCHEDULED;
    t->due = due;
    loop_timer_arm(t->pool->loop, &t->timer, due);
}

/* Passes over the scrapes whose whole interval has gone by, so that one that comes late is not
 * followed by a burst. */
static void skip_missed(struct target *t)
{
    int64_t interval_ns = t->now.job->scrape_interval_ns;
    int64_t behind = lw_mono_sub(loop_now(t->pool->loop), t->due) / interval_ns;
    t->pool->missed += (uint64_t)behind;
    t->due = lw_mono_add(t->due, behind * interval_ns);
}

/* ---- one target ---- */

static void fetch_begin(void *ctx)
{
    struct target *t = ctx;
    skip_missed(t);
    t->state = FETCHING;
    t->started = loop_now(t->pool->loop);
    t->started_wall = loop_wall_now(t->pool->loop);
    t->request.url = t->now.url;
    t->request.job = t->now.job;
    t->request.timeout_ns = t->now.job->scrape_timeout_ns;
    t->request.limit_bytes = (size_t)t->now.job->compressed_size_limit_bytes;
    t->pool->fetcher->start(t->pool->fetcher, &t->request);
}

/* Whether going from one source to the other gives up the place in the old rhythm. */
static bool changes_rhythm(const struct source *from, const struct source *to)
{
    return strcmp(from->url, to->url) != 0 ||
           from->job->scrape_interval_ns != to->job->scrape_interval_ns;
}

/* Takes the next source over; true when the target must find a new place. */
static bool adopt_next(struct target *t)
{
    if (!t->next.config)
        return false;
    bool moved = changes_rhythm(&t->now, &t->next);
    source_fini(&t->now);
    t->now = t->next;
    t->next = (struct source){0};
    return moved;
}

static void fetch_done(
    struct scrape_request *request, const struct lw_err *err, char *body, size_t len)
{
    struct target *t = request->ctx;
    struct scrape_pool *pool = t->pool;
    struct scrape_result result = {
        .id = t->id,
        .at = t->started_wall,
        .duration_ns = lw_mono_sub(loop_now(pool->loop), t->started),
        .err = err,
        .body = body,
        .len = len,
    };
    bool moved = adopt_next(t);
    schedule(t, moved ? first_due(t) : lw_mono_add(t->due, t->now.job->scrape_interval_ns));
    pool->scraped(pool->ctx, &result); /* last: it may change the set, and free t */
}

static struct target *target_new(struct scrape_pool *pool, const struct scrape_spec *spec)
{
    assert(spec->job->scrape_interval_ns > 0);
    struct target *t = LW_NEW(struct target);
    t->pool = pool;
    t->id = spec->id;
    t->now = source_of(spec);
    t->timer = (struct loop_timer){.fire = fetch_begin, .ctx = t};
    t->request = (struct scrape_request){.done = fetch_done, .ctx = t};
    schedule(t, first_due(t));
    return t;
}

static void target_update(struct target *t, const struct scrape_spec *spec)
{
    assert(spec->job->scrape_interval_ns > 0);
    source_fini(&t->next);
    t->next = source_of(spec);
    if (t->state == SCHEDULED && adopt_next(t))
        schedule(t, first_due(t));
}

static void target_free(struct target *t)
{
    if (t->state == FETCHING)
        t->pool->fetcher->cancel(t->pool->fetcher, &t->request);
    loop_timer_disarm(t->pool->loop, &t->timer);
    source_fini(&t->now);
    source_fini(&t->next);
    free(t);
}

static void free_all(struct lw_map *targets)
{
    size_t at = 0;
    uint64_t id;
    void *target;
    while (lw_map_next(targets, &at, &id, &target))
        target_free(target);
    lw_map_fini(targets);
}

/* ---- the pool ---- */

struct scrape_pool *scrape_pool_new(struct loop *loop, struct scrape_fetcher *fetcher,
    void (*scraped)(void *ctx, struct scrape_result *result), void *ctx)
{
    struct scrape_pool *pool = LW_NEW(struct scrape_pool);
    *pool = (struct scrape_pool){.loop = loop, .fetcher = fetcher, .scraped = scraped, .ctx = ctx};
    return pool;
}

void scrape_pool_set(struct scrape_pool *pool, const struct scrape_spec *specs, size_t count)
{
    struct lw_map gone = pool->targets; /* until a spec says otherwise */
    pool->targets = (struct lw_map){0};
    for (size_t i = 0; i < count; i++) {
        struct target *t = lw_map_remove(&gone, specs[i].id);
        if (t)
            target_update(t, &specs[i]);
        else
            t = target_new(pool, &specs[i]);
        struct target *twin = lw_map_put(&pool->targets, t->id, t);
        assert(!twin);
    }
    free_all(&gone);
}

uint64_t scrape_pool_missed(const struct scrape_pool *pool)
{
    return pool->missed;
}

void scrape_pool_free(struct scrape_pool **pool)
{
    if (!*pool)
        return;
    free_all(&(*pool)->targets);
    free(*pool);
    *pool = NULL;
}
