#include "engine/facts.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/goroutines.h"
#include "trend/trend.h"

#define MEMORY_MAX ((size_t)32 << 20)

/* ---- copies ---- */

static const char *text(struct facts *f, const char *s)
{
    char *copy = s ? lw_arena_strndup(f->memory, s, strlen(s)) : NULL;
    return copy ? copy : "";
}

static struct lw_wall wall_of(double seconds)
{
    return (struct lw_wall){seconds > 0 ? (int64_t)(seconds * 1e9) : 0};
}

static struct report_type type_copy(struct facts *f, const struct store_type *type)
{
    if (!type)
        return (struct report_type){"", "", "", NULL};
    return (struct report_type){
        text(f, type->name), text(f, type->kind), text(f, type->unresolved), NULL};
}

static const struct report_fate *fate_copy(
    struct facts *f, const struct store_target *target, uint64_t site_id)
{
    const struct store_fate *fate = store_fate_of(target, site_id);
    struct report_fate *copy = fate ? lw_arena_alloc(f->memory, sizeof *copy) : NULL;
    if (copy)
        *copy = (struct report_fate){text(f, fate->finalizer_in), text(f, fate->cycle),
            text(f, fate->kept_in), (double)fate->kept_bytes};
    return copy;
}

static struct report_stack stack_copy(struct facts *f, const struct store_site *site)
{
    struct report_frame *frames = lw_arena_new_array(f->memory, site->frame_count, sizeof *frames);
    if (!frames)
        return (struct report_stack){0};
    for (size_t i = 0; i < site->frame_count; i++) {
        const struct store_frame *from = &site->frames[i];
        frames[i] = (struct report_frame){text(f, from->function), text(f, from->file), from->line};
    }
    return (struct report_stack){frames, site->frame_count, site->leaf, site->responsible};
}

/* ---- what grows ---- */

static const struct trend_verdict *verdict_of(const struct store_row *row)
{
    return trend_series_verdict(row->series);
}

/* Whether a grows worse than b (which may be NULL): the class first, then the rate. */
static bool is_worse(const struct store_row *a, const struct store_row *b)
{
    if (!b)
        return true;
    const struct trend_verdict *x = verdict_of(a), *y = verdict_of(b);
    return x->class != y->class ? x->class > y->class : x->rate > y->rate;
}

static const struct store_row *worst_type(const struct store_target *target)
{
    const struct store_row *worst = NULL;
    for (size_t i = 0; i < target->types.count; i++) {
        const struct store_row *row = &target->types.list[i];
        if (row->series && row->type->name[0] && store_row_is_suspect(target, row) &&
            is_worse(row, worst))
            worst = row;
    }
    return worst;
}

/* Of all sites, or of those that allocate a type. */
static const struct store_row *worst_site(
    const struct store_target *target, const struct store_type *type)
{
    const struct store_row *worst = NULL;
    for (size_t i = 0; i < target->sites.count; i++) {
        const struct store_row *row = &target->sites.list[i];
        if (row->series && (!type || row->type == type) && store_row_is_suspect(target, row) &&
            is_worse(row, worst))
            worst = row;
    }
    return worst;
}

/* What leaks most: a type, with the worst of its sites; or a site; or neither. A site of no known
 * type goes before a type only if it is of a worse class. */
struct suspect {
    const struct store_row *type;
    const struct store_row *site;
};

static struct suspect find_suspect(const struct store_target *target)
{
    struct suspect s = {.type = worst_type(target), .site = worst_site(target, NULL)};
    if (s.type && s.site && !s.site->type && verdict_of(s.site)->class > verdict_of(s.type)->class)
        s.type = NULL;
    if (s.type)
        s.site = worst_site(target, s.type->type);
    return s;
}

uint64_t facts_subject_of(const struct store_target *target)
{
    struct suspect s = find_suspect(target);
    if (s.type)
        return s.type->type->id;
    return s.site ? s.site->site->lineage : 0;
}

static void copy_series(struct report_growth *g, const struct trend_series *series)
{
    const struct trend_verdict *v = trend_series_verdict(series);
    g->verdict = trend_class_word(v->class);
    g->window_s = v->window_end_s - v->window_start_s;
    g->retention = v->retention;
    g->age_s = v->mean_age_s;
    g->onset_from = g->onset_to = wall_of(v->growing_since_s);
    if (v->class != TREND_WARMING)
        g->rate = (struct report_estimate){v->rate, v->rate_lo, v->rate_hi};
}

