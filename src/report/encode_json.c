/* The report for programs. Members are always there; what is not known is null. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "report/signs.h"
#include "report/tables.h"

#define STACK_MAX  64
#define LIST_MAX   50 /* growths, goroutine groups */
#define FILES_MAX  64
#define FIELDS_MAX 32

static void add_text(cJSON *object, const char *name, const char *text)
{
    if (text && *text)
        lw_json_text(object, name, text);
    else
        lw_json_null(object, name);
}

static void add_estimate(cJSON *object, const char *name, const struct report_estimate *e)
{
    if (isnan(e->value)) {
        lw_json_null(object, name);
        return;
    }
    cJSON *o = lw_json_object(object, name);
    lw_json_double(o, "value", e->value);
    lw_json_double(o, "lo", e->lo);
    lw_json_double(o, "hi", e->hi);
}

/* ---- stacks and types ---- */

static void add_frame(cJSON *o, const char *function, const char *file, int64_t line)
{
    add_text(o, "function", function);
    add_text(o, "file", file);
    lw_json_int(o, "line", line);
}

static void add_stack(cJSON *object, const struct report_stack *stack)
{
    if (!stack->count) {
        lw_json_null(object, "leaf");
        lw_json_null(object, "responsible");
    } else {
        const struct report_frame *leaf = &stack->frames[stack->leaf];
        const struct report_frame *responsible = &stack->frames[stack->responsible];
        add_frame(lw_json_object(object, "leaf"), leaf->function, leaf->file, leaf->line);
        add_frame(lw_json_object(object, "responsible"), responsible->function, responsible->file,
            responsible->line);
    }
    cJSON *list = lw_json_array(object, "stack");
    for (size_t i = 0; i < stack->count && i < STACK_MAX; i++) {
        const struct report_frame *frame = &stack->frames[i];
        add_frame(lw_json_append(list), frame->function, frame->file, frame->line);
    }
}

/* "X0 []uint8; X1 string" as a list of {name, type}. */
static void add_captured(cJSON *object, const char *type)
{
    size_t len;
    const char *at = report_type_captured(type ? type : "", &len);
    cJSON *list = lw_json_array(object, "captured");
    for (int i = 0; at && len && i < FIELDS_MAX; i++) {
        char field[256], *space;
        size_t n = report_type_field(at, len);
        snprintf(field, sizeof field, "%.*s", (int)n, at);
        if ((space = strchr(field, ' '))) {
            *space = '\0';
            cJSON *o = lw_json_append(list);
            lw_json_text(o, "name", field);
            lw_json_text(o, "type", space + 1);
        }
        n += n < len ? strspn(at + n, "; ") : 0;
        at += n;
        len -= n;
    }
}

static void add_type(cJSON *object, const struct report_type *type)
{
    add_text(object, "type", type ? type->name : NULL);
    add_text(object, "kind", type ? type->kind : NULL);
    add_text(object, "typeUnresolved", type ? type->unresolved : NULL);
}

static void add_values(cJSON *object, const struct profile_values *values)
{
    lw_json_int(object, "inuseBytes", values->inuse_bytes);
    lw_json_int(object, "inuseObjects", values->inuse_objects);
    lw_json_int(object, "allocBytes", values->alloc_bytes);
    lw_json_int(object, "allocObjects", values->alloc_objects);
}

/* ---- sections ---- */

static void add_target(cJSON *root, const struct report_facts *facts)
{
    const struct report_target *t = &facts->target;
    cJSON *o = lw_json_object(root, "target");
    lw_json_id(o, "id", t->id);
    add_text(o, "job", t->job);
    add_text(o, "instance", t->instance);
    lw_json_int(o, "samplePeriodBytes", t->period_bytes);
    if (!t->build_id || !*t->build_id) {
        lw_json_null(o, "build");
        return;
    }
    cJSON *build = lw_json_object(o, "build");
    add_text(build, "id", t->build_id);
    add_text(build, "module", t->module);
    add_text(build, "version", t->version);
    add_text(build, "revision", t->revision);
    add_text(build, "goVersion", t->go_version);
}

static void add_growth(cJSON *o, const struct report_growth *g)
{
    if (g->id)
        lw_json_id(o, "id", g->id);
    else
        lw_json_null(o, "id");
    add_type(o, &g->type);
    add_captured(o, g->type.name);
    add_text(o, "verdict", g->verdict);
    add_estimate(o, "rateBytesPerSecond", &g->rate);
    lw_json_double(o, "windowSeconds", g->window_s);
    lw_json_double(o, "retention", g->retention);
    lw_json_double(o, "meanAgeSeconds", g->age_s);
    lw_json_time(o, "onsetFrom", g->onset_from);
    lw_json_time(o, "onsetTo", g->onset_to);
    add_values(o, &g->values);
    add_stack(o, &g->stack);
}

