#include "cli/analyze_rows.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

enum analyze_mode analyze_mode_of(const struct analysis *analysis)
{
    return analysis->count < 2 ? ANALYZE_PROFILE
                               : (analysis->count == 2 ? ANALYZE_DIFF : ANALYZE_SERIES);
}

const char *analyze_mode_word(enum analyze_mode mode)
{
    static const char *const words[] = {
#define ANALYZE_MODE_WORD(name, word) word,
        ANALYZE_MODES(ANALYZE_MODE_WORD)
#undef ANALYZE_MODE_WORD
    };
    return words[mode];
}

const char *analyze_sort_word(enum analyze_sort sort)
{
    static const char *const words[] = {
#define ANALYZE_SORT_WORD(name, word) word,
        ANALYZE_SORTS(ANALYZE_SORT_WORD)
#undef ANALYZE_SORT_WORD
    };
    return words[sort];
}

/* ---- one row ---- */

int64_t analyze_row_growth_bytes(const struct analyze_row *row)
{
    return row->to.inuse_bytes - row->base.inuse_bytes; /* neither is negative */
}

double analyze_row_retention(const struct analyze_row *row)
{
    double allocated = (double)row->to.alloc_bytes - (double)row->base.alloc_bytes;
    return allocated > 0 ? (double)analyze_row_growth_bytes(row) / allocated : NAN;
}

/* ---- order ---- */

static double sort_key(const struct analyze_row *row, enum analyze_sort sort)
{
    double retention = analyze_row_retention(row);
    switch (sort) {
    case ANALYZE_BY_OBJECTS:
        return (double)row->to.inuse_objects;
    case ANALYZE_BY_ALLOC:
        return (double)row->to.alloc_bytes - (double)row->base.alloc_bytes;
    case ANALYZE_BY_GROWTH:
        return (double)analyze_row_growth_bytes(row);
    case ANALYZE_BY_RETENTION:
        return isnan(retention) ? -HUGE_VAL : retention;
    case ANALYZE_BY_VERDICT:
        return row->series ? (double)trend_series_verdict(row->series)->class : -1;
    default:
        return (double)row->to.inuse_bytes;
    }
}

static int by_key(const void *a, const void *b, void *ctx)
{
    enum analyze_sort sort = *(const enum analyze_sort *)ctx;
    double x = sort_key(a, sort), y = sort_key(b, sort);
    if (x == y) {
        x = sort_key(a, ANALYZE_BY_GROWTH);
        y = sort_key(b, ANALYZE_BY_GROWTH);
    }
    return (x < y) - (x > y);
}

static void sort_rows(struct analyze_rows *rows, enum analyze_sort sort)
{
    if (rows->count)
        qsort_r(rows->list, rows->count, sizeof *rows->list, by_key, &sort);
}

/* ---- making them ---- */

static const struct trend_series *series_of(const struct store_rows *rows, uint64_t id)
{
    const struct store_row *row = store_rows_find(rows, id);
    return row ? row->series : NULL;
}

void analyze_rows_by_site(
    struct analyze_rows *rows, const struct analysis *analysis, enum analyze_sort sort)
{
    const struct store_target *target = analysis->target;
    struct profile_diff *diff =
        profile_diff_new(analysis->first, analysis->last, PROFILE_INUSE_SPACE);
    rows->list = lw_new(diff->count, sizeof *rows->list);
    rows->count = diff->count;
    for (size_t i = 0; i < diff->count; i++) {
        const struct profile_change *change = &diff->rows[i];
        rows->list[i] = (struct analyze_row){
            .site = change->site,
            .type = store_type_of(target, change->site->id),
            .sites = 1,
            .base = change->base,
            .to = change->to,
            .series = analyze_mode_of(analysis) == ANALYZE_SERIES
                          ? series_of(&target->sites, change->site->id)
                          : NULL,
        };
    }
    profile_diff_free(&diff);
    sort_rows(rows, sort);
}

void analyze_rows_by_type(struct analyze_rows *rows, const struct analysis *analysis,
    const struct analyze_rows *by_site, enum analyze_sort sort)
{
    struct lw_map by_type = {0};
    rows->list = lw_new(by_site->count, sizeof *rows->list);
    rows->count = 0;
    for (size_t i = 0; i < by_site->count; i++) {
        const struct analyze_row *site = &by_site->list[i];
        const struct store_type *type = site->type && site->type->name[0] ? site->type : NULL;
        uint64_t key = type ? type->id : 0;
        struct analyze_row *row = lw_map_find(&by_type, key);
        if (!row) {
            row = &rows->list[rows->count++];
            row->type = type;
            if (type && analyze_mode_of(analysis) == ANALYZE_SERIES)
                row->series = series_of(&analysis->target->types, type->id);
            lw_map_put(&by_type, key, row);
        }
        profile_values_add(&row->base, &site->base);
        profile_values_add(&row->to, &site->to);
        row->sites++;
    }
    lw_map_fini(&by_type);
    sort_rows(rows, sort);
}

bool analyze_rows_have_types(const struct analyze_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        if (rows->list[i].type && rows->list[i].type->name[0])
            return true;
    }
    return false;
}

void analyze_rows_fini(struct analyze_rows *rows)
{
    free(rows->list);
    *rows = (struct analyze_rows){0};
}