static void copy_row(struct facts *f, const struct store_target *target, struct report_growth *g,
    const struct store_row *row)
{
    report_growth_init(g);
    g->id = store_row_id(row);
    g->type = type_copy(f, row->type);
    g->values = row->values;
    if (row->site) {
        g->stack = stack_copy(f, row->site);
        g->type.fate = fate_copy(f, target, row->site->id);
    }
    copy_series(g, row->series);
}

static void copy_gates(
    struct facts *f, const struct store *store, const struct trend_series *series)
{
    struct trend_gate gates[TREND_GATE_COUNT];
    struct report_gate *list = lw_arena_new_array(f->memory, TREND_GATE_COUNT, sizeof *list);
    if (!list)
        return;
    trend_series_gates(series, store_trend_config(store), gates);
    for (int i = 0; i < TREND_GATE_COUNT; i++) {
        list[i] = (struct report_gate){
            .word = trend_gate_word((enum trend_gate_id)i),
            .text = trend_gate_text((enum trend_gate_id)i),
            .value = gates[i].value,
            .limit = gates[i].limit,
            .at_most = gates[i].at_most,
            .judged = gates[i].judged,
            .passed = gates[i].passed,
        };
    }
    f->report.gates = list;
    f->report.gate_count = TREND_GATE_COUNT;
}

static bool total_grows(const struct store_target *target)
{
    return trend_series_verdict(target->series)->class >= TREND_GROWING;
}

static void copy_subject(
    struct facts *f, const struct store *store, const struct store_target *target)
{
    struct report_growth *g = &f->report.subject;
    struct suspect s = find_suspect(target);
    const struct store_row *row = s.type ? s.type : s.site;
    f->subject = facts_subject_of(target);
    if (row) {
        copy_row(f, target, g, row);
        if (s.type && s.site) {
            g->stack = stack_copy(f, s.site->site);
            g->type.fate = fate_copy(f, target, s.site->site->id);
        }
        if (s.type && s.site && !g->type.kind[0])
            g->type.kind = text(f, s.site->type->kind);
        copy_gates(f, store, row->series);
        return;
    }
    g->values = target->total;
    if (total_grows(target))
        copy_series(g, target->series);
    copy_gates(f, store, target->series);
}

static int by_growth(const void *a, const void *b)
{
    const struct store_row *x = *(const struct store_row *const *)a;
    const struct store_row *y = *(const struct store_row *const *)b;
    return is_worse(x, y) ? -1 : is_worse(y, x);
}

/* The other sites that are suspects, worst first; those of the subject's type are part of it. */
static void copy_others(struct facts *f, const struct store_target *target)
{
    struct suspect s = find_suspect(target);
    const struct store_row **rows = lw_new(target->sites.count, sizeof(const struct store_row *));
    size_t count = 0;
    for (size_t i = 0; i < target->sites.count; i++) {
        const struct store_row *row = &target->sites.list[i];
        bool is_subject = row == s.site || (s.type && row->type == s.type->type);
        if (row->series && !is_subject && store_row_is_suspect(target, row))
            rows[count++] = row;
    }
    qsort(rows, count, sizeof *rows, by_growth);
    count = count < FACTS_OTHERS_MAX ? count : FACTS_OTHERS_MAX;
    struct report_growth *others = lw_arena_new_array(f->memory, count, sizeof *others);
    for (size_t i = 0; others && i < count; i++)
        copy_row(f, target, &others[i], rows[i]);
    f->report.others = others;
    f->report.other_count = others ? count : 0;
    free(rows);
}

/* ---- goroutines, memory ---- */

static void copy_groups(struct facts *f, const struct store_target *target)
{
    const struct store_rows *groups = &target->goroutines.groups;
    struct suspect s = find_suspect(target);
    struct facts_group *list = lw_arena_new_array(f->memory, groups->count, sizeof *list);
    for (size_t i = 0; list && i < groups->count; i++) {
        const struct store_row *group = &groups->list[i];
        if (!group->series || verdict_of(group)->class == TREND_WARMING)
            continue;
        list[f->group_count++] = (struct facts_group){
            .id = group->site->id,
            .growth_per_hour = verdict_of(group)->rate * 3600,
            .is_growing = store_goroutines_is_suspect(group),
            .may_hold = s.site && store_goroutines_join(group, s.site),
        };
    }
    f->groups = list;
}

