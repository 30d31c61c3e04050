/* GET /api/v1/gate: may a new build of a job go on being rolled out? */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "api/endpoints.h"
#include "api/json.h"
#include "api/query.h"
#include "api/suspects.h"
#include "gate/gate.h"

#define LEAKS_TOLD_MAX 50

/* The answer's status where ?soft=1 does not ask for a 200: 409 Conflict, 425 Too Early. */
static const int statuses[] = {[GATE_PASS] = 200, [GATE_FAIL] = 409, [GATE_NOT_ENOUGH_DATA] = 425};

/* The question, and what was found for it. */
struct query {
    const struct api_view *view;
    const char *job;
    const struct store_usage *build;
    const struct store_usage *baseline; /* NULL: there is no other build */
    struct lw_wall now; /* when the job was last seen: the end of the week that is compared */
};

/* ---- which builds ---- */

/* A build goes by what its targets' label or binary says, by its version, or by its revision. */
static bool is_called(const struct store_usage *usage, const char *name)
{
    return strcmp(usage->build, name) == 0 || strcmp(usage->version, name) == 0 ||
           strcmp(usage->revision, name) == 0;
}

static bool is_newer(const struct store_usage *a, const struct store_usage *b)
{
    return !b || a->last_seen.ns > b->last_seen.ns;
}

/* Of several with one version ("(devel)") the one that was seen last. */
static const struct store_usage *find_build(const struct query *q, const char *name)
{
    const struct store_usage *usage, *found = NULL;
    for (size_t at = 0; store_usage_next(q->view->store, &at, &usage);) {
        if (strcmp(usage->job, q->job) == 0 && is_called(usage, name) && is_newer(usage, found))
            found = usage;
    }
    return found;
}

static struct lw_wall last_seen(const struct query *q)
{
    const struct store_usage *usage;
    struct lw_wall last = {0};
    for (size_t at = 0; store_usage_next(q->view->store, &at, &usage);) {
        if (strcmp(usage->job, q->job) == 0 && usage->last_seen.ns > last.ns)
            last = usage->last_seen;
    }
    return last;
}

/* The stable build: of all others of the job the one with most samples in a week. */
static const struct store_usage *find_stable(const struct query *q)
{
    const struct store_usage *usage, *found = NULL;
    uint64_t most = 0;
    for (size_t at = 0; store_usage_next(q->view->store, &at, &usage);) {
        uint64_t samples = gate_history_count(&usage->measures[GATE_INUSE], q->now);
        if (strcmp(usage->job, q->job) != 0 || usage == q->build || samples <= most)
            continue;
        found = usage;
        most = samples;
    }
    return found;
}

/* ---- new leaks ---- */

/* Where something leaks, so that it is the same in two builds: the name of its type, else that of
 * its function, else that it is the total. */
static const char *place_of(const struct suspect *leak)
{
    if (leak->row && leak->row->type && leak->row->type->name[0])
        return leak->row->type->name;
    if (leak->row && leak->row->site)
        return leak->row->site->frames[leak->row->site->responsible].function;
    return "(total)";
}

/* What leaks in targets of the job that run the build. */
static struct suspects leaks_of(const struct query *q, const struct store_usage *build)
{
    struct suspects all = {0};
    for (size_t i = 0; build && i < store_target_count(q->view->store); i++) {
        const struct store_target *target = store_target_at(q->view->store, i);
        if (strcmp(lw_labels_get(target->labels, "job"), q->job) == 0 &&
            strcmp(store_target_build(q->view->store, target), build->build) == 0)
            suspects_collect(&all, target);
    }
    size_t leaks = 0;
    for (size_t i = 0; i < all.count; i++) {
        if (trend_series_verdict(all.list[i].series)->class == TREND_LEAK)
            all.list[leaks++] = all.list[i];
    }
    all.count = leaks;
    return all;
}

static bool has_place(const struct suspects *leaks, const char *place)
{
    for (size_t i = 0; i < leaks->count; i++) {
        if (strcmp(place_of(&leaks->list[i]), place) == 0)
            return true;
    }
    return false;
}

/* Those that the stable build has not, each place once; told in the answer. */
static size_t tell_new_leaks(const struct query *q, cJSON *list)
{
    struct suspects now = leaks_of(q, q->build);
    struct suspects before = leaks_of(q, q->baseline);
    size_t count = 0;
    for (size_t i = 0; i < now.count; i++) {
        const struct suspect *leak = &now.list[i];
        const struct suspects told = {.list = now.list, .count = i};
        if (has_place(&before, place_of(leak)) || has_place(&told, place_of(leak)))
            continue;
        if (++count > LEAKS_TOLD_MAX)
            continue;
        cJSON *json = json_append(list);
        json_text(json, "leaks", place_of(leak));
        json_text(json, "instance", lw_labels_get(leak->target->labels, "instance"));
        json_double(json, "growth_bytes_per_second", trend_series_verdict(leak->series)->rate);
    }
    free(now.list);
    free(before.list);
    return count;
}

