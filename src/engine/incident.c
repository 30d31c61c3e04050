#include "engine/incident.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "engine/engine_priv.h"
#include "profile/goroutines.h"

#define REPORT_BYTES_MAX ((size_t)4 << 20)
#define GROUPS_MAX       10 /* of goroutines, the largest, that a report shows */
#define FILES_MAX        (CAPTURE_STEP_COUNT + 2)

/* What is decoded of a bundle and read of the baselines, while a report is written. */
struct reading {
    struct incident_work *work;
    struct profile *heap;
    struct profile *heap_gc;
    struct profile *baseline;
    struct profile_goroutines *goroutines;
    struct evidence_baseline before; /* the onset, or the oldest */
    struct evidence_baseline last;   /* of a target that is gone */
    struct report_goroutines groups[GROUPS_MAX];
    struct report_file files[FILES_MAX];
    struct report_diagnosis diagnosis;
};

/* ---- reading ---- */

static const struct capture_item *item_of(const struct reading *r, enum capture_step step)
{
    return &r->work->bundle->items[step];
}

/* NULL where there is none, or none that can be read: the file is kept, and the report goes without
 * it. */
static struct profile *decode(const struct reading *r, const void *body, size_t len)
{
    struct lw_err unread;
    return body ? profile_decode(body, len, &r->work->limits, &unread) : NULL;
}

/* One from before the onset; of what leaks since it was first seen there is none, and the oldest
 * tells at least what has grown since. */
static void read_before(struct reading *r, struct lw_wall onset)
{
    const struct evidence *evidence = r->work->evidence;
    uint64_t target_id = r->work->incident->target_id;
    struct lw_err none;
    if (evidence_baseline_before(evidence, target_id, onset, &r->before, &none) == 0)
        return;
    if (evidence_baseline_since(evidence, target_id, onset, &r->before, &none) < 0)
        r->before = (struct evidence_baseline){0};
}

static void read_baselines(struct reading *r)
{
    const struct incident_work *work = r->work;
    const struct evidence_incident *incident = work->incident;
    struct lw_err none;
    if (!work->evidence)
        return;
    struct lw_wall onset = work->facts->report.subject.onset_from;
    read_before(r, onset.ns ? onset : incident->opened);
    bool is_gone = item_of(r, CAPTURE_HEAP)->state != CAPTURE_OK;
    if (!is_gone ||
        evidence_baseline_last(work->evidence, incident->target_id, &r->last, &none) < 0)
        r->last = (struct evidence_baseline){0};
}

static void read_bundle(struct reading *r)
{
    const struct capture_item *heap = item_of(r, CAPTURE_HEAP);
    const struct capture_item *heap_gc = item_of(r, CAPTURE_HEAP_GC);
    const struct capture_item *goroutines = item_of(r, CAPTURE_GOROUTINE);
    struct lw_err unread;
    r->heap = decode(r, heap->body, heap->len);
    r->heap_gc = decode(r, heap_gc->body, heap_gc->len);
    r->baseline = decode(r, r->before.bytes, r->before.len);
    if (goroutines->body)
        r->goroutines =
            profile_goroutines_decode(goroutines->body, goroutines->len, &r->work->limits, &unread);
}

static void reading_fini(struct reading *r)
{
    profile_free(&r->heap);
    profile_free(&r->heap_gc);
    profile_free(&r->baseline);
    profile_goroutines_free(&r->goroutines);
    evidence_baseline_fini(&r->before);
    evidence_baseline_fini(&r->last);
}

/* ---- facts of the bundle ---- */

/* The stack of a group, in the arena of the facts; the texts stay the profile's. */
static struct report_stack group_stack(
    struct facts *facts, const struct profile_goroutines_group *group)
{
    size_t count = group->frame_count < STORE_FRAMES_MAX ? group->frame_count : STORE_FRAMES_MAX;
    struct report_frame *frames = lw_arena_new_array(facts->memory, count, sizeof *frames);
    if (!frames)
        return (struct report_stack){0};
    for (size_t i = 0; i < count; i++)
        frames[i] = (struct report_frame){
            group->frames[i]->function, group->frames[i]->file, group->frames[i]->line};
    return (struct report_stack){.frames = frames,
        .count = count,
        .leaf = group->leaf < count ? group->leaf : 0,
        .responsible = group->responsible < count ? group->responsible : 0};
}

