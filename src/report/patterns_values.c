/* Patterns that show in what is allocated: closures, maps, slices, errors. */
#include <stdio.h>
#include <string.h>

#include "report/patterns.h"
#include "report/words.h"

#define PART_MAX        .125 /* of an array: what is kept of it is then little */
#define ARRAY_BYTES_MIN 4096 /* smaller arrays are not worth being held by a slice */
#define RETENTION_HIGH  .8   /* of what is allocated this share stays */
#define SLOW_SHARE_MAX  .1   /* of the heap, gained over the window */
#define POINTER_BYTES   8
#define SAMPLES_MIN     8 /* of what is seen nearly always */
#define LARGE_HEAP_MIN  ((int64_t)256 << 20)

static bool is(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static bool is_subject_retained(const struct report_signs *signs)
{
    return signs->facts->subject.retention >= RETENTION_HIGH;
}

static void note_retention(const struct report_signs *signs, struct report_candidate *c)
{
    if (!c->score || !is_subject_retained(signs))
        return;
    c->score++;
    report_notes_add(&c->evidence, "%.0f %% of what is allocated there is never freed",
        100 * signs->facts->subject.retention);
}

/* ---- closures ---- */

static bool is_closure(const struct report_sign *sign)
{
    return is(report_sign_kind(sign), "closure") || report_type_is_closure(report_sign_type(sign));
}

/* Code that is instantiated shows its shape in its name, or only dots where that was cut. */
static bool is_generic(const struct report_sign *sign)
{
    const char *function = report_sign_responsible(sign);
    return strstr(function, "[go.shape.") || strstr(function, "[...]") ||
           strstr(report_sign_type(sign), "go.shape.");
}

static const struct report_sign *find_closure(const struct report_signs *signs)
{
    static const char *const timers[] = {"time.", "context.", NULL};
    for (size_t i = 0; i < signs->count; i++) {
        if (is_closure(&signs->list[i]) && !report_sign_calls(&signs->list[i], timers))
            return &signs->list[i];
    }
    return NULL;
}

/* A map or slice of functions. */
static const struct report_sign *find_function_container(const struct report_signs *signs)
{
    for (size_t i = 0; i < signs->count; i++) {
        const char *type = report_sign_type(&signs->list[i]);
        const char *value = report_type_map_value(type);
        if (!value && strncmp(type, "[]", 2) == 0)
            value = type + 2;
        if (value && strncmp(value, "func(", 5) == 0)
            return &signs->list[i];
    }
    return NULL;
}

/* What grows: the subject, or, where that is the heap's total, the first of what it is the sum of
 * that the closures captured. */
static const char *find_captured(const struct report_signs *signs, const char *captured)
{
    const char *subject = report_sign_type(&signs->list[0]);
    if (*subject)
        return report_type_holds(captured, subject) ? subject : NULL;
    for (size_t i = 1; i < signs->count; i++) {
        const char *type = report_sign_type(&signs->list[i]);
        if (signs->list[i].grew && *type && report_type_holds(captured, type))
            return type;
    }
    return NULL;
}

static void judge_captured(
    const struct report_signs *signs, const struct report_sign *closure, struct report_candidate *c)
{
    size_t len;
    const char *captured = report_type_captured(report_sign_type(closure), &len);
    if (!captured)
        return;
    const char *grown = closure->is_subject ? NULL : find_captured(signs, captured);
    report_notes_add(&c->evidence, "each captured %.*s", (int)(len < 120 ? len : 120), captured);
    if (grown) {
        c->score += 2;
        report_notes_add(&c->evidence, "what grows, %.80s, is among what they captured", grown);
    }
}

static void judge_closures(
    const struct report_signs *signs, const struct report_sign *closure, struct report_candidate *c)
{
    c->score += closure->is_subject ? 3 : closure->grew ? 2 : 1;
    report_notes_add(&c->evidence, "closures are made in %.100s", report_sign_responsible(closure));
    judge_captured(signs, closure, c);
    const struct report_sign *container = find_function_container(signs);
    if (container) {
        c->score += container->grew ? 3 : 2;
        report_notes_add(&c->evidence, "a container of functions, %.100s, %s",
            report_sign_type(container), report_sign_relation(container));
    } else {
        report_notes_add(&c->against, "no map or slice of functions was seen to grow with it");
    }
    note_retention(signs, c);
}

void report_judge_closure_map(const struct report_signs *signs, struct report_candidate *c)
{
    const struct report_sign *closure = find_closure(signs);
    if (closure && !is_generic(closure))
        judge_closures(signs, closure, c);
}

void report_judge_generic_registry(const struct report_signs *signs, struct report_candidate *c)
{
    const struct report_sign *closure = find_closure(signs);
    if (!closure || !is_generic(closure))
        return;
    c->score++;
    report_notes_add(&c->evidence, "the code that makes them is generic");
    judge_closures(signs, closure, c);
}

/* ---- maps ---- */

static bool is_map(const struct report_sign *sign)
{
    static const char *const growing[] = {
        "internal/runtime/maps.", "runtime.mapassign", "runtime.hashGrow", NULL};
    return is(report_sign_kind(sign), "map") || report_type_is_map(report_sign_type(sign)) ||
           report_sign_calls(sign, growing);
}

static bool is_interface_map(const struct report_sign *sign)
{
    const char *value = report_type_map_value(report_sign_type(sign));
    return value && report_type_is_interface(value);
}

/* The types that are boxed, each once, at most three; returns their number. */
static size_t note_boxed(const struct report_signs *signs, struct report_candidate *c)
{
    const char *seen[3] = {"", "", ""};
    size_t count = 0;
    for (size_t i = 0; i < signs->count && count < 3; i++) {
        const struct report_sign *sign = &signs->list[i];
        const char *type = report_sign_type(sign);
        bool is_new = !is(type, seen[0]) && !is(type, seen[1]);
        if (!is(report_sign_kind(sign), "boxing") || (count && !is_new))
            continue;
        seen[count++] = type;
        report_notes_add(&c->evidence, "%.80s is boxed into interfaces in %.80s",
            *type ? type : "a value", report_sign_responsible(sign));
    }
    return count;
}

void report_judge_any_map(const struct report_signs *signs, struct report_candidate *c)
{
    const struct report_sign *map = NULL;
    for (size_t i = 0; i < signs->count && !map; i++) {
        if (is_interface_map(&signs->list[i]))
            map = &signs->list[i];
    }
    if (!map)
        return;
    c->score = map->is_subject ? 4 : map->grew ? 3 : 2;
    report_notes_add(&c->evidence, "the map %.100s %s", report_sign_type(map),
        map->is_subject ? "grows" : report_sign_relation(map));
    size_t boxed = note_boxed(signs, c);
    c->score += boxed ? 2 : 0;
    if (!boxed)
        report_notes_add(&c->against, "no boxing of values was seen beside it");
    note_retention(signs, c);
}

/* A map (or else a slice) that can hold things of a type. */
static const struct report_sign *find_holder(
    const struct report_signs *signs, const char *held, bool of_maps)
{
    for (size_t i = 0; i < signs->count; i++) {
        const char *type = report_sign_type(&signs->list[i]);
        bool fits = of_maps ? report_type_is_map(type) : strncmp(type, "[]", 2) == 0;
        if (fits && report_type_holds(type, held))
            return &signs->list[i];
    }
    return NULL;
}

static const struct report_sign *find_plain_map(const struct report_signs *signs)
{
    for (size_t i = 0; i < signs->count; i++) {
        const struct report_sign *sign = &signs->list[i];
        if (is_map(sign) && !is_interface_map(sign) && sign->grew)
            return sign;
    }
    return NULL;
}

static bool is_array(const struct report_sign *sign)
{
    const char *kind = report_sign_kind(sign), *type = report_sign_type(sign);
    return is(kind, "slice") || is(kind, "slice growth") || is(kind, "string") ||
           strncmp(type, "[]", 2) == 0 || is(type, "string");
}

static void judge_holder(const struct report_signs *signs, struct report_candidate *c)
{
    const char *subject = report_sign_type(&signs->list[0]);
    const struct report_sign *holder = find_holder(signs, subject, true);
    const struct report_sign *map = find_plain_map(signs);
    if (holder) {
        c->score += holder->grew ? 4 : 3;
        report_notes_add(&c->evidence, "%.100s, which holds %.80s, %s", report_sign_type(holder),
            subject, report_sign_relation(holder));
    } else if (map) {
        c->score += map->is_subject ? 4 : 2;
        const char *type = report_sign_type(map);
        report_notes_add(&c->evidence, "%s%.100s %s", *type ? "the map " : "a map", type,
            map->is_subject ? "grows" : report_sign_relation(map));
    } else if ((holder = find_holder(signs, subject, false))) {
        c->score += is_array(&signs->list[0]) ? 2 : 3; /* parts of arrays may lie in lists, too */
        report_notes_add(&c->evidence, "%.100s, a list which holds it, %s",
            report_sign_type(holder), report_sign_relation(holder));
    }
}

void report_judge_cache_unbounded(const struct report_signs *signs, struct report_candidate *c)
{
    static const char *const lists[] = {"container/list.", NULL};
    judge_holder(signs, c);
    const char *list = NULL;
    for (size_t i = 0; i < signs->count && !list; i++)
        list = report_sign_calls(&signs->list[i], lists);
    if (list) {
        c->score += 2;
        report_notes_add(&c->evidence, "%.60s is called there: a list as caches keep", list);
    }
    if (!c->score)
        return;
    note_retention(signs, c);
    report_notes_add(&c->against,
        "whether anything is ever removed cannot be seen; a cache that is still being filled looks "
        "the same until its growth slows down");
}

/* ---- arrays ---- */

/* What the program's code keeps of each array, if that is little of it. Where a type is the
 * subject, its sites may differ in size: that makes their mean smaller, and this rarer. */
static const struct report_fate *find_small_part(const struct report_sign *subject, double bytes)
{
    const struct report_fate *fate = report_sign_fate(subject);
    bool is_known = fate && *fate->kept_in;
    return is_known && fate->kept_bytes <= PART_MAX * bytes ? fate : NULL;
}

/* The subject; where that is the heap's total, the first array of what it is the sum of that the
 * code keeps little of. */
static const struct report_sign *find_array(const struct report_signs *signs)
{
    const struct report_sign *subject = &signs->list[0];
    if (*report_sign_type(subject) || *report_sign_responsible(subject))
        return subject;
    for (size_t i = 1; i < signs->count; i++) {
        const struct report_sign *sign = &signs->list[i];
        if (sign->grew && is_array(sign) && find_small_part(sign, report_sign_object_bytes(sign)))
            return sign;
    }
    return subject;
}

void report_judge_subslice(const struct report_signs *signs, struct report_candidate *c)
{
    static const char *const readers[] = {"io.ReadAll", "io/ioutil.ReadAll", "os.ReadFile",
        "bytes.(*Buffer).", "bufio.(*", "strings.Repeat", "strings.(*Builder).", "encoding/", NULL};
    const struct report_sign *subject = find_array(signs);
    double bytes = report_sign_object_bytes(subject);
    if (!is_array(subject) || bytes < ARRAY_BYTES_MIN)
        return;
    c->score = 2;
    report_notes_add(&c->evidence, "arrays of %.0f bytes each are kept (%.80s)", bytes,
        *report_sign_type(subject) ? report_sign_type(subject) : report_sign_kind(subject));
    const char *reader = report_sign_calls(subject, readers);
    if (reader) {
        c->score++;
        report_notes_add(
            &c->evidence, "they come from %.80s, of which often a part is kept", reader);
    }
    const struct report_sign *list = find_holder(signs, report_sign_type(subject), false);
    if (list) {
        c->score++;
        report_notes_add(&c->evidence, "%.100s, which can refer to parts of them, %s",
            report_sign_type(list), report_sign_relation(list));
    }
    const struct report_fate *part = find_small_part(subject, bytes);
    if (!part) {
        report_notes_add(&c->against,
            "how much of each array is still referred to cannot be seen in a heap profile: they "
            "may be kept as a whole");
        return;
    }
    c->score += 3;
    report_notes_add(&c->evidence,
        "%.100s keeps a slice or string of %.0f bytes of each, and with it all of the array",
        part->kept_in, part->kept_bytes);
    report_notes_add(
        &c->against, "a function that the array is passed on to may keep all of it on purpose");
    note_retention(signs, c);
}

/* ---- errors ---- */

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);
    return len >= end_len && is(text + len - end_len, end);
}

