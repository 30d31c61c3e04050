/* Families with one series a site, or a type: the top of each target under a fixed ceiling, and
 * `other`. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"
#include "metrics/families.h"
#include "profile/profile.h"
#include "trend/trend.h"

/* The rows of one target that are shown. */
struct shown {
    const struct store_target *target;
    const struct store_row **rows; /* owned */
    size_t count;
    struct profile_values other; /* all that is not in rows */
    size_t labels;               /* place of those of the first row; those of `other` come last */
};

/* A total that stays at the largest integer can be less than the sum of its rows. */
static void take_off(int64_t *total, int64_t part)
{
    *total = *total > part ? *total - part : 0;
}

/* Suspects come first, then the largest; rows lie in that order of size already. */
static struct shown choose(
    const struct store_target *target, const struct store_rows *rows, size_t limit)
{
    struct shown s = {.target = target, .other = target->total};
    size_t most = limit < rows->followed ? limit : rows->followed;
    s.rows = lw_new(most, sizeof(const struct store_row *));
    for (int suspects = 1; suspects >= 0; suspects--) {
        for (size_t i = 0; i < rows->count && s.count < most; i++) {
            const struct store_row *row = &rows->list[i];
            bool suspect = row->series && trend_series_verdict(row->series)->class >= TREND_GROWING;
            if (row->series && suspect == (suspects == 1))
                s.rows[s.count++] = row;
        }
    }
    for (size_t i = 0; i < s.count; i++) {
        take_off(&s.other.inuse_bytes, s.rows[i]->values.inuse_bytes);
        take_off(&s.other.inuse_objects, s.rows[i]->values.inuse_objects);
    }
    return s;
}

/* "store.go:88": enough to find the line, and short. */
static void source_text(const struct store_frame *frame, char *text, size_t size)
{
    const char *base = frame->file;
    for (const char *p = frame->file; *p; p++) {
        if (*p == '/')
            base = p + 1;
    }
    snprintf(text, size, "%.200s:%lld", base, (long long)frame->line);
}

/* How the labels of a row are written behind those of its target; NULL: of `other`. */
typedef void row_labels(
    struct labels *labels, const struct store_target *target, const struct store_row *row);

static void site_labels(
    struct labels *labels, const struct store_target *target, const struct store_row *row)
{
    (void)target;
    if (!row) {
        labels_add(labels, "site", "other");
        return;
    }
    const struct store_site *site = row->site;
    const struct store_frame *responsible = &site->frames[site->responsible];
    char id[LW_ID_TEXT_BYTES], source[256];
    source_text(responsible, source, sizeof source);
    labels_add(labels, "site", lw_id_text(site->id, id));
    labels_add(labels, "function", responsible->function);
    labels_add(labels, "leaf", site->frames[site->leaf].function);
    labels_add(labels, "source", source);
    labels_add(labels, "type", row->type ? row->type->name : "");
}

/* Where no binary is known the site is the key, and type_source says so. */
static void type_labels(
    struct labels *labels, const struct store_target *target, const struct store_row *row)
{
    if (!row) {
        labels_add(labels, "type", "other");
        labels_add(labels, "type_source", target->build ? "binary" : "site");
        return;
    }
    if (!row->site) {
        char id[LW_ID_TEXT_BYTES];
        labels_add(labels, "type", row->type->name);
        labels_add(labels, "kind", row->type->kind);
        labels_add(labels, "type_source", "binary");
        labels_add(labels, "type_id", lw_id_text(row->type->id, id));
        return;
    }
    const struct store_frame *responsible = &row->site->frames[row->site->responsible];
    char id[LW_ID_TEXT_BYTES], source[256], key[1400];
    source_text(responsible, source, sizeof source);
    snprintf(key, sizeof key, "%s %s", responsible->function, source);
    labels_add(labels, "type", key);
    labels_add(labels, "kind", row->type ? row->type->kind : "");
    labels_add(labels, "type_source", "site");
    labels_add(labels, "type_id", lw_id_text(row->site->id, id));
}

