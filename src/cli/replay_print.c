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

/* Time since the first point, as hours and minutes. */
static void print_time(FILE *out, const struct series *series, double t_s)
{
    if (!isfinite(t_s)) {
        fprintf(out, "  %9s", "-");
        return;
    }
    double minutes = floor((t_s - series->points[0].t_s) / 60);
    fprintf(out, "  %6.0f:%02d", floor(minutes / 60), (int)fmod(fmax(minutes, 0), 60));
}

void replay_print_heading(FILE *out)
{
    fprintf(out, "%-*s  %-12s  %9s  %9s  %9s  %s\n", ID_COLUMNS, "ID", "VERDICT", "GROWING AT",
        "LEAK AT", "ONSET", "KIB/MIN (95 %)");
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
    if (isfinite(v->rate_lo))
        fprintf(out, "  %.1f (%.1f to %.1f)", v->rate * unit, v->rate_lo * unit, v->rate_hi * unit);
    fputs("\n", out);
}