void report_judge_error_chain(const struct report_signs *signs, struct report_candidate *c)
{
    static const char *const makers[] = {
        "fmt.Errorf", "fmt.errorf", "errors.Join", "errors.join", "github.com/pkg/errors.", NULL};
    static const char *const types[] = {"fmt.wrapError", "fmt.wrapErrors", "errors.joinError",
        "errors.errorString", "github.com/pkg/errors.", "[]error", NULL};
    int subject = 0, beside = 0;
    for (size_t i = 0; i < signs->count; i++) {
        const struct report_sign *sign = &signs->list[i];
        const char *maker = report_sign_calls(sign, makers);
        const char *type = report_sign_type(sign);
        bool known = false;
        for (const char *const *t = types; *t; t++)
            known |= strncmp(type, *t, strlen(*t)) == 0;
        bool named = sign->is_subject && ends_with(type, "Error");
        if (!maker && !known && !named)
            continue;
        *(sign->is_subject ? &subject : &beside) += (maker ? 2 : 0) + (known || named ? 3 : 0);
        report_notes_add(&c->evidence, "%.80s%s%.60s %s", *type ? type : "memory",
            maker ? " made by " : "", maker ? maker : "",
            sign->is_subject ? "grows" : report_sign_relation(sign));
    }
    c->score = subject + (beside < 3 ? beside : 3);
    if (ends_with(report_sign_type(&signs->list[0]), "Error"))
        report_notes_add(&c->against, "that it is an error is told from its name alone");
    int64_t objects = signs->facts->subject.values.inuse_objects;
    if (subject && objects > 0)
        report_notes_add(&c->evidence,
            "%lld of them are in use: so long is the chain if each wraps the one before",
            (long long)objects);
    note_retention(signs, c);
}

