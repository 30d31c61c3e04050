/* Our leaks on their way to the Alertmanagers: collected from the store every
 * alerting.resend_interval and a moment after a verdict changed, then sent to each in turn, one
 * request at a time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alert/push.h"
#include "api/suspects.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "engine/engine_priv.h"

#define SOON_NS          LW_NS_PER_S /* what one scrape finds is told together */
#define ANSWER_BYTES_MAX 65536       /* Alertmanager's is empty */
#define LABELS_MAX       128         /* of an alert; what a target has more is left out */
#define TEXT_BYTES       512

/* One Alertmanager. Its job is made up for the fetcher, and borrows from the configuration. */
struct receiver {
    struct push *push;
    struct scrape_request request;
    struct config_job job;
    char *url;
    char *body;  /* owned; NULL: nothing is under way */
    size_t next; /* place in the alerts from which the next body is made */
    bool failing;
};

struct push {
    struct engine *engine;
    struct config *config; /* a reference, which the receivers borrow from */
    struct alert_push *alerts;
    struct receiver *receivers; /* owned */
    size_t receiver_count;
    struct loop_timer timer;
    bool is_soon;    /* the next round is that of a change */
    size_t left_out; /* leaks that are not told, because there are too many */
    uint64_t sent;
    uint64_t failed;
};

/* ---- sending ---- */

static void send_next(struct receiver *receiver);

static void answered(
    struct scrape_request *request, const struct lw_err *err, char *body, size_t len)
{
    struct receiver *receiver = request->ctx;
    struct push *push = receiver->push;
    (void)len;
    free(body);
    free(receiver->body);
    receiver->body = NULL;
    bool failed = err->code != LW_OK;
    push->sent++;
    push->failed += failed;
    if (failed != receiver->failing)
        lw_log_line(failed ? LW_LOG_WARN : LW_LOG_INFO, __FILE__, __LINE__, "alert", "%s",
            failed ? err->msg : "an Alertmanager that was not to be reached takes alerts again");
    receiver->failing = failed;
    if (!failed)
        send_next(receiver); /* else the next round begins anew */
}

static void send_next(struct receiver *receiver)
{
    struct push *push = receiver->push;
    const struct config_alerting *alerting = &push->config->alerting;
    size_t len;
    /* When an alert ends is Alertmanager's clock's to judge: by ours as it was at the start, before
     * NTP had set it, all of them might have ended long ago. */
    receiver->body = alert_push_body(push->alerts, &receiver->next,
        loop_wall_true(push->engine->loop), alerting->resend_interval_ns, &len);
    if (!receiver->body)
        return;
    receiver->request = (struct scrape_request){
        .url = receiver->url,
        .job = &receiver->job,
        .timeout_ns = receiver->job.scrape_timeout_ns,
        .limit_bytes = ANSWER_BYTES_MAX,
        .post = receiver->body,
        .post_len = len,
        .done = answered,
        .ctx = receiver,
    };
    push->engine->fetcher->start(push->engine->fetcher, &receiver->request);
}

/* ---- collecting ---- */

/* What is said of one leak. The texts are foreign in part and end up in JSON. */
struct leak {
    char summary[TEXT_BYTES];
    char description[TEXT_BYTES];
    char url[TEXT_BYTES];
};

static const char *type_of(const struct suspect *suspect)
{
    return suspect->row && suspect->row->type ? suspect->row->type->name : "";
}

static const char *function_of(const struct suspect *suspect)
{
    const struct store_site *site = suspect->row ? suspect->row->site : NULL;
    return site ? site->frames[site->responsible].function : "";
}

static size_t add_labels(
    struct lw_label *list, size_t count, const struct lw_labels *labels, size_t max)
{
    for (size_t i = 0; i < labels->count && count < max; i++)
        list[count++] = labels->list[i];
    return count;
}

/* lw_labels_new only reads what it is given. */
static void add_label(struct lw_label *list, size_t *count, const char *name, const char *value)
{
    list[(*count)++] = (struct lw_label){(char *)name, (char *)value};
}

