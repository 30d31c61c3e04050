#include "cli/analyze_print.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "cli/table.h"

/* SGR sequences of ECMA-48. */
#define BOLD   "\x1b[1m"
#define RED    "\x1b[31m"
#define YELLOW "\x1b[33m"
#define PLAIN  "\x1b[0m"

#define BYTES_SHOWN_MAX 9e18
#define BASE_USUAL_S    60 /* the daemon's base block, at which a leak must last an hour */

static const char *color_of(const struct trend_series *series)
{
    const struct trend_verdict *v = series ? trend_series_verdict(series) : NULL;
    if (!v || v->class < TREND_GROWING)
        return NULL;
    return v->class == TREND_LEAK || v->provisional ? RED : YELLOW;
}

static const char *signed_bytes(int64_t bytes, char text[TABLE_BYTES_TEXT])
{
    char size[TABLE_BYTES_TEXT - 1];
    char whole[TABLE_BYTES_TEXT];
    snprintf(size, sizeof size, "%s", table_bytes(bytes, whole));
    snprintf(text, TABLE_BYTES_TEXT, "%s%s", bytes > 0 ? "+" : "", size);
    return text;
}

/* "2h0m", to the second where it is short. */
static const char *duration(double seconds, char text[TABLE_BYTES_TEXT])
{
    int64_t s = (int64_t)llround(seconds);
    if (s < 120)
        snprintf(text, TABLE_BYTES_TEXT, "%" PRId64 "s", s);
    else if (s < 7200)
        snprintf(text, TABLE_BYTES_TEXT, "%" PRId64 "m%" PRId64 "s", s / 60, s % 60);
    else
        snprintf(text, TABLE_BYTES_TEXT, "%" PRId64 "h%" PRId64 "m", s / 3600, s / 60 % 60);
    return text;
}

/* ---- what was read ---- */

static void print_when(FILE *out, const struct analyze_result *r)
{
    const struct analysis *a = r->analysis;
    char from[LW_WALL_TEXT_BYTES], to[LW_WALL_TEXT_BYTES], span[TABLE_BYTES_TEXT];
    bool is_known = r->clock != ANALYZE_CLOCK_NAME;
    double seconds = lw_wall_s(a->last_at) - lw_wall_s(a->first_at);
    if (a->count == 1)
        fprintf(out, "One heap profile%s%s", is_known ? ", of " : "",
            is_known ? lw_wall_rfc3339(a->last_at, to) : "");
    else if (is_known)
        fprintf(out, "%zu heap profiles, from %s to %s (%s), %s", a->count,
            lw_wall_rfc3339(a->first_at, from), lw_wall_rfc3339(a->last_at, to),
            duration(seconds, span), analyze_clock_text(r->clock));
    else
        fprintf(out, "%zu heap profiles over %s, %s", a->count, duration(seconds, span),
            analyze_clock_text(r->clock));
    fputs("\n", out);
    if (r->skipped)
        fprintf(out, "%zu files that are no heap profiles were left out\n", r->skipped);
    if (a->target->restarts)
        fprintf(out, "Restarts of the process: %" PRIu64 "; series begin anew with each\n",
            a->target->restarts);
}

static void print_total(FILE *out, const struct analysis *a)
{
    const struct profile_values *to = &a->last->total;
    char inuse[TABLE_BYTES_TEXT], alloc[TABLE_BYTES_TEXT], change[TABLE_BYTES_TEXT];
    fprintf(out, "%s in use in %" PRId64 " objects", table_bytes(to->inuse_bytes, inuse),
        to->inuse_objects);
    if (a->first)
        fprintf(out, " (%s since the first)",
            signed_bytes(to->inuse_bytes - a->first->total.inuse_bytes, change));
    fprintf(out, ", %s allocated since the process started\n", table_bytes(to->alloc_bytes, alloc));
    if (a->last->period_bytes == 0)
        fputs("MemProfileRate is 0: the program does not sample its heap\n", out);
}

static void print_build(FILE *out, const struct analysis *a)
{
    const struct store_build *build = a->target->build;
    if (build)
        fprintf(out, "Types are those of %s%s%s (%s)\n",
            build->module[0] ? build->module : "a program without build info",
            build->version[0] ? " " : "", build->version, build->go_version);
    else if (a->types_err.code == LW_NOT_FOUND)
        fputs(
            "No types: the program was not found; --binary=FILE or --binaries=DIR names it\n", out);
    else if (a->types_err.code != LW_OK)
        fprintf(out, "No types: %s\n", a->types_err.msg);
}

