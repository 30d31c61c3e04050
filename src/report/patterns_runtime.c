/* Patterns that show in whom the program called: reflect, sync, time, net/http, the scheduler. */
#include <stdio.h>
#include <string.h>

#include "report/patterns.h"

#define MANY_GOROUTINES 100 /* of one group: without a measured growth, what is worth a word */

/* The first sign that calls one of these, the subject before others; NULL if none does. */
static const struct report_sign *find_calling(
    const struct report_signs *signs, const char *const *prefixes, const char **function)
{
    for (size_t i = 0; i < signs->count; i++) {
        *function = report_sign_calls(&signs->list[i], prefixes);
        if (*function)
            return &signs->list[i];
    }
    return NULL;
}

static void note_call(
    struct report_candidate *c, const struct report_sign *sign, const char *function)
{
    const char *caller = report_sign_caller(sign, function);
    report_notes_add(&c->evidence, "memory allocated in %.100s%s%.80s %s", function,
        *caller ? ", called by " : "", caller,
        sign->is_subject ? "grows" : report_sign_relation(sign));
}

/* Of a call that is characteristic, `most` where it is the subject's own. */
static int weight_of_call(const struct report_sign *sign, int most)
{
    return sign->is_subject ? most : sign->grew ? 3 : 1;
}

/* ---- reflect ---- */

void report_judge_reflect_types(const struct report_signs *signs, struct report_candidate *c)
{
    static const char *const makers[] = {"reflect.StructOf", "reflect.MapOf", "reflect.FuncOf",
        "reflect.ArrayOf", "reflect.SliceOf", "reflect.ChanOf", "reflect.PtrTo",
        "reflect.PointerTo", "reflect.(*rtype).ptrTo", "reflect.addReflectOff",
        "reflect.addToLookupCache", NULL};
    const char *function;
    const struct report_sign *sign = find_calling(signs, makers, &function);
    if (!sign)
        return;
    c->score = weight_of_call(sign, 5);
    note_call(c, sign, function);
    report_notes_add(&c->evidence, "types made at run time are never freed");
    size_t sites = 0;
    for (size_t i = 0; i < signs->count; i++)
        sites += signs->list[i].grew && report_sign_calls(&signs->list[i], makers);
    if (sites > 1) {
        c->score += 2;
        report_notes_add(&c->evidence, "%zu allocation sites of reflect's types grow", sites);
    }
}

/* ---- sync.Map ---- */

static bool is_key(const struct report_sign *sign)
{
    const char *kind = report_sign_kind(sign);
    return strcmp(kind, "boxing") == 0;
}

void report_judge_syncmap_keys(const struct report_signs *signs, struct report_candidate *c)
{
    static const char *const stores[] = {"sync.(*Map).", NULL};
    static const char *const reflects[] = {"reflect.", NULL};
    const char *function;
    const struct report_sign *sign = find_calling(signs, stores, &function);
    if (!sign || report_sign_calls(sign, reflects)) /* reflect keeps its types in a sync.Map */
        return;
    c->score = sign->is_subject ? 5 : sign->grew ? 4 : 2;
    note_call(c, sign, function);
    const char *seen[3] = {"", "", ""};
    size_t types = 0;
    for (size_t i = 0; i < signs->count && types < 3; i++) {
        const char *type = report_sign_type(&signs->list[i]);
        bool is_new = strcmp(type, seen[0]) != 0 && strcmp(type, seen[1]) != 0;
        if (*type && is_key(&signs->list[i]) && is_new) {
            seen[types++] = type;
            report_notes_add(&c->evidence, "%.100s is boxed there, as a key or a value", type);
        }
    }
    if (types > 1) {
        c->score++;
        report_notes_add(&c->evidence,
            "keys of different dynamic types never meet, even where they look the same");
    }
}

/* ---- timers ---- */

void report_judge_ticker(const struct report_signs *signs, struct report_candidate *c)
{
    static const char *const makers[] = {"time.NewTicker", "time.NewTimer", "time.newTimer",
        "time.After", "time.Tick", "context.WithTimeout", "context.WithDeadline", NULL};
    static const char *const contexts[] = {"context.WithTimeout", "context.WithDeadline", NULL};
    static const char *const types[] = {"time.Ticker", "time.Timer", "runtime.timeTimer",
        "chan time.Time", "context.timerCtx", NULL};
    const char *function;
    const struct report_sign *sign = find_calling(signs, makers, &function);
    if (sign) {
        c->score = weight_of_call(sign, 5);
        note_call(c, sign, function);
        if (report_sign_calls(sign, contexts))
            report_notes_add(
                &c->evidence, "a context with a deadline keeps its timer until it is cancelled");
    }
    const char *type = report_sign_type(&signs->list[0]);
    for (const char *const *t = types; *t; t++) {
        if (strcmp(type, *t) == 0) {
            c->score += 3;
            report_notes_add(&c->evidence, "the type is %s", type);
        }
    }
    if (c->score)
        report_notes_add(&c->against,
            "since Go 1.23 timers that nobody refers to are collected even "
            "when not stopped: there, something else holds them");
}

