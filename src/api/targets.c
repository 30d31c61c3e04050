/* /api/v1/targets, …/{id}, …/{id}/sites, …/{id}/series */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "api/endpoints.h"
#include "api/render.h"
#include "base/hash.h"
#include "base/mem.h"

#define SITES_LIMIT_DEFAULT 100
#define SITES_LIMIT_MAX     8192

/* The target that {id} names; answers 400 or 404 and gives NULL if there is none. */
static const struct store_target *find_target(
    const struct api_view *view, const struct http_request *request, struct http_response *response)
{
    uint64_t id;
    struct lw_err err;
    if (lw_id_parse(request->id, &id) < 0) {
        lw_err_set(&err, LW_INVALID, "target id \"%.40s\" is not sixteen hex digits", request->id);
        api_error(response, &err);
        return NULL;
    }
    const struct store_target *target = store_target_find(view->store, id);
    if (!target) {
        lw_err_set(&err, LW_NOT_FOUND, "no target has the id %s", request->id);
        api_error(response, &err);
    }
    return target;
}

void endpoint_targets(void *ctx, const struct http_request *request, struct http_response *response)
{
    const struct api_view *view = ctx;
    const char *pool = http_request_param(request, "scrapePool");
    const char *state = http_request_param(request, "state");
    struct lw_err err;
    if (state && strcmp(state, "active") && strcmp(state, "dropped") && strcmp(state, "any")) {
        lw_err_set(&err, LW_INVALID, "state \"%.40s\" is not one of active, dropped, any", state);
        api_error(response, &err);
        return;
    }
    bool active = !state || strcmp(state, "dropped") != 0;
    cJSON *data = cJSON_CreateObject();
    cJSON *list = json_array(data, "activeTargets");
    for (size_t i = 0; active && i < store_target_count(view->store); i++) {
        const struct store_target *target = store_target_at(view->store, i);
        if (!pool || strcmp(pool, target->job_name) == 0)
            render_target(json_append(list), target);
    }
    json_array(data, "droppedTargets"); /* nothing is dropped without relabelling */
    json_object(data, "droppedTargetCounts");
    json_success(response, data);
}

void endpoint_target(void *ctx, const struct http_request *request, struct http_response *response)
{
    const struct api_view *view = ctx;
    const struct store_target *target = find_target(view, request, response);
    if (!target)
        return;
    cJSON *data = cJSON_CreateObject();
    render_target(data, target);
    render_gates(data, target->series, store_trend_config(view->store));
    cJSON *scrapes = json_object(data, "scrapes");
    for (int code = 0; code < LW_CODE_COUNT; code++) {
        if (target->scrapes[code])
            json_int(scrapes, lw_code_word((enum lw_code)code), (int64_t)target->scrapes[code]);
    }
    json_success(response, data);
}

/* ---- sites ---- */

static double growth_of(const struct store_row *row)
{
    return row->series ? trend_series_verdict(row->series)->rate : -HUGE_VAL;
}

static int by_alloc(const void *a, const void *b)
{
    const struct store_row *x = *(const struct store_row *const *)a;
    const struct store_row *y = *(const struct store_row *const *)b;
    return (x->values.alloc_bytes < y->values.alloc_bytes) -
           (x->values.alloc_bytes > y->values.alloc_bytes);
}

static int by_growth(const void *a, const void *b)
{
    double x = growth_of(*(const struct store_row *const *)a);
    double y = growth_of(*(const struct store_row *const *)b);
    return (x < y) - (x > y);
}

typedef int row_order(const void *, const void *);

/* The order a request asks for: rows lie in that of in-use already (NULL). */
static int parse_sort(const struct http_request *request, row_order **order, struct lw_err *err)
{
    const char *sort = http_request_param(request, "sort");
    *order = NULL;
    if (!sort || strcmp(sort, "inuse") == 0)
        return 0;
    if (strcmp(sort, "alloc") == 0)
        *order = by_alloc;
    else if (strcmp(sort, "growth") == 0)
        *order = by_growth;
    else
        return lw_err_set(
            err, LW_INVALID, "sort \"%.40s\" is not one of inuse, alloc, growth", sort);
    return 0;
}