/* ---- what hides ---- */

/* An object of a type with a name. */
static const struct report_sign *find_object(const struct report_signs *signs)
{
    for (size_t i = 0; i < signs->count; i++) {
        const struct report_sign *sign = &signs->list[i];
        if (sign->grew && is(report_sign_kind(sign), "object") &&
            strchr(report_sign_type(sign), '.'))
            return sign;
    }
    return NULL;
}

/* The subject or what grows with it, if the program gives such objects finalizers: one that can be
 * part of a cycle before others. */
static const struct report_sign *find_finalized(const struct report_signs *signs)
{
    const struct report_sign *found = NULL;
    for (size_t i = 0; i < signs->count; i++) {
        const struct report_fate *fate = report_sign_fate(&signs->list[i]);
        if (!signs->list[i].grew || !fate || !*fate->finalizer_in)
            continue;
        if (*fate->cycle)
            return &signs->list[i];
        found = found ? found : &signs->list[i];
    }
    return found;
}

/* Of a site beside the subject, over the life of the process. */
static bool is_retained(const struct report_signs *signs, const struct report_sign *sign)
{
    if (sign->is_subject)
        return is_subject_retained(signs);
    if (!sign->site)
        return sign->growth->retention >= RETENTION_HIGH;
    const struct profile_values *v = &sign->site->values;
    return v->alloc_bytes > 0 && (double)v->inuse_bytes >= RETENTION_HIGH * (double)v->alloc_bytes;
}