/* ---- what is said of it ---- */

/* What a rate comes to over a time; of a forged profile more than an int64 holds. */
static int64_t bytes_over(double rate, double time_s)
{
    return (int64_t)fmin(fmax(rate * time_s, -BYTES_SHOWN_MAX), BYTES_SHOWN_MAX);
}

static void print_rate(FILE *out, const struct trend_verdict *v)
{
    char rate[TABLE_BYTES_TEXT], lo[TABLE_BYTES_TEXT], hi[TABLE_BYTES_TEXT];
    char since[LW_WALL_TEXT_BYTES];
    if (v->class < TREND_SATURATING || !isfinite(v->rate_lo) || !isfinite(v->rate_hi))
        return;
    fprintf(out, ", by %s a minute (95 %%: %s to %s)", table_bytes(bytes_over(v->rate, 60), rate),
        table_bytes(bytes_over(v->rate_lo, 60), lo), table_bytes(bytes_over(v->rate_hi, 60), hi));
    if (v->growing_since_s > 0)
        fprintf(out, " since %s",
            lw_wall_rfc3339((struct lw_wall){(int64_t)(v->growing_since_s * 1e9)}, since));
}

/* What would have been found where too few objects are sampled, and what would tell less. */
static void print_resolution(
    FILE *out, const struct trend_series *series, const struct trend_config *config)
{
    char rate[TABLE_BYTES_TEXT];
    double period = trend_series_period_bytes(series, config);
    if (!isfinite(period))
        return;
    double found = trend_series_verdict(series)->resolvable_rate;
    if (found > 0)
        fprintf(out, "Growth of %s an hour would be found. ",
            table_bytes(bytes_over(found, 3600), rate));
    fprintf(out, "Too few objects are sampled to tell less: runtime.MemProfileRate = %.0f would\n",
        period);
}

static void print_verdict(FILE *out, const struct analyze_result *r)
{
    const struct analysis *a = r->analysis;
    const struct trend_config *trend = store_trend_config(a->store);
    const struct trend_series *worst = store_target_worst(a->target);
    const struct trend_verdict *v = trend_series_verdict(worst);
    const char *color = r->color ? color_of(worst) : NULL;
    char base[TABLE_BYTES_TEXT], least[TABLE_BYTES_TEXT];
    fprintf(out, "Verdict: %s%s%s%s", color ? BOLD : "", color ? color : "",
        trend_class_word(v->class), color ? PLAIN : "");
    print_rate(out, v);
    if (v->class == TREND_WARMING)
        fprintf(out, ": too little was seen to judge; it takes %s in at least %d profiles",
            duration(trend->base_s * 48, least), 25);
    fprintf(out, " (base block %s)\n", duration(trend->base_s, base));
    print_resolution(out, worst, trend);
    if (trend->base_s < BASE_USUAL_S && v->class >= TREND_GROWING)
        fputs("Growth of minutes may be a warm-up: in hours it can be told apart\n", out);
}

/* ---- tables ---- */

struct printer {
    FILE *out;
    const struct analyze_result *result;
    enum analyze_mode mode;
    struct table table;
    bool of_types;
    bool with_type; /* a column that says it */
};

static void add_text_cells(
    const struct printer *p, struct table_row *cells, const struct analyze_row *row)
{
    char text[512];
    const struct store_type *type = row->type;
    bool has_name = type && type->name[0];
    if (p->of_types) {
        snprintf(text, sizeof text, "%zu", row->sites);
        table_row_add(cells, text);
        table_row_add(cells, has_name ? type->kind : "");
        table_row_add(cells, has_name ? type->name : "(not told)");
        return;
    }
    const struct profile_frame *frame = row->site->frames[row->site->responsible];
    const char *slash = strrchr(frame->file, '/');
    if (p->with_type)
        table_row_add(cells, has_name ? type->name : "");
    table_row_add(cells, frame->function);
    snprintf(text, sizeof text, "%s:%" PRId64, slash ? slash + 1 : frame->file, frame->line);
    table_row_add(cells, frame->file[0] ? text : "");
}