/* The limit, and how long the memory lasts; the parts come with the bundle. */
static void copy_outlook(struct facts *f, const struct store_target *target)
{
    const struct store_outlook *o = &target->outlook;
    struct report_facts *report = &f->report;
    if (o->limit != STORE_LIMIT_NONE) {
        report->memory.limit = o->limit_bytes;
        report->memory.limit_source = store_limit_word(o->limit);
    }
    if (o->has_forecast)
        report->limit_in_s = (struct report_estimate){o->left.seconds, o->left.lo_s, o->left.hi_s};
    if (o->onset_from.ns && report->subject.verdict[0]) {
        report->subject.onset_from = o->onset_from;
        report->subject.onset_to = o->onset_to;
    }
}

static void copy_first_seen(struct facts *f, const struct store_target *target)
{
    struct suspect s = find_suspect(target);
    struct store_first_seen seen;
    if (!store_first_seen(target, s.type ? s.type : s.site, &seen))
        return;
    f->report.first_seen = (struct report_first_seen){
        .version = text(f, seen.version),
        .revision = text(f, seen.revision),
        .build_id = text(f, seen.binary_id),
        .absent_in = text(f, seen.absent_in),
    };
}

/* ---- the target, and those like it ---- */

static void copy_target(struct facts *f, const struct store_target *target)
{
    const struct store_build *build = target->build;
    f->report.target = (struct report_target){
        .id = target->id,
        .job = text(f, lw_labels_get(target->labels, "job")),
        .instance = text(f, lw_labels_get(target->labels, "instance")),
        .module = text(f, build ? build->module : ""),
        .version = text(f, build ? build->version : ""),
        .revision = text(f, build ? build->vcs_revision : ""),
        .build_id = text(f, build ? build->binary_id : ""),
        .go_version = text(f, build ? build->go_version : ""),
        .period_bytes = target->period_bytes,
    };
}

static void add_types(struct facts *f, const struct store_target *target)
{
    const struct lw_map *types = target->build ? &target->build->types : &target->kinds;
    size_t at = 0;
    uint64_t site_id;
    void *value;
    while (lw_map_next(types, &at, &site_id, &value)) {
        struct report_type *type = lw_arena_alloc(f->memory, sizeof *type);
        if (!type)
            return;
        *type = type_copy(f, value);
        type->fate = fate_copy(f, target, site_id);
        lw_map_put(&f->types, site_id, type);
    }
}

/* Whether a target shows the growth of that subject: where it is neither a type nor a site, that of
 * the total. */
static bool shows(const struct store_target *target, const struct suspect *s)
{
    if (!s->type && !s->site)
        return total_grows(target);
    const struct store_rows *rows = s->type ? &target->types : &target->sites;
    uint64_t id = store_row_id(s->type ? s->type : s->site);
    const struct store_row *row = store_rows_find(rows, id);
    return row && row->series && store_row_is_suspect(target, row);
}

static void count_replicas(
    struct facts *f, const struct store *store, const struct store_target *target)
{
    struct suspect s = find_suspect(target);
    for (size_t i = 0; i < store_target_count(store); i++) {
        const struct store_target *other = store_target_at(store, i);
        if (strcmp(other->job_name, target->job_name) != 0)
            continue;
        f->report.replicas++;
        if (f->report.replicas <= FACTS_REPLICAS_MAX)
            f->report.replicas_growing += shows(other, &s);
    }
}

struct facts *facts_new(const struct store *store, const struct store_target *target)
{
    struct facts *f = LW_NEW(struct facts);
    f->memory = lw_arena_new(MEMORY_MAX);
    report_facts_init(&f->report);
    copy_target(f, target);
    copy_subject(f, store, target);
    copy_others(f, target);
    copy_groups(f, target);
    copy_outlook(f, target);
    copy_first_seen(f, target);
    count_replicas(f, store, target);
    add_types(f, target);
    f->report.types = &f->types;
    return f;
}

void facts_free(struct facts **facts)
{
    if (!*facts)
        return;
    lw_map_fini(&(*facts)->types);
    lw_arena_free(&(*facts)->memory);
    free(*facts);
    *facts = NULL;
}