/* Of two with one name the later wins: ours over the target's, the configured ones over ours. */
static struct lw_labels *labels_of(const struct suspect *suspect, const struct config *config)
{
    struct lw_label list[LABELS_MAX];
    size_t count = add_labels(list, 0, suspect->target->labels, LABELS_MAX / 2);
    add_label(list, &count, "alertname", "LeakwatchLeak");
    add_label(list, &count, "severity", "warning");
    add_label(list, &count, "type", type_of(suspect));
    add_label(list, &count, "function", function_of(suspect));
    count = add_labels(list, count, config->alerting.labels, LABELS_MAX);
    return lw_labels_new(list, count);
}

/* "+3.2 MiB/h (95 % interval +2.9 to +3.5)" */
static void print_rate(const struct trend_verdict *v, char text[128])
{
    const double mib_h = 3600.0 / (1 << 20);
    snprintf(text, 128, "%+.1f MiB/h (95 %% interval %+.1f to %+.1f)", v->rate * mib_h,
        v->rate_lo * mib_h, v->rate_hi * mib_h);
}

static void describe(struct leak *leak, const struct suspect *s, const struct config *config)
{
    const struct trend_verdict *v = trend_series_verdict(s->series);
    const char *type = type_of(s), *function = function_of(s);
    char rate[128], since[LW_WALL_TEXT_BYTES], id[LW_ID_TEXT_BYTES];
    print_rate(v, rate);
    struct lw_wall began = {(int64_t)(v->growing_since_s * 1e9)};
    snprintf(leak->summary, TEXT_BYTES, "%.120s leaks %.120s%s%.120s: %s", s->target->name,
        type[0]       ? type
        : function[0] ? "memory"
                      : "memory in no one place",
        function[0] ? " allocated in " : "", function, rate);
    snprintf(leak->description, TEXT_BYTES, "Growing since %s, by %.1f MiB in the window judged.",
        began.ns ? lw_wall_rfc3339(began, since) : "before it was watched",
        v->growth_bytes / (1 << 20));
    leak->url[0] = '\0';
    if (config->web.external_url && strlen(config->web.external_url) < TEXT_BYTES / 2)
        snprintf(leak->url, TEXT_BYTES, "%s/#/target/%s", config->web.external_url,
            lw_id_text(s->target->id, id));
}

static int by_rate(const void *a, const void *b)
{
    double x = trend_series_verdict(((const struct suspect *)a)->series)->rate;
    double y = trend_series_verdict(((const struct suspect *)b)->series)->rate;
    return (x < y) - (x > y);
}

/* All that leaks, fastest first. */
static struct suspects collect_leaks(const struct store *store)
{
    struct suspects all = {0};
    for (size_t i = 0; i < store_target_count(store); i++)
        suspects_collect(&all, store_target_at(store, i));
    size_t leaks = 0;
    for (size_t i = 0; i < all.count; i++) {
        if (trend_series_verdict(all.list[i].series)->class == TREND_LEAK)
            all.list[leaks++] = all.list[i];
    }
    all.count = leaks;
    if (leaks)
        qsort(all.list, leaks, sizeof *all.list, by_rate);
    return all;
}

static void take_in(struct push *push)
{
    struct suspects leaks = collect_leaks(push->engine->store);
    size_t count = leaks.count < ALERT_PUSH_MAX ? leaks.count : ALERT_PUSH_MAX;
    struct leak *told = lw_new(count, sizeof *told);
    struct alert_firing *firing = lw_new(count, sizeof *firing);
    for (size_t i = 0; i < count; i++) {
        const struct trend_verdict *v = trend_series_verdict(leaks.list[i].series);
        describe(&told[i], &leaks.list[i], push->config);
        firing[i] = (struct alert_firing){
            .labels = labels_of(&leaks.list[i], push->config),
            .since = {(int64_t)(v->class_since_s * 1e9)},
            .summary = told[i].summary,
            .description = told[i].description,
            .url = told[i].url,
        };
    }
    alert_push_set(push->alerts, firing, count, loop_wall_now(push->engine->loop));
    push->left_out = leaks.count - count;
    for (size_t i = 0; i < count; i++)
        lw_labels_unref(&firing[i].labels);
    free(firing);
    free(told);
    free(leaks.list);
}

