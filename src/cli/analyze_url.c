#include "cli/analyze_url.h"

#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "scrape/scrape.h"

#define TIMEOUT_NS (30 * LW_NS_PER_S)

/* ---- the URL ---- */

bool analyze_url_is_one(const char *text)
{
    return strncmp(text, "http://", 7) == 0 || strncmp(text, "https://", 8) == 0;
}

/* A part of it as a copy of our own; NULL where there is none. */
static char *part(CURLU *parsed, CURLUPart what, unsigned flags)
{
    char *text = NULL;
    if (curl_url_get(parsed, what, &text, flags) != CURLUE_OK)
        return NULL;
    char *copy = lw_strdup(text);
    curl_free(text);
    return copy;
}

static char *join(const char *a, const char *between, const char *b)
{
    size_t size = strlen(a) + strlen(between) + strlen(b) + 1;
    char *text = lw_new(size, 1);
    snprintf(text, size, "%s%s%s", a, between, b);
    return text;
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);
    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/* Gives the URL the path of a heap. */
static int complete_path(CURLU *parsed)
{
    char *path = part(parsed, CURLUPART_PATH, 0);
    size_t len = path ? strlen(path) : 0;
    while (len && path[len - 1] == '/')
        path[--len] = '\0';
    int rc = 0;
    if (!len || !ends_with(path, "/heap")) {
        char *whole = join(len ? path : "/debug/pprof", "", "/heap");
        rc = curl_url_set(parsed, CURLUPART_PATH, whole, 0) == CURLUE_OK ? 0 : -1;
        free(whole);
    }
    free(path);
    return rc;
}

