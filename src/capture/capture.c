#include "capture/capture.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "capture/cmdline.h"
#include "capture/steps.h"
#include "profile/goroutines.h"
#include "profile/memstats.h"

/* A target that does not answer this many steps in a row is left alone: it is gone or hangs. */
#define SILENT_STEPS_MAX 2

#define GOROUTINES_INFLATED_MAX ((size_t)64 << 20)

/* Has one request with the source, one job with a worker, or the timer armed: never two of them. */
struct capture {
    struct loop_job job; /* first: reads a body for what the next steps need to know */
    struct loop *loop;
    struct capture_source *source;
    struct config_capture config;
    struct capture_vitals vitals;
    void (*done)(void *ctx, struct capture_bundle *bundle);
    void *ctx;

    struct capture_bundle *bundle; /* owned until done() */
    enum capture_step step;
    int round;       /* of this step, from 0 */
    int64_t seconds; /* of a step that measures: shortened when the server allows no more */
    int silent;      /* steps in a row that got no answer */
    char gone[192];  /* why the rest is not asked for; "" while it answers */
    struct lw_mono deadline;
    struct lw_mono asked;
    struct loop_timer timer; /* the beginning, so that nothing happens from within capture_new */
    struct capture_request request;
    char path[CAPTURE_PATH_BYTES];
    bool is_fetching;
    bool is_with_worker;
    bool is_freed; /* while with the worker: whoever gets it back frees it */
};

void capture_bundle_free(struct capture_bundle **bundle)
{
    if (!*bundle)
        return;
    for (int i = 0; i < CAPTURE_STEP_COUNT; i++)
        free((*bundle)->items[i].body);
    free(*bundle);
    *bundle = NULL;
}

static struct capture_item *item_of(struct capture *c)
{
    return &c->bundle->items[c->step];
}

static void next(struct capture *c);

/* ---- how a step ends ---- */

static void set_outcome(struct capture *c, enum capture_state state, const char *why)
{
    struct capture_item *item = item_of(c);
    /* A later round that fails does not take away what an earlier one brought. */
    if (item->body)
        return;
    item->state = state;
    snprintf(item->why, sizeof item->why, "%s", why);
}

static void finish(struct capture *c)
{
    struct capture_bundle *bundle = c->bundle;
    bundle->finished = loop_wall_now(c->loop);
    bundle->goroutines = c->vitals.goroutines;
    bundle->is_whole = true;
    for (int i = 0; i < CAPTURE_STEP_COUNT; i++) {
        bundle->ok_count += bundle->items[i].state == CAPTURE_OK;
        bundle->bytes += bundle->items[i].len;
        if (bundle->items[i].state == CAPTURE_FAILED)
            bundle->is_whole = false;
    }
    c->bundle = NULL;
    c->done(c->ctx, bundle);
}

static void advance(struct capture *c)
{
    c->step++;
    c->round = 0;
    if (c->step < CAPTURE_STEP_COUNT && capture_step_is_timed(c->step))
        c->seconds = capture_step_seconds(c->step, &c->config);
}

static void next_step(struct capture *c)
{
    advance(c);
    next(c);
}

/* ---- what a body tells the steps after it ---- */

static void read_memstats(struct capture *c, const struct capture_item *item)
{
    struct profile_memstats stats;
    struct lw_err unknown; /* then the rules go by what was known before */
    if (profile_memstats_parse(item->body, item->len, &stats, &unknown) < 0)
        return;
    c->vitals.heap_bytes = stats.heap_alloc;
    c->vitals.gc_cpu_percent = 100 * stats.gc_cpu_fraction;
}

static void read_goroutines(struct capture *c, const struct capture_item *item)
{
    struct profile_limits limits = profile_limits_for(GOROUTINES_INFLATED_MAX);
    struct lw_err unknown; /* then no stacks are asked for as text */
    struct profile_goroutines *goroutines =
        profile_goroutines_decode(item->body, item->len, &limits, &unknown);
    if (goroutines)
        c->vitals.goroutines = goroutines->total;
    profile_goroutines_free(&goroutines);
}

static void run(struct loop_job *job)
{
    struct capture *c = (struct capture *)job;
    const struct capture_item *item = item_of(c);
    if (c->step == CAPTURE_MEMSTATS)
        read_memstats(c, item);
    else
        read_goroutines(c, item);
}

