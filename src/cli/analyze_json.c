#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "base/json.h"
#include "cli/analyze_print.h"

#define JSON_VERSION 1 /* goes up when a member changes its meaning or goes away */

static void put_values(cJSON *object, const char *name, const struct profile_values *values)
{
    cJSON *to = lw_json_object(object, name);
    lw_json_int(to, "inuse_bytes", values->inuse_bytes);
    lw_json_int(to, "inuse_objects", values->inuse_objects);
    lw_json_int(to, "alloc_bytes", values->alloc_bytes);
    lw_json_int(to, "alloc_objects", values->alloc_objects);
}

static struct lw_wall wall_of(double seconds)
{
    return (struct lw_wall){seconds > 0 ? (int64_t)(seconds * 1e9) : 0};
}

/* The same words as in the API; null where nothing judges the row. */
static void put_verdict(
    cJSON *object, const struct trend_series *series, const struct trend_config *config)
{
    if (!series) {
        lw_json_null(object, "trend");
        return;
    }
    const struct trend_verdict *v = trend_series_verdict(series);
    bool known = isfinite(v->rate_lo) && isfinite(v->rate_hi);
    cJSON *trend = lw_json_object(object, "trend");
    lw_json_text(trend, "verdict", trend_class_word(v->class));
    lw_json_bool(trend, "provisional", v->provisional);
    lw_json_bool(trend, "recurring", v->recurring);
    lw_json_double(trend, "growth_bytes_per_second", known ? v->rate : NAN);
    lw_json_double(trend, "growth_lower_bytes_per_second", v->rate_lo);
    lw_json_double(trend, "growth_upper_bytes_per_second", v->rate_hi);
    lw_json_double(trend, "window_seconds", v->window_end_s - v->window_start_s);
    lw_json_time(trend, "growing_since", wall_of(v->growing_since_s));
    lw_json_double(trend, "mean_age_seconds", v->mean_age_s);
    lw_json_double(trend, "resolvable_bytes_per_second",
        v->resolvable_rate > 0 ? v->resolvable_rate : (double)NAN);
    lw_json_double(
        trend, "suggested_mem_profile_rate_bytes", trend_series_period_bytes(series, config));
}

static void put_stack(cJSON *object, const struct profile_site *site)
{
    cJSON *stack = lw_json_array(object, "stack");
    for (size_t i = 0; i < site->frame_count; i++) {
        cJSON *frame = lw_json_append(stack);
        lw_json_text(frame, "function", site->frames[i]->function);
        lw_json_text(frame, "file", site->frames[i]->file);
        lw_json_int(frame, "line", site->frames[i]->line);
    }
}

static void put_type(cJSON *object, const struct store_type *type)
{
    if (type && type->name[0])
        lw_json_text(object, "type", type->name);
    else
        lw_json_null(object, "type");
    if (type && type->kind[0])
        lw_json_text(object, "kind", type->kind);
    else
        lw_json_null(object, "kind");
}

static void put_numbers(
    cJSON *object, const struct analyze_row *row, const struct analysis *analysis)
{
    if (analysis->first) {
        put_values(object, "from", &row->base);
        lw_json_int(object, "change_bytes", analyze_row_growth_bytes(row));
    }
    put_values(object, "to", &row->to);
    lw_json_double(object, "retention_ratio", analyze_row_retention(row));
    put_verdict(object, row->series, store_trend_config(analysis->store));
}

static void put_row(cJSON *object, const struct analyze_row *row, const struct analysis *analysis)
{
    if (row->site) {
        lw_json_id(object, "id", row->site->id);
        lw_json_text(object, "function", row->site->frames[row->site->responsible]->function);
        put_stack(object, row->site);
    } else {
        lw_json_int(object, "sites", (int64_t)row->sites);
    }
    put_type(object, row->type);
    put_numbers(object, row, analysis);
}

static void put_rows(
    cJSON *root, const char *name, const struct analyze_rows *rows, const struct analyze_result *r)
{
    cJSON *array = lw_json_array(root, name);
    size_t shown = r->top && r->top < rows->count ? r->top : rows->count;
    for (size_t i = 0; i < shown; i++)
        put_row(lw_json_append(array), &rows->list[i], r->analysis);
}

static void put_build(cJSON *root, const struct analysis *analysis)
{
    const struct store_build *build = analysis->target->build;
    if (!build) {
        lw_json_null(root, "build");
        return;
    }
    cJSON *object = lw_json_object(root, "build");
    lw_json_text(object, "id", build->binary_id);
    lw_json_text(object, "module", build->module);
    lw_json_text(object, "version", build->version);
    lw_json_text(object, "vcs_revision", build->vcs_revision);
    lw_json_text(object, "go_version", build->go_version);
}

static void put_total(cJSON *root, const struct analysis *analysis)
{
    struct analyze_row total = {.to = analysis->last->total};
    if (analysis->first)
        total.base = analysis->first->total;
    if (analyze_mode_of(analysis) == ANALYZE_SERIES)
        total.series = analysis->target->series;
    put_numbers(lw_json_object(root, "total"), &total, analysis);
}

void analyze_print_json(FILE *out, const struct analyze_result *result)
{
    const struct analysis *a = result->analysis;
    enum analyze_mode mode = analyze_mode_of(a);
    cJSON *root = cJSON_CreateObject();
    lw_json_int(root, "version", JSON_VERSION);
    lw_json_text(root, "mode", analyze_mode_word(mode));
    lw_json_int(root, "profiles", (int64_t)a->count);
    lw_json_int(root, "profiles_skipped", (int64_t)result->skipped);
    lw_json_int(root, "profiles_failed", (int64_t)result->failed);
    lw_json_text(root, "time_source", analyze_clock_word(result->clock));
    lw_json_time(root, "from", a->first_at);
    lw_json_time(root, "to", a->last_at);
    lw_json_double(root, "base_block_seconds", store_trend_config(a->store)->base_s);
    lw_json_int(root, "restarts", (int64_t)a->target->restarts);
    if (mode == ANALYZE_SERIES)
        lw_json_text(root, "verdict", trend_class_word(store_target_class(a->target)));
    else
        lw_json_null(root, "verdict");
    put_build(root, a);
    put_total(root, a);
    lw_json_int(root, "type_count", (int64_t)result->types->count);
    put_rows(root, "types", result->types, result);
    lw_json_int(root, "site_count", (int64_t)result->sites->count);
    put_rows(root, "sites", result->sites, result);
    char *text = cJSON_PrintUnformatted(root);
    if (text)
        fprintf(out, "%s\n", text);
    cJSON_free(text);
    cJSON_Delete(root);
}
