/* /api/v1/suspects: what leaks or may be about to, worst first. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "api/endpoints.h"
#include "api/query.h"
#include "api/render.h"
#include "api/suspects.h"
#include "base/mem.h"

/* More suspects than this in one answer would help nobody; the count of all is said. */
#define SUSPECTS_LIMIT_DEFAULT 200
#define SUSPECTS_LIMIT_MAX     1000

static const char *const verdicts[] = {"any", "leak", "growing"};

struct suspect_filter {
    struct query_targets targets;
    const char *verdict; /* one of those */
};

static enum trend_class class_of(const struct trend_series *series)
{
    return trend_series_verdict(series)->class;
}

static bool wanted(const struct suspect_filter *filter, const struct trend_series *series)
{
    return filter->verdict == verdicts[0] ||
           strcmp(filter->verdict, trend_class_word(class_of(series))) == 0;
}

static void add(struct suspects *all, const struct suspect *suspect)
{
    if (all->count == all->cap) {
        all->cap = all->cap ? all->cap * 2 : 32;
        all->list = lw_renew(all->list, all->cap, sizeof *all->list);
    }
    all->list[all->count++] = *suspect;
}

/* Whether a site of that type is told already, and as no less than this. */
static bool explained_by_site(
    const struct suspects *told, const struct store_type *type, enum trend_class class)
{
    for (size_t i = 0; i < told->count; i++) {
        const struct suspect *s = &told->list[i];
        if (s->row->site && s->row->type == type && class_of(s->series) >= class)
            return true;
    }
    return false;
}

static bool explained_by_row(const struct suspects *told, enum trend_class class)
{
    for (size_t i = 0; i < told->count; i++) {
        if (class_of(told->list[i].series) >= class)
            return true;
    }
    return false;
}

void suspects_collect(struct suspects *all, const struct store_target *target)
{
    for (size_t i = 0; i < target->sites.count; i++) {
        const struct store_row *row = &target->sites.list[i];
        if (store_row_is_suspect(target, row))
            add(all, &(struct suspect){target, row, row->series});
    }
    for (size_t i = 0; i < target->types.count; i++) {
        const struct store_row *row = &target->types.list[i];
        if (store_row_is_suspect(target, row) &&
            !explained_by_site(all, row->type, class_of(row->series)))
            add(all, &(struct suspect){target, row, row->series});
    }
    enum trend_class total = class_of(target->series);
    if (total >= TREND_GROWING && !explained_by_row(all, total))
        add(all, &(struct suspect){target, NULL, target->series});
}

size_t suspects_count(const struct store_target *target)
{
    struct suspects all = {0};
    suspects_collect(&all, target);
    free(all.list);
    return all.count;
}

static void collect(
    struct suspects *all, const struct store_target *target, const struct suspect_filter *filter)
{
    if (!query_targets_match(&filter->targets, target))
        return;
    struct suspects here = {0};
    suspects_collect(&here, target);
    for (size_t i = 0; i < here.count; i++) {
        if (wanted(filter, here.list[i].series))
            add(all, &here.list[i]);
    }
    free(here.list);
}

/* What it will have taken when the target's memory is full, or within a day. */
static double at_stake_bytes(const struct suspect *suspect)
{
    const struct store_outlook *outlook = &suspect->target->outlook;
    double seconds = outlook->has_forecast ? outlook->left.seconds : INFINITY;
    return trend_at_stake_bytes(trend_series_verdict(suspect->series)->rate, seconds);
}

static int worst_first(const void *a, const void *b)
{
    const struct suspect *s = a, *t = b;
    enum trend_class c = class_of(s->series), d = class_of(t->series);
    if (c != d)
        return c < d ? 1 : -1;
    double x = at_stake_bytes(s), y = at_stake_bytes(t);
    return (x < y) - (x > y);
}

static void render_suspect(
    cJSON *object, const struct suspect *s, const struct trend_config *config)
{
    cJSON *target = json_object(object, "target");
    json_id(target, "id", s->target->id);
    json_text(target, "job", lw_labels_get(s->target->labels, "job"));
    json_text(target, "instance", lw_labels_get(s->target->labels, "instance"));
    render_labels(target, "labels", s->target->labels);
    render_build(target, s->target);
    if (s->row && s->row->site)
        render_site(json_object(object, "site"), s->row->site);
    else
        json_null(object, "site");
    render_verdict(object, s->series, config);
    json_double(object, "at_stake_bytes", at_stake_bytes(s));
    render_first_seen(object, s->target, s->row);
    const struct profile_values *v = s->row ? &s->row->values : &s->target->total;
    json_int(object, "inuse_bytes", v->inuse_bytes);
    json_int(object, "alloc_bytes", v->alloc_bytes);
    render_type(object, s->target, s->row);
    render_gates(object, s->series, config);
    render_sparkline(object, s->series);
}

static int parse_filter(
    const struct http_request *request, struct suspect_filter *filter, struct lw_err *err)
{
    size_t verdict;
    if (query_word(
            request, "verdict", verdicts, sizeof verdicts / sizeof *verdicts, &verdict, err) < 0)
        return -1;
    filter->verdict = verdicts[verdict];
    return query_targets_parse(request, &filter->targets, err);
}

void endpoint_suspects(
    void *ctx, const struct http_request *request, struct http_response *response)
{
    const struct api_view *view = ctx;
    struct suspect_filter filter;
    struct query_page page;
    struct lw_err err;
    if (parse_filter(request, &filter, &err) < 0 ||
        query_page_parse(request, SUSPECTS_LIMIT_DEFAULT, SUSPECTS_LIMIT_MAX, &page, &err) < 0) {
        api_error(response, &err);
        return;
    }
    struct suspects all = {0};
    for (size_t i = 0; i < store_target_count(view->store); i++)
        collect(&all, store_target_at(view->store, i), &filter);
    if (all.count)
        qsort(all.list, all.count, sizeof *all.list, worst_first);
    cJSON *data = cJSON_CreateObject();
    cJSON *list = json_array(data, "suspects");
    for (size_t i = page.offset; i < all.count && query_page_has(&page, i); i++)
        render_suspect(json_append(list), &all.list[i], store_trend_config(view->store));
    json_int(data, "count", (int64_t)all.count);
    free(all.list);
    json_success_tagged(response, request, data);
}