static void free_now(struct capture *c)
{
    capture_bundle_free(&c->bundle);
    free(c);
}

static void has_run(struct loop_job *job)
{
    struct capture *c = (struct capture *)job;
    c->is_with_worker = false;
    if (c->is_freed)
        free_now(c);
    else
        next_step(c);
}

/* Lets a worker read a body that later steps depend on. */
static bool is_read(struct capture *c)
{
    struct lw_err busy; /* then what it says stays unknown, which the rules take for too much */
    if (c->step != CAPTURE_MEMSTATS && c->step != CAPTURE_GOROUTINE)
        return false;
    c->job = (struct loop_job){.run = run, .done = has_run};
    c->is_with_worker = loop_job_submit(c->loop, &c->job, &busy) == 0;
    return c->is_with_worker;
}

/* ---- answers ---- */

static bool is_silence(enum lw_code code)
{
    return code == LW_CONNECT || code == LW_RESOLVE || code == LW_TIMEOUT || code == LW_TRANSFER ||
           code == LW_TLS;
}

/* Servers of Go before 1.23 refuse to measure for as long as their WriteTimeout or longer
 * (net/http/pprof: "profile duration exceeds server's WriteTimeout"). */
static bool must_be_shorter(const struct capture *c, const struct lw_err *err, long status)
{
    return capture_step_is_timed(c->step) && c->seconds > 1 && status == 400 &&
           strstr(err->msg, "WriteTimeout");
}

static void take_failure(struct capture *c, const struct lw_err *err, long status)
{
    if (status == 404 && capture_step_is_optional(c->step)) {
        c->bundle->missing |= 1u << c->step;
        set_outcome(c, CAPTURE_UNSUPPORTED, "the target does not have it (status 404)");
    } else {
        set_outcome(c, CAPTURE_FAILED, err->msg);
    }
    c->silent = is_silence(err->code) && status == 0 ? c->silent + 1 : 0;
    if (c->silent == SILENT_STEPS_MAX)
        snprintf(c->gone, sizeof c->gone, "not asked for: the target no longer answers (%s)",
            lw_code_word(err->code));
}

static void take_body(struct capture *c, char *body, size_t len)
{
    struct capture_item *item = item_of(c);
    free(item->body);
    item->body = body;
    item->len = len;
    item->state = CAPTURE_OK;
    item->why[0] = '\0';
    if (c->step == CAPTURE_CMDLINE)
        item->len = capture_cmdline_hide(body, len);
    c->silent = 0;
}

static void answered(
    struct capture_request *request, const struct lw_err *err, long status, char *body, size_t len)
{
    struct capture *c = request->ctx;
    c->is_fetching = false;
    item_of(c)->duration_ns = lw_mono_sub(loop_now(c->loop), c->asked);
    if (err->code == LW_OK) {
        take_body(c, body, len);
        if (++c->round < capture_step_rounds(c->step))
            next(c);
        else if (!is_read(c))
            next_step(c);
    } else if (must_be_shorter(c, err, status)) {
        c->seconds /= 2;
        next(c);
    } else {
        take_failure(c, err, status);
        next_step(c);
    }
}

/* ---- the next step ---- */

static size_t bytes_left(const struct capture *c)
{
    size_t left = (size_t)c->config.size_limit_bytes;
    for (int i = 0; i < CAPTURE_STEP_COUNT; i++)
        left -= c->bundle->items[i].len; /* never more than was left when it was asked for */
    return left;
}

/* The bytes a step may bring. A command line is looked at on the loop's thread, so it is short. */
static size_t limit_of(const struct capture *c)
{
    size_t left = bytes_left(c);
    bool is_short = c->step == CAPTURE_CMDLINE && left > CAPTURE_CMDLINE_BYTES_MAX;
    return is_short ? CAPTURE_CMDLINE_BYTES_MAX : left;
}