static const struct facts_group *past_of(const struct facts *facts, uint64_t group_id)
{
    for (size_t i = 0; i < facts->group_count; i++) {
        if (facts->groups[i].id == group_id)
            return &facts->groups[i];
    }
    return NULL;
}

static struct report_goroutines group_told(
    struct facts *facts, const struct profile_goroutines_group *group)
{
    const struct facts_group *past = past_of(facts, group->id);
    return (struct report_goroutines){
        .id = group->id,
        .count = group->count,
        .growth_per_hour = past ? past->growth_per_hour : NAN,
        .wait = profile_wait_word(group->wait),
        .created_by = "",
        .stack = group_stack(facts, group),
        .shares_frames = past && past->may_hold,
    };
}

/* Those that grow first, then the largest. */
static void tell_goroutines(struct reading *r)
{
    struct facts *facts = r->work->facts;
    struct report_facts *report = &facts->report;
    if (!r->goroutines)
        return;
    report->goroutines_total = r->goroutines->total;
    report->goroutines = r->groups;
    for (int growing = 1; growing >= 0; growing--) {
        for (size_t i = 0; i < r->goroutines->group_count; i++) {
            const struct profile_goroutines_group *group = &r->goroutines->groups[i];
            const struct facts_group *past = past_of(facts, group->id);
            if ((past && past->is_growing) == growing && report->goroutine_count < GROUPS_MAX)
                r->groups[report->goroutine_count++] = group_told(facts, group);
        }
    }
}

static double known_bytes(const struct store_memory_look *look, enum store_memory_part part)
{
    int64_t bytes = store_memory_part_bytes(look, part);
    return bytes ? (double)bytes : NAN;
}

static void tell_memory(struct reading *r)
{
    struct incident_work *work = r->work;
    const struct capture_item *item = item_of(r, CAPTURE_MEMSTATS);
    struct report_memory *memory = &work->facts->report.memory;
    struct lw_err unread;
    if (!item->body)
        return;
    struct engine_memory_source from = {
        .address = work->address,
        .at = item->taken,
        .ask_host = work->ask_host && r->heap && r->heap->mapping_count,
        .text = item->body,
        .len = item->len,
    };
    if (from.ask_host) {
        from.mapping_start = r->heap->mappings[0].start;
        from.mapping_limit = r->heap->mappings[0].limit;
    }
    work->look = engine_memory_read(&from, &unread);
    if (!work->look)
        return;
    memory->rss = known_bytes(work->look, STORE_MEMORY_RSS);
    memory->inuse = known_bytes(work->look, STORE_MEMORY_INUSE);
    memory->idle = known_bytes(work->look, STORE_MEMORY_IDLE);
    memory->stacks = known_bytes(work->look, STORE_MEMORY_STACKS);
    memory->runtime = known_bytes(work->look, STORE_MEMORY_RUNTIME);
    memory->other = known_bytes(work->look, STORE_MEMORY_OTHER);
}

static void tell_files(struct reading *r)
{
    struct report_facts *report = &r->work->facts->report;
    size_t count = 0;
    for (int i = 0; i < CAPTURE_STEP_COUNT; i++) {
        const struct capture_item *item = item_of(r, (enum capture_step)i);
        r->files[count++] = (struct report_file){capture_step_file((enum capture_step)i),
            capture_state_word(item->state), item->why, item->len};
    }
    if (r->before.bytes)
        r->files[count++] = (struct report_file){"baseline.pb.gz", "ok", "", r->before.len};
    if (r->last.bytes)
        r->files[count++] = (struct report_file){"last.pb.gz", "ok", "", r->last.len};
    report->files = r->files;
    report->file_count = count;
}

static void tell_report(struct reading *r)
{
    const struct evidence_incident *incident = r->work->incident;
    struct report_facts *report = &r->work->facts->report;
    report->incident_id = incident->id;
    report->trigger = evidence_trigger_word(incident->trigger);
    report->reason = r->work->reason;
    report->opened_at = incident->opened;
    report->written_at = incident->finished;
    report->before_gc = r->heap;
    report->after_gc = r->heap_gc;
    report->baseline = r->baseline;
    report->baseline_at = r->before.taken;
    tell_goroutines(r);
    tell_memory(r);
    tell_files(r);
}

/* ---- the incident ---- */

static char *known(const char *text)
{
    return text && text[0] ? lw_strdup(text) : NULL;
}