/* The code says that there are finalizers, and which types lead back to themselves; that none of
 * these objects is freed is what such a cycle does. */
static void judge_finalized(
    const struct report_signs *signs, const struct report_sign *sign, struct report_candidate *c)
{
    const struct report_fate *fate = report_sign_fate(sign);
    const char *type = report_sign_type(sign);
    if (!*fate->cycle)
        return; /* as far as types tell: once out of reach it is finalized, and freed */
    const struct report_sign *holder = find_holder(signs, type, true);
    holder = holder ? holder : find_holder(signs, type, false);
    c->score = sign->is_subject ? 5 : 4;
    report_notes_add(
        &c->evidence, "%.100s gives objects of %.100s a finalizer", fate->finalizer_in, type);
    report_notes_add(&c->evidence,
        "such an object can refer to itself (%.160s), and then is never finalized or freed",
        fate->cycle);
    if (!is_retained(signs, sign)) {
        c->score -= 3;
        report_notes_add(&c->against, "a part of what is allocated there is freed");
    }
    if (holder) {
        c->score -= 3;
        report_notes_add(
            &c->against, "%.100s holds them: they may just be in use", report_sign_type(holder));
    }
    note_retention(signs, c);
}

/* Without the code's word: objects that stay, and nothing that holds them. */
static void guess_finalizer(const struct report_signs *signs, struct report_candidate *c)
{
    const struct report_sign *object = find_object(signs);
    if (!object || !is_subject_retained(signs) || find_plain_map(signs))
        return;
    const char *type = report_sign_type(object);
    if (find_holder(signs, type, true) || find_holder(signs, type, false))
        return;
    c->score = 2;
    report_notes_add(
        &c->evidence, "objects of %.100s stay, and no container was seen to hold them", type);
    report_notes_add(&c->against, "no call of runtime.SetFinalizer for that type is known: look "
                                  "for one that is given an interface, and for a cycle");
    /* A list that is not seen says little where Go would have sampled it a few times at most. */
    double list_bytes = POINTER_BYTES * (double)signs->facts->subject.values.inuse_objects;
    if (list_bytes < SAMPLES_MIN * (double)signs->facts->target.period_bytes)
        report_notes_add(&c->against, "a list of them has no more than %s, which Go may not sample",
            report_word_bytes(list_bytes).text);
}

void report_judge_finalizer_cycle(const struct report_signs *signs, struct report_candidate *c)
{
    const struct report_sign *finalized = find_finalized(signs);
    if (finalized)
        judge_finalized(signs, finalized, c);
    else
        guess_finalizer(signs, c);
}

void report_judge_slow(const struct report_signs *signs, struct report_candidate *c)
{
    const struct report_facts *facts = signs->facts;
    int64_t heap = facts->before_gc ? facts->before_gc->total.inuse_bytes : 0;
    double share = facts->subject.rate.value * facts->subject.window_s / (double)heap;
    if (heap < LARGE_HEAP_MIN || !(share > 0 && share <= SLOW_SHARE_MAX))
        return;
    c->score = 4;
    report_notes_add(&c->evidence, "it grows by %s within %s in use: %.1f %% of that in %s",
        report_word_rate(facts->subject.rate.value).text, report_word_bytes((double)heap).text,
        100 * share, report_word_duration(facts->subject.window_s).text);
    report_notes_add(&c->against, "this is how it shows, not what causes it");
}