static void add_verdict_cells(struct table_row *cells, const struct trend_series *series)
{
    char text[TABLE_BYTES_TEXT], rate[TABLE_BYTES_TEXT + 8];
    const struct trend_verdict *v = series ? trend_series_verdict(series) : NULL;
    bool has_rate = v && isfinite(v->rate_lo);
    snprintf(
        rate, sizeof rate, "%s/min", has_rate ? signed_bytes(bytes_over(v->rate, 60), text) : "");
    table_row_add(cells, has_rate ? rate : "-");
    table_row_add(cells, v ? trend_class_word(v->class) : "-");
}

static struct table_row cells_of(const struct printer *p, const struct analyze_row *row)
{
    struct table_row cells = {.color = p->result->color ? color_of(row->series) : NULL};
    char text[TABLE_BYTES_TEXT];
    double retention = analyze_row_retention(row);
    if (p->mode != ANALYZE_PROFILE)
        table_row_add(&cells, signed_bytes(analyze_row_growth_bytes(row), text));
    table_row_add(&cells, table_bytes(row->to.inuse_bytes, text));
    snprintf(text, sizeof text, "%" PRId64, row->to.inuse_objects);
    table_row_add(&cells, text);
    int64_t allocated = row->to.alloc_bytes - row->base.alloc_bytes;
    table_row_add(&cells, allocated < 0 ? "-" : table_bytes(allocated, text)); /* it restarted */
    snprintf(text, sizeof text, "%.0f %%", 100 * retention);
    table_row_add(&cells, isfinite(retention) ? text : "-");
    if (p->mode == ANALYZE_SERIES)
        add_verdict_cells(&cells, row->series);
    add_text_cells(p, &cells, row);
    return cells;
}

static struct table_row heading(const struct printer *p)
{
    static const char *const of_site[] = {"TYPE", "FUNCTION", "LINE"};
    static const char *const of_type[] = {"SITES", "KIND", "TYPE"};
    struct table_row row = {.color = p->result->color ? BOLD : NULL};
    if (p->mode != ANALYZE_PROFILE)
        table_row_add(&row, "CHANGE");
    table_row_add(&row, "IN USE");
    table_row_add(&row, "OBJECTS");
    table_row_add(&row, "ALLOCATED");
    table_row_add(&row, "KEPT");
    if (p->mode == ANALYZE_SERIES) {
        table_row_add(&row, "RATE");
        table_row_add(&row, "VERDICT");
    }
    for (size_t i = p->of_types || p->with_type ? 0 : 1; i < 3; i++)
        table_row_add(&row, p->of_types ? of_type[i] : of_site[i]);
    return row;
}

static void print_rows(const struct printer *from, const struct analyze_rows *rows)
{
    struct printer p = *from;
    size_t shown = p.result->top && p.result->top < rows->count ? p.result->top : rows->count;
    p.table.numbers = (p.mode == ANALYZE_PROFILE ? 4 : 5) + (p.mode == ANALYZE_SERIES);
    struct table_row head = heading(&p);
    table_measure(&p.table, &head);
    for (size_t i = 0; i < shown; i++) {
        struct table_row cells = cells_of(&p, &rows->list[i]);
        table_measure(&p.table, &cells);
        table_row_fini(&cells);
    }
    table_print(p.out, &p.table, &head);
    table_row_fini(&head);
    for (size_t i = 0; i < shown; i++) {
        struct table_row cells = cells_of(&p, &rows->list[i]);
        table_print(p.out, &p.table, &cells);
        table_row_fini(&cells);
    }
    if (shown < rows->count)
        fprintf(p.out, "… and %zu more (--top=0 shows all)\n", rows->count - shown);
}

void analyze_print_tables(FILE *out, const struct analyze_result *result)
{
    struct printer printer = {
        .out = out,
        .result = result,
        .mode = analyze_mode_of(result->analysis),
        .with_type = result->types->count > 0,
    };
    print_when(out, result);
    print_total(out, result->analysis);
    print_build(out, result->analysis);
    if (printer.mode == ANALYZE_SERIES)
        print_verdict(out, result);
    if (result->types->count) {
        fprintf(out, "\nTypes, by %s\n", analyze_sort_word(result->sort));
        printer.of_types = true;
        print_rows(&printer, result->types);
        printer.of_types = false;
    }
    fprintf(out, "\nSites, by %s\n", analyze_sort_word(result->sort));
    print_rows(&printer, result->sites);
}