struct row_family {
    enum expo_type type;
    const char *name;
    const char *unit;
    const char *help;
    double (*value)(const struct profile_values *values, const struct trend_verdict *verdict);
};

static double inuse_bytes(const struct profile_values *values, const struct trend_verdict *v)
{
    (void)v;
    return (double)values->inuse_bytes;
}

static double inuse_objects(const struct profile_values *values, const struct trend_verdict *v)
{
    (void)v;
    return (double)values->inuse_objects;
}

static double alloc_bytes(const struct profile_values *values, const struct trend_verdict *v)
{
    (void)v;
    return (double)values->alloc_bytes;
}

static bool has_rate(const struct trend_verdict *v)
{
    return v && isfinite(v->rate_lo) && isfinite(v->rate_hi);
}

static double growth(const struct profile_values *values, const struct trend_verdict *v)
{
    (void)values;
    return has_rate(v) ? v->rate : NAN;
}

static double growth_lower(const struct profile_values *values, const struct trend_verdict *v)
{
    (void)values;
    return has_rate(v) ? v->rate_lo : NAN;
}

static double growth_upper(const struct profile_values *values, const struct trend_verdict *v)
{
    (void)values;
    return has_rate(v) ? v->rate_hi : NAN;
}

static double retention(const struct profile_values *values, const struct trend_verdict *v)
{
    (void)values;
    return has_rate(v) ? v->retention : NAN;
}

static double mean_age(const struct profile_values *values, const struct trend_verdict *v)
{
    (void)values;
    return has_rate(v) ? v->mean_age_s : NAN;
}

static double is_leak(const struct profile_values *values, const struct trend_verdict *v)
{
    (void)values;
    return v ? v->class == TREND_LEAK : NAN;
}

static const struct row_family site_families[] = {
    {EXPO_GAUGE, "leakwatch_site_inuse_bytes", "bytes",
        "Bytes in use that the site allocated; site=\"other\" is all that has no row.",
        inuse_bytes},
    {EXPO_GAUGE, "leakwatch_site_inuse_objects", NULL, "Objects in use that the site allocated.",
        inuse_objects},
    {EXPO_COUNTER, "leakwatch_site_alloc_bytes", "bytes",
        "Bytes the site allocated since the target's process started.", alloc_bytes},
    {EXPO_GAUGE, "leakwatch_site_growth_bytes_per_second", NULL,
        "Growth of the site's bytes in use over the newest window.", growth},
    {EXPO_GAUGE, "leakwatch_site_growth_lower_bytes_per_second", NULL,
        "Lower end of the 95 % interval of the growth.", growth_lower},
    {EXPO_GAUGE, "leakwatch_site_growth_upper_bytes_per_second", NULL,
        "Upper end of the 95 % interval of the growth.", growth_upper},
    {EXPO_GAUGE, "leakwatch_site_retention_ratio", NULL,
        "Growth of the site's bytes in use over bytes it allocated meanwhile.", retention},
    {EXPO_GAUGE, "leakwatch_site_mean_age_seconds", "seconds",
        "Bytes in use over bytes allocated a second: how long the site's bytes live on average.",
        mean_age},
    {EXPO_GAUGE, "leakwatch_site_leak", NULL, "1 when the site's verdict is leak.", is_leak},
};

static double alloc_rate(const struct profile_values *values, const struct trend_verdict *v)
{
    (void)values;
    return has_rate(v) ? v->alloc_rate : NAN;
}