/* ---- the answer ---- */

static void take_side(
    const struct query *q, const struct store_usage *usage, struct gate_side *side)
{
    for (int m = 0; m < GATE_MEASURE_COUNT; m++) {
        side->samples[m] = usage ? gate_history_count(&usage->measures[m], q->now) : 0;
        side->p95[m] = usage ? gate_history_quantile(&usage->measures[m], q->now, 0.95) : NAN;
    }
    side->age_ns = usage ? usage->last_seen.ns - usage->first_seen.ns : 0;
}

static struct gate_limits limits_of(const struct config_gate *gate)
{
    return (struct gate_limits){
        .percent = {[GATE_INUSE] = (double)gate->inuse_percent,
            [GATE_RESIDENT] = (double)gate->resident_percent,
            [GATE_GC] = (double)gate->gc_cpu_percent,
            [GATE_GC_FREQUENCY] = (double)gate->gc_frequency_percent},
        .slack = {[GATE_INUSE] = (double)gate->slack_bytes,
            [GATE_RESIDENT] = (double)gate->slack_bytes,
            [GATE_GC] = GATE_GC_SLACK,
            [GATE_GC_FREQUENCY] = GATE_GC_FREQUENCY_SLACK},
        .min_samples = (uint64_t)gate->min_samples,
        .min_baseline_samples = (uint64_t)gate->min_baseline_samples,
        .min_age_ns = gate->min_age_ns,
    };
}

static void tell_build(cJSON *object, const char *name, const struct store_usage *usage)
{
    if (!usage) {
        json_null(object, name);
        return;
    }
    cJSON *json = json_object(object, name);
    json_text(json, "build", usage->build);
    json_text(json, "version", usage->version);
    json_text(json, "revision", usage->revision);
    json_time(json, "firstSeen", usage->first_seen);
    json_time(json, "lastSeen", usage->last_seen);
}

static void tell_checks(cJSON *data, const struct gate_answer *answer)
{
    cJSON *reasons = json_array(data, "reasons");
    cJSON *checks = json_array(data, "checks");
    for (int i = 0; i < GATE_CHECKS; i++) {
        const struct gate_check *check = &answer->checks[i];
        cJSON *json = json_append(checks);
        json_text(json, "check", check->name);
        json_text(json, "result", gate_result_word(check->result));
        json_double(json, "value", check->value);
        json_double(json, "baseline", check->baseline);
        json_double(json, "limit", check->limit);
        json_text(json, "text", check->text);
        if (check->result == answer->result)
            cJSON_AddItemToArray(reasons, cJSON_CreateString(check->text));
    }
}

static void judge(const struct query *q, bool soft, struct http_response *response)
{
    struct gate_input input = {.limits = limits_of(&(*q->view->config)->gate)};
    struct gate_answer answer;
    cJSON *data = cJSON_CreateObject();
    take_side(q, q->build, &input.build);
    take_side(q, q->baseline, &input.baseline);
    cJSON *leaks = cJSON_CreateArray();
    input.new_leaks = tell_new_leaks(q, leaks);
    gate_judge(&input, &answer);
    json_text(data, "result", gate_result_word(answer.result));
    json_text(data, "job", q->job);
    tell_build(data, "build", q->build);
    tell_build(data, "baseline", q->baseline);
    tell_checks(data, &answer);
    cJSON_AddItemToObject(data, "newLeaks", leaks);
    json_success(response, data);
    response->status = soft ? 200 : statuses[answer.result];
}

/* A build that was never seen has not enough data, so that a rollout may ask before its first
 * scrape; only one that the question itself names as the baseline must be known. */
static int find_builds(struct query *q, const struct http_request *request, struct lw_err *err)
{
    const char *build = http_request_param(request, "build");
    const char *baseline = http_request_param(request, "baseline");
    q->job = http_request_param(request, "job");
    if (!q->job || !build || !q->job[0] || !build[0])
        return lw_err_set(err, LW_INVALID, "job and build must be given: ?job=shop&build=v2");
    q->now = last_seen(q);
    q->build = find_build(q, build);
    q->baseline = baseline && baseline[0] ? find_build(q, baseline) : find_stable(q);
    if (baseline && baseline[0] && !q->baseline)
        return lw_err_set(
            err, LW_NOT_FOUND, "no build \"%.100s\" of job \"%.100s\" was seen", baseline, q->job);
    if (q->build && q->build == q->baseline)
        return lw_err_set(err, LW_INVALID, "build and baseline are the same");
    return 0;
}

void endpoint_gate(void *ctx, const struct http_request *request, struct http_response *response)
{
    const struct api_view *view = ctx;
    struct query q = {.view = view};
    static const char *const no_yes[] = {"0", "1"};
    size_t soft;
    struct lw_err err;
    if (query_word(request, "soft", no_yes, 2, &soft, &err) < 0 ||
        find_builds(&q, request, &err) < 0)
        api_error(response, &err);
    else
        judge(&q, soft == 1, response);
}