/* ---- rounds ---- */

static void arm(struct push *push, int64_t in_ns)
{
    struct loop *loop = push->engine->loop;
    loop_timer_arm(loop, &push->timer, lw_mono_add(loop_now(loop), in_ns));
}

/* An Alertmanager that has not taken the last round yet gets to the end of it first. */
static void round_due(void *ctx)
{
    struct push *push = ctx;
    push->is_soon = false;
    take_in(push);
    for (size_t i = 0; i < push->receiver_count; i++) {
        struct receiver *receiver = &push->receivers[i];
        if (receiver->body)
            continue;
        receiver->next = 0;
        send_next(receiver);
    }
    arm(push, push->config->alerting.resend_interval_ns);
}

void engine_push_soon(struct engine *engine)
{
    struct push *push = engine->push;
    /* Changes that never cease must not put the round off for ever. */
    if (!push->receiver_count || push->is_soon)
        return;
    push->is_soon = true;
    arm(push, SOON_NS);
}

/* ---- receivers ---- */

static void receiver_init(
    struct receiver *receiver, struct push *push, const struct config_alertmanager *am)
{
    struct lw_strbuf url;
    lw_strbuf_init(&url, SIZE_MAX / 2); /* ours: from the configuration */
    lw_strbuf_addf(&url, "%s/api/v2/alerts", am->url);
    *receiver = (struct receiver){
        .push = push,
        .url = lw_strbuf_take(&url, NULL),
        .job =
            {
                .job_name = (char *)"alertmanagers", /* only read */
                .scrape_timeout_ns = am->timeout_ns,
                .basic_auth = am->basic_auth,
                .authorization = am->authorization,
                .tls_config = am->tls_config,
            },
    };
}

static void drop_receivers(struct push *push)
{
    for (size_t i = 0; i < push->receiver_count; i++) {
        struct receiver *receiver = &push->receivers[i];
        if (receiver->body)
            push->engine->fetcher->cancel(push->engine->fetcher, &receiver->request);
        free(receiver->body);
        free(receiver->url);
    }
    free(push->receivers);
    push->receivers = NULL;
    push->receiver_count = 0;
}

void engine_push_apply(struct engine *engine)
{
    struct push *push = engine->push;
    drop_receivers(push);
    config_unref(&push->config);
    push->config = config_ref(engine->config);
    const struct config_alerting *alerting = &push->config->alerting;
    push->receivers = lw_new(alerting->alertmanager_count, sizeof *push->receivers);
    push->receiver_count = alerting->alertmanager_count;
    for (size_t i = 0; i < push->receiver_count; i++)
        receiver_init(&push->receivers[i], push, &alerting->alertmanagers[i]);
    loop_timer_disarm(engine->loop, &push->timer);
    if (push->receiver_count)
        arm(push, SOON_NS);
}

void engine_push_start(struct engine *engine)
{
    struct push *push = LW_NEW(struct push);
    push->engine = engine;
    push->alerts = alert_push_new();
    push->timer = (struct loop_timer){.fire = round_due, .ctx = push};
    engine->push = push;
    engine_push_apply(engine);
}

void engine_push_stop(struct engine *engine)
{
    struct push *push = engine->push;
    if (!push)
        return;
    drop_receivers(push);
    loop_timer_disarm(engine->loop, &push->timer);
    alert_push_free(&push->alerts);
    config_unref(&push->config);
    free(push);
    engine->push = NULL;
}

void engine_push_describe(const struct engine *engine, struct metrics_daemon *d)
{
    d->alerts_firing = alert_push_firing(engine->push->alerts);
    d->alerts_left_out = engine->push->left_out;
    d->notifications = engine->push->sent;
    d->notifications_failed = engine->push->failed;
}