/* ---- goroutines ---- */

static const char *text(const char *s)
{
    return s ? s : "";
}

static bool stack_has(const struct report_stack *stack, const char *prefix)
{
    for (size_t i = 0; i < stack->count; i++) {
        if (strncmp(text(stack->frames[i].function), prefix, strlen(prefix)) == 0)
            return true;
    }
    return false;
}

static bool is_blocked(const struct report_goroutines *group)
{
    const char *wait = text(group->wait);
    return *wait && strcmp(wait, "running") != 0 && strcmp(wait, "syscall") != 0 &&
           strcmp(wait, "cgo call") != 0;
}

static bool is_of_http_client(const struct report_goroutines *group)
{
    return stack_has(&group->stack, "net/http.(*persistConn).");
}

/* Whether its goroutines run what the function began, or the function itself. */
static bool is_begun_by(const struct report_goroutines *group, const char *function)
{
    if (!*function)
        return false;
    return strcmp(text(group->created_by), function) == 0 || stack_has(&group->stack, function);
}

static int weight_of(const struct report_signs *signs, const struct report_goroutines *group)
{
    if (!is_blocked(group) || is_of_http_client(group))
        return 0;
    int weight = 0;
    if (group->growth_per_hour > 0)
        weight = 3;
    else if (isnan(group->growth_per_hour) && group->count >= MANY_GOROUTINES)
        weight = 1;
    bool is_joined =
        group->shares_frames || is_begun_by(group, report_sign_responsible(&signs->list[0]));
    return weight && is_joined ? weight + 3 : weight;
}

static void note_group(struct report_candidate *c, const struct report_goroutines *group)
{
    const struct report_stack *s = &group->stack;
    const char *where = s->responsible < s->count ? text(s->frames[s->responsible].function) : "";
    char growth[64] = "";
    if (group->growth_per_hour > 0)
        snprintf(growth, sizeof growth, " (%+.0f an hour)", group->growth_per_hour);
    report_notes_add(&c->evidence, "%lld goroutines%s wait in %.100s: %.40s",
        (long long)group->count, growth, *where ? where : "an unknown function",
        *text(group->wait) ? group->wait : "for what is not known");
}

static bool is_goroutine(const struct report_sign *sign)
{
    static const char *const makers[] = {"runtime.malg", "runtime.newproc", NULL};
    return strcmp(report_sign_kind(sign), "goroutine") == 0 ||
           strcmp(report_sign_type(sign), "runtime.g") == 0 ||
           strcmp(report_sign_type(sign), "runtime.sudog") == 0 || report_sign_calls(sign, makers);
}

void report_judge_goroutine(const struct report_signs *signs, struct report_candidate *c)
{
    const struct report_facts *facts = signs->facts;
    const struct report_goroutines *best = NULL;
    for (size_t i = 0; i < facts->goroutine_count; i++) {
        int weight = weight_of(signs, &facts->goroutines[i]);
        if (weight > c->score) {
            c->score = weight;
            best = &facts->goroutines[i];
        }
    }
    if (best) {
        note_group(c, best);
        if (c->score > 3)
            report_notes_add(&c->evidence, "they were begun where the memory grows");
    }
    for (size_t i = 0; i < signs->count; i++) {
        if (is_goroutine(&signs->list[i])) {
            c->score += signs->list[i].is_subject ? 3 : 1;
            report_notes_add(&c->evidence, "memory of goroutines themselves %s",
                signs->list[i].is_subject ? "grows" : report_sign_relation(&signs->list[i]));
            break;
        }
    }
    if (c->score && !facts->goroutine_count)
        report_notes_add(&c->against, "there is no goroutine profile to tell where they wait");
}

/* ---- HTTP ---- */

static void judge_connections(const struct report_facts *facts, struct report_candidate *c)
{
    for (size_t i = 0; i < facts->goroutine_count; i++) {
        const struct report_goroutines *group = &facts->goroutines[i];
        if (!is_of_http_client(group))
            continue;
        bool grows = group->growth_per_hour > 0;
        if (!grows && group->count < MANY_GOROUTINES)
            continue;
        c->score += grows ? 3 : 1;
        note_group(c, group);
    }
    c->score = c->score > 5 ? 5 : c->score;
}

void report_judge_http_body(const struct report_signs *signs, struct report_candidate *c)
{
    static const char *const client[] = {
        "net/http.(*Transport).", "net/http.(*persistConn).", NULL};
    judge_connections(signs->facts, c);
    const char *function;
    const struct report_sign *sign = find_calling(signs, client, &function);
    if (sign) {
        c->score += weight_of_call(sign, 4);
        note_call(c, sign, function);
    }
    if (c->score)
        report_notes_add(&c->against,
            "a new http.Transport for each request, or responses that are "
            "read slowly, look the same");
}