/* Takes a parsed URL apart; false where it lacks something. */
static bool take_apart(CURLU *parsed, struct analyze_url *url)
{
    if (complete_path(parsed) < 0)
        return false;
    url->user = part(parsed, CURLUPART_USER, CURLU_URLDECODE);
    url->password = part(parsed, CURLUPART_PASSWORD, CURLU_URLDECODE);
    curl_url_set(parsed, CURLUPART_USER, NULL, 0);
    curl_url_set(parsed, CURLUPART_PASSWORD, NULL, 0);
    curl_url_set(parsed, CURLUPART_FRAGMENT, NULL, 0);
    url->url = part(parsed, CURLUPART_URL, 0);
    url->scheme = part(parsed, CURLUPART_SCHEME, 0);
    char *host = part(parsed, CURLUPART_HOST, 0);
    char *port = part(parsed, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    url->address = host && port ? join(host, ":", port) : NULL;
    free(host);
    free(port);
    return url->url && url->scheme && url->address;
}

int analyze_url_parse(const char *text, struct analyze_url *url, struct lw_err *err)
{
    *url = (struct analyze_url){0};
    CURLU *parsed = curl_url();
    bool ok = parsed && curl_url_set(parsed, CURLUPART_URL, text, 0) == CURLUE_OK &&
              take_apart(parsed, url);
    curl_url_cleanup(parsed);
    if (ok)
        return 0;
    analyze_url_fini(url);
    return lw_err_set(err, LW_INVALID,
        "that is no URL of a service: it is to be http[s]://host[:port][/debug/pprof/heap]");
}

void analyze_url_fini(struct analyze_url *url)
{
    free(url->url);
    free(url->scheme);
    free(url->address);
    free(url->user);
    free(url->password);
    *url = (struct analyze_url){0};
}

/* ---- scraping ---- */

/* What is waited for, one thing at a time: the answer to a request, or a point in time. */
struct watcher {
    struct analysis *analysis;
    const struct analyze_watch *watch;
    struct scrape_fetcher *fetcher;
    bool is_waiting;
    struct lw_err err; /* of the newest scrape */
    char *body;        /* owned */
    size_t len;
};

static void wake(struct watcher *w)
{
    w->is_waiting = false;
    loop_stop(w->analysis->loop);
}

static void wait_for(struct watcher *w)
{
    w->is_waiting = true;
    while (w->is_waiting && !w->analysis->is_interrupted)
        loop_run(w->analysis->loop);
}

static void fetched(
    struct scrape_request *request, const struct lw_err *err, char *body, size_t len)
{
    struct watcher *w = request->ctx;
    w->err = *err;
    w->body = body;
    w->len = len;
    wake(w);
}

/* One profile. NULL where it failed (then w->err says why) or was interrupted. */
static struct profile *scrape(struct watcher *w, const char *url)
{
    const struct config_job *job = analysis_job(w->analysis);
    struct scrape_request request = {
        .url = url,
        .job = job,
        .timeout_ns = TIMEOUT_NS,
        .limit_bytes = (size_t)job->compressed_size_limit_bytes,
        .done = fetched,
        .ctx = w,
    };
    w->fetcher->start(w->fetcher, &request);
    wait_for(w);
    w->fetcher->cancel(w->fetcher, &request);
    struct profile *profile = NULL;
    if (w->body) {
        struct profile_limits limits = profile_limits_for((size_t)job->body_size_limit_bytes);
        profile = profile_decode(w->body, w->len, &limits, &w->err);
        if (!profile)
            lw_err_prefix(&w->err, "%s", url);
    }
    free(w->body);
    w->body = NULL;
    return profile;
}

static void timer_fired(void *ctx)
{
    wake(ctx);
}

static void sleep_until(struct watcher *w, struct lw_mono due)
{
    struct loop_timer timer = {.fire = timer_fired, .ctx = w};
    loop_timer_arm(w->analysis->loop, &timer, due);
    wait_for(w);
    loop_timer_disarm(w->analysis->loop, &timer);
}

static void tell_progress(const struct watcher *w, int64_t passed_ns)
{
    if (!w->watch->progress)
        return;
    const struct store_target *target = w->analysis->target;
    fprintf(stderr, "\r\x1b[K%zu scrapes, %.0f of %.0f s, %.1f MiB in use: %s (^C: that is enough)",
        w->analysis->count, (double)passed_ns / 1e9, (double)w->watch->for_ns / 1e9,
        (double)target->total.inuse_bytes / (1 << 20),
        trend_class_word(store_target_class(target)));
}

/* Scrapes at even times until for_ns have passed; returns how many failed. */
static size_t scrape_all(struct watcher *w, const char *url)
{
    struct loop *loop = w->analysis->loop;
    struct lw_mono start = loop_now(loop);
    size_t failed = 0;
    for (int64_t at_ns = 0; at_ns <= w->watch->for_ns && !w->analysis->is_interrupted;
         at_ns += w->watch->interval_ns) {
        struct lw_wall at = loop_wall_now(loop);
        struct profile *profile = scrape(w, url);
        if (profile)
            analysis_add(w->analysis, profile, at);
        else if (!w->analysis->is_interrupted && w->analysis->count) /* else the caller says so */
            fprintf(stderr, "leakwatchd: analyze: %s\n", w->err.msg);
        failed += !profile && !w->analysis->is_interrupted;
        if (!w->watch->for_ns || !w->analysis->count)
            break;
        tell_progress(w, at_ns);
        sleep_until(w, lw_mono_add(start, at_ns + w->watch->interval_ns));
    }
    if (w->watch->progress)
        fputs("\r\x1b[K", stderr);
    return failed;
}

static void interrupted(void *ctx, int signo)
{
    struct analysis *analysis = ctx;
    (void)signo;
    analysis->is_interrupted = true;
    loop_stop(analysis->loop);
}

int analyze_url_scrape(struct analysis *analysis, const struct analyze_url *url,
    const struct analyze_watch *watch, size_t *failed, struct lw_err *err)
{
    struct watcher w = {.analysis = analysis, .watch = watch};
    if (loop_signal_add(analysis->loop, SIGINT, interrupted, analysis, err) < 0 ||
        loop_signal_add(analysis->loop, SIGTERM, interrupted, analysis, err) < 0)
        return -1;
    w.fetcher = scrape_fetcher_new_curl(
        analysis->loop, 1, (size_t)analysis_job(analysis)->compressed_size_limit_bytes, err);
    if (!w.fetcher)
        return -1;
    *failed = scrape_all(&w, url->url);
    w.fetcher->free(w.fetcher);
    if (analysis->count)
        return 0;
    if (!*failed)
        return lw_err_set(err, LW_CANCELLED, "interrupted before the first scrape");
    *err = w.err;
    return -1;
}
