/* /api/v1/targets/{id}, …/sites, …/types, …/series */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "api/endpoints.h"
#include "api/query.h"
#include "api/render.h"
#include "base/hash.h"
#include "base/mem.h"

#define ROWS_LIMIT_DEFAULT 100
#define ROWS_LIMIT_MAX     8192

const struct store_target *endpoint_find_target(
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

void endpoint_target(void *ctx, const struct http_request *request, struct http_response *response)
{
    const struct api_view *view = ctx;
    const struct store_target *target = endpoint_find_target(view, request, response);
    if (!target)
        return;
    cJSON *data = cJSON_CreateObject();
    const struct trend_config *config = store_trend_config(view->store);
    render_target(data, target, config);
    render_gates(data, target->series, config);
    cJSON *scrapes = json_object(data, "scrapes");
    for (int code = 0; code < LW_CODE_COUNT; code++) {
        if (target->scrapes[code])
            json_int(scrapes, lw_code_word((enum lw_code)code), (int64_t)target->scrapes[code]);
    }
    render_builds(data, &target->past);
    json_success(response, data);
}

/* ---- sites and types ---- */

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

/* What rows can be asked for by, and how: they lie in the order of in-use already (NULL). */
static const char *const sorts[] = {"inuse", "alloc", "growth"};
static row_order *const row_orders[] = {NULL, by_alloc, by_growth};

static void render_row(cJSON *object, const struct store_target *target,
    const struct store_row *row, const struct trend_config *config)
{
    if (row->site) {
        render_site(object, row->site);
    } else {
        json_id(object, "id", row->type->id);
        json_int(object, "sites", (int64_t)row->sites);
    }
    render_type(object, target, row);
    render_values(object, &row->values);
    json_bool(object, "followed", row->series != NULL);
    render_verdict(object, row->series, config);
}

/* The question of …/sites and …/types: which rows, in which order, which page. */
struct row_query {
    const struct store_target *target;
    const struct store_rows *rows;
    const struct trend_config *config;
    const char *name; /* of the list in the answer */
    row_order *order;
    struct query_page page;
    bool has_id; /* then the row of that id is all that is asked for */
    uint64_t id;
};

static bool is_asked_for(const struct row_query *q, const struct store_row *row, size_t i)
{
    if (!q->has_id)
        return query_page_has(&q->page, i);
    return (row->site ? row->site->id : row->type->id) == q->id;
}

static cJSON *render_rows(const struct row_query *q)
{
    const struct store_row **rows = lw_new(q->rows->count, sizeof(const struct store_row *));
    for (size_t i = 0; i < q->rows->count; i++)
        rows[i] = &q->rows->list[i];
    if (q->order)
        qsort(rows, q->rows->count, sizeof *rows, q->order);
    cJSON *data = cJSON_CreateObject();
    cJSON *list = json_array(data, q->name);
    struct profile_values other = q->rows->other;
    size_t other_count = q->rows->other_count, shown = 0;
    for (size_t i = 0; i < q->rows->count; i++) {
        if (is_asked_for(q, rows[i], i)) {
            render_row(json_append(list), q->target, rows[i], q->config);
            shown++;
            continue;
        }
        profile_values_add(&other, &rows[i]->values);
        other_count += rows[i]->sites;
    }
    json_int(data, "total", (int64_t)(q->has_id ? shown : q->rows->count));
    cJSON *rest = json_object(data, "other");
    json_int(rest, "sites", (int64_t)other_count);
    json_int(rest, "inuse_bytes", other.inuse_bytes);
    json_int(rest, "alloc_bytes", other.alloc_bytes);
    render_build(data, q->target);
    free(rows);
    return data;
}

static int parse_id(const struct http_request *request, struct row_query *q, struct lw_err *err)
{
    const char *text = http_request_param(request, "id");
    q->has_id = text != NULL;
    if (!text || lw_id_parse(text, &q->id) == 0)
        return 0;
    lw_err_set(err, LW_INVALID, "id \"%.40s\" is not sixteen hex digits", text);
    return -1;
}

static void answer_rows(
    struct row_query *q, const struct http_request *request, struct http_response *response)
{
    size_t sort;
    struct lw_err err;
    if (query_page_parse(request, ROWS_LIMIT_DEFAULT, ROWS_LIMIT_MAX, &q->page, &err) < 0 ||
        query_word(request, "sort", sorts, sizeof sorts / sizeof *sorts, &sort, &err) < 0 ||
        parse_id(request, q, &err) < 0) {
        api_error(response, &err);
        return;
    }
    q->order = row_orders[sort];
    json_success_tagged(response, request, render_rows(q));
}

void endpoint_target_sites(
    void *ctx, const struct http_request *request, struct http_response *response)
{
    const struct api_view *view = ctx;
    const struct store_target *target = endpoint_find_target(view, request, response);
    if (target)
        answer_rows(&(struct row_query){.target = target,
                        .rows = &target->sites,
                        .config = store_trend_config(view->store),
                        .name = "sites"},
            request, response);
}

void endpoint_target_types(
    void *ctx, const struct http_request *request, struct http_response *response)
{
    const struct api_view *view = ctx;
    const struct store_target *target = endpoint_find_target(view, request, response);
    if (target)
        answer_rows(&(struct row_query){.target = target,
                        .rows = &target->types,
                        .config = store_trend_config(view->store),
                        .name = "types"},
            request, response);
}

/* ---- series ---- */

/* The series that ?site= or ?type= names (the total's without either), or NULL and the reason. */
static const struct trend_series *find_series(
    const struct store_target *target, const struct http_request *request, struct lw_err *err)
{
    const char *site = http_request_param(request, "site");
    const char *type = http_request_param(request, "type");
    if (!site && !type)
        return target->series;
    const char *what = site ? "site" : "type", *text = site ? site : type;
    uint64_t id;
    if ((site && type) || lw_id_parse(text, &id) < 0) {
        lw_err_set(err, LW_INVALID,
            site && type ? "%s and %s exclude each other"
                         : "%s \"%.40s\" is not sixteen hex digits",
            what, site && type ? "type" : text);
        return NULL;
    }
    const struct store_row *row = store_rows_find(site ? &target->sites : &target->types, id);
    if (!row || !row->series) {
        lw_err_set(err, LW_NOT_FOUND,
            row ? "%s %s is too small to be followed so far" : "the target has no %s %s", what,
            text);
        return NULL;
    }
    return row->series;
}

static void echo_id(cJSON *data, const char *name, const char *value)
{
    if (value)
        json_text(data, name, value);
    else
        json_null(data, name);
}

void endpoint_target_series(
    void *ctx, const struct http_request *request, struct http_response *response)
{
    const struct api_view *view = ctx;
    const struct store_target *target = endpoint_find_target(view, request, response);
    if (!target)
        return;
    struct lw_err err;
    const struct trend_series *series = find_series(target, request, &err);
    if (!series) {
        api_error(response, &err);
        return;
    }
    cJSON *data = cJSON_CreateObject();
    json_id(data, "target", target->id);
    echo_id(data, "site", http_request_param(request, "site"));
    echo_id(data, "type", http_request_param(request, "type"));
    const struct trend_config *config = store_trend_config(view->store);
    render_verdict(data, series, config);
    render_gates(data, series, config);
    struct trend_block blocks[TREND_BLOCKS_MAX];
    size_t count = trend_series_blocks(series, blocks, TREND_BLOCKS_MAX);
    render_blocks(data, "blocks", blocks, count);
    bool is_total = series == target->series;
    render_blocks(data, "earlier", target->past.blocks, is_total ? target->past.block_count : 0);
    json_success(response, data);
}
