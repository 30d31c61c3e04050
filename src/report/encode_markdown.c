/* The report for people: Markdown for a ticket. Foreign names stand in code spans, and sentences
 * that hold some are escaped, so that nothing in them means anything to Markdown. */
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "report/tables.h"
#include "report/words.h"

#define CODE_BYTES_MAX 300
#define STACK_SHOWN    24
#define LIST_SHOWN     10
#define FILES_SHOWN    64

static const char *or_empty(const char *s)
{
    return s ? s : "";
}

/* A code span; `|` is escaped because tables split at it even there. */
static void add_code(struct lw_strbuf *out, const char *text)
{
    size_t n;
    const char *end = text + strnlen(text, CODE_BYTES_MAX);
    lw_strbuf_adds(out, "`");
    for (const char *p = text; p < end; p += n ? n : 1) {
        n = lw_utf8_sequence(p);
        if (!n)
            lw_strbuf_adds(out, LW_UTF8_REPLACEMENT);
        else if (*p == '|')
            lw_strbuf_adds(out, "\\|");
        else
            lw_strbuf_add(out, *p == '`' ? "'" : (unsigned char)*p < ' ' ? " " : p, n);
    }
    lw_strbuf_adds(out, *end ? "…`" : "`");
}

/* A sentence; "@" would call people in some trackers. */
static void add_prose(struct lw_strbuf *out, const char *text)
{
    size_t n;
    for (const char *p = text; *p; p += n ? n : 1) {
        n = lw_utf8_sequence(p);
        if (!n)
            lw_strbuf_adds(out, LW_UTF8_REPLACEMENT);
        else if (*p == '@')
            lw_strbuf_adds(out, "(at)");
        else if ((unsigned char)*p < ' ')
            lw_strbuf_adds(out, " ");
        else if (strchr("\\`*_{}[]<>#|~&$", *p))
            lw_strbuf_addf(out, "\\%c", *p);
        else
            lw_strbuf_add(out, p, n);
    }
}

