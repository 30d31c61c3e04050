/* /api/v1/targets: which of them, in which order, a page of them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "api/endpoints.h"
#include "api/query.h"
#include "api/render.h"
#include "base/mem.h"

#define TARGETS_LIMIT_DEFAULT 1000
#define TARGETS_LIMIT_MAX     5000

#define LENGTH(array) (sizeof(array) / sizeof *(array))

enum sort { SORT_JOB, SORT_INUSE, SORT_GROWTH, SORT_VERDICT, SORT_LIMIT };

static const char *const sorts[] = {"job", "inuse", "growth", "verdict", "limit"};
static const char *const orders[] = {"asc", "desc"};
static const char *const states[] = {"active", "any", "dropped"};

/* Any, or the class of that word. */
#define CLASS_WORD(name, word) word,
static const char *const verdicts[] = {"any", TREND_CLASSES(CLASS_WORD)};
#undef CLASS_WORD

struct query {
    struct query_targets targets;
    struct query_page page;
    bool wants_active;
    size_t verdict; /* of verdicts[] */
    enum sort sort;
    bool is_descending;
};

/* Who sorts by size wants the large ones first; by name or by time that is left, the first ones. */
static bool descends_unless_told(enum sort sort)
{
    return sort == SORT_INUSE || sort == SORT_GROWTH || sort == SORT_VERDICT;
}

static int parse(const struct http_request *request, struct query *query, struct lw_err *err)
{
    size_t state, sort, order;
    if (query_word(request, "state", states, LENGTH(states), &state, err) < 0 ||
        query_word(request, "verdict", verdicts, LENGTH(verdicts), &query->verdict, err) < 0 ||
        query_word(request, "sort", sorts, LENGTH(sorts), &sort, err) < 0 ||
        query_word(request, "order", orders, LENGTH(orders), &order, err) < 0 ||
        query_page_parse(request, TARGETS_LIMIT_DEFAULT, TARGETS_LIMIT_MAX, &query->page, err) <
            0 ||
        query_targets_parse(request, &query->targets, err) < 0)
        return -1;
    query->wants_active = strcmp(states[state], "dropped") != 0;
    query->sort = (enum sort)sort;
    query->is_descending = http_request_param(request, "order") ? strcmp(orders[order], "desc") == 0
                                                                : descends_unless_told(query->sort);
    return 0;
}

/* ---- order ---- */

struct entry {
    const struct store_target *target;
    double key; /* less comes first */
    size_t at;  /* in the walk of the store, by job and instance: decides between equal keys */
};

/* What there is to compare, read once: a class is a look at all rows of a target. */
static double key_of(const struct store_target *target, enum sort sort)
{
    const struct store_outlook *outlook = &target->outlook;
    double rate;
    switch (sort) {
    case SORT_INUSE:
        return (double)target->total.inuse_bytes;
    case SORT_GROWTH:
        rate = trend_series_verdict(target->series)->rate;
        return isfinite(rate) ? rate : -HUGE_VAL;
    case SORT_VERDICT:
        return (double)store_target_class(target);
    case SORT_LIMIT:
        return outlook->has_forecast ? outlook->left.seconds : HUGE_VAL;
    case SORT_JOB:
        break;
    }
    return 0;
}

static int ascending(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

static int descending(const void *a, const void *b)
{
    return ascending(b, a);
}

/* Those that are asked for, in that order; the caller frees them. */
static struct entry *find(const struct store *store, const struct query *query, size_t *count)
{
    struct entry *found = lw_new(store_target_count(store), sizeof *found);
    *count = 0;
    for (size_t i = 0; query->wants_active && i < store_target_count(store); i++) {
        const struct store_target *target = store_target_at(store, i);
        if (!query_targets_match(&query->targets, target) ||
            (query->verdict &&
                store_target_class(target) != (enum trend_class)(query->verdict - 1)))
            continue;
        found[(*count)++] = (struct entry){target, key_of(target, query->sort), i};
    }
    if (*count)
        qsort(found, *count, sizeof *found, query->is_descending ? descending : ascending);
    return found;
}

void endpoint_targets(void *ctx, const struct http_request *request, struct http_response *response)
{
    const struct api_view *view = ctx;
    struct query query;
    struct lw_err err;
    if (parse(request, &query, &err) < 0) {
        api_error(response, &err);
        return;
    }
    size_t count;
    struct entry *found = find(view->store, &query, &count);
    cJSON *data = cJSON_CreateObject();
    cJSON *list = json_array(data, "activeTargets");
    const struct trend_config *config = store_trend_config(view->store);
    for (size_t i = query.page.offset; i < count && query_page_has(&query.page, i); i++)
        render_target(json_append(list), found[i].target, config);
    free(found);
    json_array(data, "droppedTargets"); /* nothing is dropped without relabelling */
    json_object(data, "droppedTargetCounts");
    json_int(data, "total", (int64_t)count);
    json_success_tagged(response, request, data);
}
