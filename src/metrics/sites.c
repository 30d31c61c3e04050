/* Families with one series a site: the top of each target under a fixed ceiling, and `other`. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"
#include "metrics/families.h"
#include "profile/profile.h"
#include "trend/trend.h"

/* The sites of one target that are shown. */
struct shown {
    const struct store_target *target;
    const struct store_row **rows; /* owned */
    size_t count;
    struct profile_values other; /* all that is not in rows */
};

/* Suspects come first, then the largest; rows lie in that order of size already. */
static struct shown choose(const struct store_target *target, size_t limit)
{
    struct shown s = {.target = target, .other = target->total};
    size_t most = limit < target->row_count ? limit : target->row_count;
    s.rows = lw_new(most, sizeof(const struct store_row *));
    for (int suspects = 1; suspects >= 0; suspects--) {
        for (size_t i = 0; i < target->row_count && s.count < most; i++) {
            const struct store_row *row = &target->rows[i];
            bool suspect = row->series && trend_series_verdict(row->series)->class >= TREND_GROWING;
            if (row->series && suspect == (suspects == 1))
                s.rows[s.count++] = row;
        }
    }
    for (size_t i = 0; i < s.count; i++) {
        s.other.inuse_bytes -= s.rows[i]->values.inuse_bytes;
        s.other.inuse_objects -= s.rows[i]->values.inuse_objects;
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

static void site_labels(
    struct expo *e, const struct store_target *target, const struct store_site *site)
{
    families_target_labels(e, target);
    if (!site) {
        expo_label(e, "site", "other");
        return;
    }
    const struct store_frame *responsible = &site->frames[site->responsible];
    char id[LW_ID_TEXT_BYTES], source[256];
    source_text(responsible, source, sizeof source);
    expo_label(e, "site", lw_id_text(site->id, id));
    expo_label(e, "function", responsible->function);
    expo_label(e, "leaf", site->frames[site->leaf].function);
    expo_label(e, "source", source);
}

struct site_family {
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

static double is_leak(const struct profile_values *values, const struct trend_verdict *v)
{
    (void)values;
    return v ? v->class == TREND_LEAK : NAN;
}

static const struct site_family site_families[] = {
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
    {EXPO_GAUGE, "leakwatch_site_leak", NULL, "1 when the site's verdict is leak.", is_leak},
};

static void site_family(
    struct expo *e, const struct site_family *family, const struct shown *shown, size_t count)
{
    expo_family(e, family->type, family->name, family->unit, family->help);
    for (size_t i = 0; i < count; i++) {
        const struct shown *s = &shown[i];
        for (size_t k = 0; k <= s->count; k++) {
            const struct store_row *row = k < s->count ? s->rows[k] : NULL;
            /* What is in `other` changes; its counter would go down and up, and rate() would lie. */
            if (!row && family->type == EXPO_COUNTER)
                continue;
            double value = family->value(
                row ? &row->values : &s->other, row ? trend_series_verdict(row->series) : NULL);
            if (isnan(value))
                continue;
            site_labels(e, s->target, row ? row->site : NULL);
            expo_double(e, value);
        }
    }
}

void families_sites(struct expo *e, const struct metrics_view *view)
{
    const struct config *config = *view->config;
    size_t targets = store_target_count(view->store), count = 0;
    size_t limit = (size_t)config->metrics.sites_per_target;
    if (targets && limit > (size_t)config->metrics.sites_total / targets)
        limit = (size_t)config->metrics.sites_total / targets;
    struct shown *shown = lw_new(targets, sizeof *shown);
    for (size_t i = 0; i < targets; i++) {
        const struct store_target *target = store_target_at(view->store, i);
        if (target->last_heap.ns)
            shown[count++] = choose(target, limit);
    }
    for (size_t f = 0; f < sizeof site_families / sizeof *site_families; f++)
        site_family(e, &site_families[f], shown, count);
    for (size_t i = 0; i < count; i++)
        free(shown[i].rows);
    free(shown);
}