static void add_blame(cJSON *root, const struct report_facts *facts)
{
    struct report_blame blame;
    report_blame(facts, &blame);
    if (!*blame.type && !*blame.frame.function) {
        lw_json_null(root, "blame");
        return;
    }
    cJSON *o = lw_json_object(root, "blame");
    add_text(o, "type", blame.type);
    lw_json_double(o, "typeShare", blame.type_share);
    add_text(o, "function", blame.frame.function);
    add_text(o, "file", blame.frame.file);
    lw_json_int(o, "line", blame.frame.line);
    lw_json_double(o, "share", blame.share);
}

static void add_growths(cJSON *root, const struct report_facts *facts)
{
    add_growth(lw_json_object(root, "subject"), &facts->subject);
    cJSON *others = lw_json_array(root, "others");
    for (size_t i = 0; i < facts->other_count && i < LIST_MAX; i++)
        add_growth(lw_json_append(others), &facts->others[i]);
    cJSON *gates = lw_json_array(root, "gates");
    for (size_t i = 0; i < facts->gate_count && i < LIST_MAX; i++) {
        const struct report_gate *gate = &facts->gates[i];
        cJSON *o = lw_json_append(gates);
        add_text(o, "gate", gate->word);
        add_text(o, "text", gate->text);
        lw_json_double(o, "value", gate->judged ? gate->value : NAN);
        lw_json_double(o, "limit", gate->limit);
        lw_json_text(o, "comparison", gate->at_most ? "<=" : ">=");
        lw_json_bool(o, "judged", gate->judged);
        lw_json_bool(o, "passed", gate->passed);
    }
}

static void add_reach(cJSON *root, const struct report_facts *facts)
{
    const struct report_first_seen *f = &facts->first_seen;
    bool is_known = (f->version && *f->version) || (f->revision && *f->revision) ||
                    (f->build_id && *f->build_id);
    if (is_known) {
        cJSON *o = lw_json_object(root, "firstSeenIn");
        add_text(o, "version", f->version);
        add_text(o, "revision", f->revision);
        add_text(o, "buildId", f->build_id);
        add_text(o, "absentIn", f->absent_in);
    } else {
        lw_json_null(root, "firstSeenIn");
    }
    if (facts->replicas) {
        cJSON *o = lw_json_object(root, "replicas");
        lw_json_int(o, "total", (int64_t)facts->replicas);
        lw_json_int(o, "growing", (int64_t)facts->replicas_growing);
    } else {
        lw_json_null(root, "replicas");
    }
}

static cJSON *add_row(cJSON *rows, const struct report_row *row)
{
    cJSON *o = lw_json_append(rows);
    const struct profile_site *site = row->site;
    const struct profile_frame *leaf = site->frames[site->leaf];
    const struct profile_frame *responsible = site->frames[site->responsible];
    lw_json_id(o, "site", site->id);
    add_type(o, row->type);
    add_frame(o, leaf->function, leaf->file, leaf->line);
    add_frame(lw_json_object(o, "responsible"), responsible->function, responsible->file,
        responsible->line);
    return o;
}

static void add_gc(cJSON *root, const struct report_facts *facts)
{
    struct report_table table;
    report_table_of_gc(&table, facts);
    if (!table.total) {
        lw_json_null(root, "gc");
        return;
    }
    cJSON *o = lw_json_object(root, "gc");
    lw_json_int(o, "beforeBytes", facts->before_gc->total.inuse_bytes);
    lw_json_int(o, "afterBytes", facts->after_gc->total.inuse_bytes);
    lw_json_int(o, "total", (int64_t)table.total);
    cJSON *rows = lw_json_array(o, "rows");
    for (size_t i = 0; i < table.count; i++) {
        cJSON *row = add_row(rows, &table.rows[i]);
        lw_json_int(row, "allocBytes", table.rows[i].before.alloc_bytes);
        lw_json_int(row, "beforeBytes", table.rows[i].before.inuse_bytes);
        lw_json_int(row, "afterBytes", table.rows[i].after.inuse_bytes);
        lw_json_int(row, "freedBytes", report_row_freed_bytes(&table.rows[i]));
    }
}

static void add_diff(cJSON *root, const struct report_facts *facts)
{
    struct report_table table;
    report_table_of_diff(&table, facts);
    if (!facts->baseline || !facts->before_gc) {
        lw_json_null(root, "diff");
        return;
    }
    cJSON *o = lw_json_object(root, "diff");
    lw_json_time(o, "baselineAt", facts->baseline_at);
    lw_json_bool(o, "baselineIsLate", report_baseline_is_late(facts));
    lw_json_int(o, "baseBytes", facts->baseline->total.inuse_bytes);
    lw_json_int(o, "toBytes", facts->before_gc->total.inuse_bytes);
    lw_json_int(o, "total", (int64_t)table.total);
    cJSON *rows = lw_json_array(o, "rows");
    for (size_t i = 0; i < table.count; i++) {
        int64_t base = table.rows[i].before.inuse_bytes, to = table.rows[i].after.inuse_bytes;
        cJSON *row = add_row(rows, &table.rows[i]);
        lw_json_int(row, "baseBytes", base);
        lw_json_int(row, "toBytes", to);
        lw_json_int(row, "deltaBytes", to - base);
    }
}