static void describe(
    struct evidence_incident *incident, const struct facts *facts, enum report_pattern pattern)
{
    const struct report_growth *subject = &facts->report.subject;
    char title[REPORT_TITLE_BYTES];
    struct report_blame blame;
    incident->subject = facts->subject;
    free(incident->title); /* of what was known when it was opened */
    incident->title = lw_strdup(report_title(&facts->report, title));
    report_blame(&facts->report, &blame);
    incident->type = known(subject->type.name);
    if (!incident->type)
        incident->type = known(blame.type);
    if (subject->stack.count)
        incident->site = known(subject->stack.frames[subject->stack.responsible].function);
    else
        incident->site = known(blame.frame.function);
    incident->verdict = known(subject->verdict);
    if (pattern != REPORT_NO_PATTERN)
        incident->pattern = lw_strdup(report_pattern_word(pattern));
    incident->rate = subject->rate.value;
    incident->rate_lo = subject->rate.lo;
    incident->rate_hi = subject->rate.hi;
    incident->onset_from = subject->onset_from;
    incident->onset_to = subject->onset_to;
}

static void judge_state(struct evidence_incident *incident, const struct capture_bundle *bundle)
{
    incident->state = bundle->ok_count ? EVIDENCE_READY : EVIDENCE_FAILED;
    if (bundle->ok_count)
        return;
    free(incident->why);
    incident->why = lw_strdup(bundle->items[CAPTURE_HEAP].why);
}

/* ---- the report ---- */

struct report_text {
    struct lw_strbuf json;
    struct lw_strbuf markdown;
};

/* To be freed in either case. */
static int encode(const struct reading *r, struct report_text *text, struct lw_err *err)
{
    const struct report_facts *facts = &r->work->facts->report;
    lw_strbuf_init(&text->json, REPORT_BYTES_MAX);
    lw_strbuf_init(&text->markdown, REPORT_BYTES_MAX);
    int rc = report_encode_json(facts, &r->diagnosis, &text->json, err);
    if (rc == 0)
        rc = report_encode_markdown(facts, &r->diagnosis, &text->markdown, err);
    return rc;
}

static void report_text_fini(struct report_text *text)
{
    lw_strbuf_fini(&text->json);
    lw_strbuf_fini(&text->markdown);
}

/* ---- writing ---- */

static enum evidence_file_state file_state(enum capture_state state)
{
    switch (state) {
    case CAPTURE_OK:
        return EVIDENCE_FILE_OK;
    case CAPTURE_REFUSED:
    case CAPTURE_UNSUPPORTED:
        return EVIDENCE_FILE_REFUSED;
    case CAPTURE_FAILED:
        break;
    }
    return EVIDENCE_FILE_FAILED;
}

/* What cannot be written, because the disk is full, say, is noted by the draft and the rest goes
 * on: the next file may be a smaller one. */
static void add_file(
    struct evidence_draft *draft, const struct evidence_file *file, const void *bytes, size_t len)
{
    struct lw_err noted;
    if (evidence_draft_add(draft, file, bytes, len, &noted) < 0)
        lw_err_clear(&noted);
}

static void add(struct evidence_draft *draft, const char *name, struct lw_wall taken,
    const struct lw_strbuf *bytes)
{
    struct evidence_file file = {.state = EVIDENCE_FILE_OK, .taken = taken};
    strncpy(file.name, name, sizeof file.name - 1);
    add_file(draft, &file, bytes->data, bytes->len);
}

static void add_item(
    struct evidence_draft *draft, enum capture_step step, const struct capture_item *item)
{
    struct evidence_file file = {.state = file_state(item->state),
        .taken = item->taken,
        .why = item->why[0] ? (char *)item->why : NULL};
    strncpy(file.name, capture_step_file(step), sizeof file.name - 1);
    add_file(draft, &file, item->body, item->len);
}

static void add_baseline(
    struct evidence_draft *draft, const char *name, const struct evidence_baseline *baseline)
{
    struct lw_strbuf bytes = {.data = baseline->bytes, .len = baseline->len};
    if (baseline->bytes)
        add(draft, name, baseline->taken, &bytes);
}

#define JSON_NAME     "report.json"
#define MARKDOWN_NAME "report.md"

/* The report goes first: where the disk becomes full, it is what one would rather have. */
static void add_all(
    struct evidence_draft *draft, const struct reading *r, const struct report_text *text)
{
    struct lw_wall now = r->work->incident->finished;
    add(draft, JSON_NAME, now, &text->json);
    add(draft, MARKDOWN_NAME, now, &text->markdown);
    for (int i = 0; i < CAPTURE_STEP_COUNT; i++)
        add_item(draft, (enum capture_step)i, item_of(r, (enum capture_step)i));
    add_baseline(draft, "baseline.pb.gz", &r->before);
    add_baseline(draft, "last.pb.gz", &r->last);
}