static const struct row_family type_families[] = {
    {EXPO_GAUGE, "leakwatch_type_inuse_bytes", "bytes",
        "Bytes in use of the type; type=\"other\" is all that has no row.", inuse_bytes},
    {EXPO_GAUGE, "leakwatch_type_inuse_objects", NULL, "Objects in use of the type.",
        inuse_objects},
    {EXPO_GAUGE, "leakwatch_type_growth_bytes_per_second", NULL,
        "Growth of the type's bytes in use over the newest window.", growth},
    {EXPO_GAUGE, "leakwatch_type_growth_lower_bytes_per_second", NULL,
        "Lower end of the 95 % interval of the growth.", growth_lower},
    {EXPO_GAUGE, "leakwatch_type_growth_upper_bytes_per_second", NULL,
        "Upper end of the 95 % interval of the growth.", growth_upper},
    {EXPO_GAUGE, "leakwatch_type_alloc_bytes_per_second", NULL,
        "Bytes of the type allocated per second over the newest window.", alloc_rate},
    {EXPO_GAUGE, "leakwatch_type_retention_ratio", NULL,
        "Growth of the type's bytes in use over its bytes allocated meanwhile.", retention},
    {EXPO_GAUGE, "leakwatch_type_mean_age_seconds", "seconds",
        "Bytes in use over bytes allocated a second: how long the type's bytes live on average.",
        mean_age},
    {EXPO_GAUGE, "leakwatch_type_leak", NULL, "1 when the type's verdict is leak.", is_leak},
};

static void row_family(struct expo *e, const struct row_family *family, const struct labels *labels,
    const struct shown *shown, size_t count)
{
    expo_family(e, family->type, family->name, family->unit, family->help);
    for (size_t i = 0; i < count; i++) {
        const struct shown *s = &shown[i];
        for (size_t k = 0; k <= s->count; k++) {
            const struct store_row *row = k < s->count ? s->rows[k] : NULL;
            /* What is in `other` changes; its counter would go down and up, and rate() would
             * lie. */
            if (!row && family->type == EXPO_COUNTER)
                continue;
            double value = family->value(
                row ? &row->values : &s->other, row ? trend_series_verdict(row->series) : NULL);
            if (isnan(value))
                continue;
            labels_write(e, labels, s->labels + k);
            expo_double(e, value);
        }
    }
}

static const struct store_rows *sites_of(const struct store_target *target)
{
    return &target->sites;
}

static const struct store_rows *types_of(const struct store_target *target)
{
    return target->build ? &target->types : &target->sites;
}

/* A group of families over the same rows. */
struct row_group {
    const struct store_rows *(*rows)(const struct store_target *target);
    row_labels *labels;
    const struct row_family *families;
    size_t count;
};

static void label_rows(struct labels *labels, const struct families *f, size_t target,
    struct shown *shown, row_labels *add)
{
    shown->labels = labels->count;
    for (size_t k = 0; k <= shown->count; k++) {
        labels_add_all(labels, &f->targets, target);
        add(labels, shown->target, k < shown->count ? shown->rows[k] : NULL);
        labels_close(labels);
    }
}

static void row_group(struct expo *e, const struct families *f, const struct row_group *group)
{
    const struct store *store = f->view->store;
    const struct config_metrics *config = &(*f->view->config)->metrics;
    size_t targets = store_target_count(store), count = 0;
    size_t limit = (size_t)config->sites_per_target;
    if (targets && limit > (size_t)config->sites_total / targets)
        limit = (size_t)config->sites_total / targets;
    struct shown *shown = lw_new(targets, sizeof *shown);
    struct labels labels;
    labels_init(&labels);
    for (size_t i = 0; i < targets; i++) {
        const struct store_target *target = store_target_at(store, i);
        if (!target->last_heap.ns)
            continue;
        shown[count] = choose(target, group->rows(target), limit);
        label_rows(&labels, f, i, &shown[count++], group->labels);
    }
    for (size_t k = 0; k < group->count; k++)
        row_family(e, &group->families[k], &labels, shown, count);
    for (size_t i = 0; i < count; i++)
        free(shown[i].rows);
    free(shown);
    labels_fini(&labels);
}

bool families_rows_step(struct expo *e, const struct families *f, size_t i)
{
    static const struct row_group groups[] = {
        {types_of, type_labels, type_families, sizeof type_families / sizeof *type_families},
        {sites_of, site_labels, site_families, sizeof site_families / sizeof *site_families},
    };
    if (i >= sizeof groups / sizeof *groups)
        return false;
    row_group(e, f, &groups[i]);
    return true;
}