static void add_goroutines(cJSON *root, const struct report_facts *facts)
{
    cJSON *o = lw_json_object(root, "goroutines");
    if (facts->goroutines_total)
        lw_json_int(o, "total", facts->goroutines_total);
    else
        lw_json_null(o, "total");
    cJSON *groups = lw_json_array(o, "groups");
    for (size_t i = 0; i < facts->goroutine_count && i < LIST_MAX; i++) {
        const struct report_goroutines *g = &facts->goroutines[i];
        cJSON *group = lw_json_append(groups);
        lw_json_id(group, "id", g->id);
        lw_json_int(group, "count", g->count);
        lw_json_double(group, "growthPerHour", g->growth_per_hour);
        add_text(group, "wait", g->wait);
        add_text(group, "createdBy", g->created_by);
        lw_json_bool(group, "sharesFrames", g->shares_frames);
        add_stack(group, &g->stack);
    }
}

static void add_memory(cJSON *root, const struct report_facts *facts)
{
    const struct report_memory *m = &facts->memory;
    cJSON *o = lw_json_object(root, "memory");
    lw_json_double(o, "rss", m->rss);
    lw_json_double(o, "inuse", m->inuse);
    lw_json_double(o, "idle", m->idle);
    lw_json_double(o, "stacks", m->stacks);
    lw_json_double(o, "runtime", m->runtime);
    lw_json_double(o, "other", m->other);
    if (isnan(m->limit)) {
        lw_json_null(root, "limit");
    } else {
        cJSON *limit = lw_json_object(root, "limit");
        lw_json_double(limit, "bytes", m->limit);
        add_text(limit, "source", m->limit_source);
    }
    add_estimate(root, "timeToLimitSeconds", &facts->limit_in_s);
}

static void add_files(cJSON *root, const struct report_facts *facts)
{
    cJSON *list = lw_json_array(root, "bundle");
    for (size_t i = 0; i < facts->file_count && i < FILES_MAX; i++) {
        const struct report_file *file = &facts->files[i];
        cJSON *o = lw_json_append(list);
        add_text(o, "name", file->name);
        add_text(o, "state", file->state);
        add_text(o, "why", file->why);
        lw_json_int(o, "bytes", (int64_t)file->bytes);
    }
}

/* ---- diagnosis ---- */

static void add_notes(cJSON *object, const char *name, const struct report_notes *notes)
{
    cJSON *list = lw_json_array(object, name);
    for (size_t i = 0; i < notes->count; i++)
        lw_json_append_text(list, notes->text[i]);
}

static void add_diagnosis(cJSON *root, const struct report_diagnosis *diagnosis)
{
    lw_json_text(root, "pattern", report_pattern_word(report_diagnosis_pattern(diagnosis)));
    cJSON *list = lw_json_array(root, "diagnosis");
    for (size_t i = 0; i < diagnosis->count; i++) {
        const struct report_candidate *c = &diagnosis->list[i];
        cJSON *o = lw_json_append(list);
        lw_json_text(o, "pattern", report_pattern_word(c->pattern));
        lw_json_text(o, "title", report_pattern_title(c->pattern));
        lw_json_text(o, "strength", report_strength_word(c->strength));
        lw_json_int(o, "score", c->score);
        add_notes(o, "evidence", &c->evidence);
        add_notes(o, "against", &c->against);
        lw_json_text(o, "fix", c->fix);
    }
}

static cJSON *build(const struct report_facts *facts, const struct report_diagnosis *diagnosis)
{
    char title[REPORT_TITLE_BYTES];
    cJSON *root = cJSON_CreateObject();
    lw_json_id(root, "id", facts->incident_id);
    lw_json_text(root, "title", report_title(facts, title));
    add_diagnosis(root, diagnosis);
    add_text(root, "trigger", facts->trigger);
    add_text(root, "reason", facts->reason);
    lw_json_time(root, "openedAt", facts->opened_at);
    lw_json_time(root, "writtenAt", facts->written_at);
    add_target(root, facts);
    add_growths(root, facts);
    add_blame(root, facts);
    add_reach(root, facts);
    add_gc(root, facts);
    add_diff(root, facts);
    add_goroutines(root, facts);
    add_memory(root, facts);
    add_files(root, facts);
    return root;
}

int report_encode_json(const struct report_facts *facts, const struct report_diagnosis *diagnosis,
    struct lw_strbuf *out, struct lw_err *err)
{
    cJSON *root = build(facts, diagnosis);
    char *text = cJSON_PrintUnformatted(root);
    cJSON_Delete(root);
    if (!text)
        return lw_err_set(err, LW_NO_MEMORY, "no memory for the report");
    lw_strbuf_adds(out, text);
    free(text);
    if (out->failed)
        return lw_err_set(
            err, LW_TOO_LARGE, "the report is larger than its limit of %zu bytes", out->limit);
    return 0;
}
