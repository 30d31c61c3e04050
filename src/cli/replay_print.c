#include "cli/replay_print.h"

#include <math.h>

#include "base/json.h"

/* ---- JSON ---- */

static void add_gates(cJSON *object, const struct replay_result *result)
{
    struct trend_gate gates[TREND_GATE_COUNT];
    trend_series_gates(result->engine, result->config, gates);
    cJSON *array = cJSON_AddArrayToObject(object, "gates");
    for (int i = 0; i < TREND_GATE_COUNT; i++) {
        cJSON *gate = cJSON_CreateObject();
        cJSON_AddStringToObject(gate, "gate", trend_gate_word((enum trend_gate_id)i));
        lw_json_double(gate, "value", gates[i].judged ? gates[i].value : NAN);
        lw_json_double(gate, "limit", gates[i].limit);
        cJSON_AddStringToObject(gate, "comparison", gates[i].at_most ? "<=" : ">=");
        cJSON_AddBoolToObject(gate, "judged", gates[i].judged);
        cJSON_AddBoolToObject(gate, "passed", gates[i].passed);
        cJSON_AddItemToArray(array, gate);
    }
}

static double onset_s(const struct trend_verdict *v)
{
    return v->class >= TREND_SATURATING ? v->growing_since_s : NAN;
}

void replay_print_json(FILE *out, const struct replay_result *result)
{
    const struct trend_verdict *v = trend_series_verdict(result->engine);
    bool known = isfinite(v->rate_lo);
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "id", result->series->id);
    cJSON_AddStringToObject(object, "verdict", trend_class_word(v->class));
    cJSON_AddBoolToObject(object, "provisional", v->provisional);
    cJSON_AddBoolToObject(object, "recurring", v->recurring);
    lw_json_double(object, "first_growing_t", result->first_growing_s);
    lw_json_double(object, "first_provisional_t", result->first_provisional_s);
    lw_json_double(object, "first_leak_t", result->first_leak_s);
    lw_json_double(object, "rate_bytes_per_s", known ? v->rate : NAN);
    lw_json_double(object, "rate_lo", v->rate_lo);
    lw_json_double(object, "rate_hi", v->rate_hi);
    lw_json_double(object, "onset_t", onset_s(v));
    lw_json_double(object, "retention", known ? v->retention : NAN);
    lw_json_double(object, "alloc_bytes_per_s", known ? v->alloc_rate : NAN);
    lw_json_double(object, "mean_age_s", known ? v->mean_age_s : NAN);
    lw_json_double(
        object, "resolvable_bytes_per_s", v->resolvable_rate > 0 ? v->resolvable_rate : NAN);
    lw_json_double(object, "suggested_mem_profile_rate_bytes",
        trend_series_period_bytes(result->engine, result->config));
    add_gates(object, result);
    char *text = cJSON_PrintUnformatted(object);
    if (text)
        fprintf(out, "%s\n", text);
    cJSON_free(text);
    cJSON_Delete(object);
}

/* ---- the table ---- */

#define ID_COLUMNS 24

/* Ids come from a file: they must not steer the reader's terminal. Bytes that are not printable
 * ASCII are shown as question marks, what is too long is cut. */
static void print_id(FILE *out, const char *id)
{
    int column = 0;
    for (; *id && column < ID_COLUMNS; id++, column++)
        fputc(*id >= ' ' && *id <= '~' ? *id : '?', out);
    fprintf(out, "%*s", ID_COLUMNS - column, "");
}

static void print_hours(FILE *out, double minutes)
{
    if (isfinite(minutes))
        fprintf(out, "  %6.0f:%02d", floor(minutes / 60), (int)fmod(fmax(minutes, 0), 60));
    else
        fprintf(out, "  %9s", "-");
}

/* Time since the first point, as hours and minutes. */
static void print_time(FILE *out, const struct series *series, double t_s)
{
    print_hours(out, (t_s - series->points[0].t_s) / 60);
}

void replay_print_heading(FILE *out)
{
    fprintf(out, "%-*s  %-12s  %9s  %9s  %9s  %5s  %9s  %s\n", ID_COLUMNS, "ID", "VERDICT",
        "GROWING AT", "LEAK AT", "ONSET", "KEPT", "AGE", "KIB/MIN (95 %)");
}

/* How much of what is allocated stays, and how long it lives. */
static void print_divergence(FILE *out, const struct trend_verdict *v)
{
    if (isfinite(v->retention))
        fprintf(out, "  %3.0f %%", 100 * v->retention);
    else
        fprintf(out, "  %5s", "-");
    print_hours(out, v->mean_age_s / 60);
}

/* What a lower MemProfileRate would help, and how far. */
static void print_advice(FILE *out, const struct replay_result *result)
{
    double period_bytes = trend_series_period_bytes(result->engine, result->config);
    const struct trend_verdict *v = trend_series_verdict(result->engine);
    if (isfinite(period_bytes))
        fprintf(out, "; %.1f MiB/h would be found, less with MemProfileRate=%.0f",
            v->resolvable_rate * 3600 / 1048576, period_bytes);
}

void replay_print_row(FILE *out, const struct replay_result *result)
{
    const struct trend_verdict *v = trend_series_verdict(result->engine);
    double unit = 60 / 1024.0;
    print_id(out, result->series->id);
    fprintf(out, "  %-12s", trend_class_word(v->class));
    print_time(out, result->series, result->first_growing_s);
    print_time(out, result->series, result->first_leak_s);
    print_time(out, result->series, onset_s(v));
    print_divergence(out, v);
    if (isfinite(v->rate_lo))
        fprintf(out, "  %.1f (%.1f to %.1f)", v->rate * unit, v->rate_lo * unit, v->rate_hi * unit);
    print_advice(out, result);
    fputs("\n", out);
}