static cJSON *render_sites(const struct store_target *target, row_order *order, size_t limit)
{
    const struct store_row **rows = lw_new(target->row_count, sizeof(const struct store_row *));
    for (size_t i = 0; i < target->row_count; i++)
        rows[i] = &target->rows[i];
    if (order)
        qsort(rows, target->row_count, sizeof *rows, order);
    cJSON *data = cJSON_CreateObject();
    cJSON *list = json_array(data, "sites");
    struct profile_values other = target->other;
    size_t other_count = target->other_count;
    for (size_t i = 0; i < target->row_count; i++) {
        if (i >= limit) {
            other.inuse_bytes += rows[i]->values.inuse_bytes;
            other.alloc_bytes += rows[i]->values.alloc_bytes;
            other_count++;
            continue;
        }
        cJSON *site = json_append(list);
        render_site(site, rows[i]->site);
        render_values(site, &rows[i]->values);
        json_bool(site, "followed", rows[i]->series != NULL);
        render_verdict(site, rows[i]->series);
    }
    cJSON *rest = json_object(data, "other");
    json_int(rest, "sites", (int64_t)other_count);
    json_int(rest, "inuse_bytes", other.inuse_bytes);
    json_int(rest, "alloc_bytes", other.alloc_bytes);
    free(rows);
    return data;
}

void endpoint_target_sites(
    void *ctx, const struct http_request *request, struct http_response *response)
{
    const struct store_target *target = find_target(ctx, request, response);
    if (!target)
        return;
    int64_t limit;
    row_order *order;
    struct lw_err err;
    if (http_request_int(request, "limit", SITES_LIMIT_DEFAULT, 1, SITES_LIMIT_MAX, &limit, &err) <
            0 ||
        parse_sort(request, &order, &err) < 0) {
        api_error(response, &err);
        return;
    }
    json_success(response, render_sites(target, order, (size_t)limit));
}

/* ---- series ---- */

/* The series that ?site= names (the total's without it), or NULL and the reason. */
static const struct trend_series *find_series(
    const struct store_target *target, const char *site, struct lw_err *err)
{
    if (!site)
        return target->series;
    uint64_t id;
    if (lw_id_parse(site, &id) < 0) {
        lw_err_set(err, LW_INVALID, "site \"%.40s\" is not sixteen hex digits", site);
        return NULL;
    }
    const struct store_row *row = store_target_find_row(target, id);
    if (!row || !row->series) {
        lw_err_set(err, LW_NOT_FOUND,
            row ? "site %s is too small to be followed so far" : "the target has no site %s", site);
        return NULL;
    }
    return row->series;
}

void endpoint_target_series(
    void *ctx, const struct http_request *request, struct http_response *response)
{
    const struct store_target *target = find_target(ctx, request, response);
    if (!target)
        return;
    struct lw_err err;
    const char *site = http_request_param(request, "site");
    const struct trend_series *series = find_series(target, site, &err);
    if (!series) {
        api_error(response, &err);
        return;
    }
    cJSON *data = cJSON_CreateObject();
    json_id(data, "target", target->id);
    if (site)
        json_text(data, "site", site);
    else
        json_null(data, "site");
    render_verdict(data, series);
    struct trend_block blocks[TREND_BLOCKS_MAX];
    size_t count = trend_series_blocks(series, blocks, TREND_BLOCKS_MAX);
    cJSON *list = json_array(data, "blocks");
    for (size_t i = 0; i < count; i++) {
        cJSON *block = json_append(list);
        json_double(block, "start", blocks[i].start_s);
        json_double(block, "end", blocks[i].end_s);
        json_double(block, "inuse_bytes", round(blocks[i].inuse_mean_bytes));
        json_double(block, "inuse_min_bytes", round(blocks[i].inuse_min_bytes));
        json_double(block, "alloc_bytes", round(blocks[i].alloc_bytes));
    }
    json_success(response, data);
}