/* The time a step may take; what measures for some seconds must be able to end. */
static int64_t time_left(const struct capture *c)
{
    int64_t left_ns = lw_mono_sub(c->deadline, loop_now(c->loop));
    int64_t step_ns = c->config.step_timeout_ns;
    if (capture_step_is_timed(c->step)) {
        step_ns += c->seconds * LW_NS_PER_S;
        if (left_ns <= c->seconds * LW_NS_PER_S)
            return 0;
    }
    return left_ns < step_ns ? left_ns : step_ns;
}

/* Whether a rule is against the step; the reason is then in its item. */
static bool is_refused(struct capture *c)
{
    const enum capture_rule *rule = capture_step_rules(c->step);
    for (; *rule != CAPTURE_RULE_COUNT; rule++) {
        struct capture_judgement j = capture_rule_judge(*rule, &c->config, &c->vitals);
        if (j.passed)
            continue;
        char why[CAPTURE_WHY_BYTES];
        snprintf(why, sizeof why, "%s: %s", capture_rule_word(*rule), j.text);
        set_outcome(c, CAPTURE_REFUSED, why);
        c->bundle->refused[c->bundle->refused_count++] = j;
        return true;
    }
    return false;
}

/* Whether the step ends here without the target being asked. */
static bool is_skipped(struct capture *c)
{
    if (c->gone[0]) {
        set_outcome(c, CAPTURE_FAILED, c->gone);
        return true;
    }
    if (c->bundle->missing & 1u << c->step) {
        set_outcome(c, CAPTURE_UNSUPPORTED, "the target did not have it when last asked");
        return true;
    }
    if (capture_step_is_timed(c->step) && c->seconds == 0) {
        set_outcome(c, CAPTURE_REFUSED,
            c->step == CAPTURE_CPU ? "turned off (capture.cpu_seconds is 0)"
                                   : "turned off (capture.trace_seconds is 0)");
        return true;
    }
    if (c->step == CAPTURE_CMDLINE && !c->config.cmdline) {
        set_outcome(c, CAPTURE_REFUSED, "turned off (capture.cmdline is false)");
        return true;
    }
    if (c->round == 0 && is_refused(c))
        return true;
    if (time_left(c) <= 0 || bytes_left(c) == 0) {
        set_outcome(c, CAPTURE_FAILED,
            time_left(c) <= 0 ? "no time was left (capture.deadline)"
                              : "no bytes were left (capture.size_limit)");
        return true;
    }
    return false;
}

static void fetch(struct capture *c)
{
    capture_step_path(c->step, c->seconds, c->path);
    c->asked = loop_now(c->loop);
    item_of(c)->taken = loop_wall_now(c->loop);
    c->request = (struct capture_request){
        .path = c->path,
        .timeout_ns = time_left(c),
        .limit_bytes = limit_of(c),
        .done = answered,
        .ctx = c,
    };
    c->is_fetching = true;
    c->source->start(c->source, &c->request);
}

static void next(struct capture *c)
{
    while (c->step < CAPTURE_STEP_COUNT && is_skipped(c))
        advance(c);
    if (c->step < CAPTURE_STEP_COUNT)
        fetch(c);
    else
        finish(c);
}

/* ---- the whole of it ---- */

static void begin(void *ctx)
{
    next(ctx);
}

struct capture *capture_new(const struct capture_spec *spec)
{
    struct capture *c = LW_NEW(struct capture);
    *c = (struct capture){
        .loop = spec->loop,
        .source = spec->source,
        .config = *spec->config,
        .vitals = spec->vitals,
        .done = spec->done,
        .ctx = spec->ctx,
        .timer = {.fire = begin, .ctx = c},
        .bundle = LW_NEW(struct capture_bundle),
        .deadline = lw_mono_add(loop_now(spec->loop), spec->config->deadline_ns),
    };
    c->bundle->started = loop_wall_now(spec->loop);
    c->bundle->missing = spec->missing;
    loop_timer_arm(c->loop, &c->timer, loop_now(c->loop));
    return c;
}

enum capture_step capture_current(const struct capture *capture)
{
    return capture->step;
}

void capture_free(struct capture **capture)
{
    struct capture *c = *capture;
    *capture = NULL;
    if (!c)
        return;
    loop_timer_disarm(c->loop, &c->timer);
    if (c->is_with_worker) {
        c->is_freed = true;
        return;
    }
    if (c->is_fetching)
        c->source->cancel(c->source, &c->request);
    free_now(c);
}