static void judge_writing(struct evidence_incident *incident, const struct evidence_draft *draft)
{
    const char *first;
    char why[EVIDENCE_TEXT_BYTES_MAX];
    size_t lost = evidence_draft_lost(draft, &first);
    if (lost == 0)
        return;
    snprintf(why, sizeof why, "%zu of its files could not be kept: %s", lost, first);
    incident->state = EVIDENCE_FAILED;
    free(incident->why);
    incident->why = lw_strdup(why);
}

/* Whether files that the report says are there could not be kept; from now on it says so. */
static bool note_losses(struct reading *r, const struct evidence_draft *draft)
{
    bool is_new = false;
    for (size_t i = 0; i < r->work->facts->report.file_count; i++) {
        struct report_file *told = &r->files[i];
        const struct evidence_file *file = evidence_draft_file(draft, told->name);
        if (strcmp(told->state, "ok") != 0 || !file || file->state == EVIDENCE_FILE_OK)
            continue;
        told->state = capture_state_word(CAPTURE_FAILED);
        told->why = file->why;
        is_new = true;
    }
    return is_new;
}

static void write_anew(
    struct evidence_draft *draft, const char *name, const struct lw_strbuf *bytes)
{
    struct lw_err noted;
    if (evidence_draft_rewrite(draft, name, bytes->data, bytes->len, &noted) < 0)
        lw_err_clear(&noted);
}

/* A report that cannot be written anew is none, rather than one that is wrong. */
static int write_report_anew(struct reading *r, struct evidence_draft *draft, struct lw_err *err)
{
    struct report_text text;
    int rc = encode(r, &text, err);
    if (rc == 0) {
        write_anew(draft, JSON_NAME, &text.json);
        write_anew(draft, MARKDOWN_NAME, &text.markdown);
    }
    report_text_fini(&text);
    return rc;
}

/* Files may be lost while they are added, while room is made for the manifest, and again for the
 * report that says so. Ends, because each is told of once. */
static int settle(struct reading *r, struct evidence_draft *draft, struct lw_err *err)
{
    int rc = 0;
    bool is_stale = note_losses(r, draft);
    do {
        if (is_stale)
            rc = write_report_anew(r, draft, err);
        judge_writing(r->work->incident, draft);
        if (rc == 0)
            rc = evidence_draft_seal(draft, r->work->incident, err);
        is_stale = note_losses(r, draft);
    } while (rc == 0 && is_stale);
    return rc;
}

static int write_evidence(struct reading *r, const struct report_text *text, struct lw_err *err)
{
    const struct incident_work *work = r->work;
    struct evidence_draft *draft = evidence_draft_new(work->evidence, work->incident->id, err);
    if (!draft)
        return -1;
    add_all(draft, r, text);
    if (settle(r, draft, err) == 0)
        return evidence_draft_finish(&draft, work->incident, err);
    evidence_draft_free(&draft);
    evidence_incident_forget_files(work->incident);
    return -1;
}

static int write_all(struct reading *r, struct lw_err *err)
{
    struct incident_work *work = r->work;
    struct report_text text;
    report_diagnose(&work->facts->report, &r->diagnosis);
    describe(work->incident, work->facts, report_diagnosis_pattern(&r->diagnosis));
    int rc = encode(r, &text, err);
    if (rc == 0 && work->evidence)
        rc = write_evidence(r, &text, err);
    report_text_fini(&text);
    return rc;
}

void incident_write(struct incident_work *work)
{
    struct reading r = {.work = work};
    struct lw_err err;
    judge_state(work->incident, work->bundle);
    read_baselines(&r);
    read_bundle(&r);
    tell_report(&r);
    if (write_all(&r, &err) < 0) {
        work->incident->state = EVIDENCE_FAILED;
        work->incident->upload = EVIDENCE_UPLOAD_NONE; /* there is nothing to copy */
        free(work->incident->why);
        work->incident->why = lw_strdup(err.msg);
    }
    reading_fini(&r);
}

void incident_work_fini(struct incident_work *work)
{
    evidence_incident_free(&work->incident);
    capture_bundle_free(&work->bundle);
    facts_free(&work->facts);
    free(work->look);
    free(work->address);
}