/* "name code" with a word before it. */
static void add_labelled(struct lw_strbuf *out, const char *label, const char *text)
{
    if (!text || !*text)
        return;
    lw_strbuf_adds(out, label);
    add_code(out, text);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void add_place(struct lw_strbuf *out, const char *function, const char *file, int64_t line)
{
    add_code(out, or_empty(function));
    if (file && *file) {
        char place[128];
        snprintf(place, sizeof place, "%.100s:%lld", base_name(file), (long long)line);
        lw_strbuf_adds(out, " ");
        add_code(out, place);
    }
}

/* ---- the title ---- */

static const char *subject_of(const struct report_facts *facts)
{
    const struct report_growth *s = &facts->subject;
    if (*or_empty(s->type.name))
        return s->type.name;
    if (s->stack.count)
        return or_empty(s->stack.frames[s->stack.responsible].function);
    return "the heap";
}

const char *report_title(const struct report_facts *facts, char title[REPORT_TITLE_BYTES])
{
    const struct report_growth *s = &facts->subject;
    const char *job = *or_empty(facts->target.job) ? facts->target.job : "a target";
    if (!*or_empty(s->verdict) || !isfinite(s->rate.value))
        snprintf(title, REPORT_TITLE_BYTES, "Snapshot of %.100s", job);
    else if (*or_empty(s->type.name) || !s->stack.count)
        snprintf(title, REPORT_TITLE_BYTES, "%.100s grows by %s in %.80s", subject_of(facts),
            report_word_rate(s->rate.value).text, job);
    else
        snprintf(title, REPORT_TITLE_BYTES, "What %.100s allocates grows by %s in %.80s",
            subject_of(facts), report_word_rate(s->rate.value).text, job);
    return title;
}

/* ---- what, where, since when ---- */

static void add_share(struct lw_strbuf *out, double share)
{
    lw_strbuf_addf(out, ", %.0f %% of what grew since the baseline\n", 100 * share);
}

static void add_blame(struct lw_strbuf *out, const struct report_facts *facts)
{
    struct report_blame blame;
    report_blame(facts, &blame);
    if (*blame.type && !*or_empty(facts->subject.type.name)) {
        lw_strbuf_adds(out, "- **Mostly:** ");
        add_code(out, blame.type);
        add_share(out, blame.type_share);
    }
    if (*blame.frame.function) {
        lw_strbuf_adds(out, "- **Allocated by:** ");
        add_place(out, blame.frame.function, blame.frame.file, blame.frame.line);
        add_share(out, blame.share);
    }
}

static void add_what(struct lw_strbuf *out, const struct report_growth *s)
{
    lw_strbuf_adds(out, "- **What:** ");
    if (*or_empty(s->type.name))
        add_code(out, s->type.name);
    else
        lw_strbuf_adds(out, "the type is not known");
    add_labelled(out, ", allocated as ", s->type.kind);
    if (!*or_empty(s->type.name))
        add_labelled(out, ": ", s->type.unresolved);
    lw_strbuf_adds(out, "\n");
    if (s->stack.count) {
        const struct report_frame *f = &s->stack.frames[s->stack.responsible];
        lw_strbuf_adds(out, "- **Allocated by:** ");
        add_place(out, f->function, f->file, f->line);
        lw_strbuf_adds(out, "\n");
    }
}

/* Times are told to the minute, so an interval within one is told as that minute. */
static void add_onset(struct lw_strbuf *out, const struct report_growth *s)
{
    lw_strbuf_adds(out, "\n- **Since:** ");
    if (!s->onset_from.ns || !s->onset_to.ns) {
        lw_strbuf_adds(out, "not known\n");
        return;
    }
    struct report_word from = report_word_time(s->onset_from);
    struct report_word to = report_word_time(s->onset_to);
    if (strcmp(from.text, to.text) == 0)
        lw_strbuf_addf(out, "about %s\n", from.text);
    else
        lw_strbuf_addf(out, "between %s and %s\n", from.text, to.text);
}

static void add_speed(struct lw_strbuf *out, const struct report_growth *s)
{
    lw_strbuf_addf(out, "- **How fast:** %s", report_word_rate_interval(&s->rate).text);
    if (isfinite(s->window_s))
        lw_strbuf_addf(out, ", measured over %s", report_word_duration(s->window_s).text);
    lw_strbuf_addf(out, "; %s in use now", report_word_bytes((double)s->values.inuse_bytes).text);
    if (*or_empty(s->verdict))
        add_labelled(out, "; verdict ", s->verdict);
    lw_strbuf_adds(out, "\n- **Kept:** ");
    if (isfinite(s->retention))
        lw_strbuf_addf(out, "%.0f %% of what is allocated stays", 100 * s->retention);
    else
        lw_strbuf_adds(out, "not known");
    if (isfinite(s->age_s))
        lw_strbuf_addf(out, "; mean age %s", report_word_duration(s->age_s).text);
    add_onset(out, s);
}

static void add_build(struct lw_strbuf *out, const struct report_facts *facts)
{
    const struct report_target *t = &facts->target;
    const struct report_first_seen *f = &facts->first_seen;
    lw_strbuf_adds(out, "- **Build:** ");
    if (!*or_empty(t->build_id))
        lw_strbuf_adds(out, "not known (no binary was found)");
    add_labelled(out, "", t->version);
    add_labelled(out, " revision ", t->revision);
    add_labelled(out, " id ", t->build_id);
    add_labelled(out, ", ", t->go_version);
    const char *first = *or_empty(f->version) ? f->version : f->build_id;
    add_labelled(out, "; first seen in ", first);
    add_labelled(out, ", absent in ", f->absent_in);
    lw_strbuf_adds(out, "\n");
    if (facts->replicas)
        lw_strbuf_addf(out, "- **Replicas:** %zu of %zu of the job show it\n",
            facts->replicas_growing, facts->replicas);
}

static void add_memory(struct lw_strbuf *out, const struct report_facts *facts)
{
    const struct report_memory *m = &facts->memory;
    if (isfinite(m->rss))
        lw_strbuf_addf(out,
            "- **Memory:** RSS %s = in use %s + idle %s + stacks %s + runtime %s + other %s\n",
            report_word_bytes(m->rss).text, report_word_bytes(m->inuse).text,
            report_word_bytes(m->idle).text, report_word_bytes(m->stacks).text,
            report_word_bytes(m->runtime).text, report_word_bytes(m->other).text);
    if (isnan(m->limit))
        return;
    lw_strbuf_addf(out, "- **Limit:** %s", report_word_bytes(m->limit).text);
    add_labelled(out, " from ", m->limit_source);
    if (!isnan(facts->limit_in_s.value))
        lw_strbuf_addf(out, ", reached in %s (%s to %s)",
            report_word_duration(facts->limit_in_s.value).text,
            report_word_duration(facts->limit_in_s.lo).text,
            report_word_duration(facts->limit_in_s.hi).text);
    lw_strbuf_adds(out, "\n");
}

static void add_head(struct lw_strbuf *out, const struct report_facts *facts)
{
    char title[REPORT_TITLE_BYTES];
    lw_strbuf_adds(out, "# ");
    add_prose(out, report_title(facts, title));
    lw_strbuf_adds(out, "\n\n- **Target:** ");
    add_code(out, or_empty(facts->target.job));
    add_labelled(out, " ", facts->target.instance);
    lw_strbuf_addf(out, ", captured %s", report_word_time(facts->opened_at).text);
    add_labelled(out, " by ", facts->trigger);
    add_labelled(out, ": ", facts->reason);
    lw_strbuf_adds(out, "\n");
    if (*or_empty(facts->subject.verdict)) {
        add_what(out, &facts->subject);
        add_blame(out, facts);
        add_speed(out, &facts->subject);
    } else {
        lw_strbuf_adds(out, "- Nothing is seen to grow.\n");
    }
    add_build(out, facts);
    add_memory(out, facts);
}

/* ---- diagnosis ---- */

static void add_notes(struct lw_strbuf *out, const char *mark, const struct report_notes *notes)
{
    for (size_t i = 0; i < notes->count; i++) {
        lw_strbuf_addf(out, "- %s ", mark);
        add_prose(out, notes->text[i]);
        lw_strbuf_adds(out, "\n");
    }
}

static void add_diagnosis(struct lw_strbuf *out, const struct report_diagnosis *diagnosis)
{
    lw_strbuf_adds(out, "\n## Diagnosis\n");
    if (!diagnosis->count)
        lw_strbuf_adds(out, "\nWhat was seen fits none of the known patterns.\n");
    for (size_t i = 0; i < diagnosis->count; i++) {
        const struct report_candidate *c = &diagnosis->list[i];
        lw_strbuf_addf(out, "\n**%s** (`%s`, %s)\n\n", report_pattern_title(c->pattern),
            report_pattern_word(c->pattern), report_strength_word(c->strength));
        add_notes(out, "for:", &c->evidence);
        add_notes(out, "but:", &c->against);
        lw_strbuf_addf(out, "\nWhat usually mends it: %s\n", c->fix);
    }
}

/* ---- tables ---- */

static void add_row_name(struct lw_strbuf *out, const struct report_row *row)
{
    const struct profile_frame *frame = row->site->frames[row->site->responsible];
    lw_strbuf_adds(out, "| ");
    if (row->type && *or_empty(row->type->name))
        add_code(out, row->type->name);
    else
        lw_strbuf_adds(out, "–");
    lw_strbuf_adds(out, " | ");
    add_place(out, frame->function, frame->file, frame->line);
}

static void add_gc(struct lw_strbuf *out, const struct report_facts *facts)
{
    struct report_table table;
    report_table_of_gc(&table, facts);
    if (!table.total)
        return;
    lw_strbuf_addf(out,
        "\n## Before and after a forced GC\n\n%s in use before, %s after; the %zu largest of %zu "
        "sites:\n\n| Type | Site | Allocated | In use | Freed by GC |\n|---|---|--:|--:|--:|\n",
        report_word_bytes((double)facts->before_gc->total.inuse_bytes).text,
        report_word_bytes((double)facts->after_gc->total.inuse_bytes).text, table.count,
        table.total);
    for (size_t i = 0; i < table.count; i++) {
        const struct report_row *row = &table.rows[i];
        double freed = (double)report_row_freed_bytes(row), held = (double)row->before.inuse_bytes;
        add_row_name(out, row);
        lw_strbuf_addf(out, " | %s | %s | %s (%.0f %%) |\n",
            report_word_bytes((double)row->before.alloc_bytes).text, report_word_bytes(held).text,
            report_word_bytes(freed).text, held > 0 ? 100 * freed / held : 0);
    }
}

static void add_diff(struct lw_strbuf *out, const struct report_facts *facts)
{
    struct report_table table;
    report_table_of_diff(&table, facts);
    if (!table.total)
        return;
    lw_strbuf_addf(out,
        "\n## Against the baseline of %s\n\n%s%s then, %s now; the %zu largest of %zu changes:\n\n"
        "| Type | Site | Then | Now | Change |\n|---|---|--:|--:|--:|\n",
        report_word_time(facts->baseline_at).text,
        report_baseline_is_late(facts) ? "None is from before the growth began: this one is the "
                                         "oldest. "
                                       : "",
        report_word_bytes((double)facts->baseline->total.inuse_bytes).text,
        report_word_bytes((double)facts->before_gc->total.inuse_bytes).text, table.count,
        table.total);
    for (size_t i = 0; i < table.count; i++) {
        double then = (double)table.rows[i].before.inuse_bytes;
        double now = (double)table.rows[i].after.inuse_bytes;
        add_row_name(out, &table.rows[i]);
        lw_strbuf_addf(out, " | %s | %s | %s%s |\n", report_word_bytes(then).text,
            report_word_bytes(now).text, now > then ? "+" : "", report_word_bytes(now - then).text);
    }
}

static void add_stack(struct lw_strbuf *out, const struct report_stack *stack)
{
    if (!stack->count)
        return;
    lw_strbuf_adds(out, "\n## Stack\n\n");
    for (size_t i = stack->leaf; i < stack->count && i < stack->leaf + STACK_SHOWN; i++) {
        const struct report_frame *f = &stack->frames[i];
        lw_strbuf_adds(out, i == stack->responsible ? "1. **→** " : "1. ");
        add_place(out, f->function, f->file, f->line);
        lw_strbuf_adds(out, "\n");
    }
}

static void add_goroutines(struct lw_strbuf *out, const struct report_facts *facts)
{
    if (!facts->goroutine_count)
        return;
    lw_strbuf_addf(out,
        "\n## Goroutines\n\n%lld in all.\n\n| Count | Growth | Waits for | Where |\n"
        "|--:|--:|---|---|\n",
        (long long)facts->goroutines_total);
    for (size_t i = 0; i < facts->goroutine_count && i < LIST_SHOWN; i++) {
        const struct report_goroutines *g = &facts->goroutines[i];
        lw_strbuf_addf(out, "| %lld | ", (long long)g->count);
        if (isfinite(g->growth_per_hour))
            lw_strbuf_addf(out, "%+.0f/h", g->growth_per_hour);
        lw_strbuf_adds(out, " | ");
        add_labelled(out, "", g->wait);
        lw_strbuf_adds(out, " | ");
        if (g->stack.count) {
            const struct report_frame *f = &g->stack.frames[g->stack.responsible];
            add_place(out, f->function, f->file, f->line);
        }
        lw_strbuf_adds(out, g->shares_frames ? ", where the memory grows |\n" : " |\n");
    }
}

static void add_files(struct lw_strbuf *out, const struct report_facts *facts)
{
    if (!facts->file_count)
        return;
    lw_strbuf_adds(out, "\n## Evidence\n\n");
    for (size_t i = 0; i < facts->file_count && i < FILES_SHOWN; i++) {
        const struct report_file *file = &facts->files[i];
        bool is_ok = strcmp(or_empty(file->state), "ok") == 0;
        lw_strbuf_adds(out, "- ");
        add_code(out, or_empty(file->name));
        if (is_ok)
            lw_strbuf_addf(out, " %s", report_word_bytes((double)file->bytes).text);
        else
            add_labelled(out, " ", file->state);
        add_labelled(out, ": ", file->why);
        lw_strbuf_adds(out, "\n");
    }
}

int report_encode_markdown(const struct report_facts *facts,
    const struct report_diagnosis *diagnosis, struct lw_strbuf *out, struct lw_err *err)
{
    add_head(out, facts);
    add_diagnosis(out, diagnosis);
    add_stack(out, &facts->subject.stack);
    add_gc(out, facts);
    add_diff(out, facts);
    add_goroutines(out, facts);
    add_files(out, facts);
    if (out->failed)
        return lw_err_set(
            err, LW_TOO_LARGE, "the report is larger than its limit of %zu bytes", out->limit);
    return 0;
}
