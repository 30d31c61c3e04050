#include "report/signs.h"

#include <string.h>

#include "profile/diff.h"

#define GREW_MAX    32 /* sites that grew since the baseline */
#define CALLERS_MAX 2  /* above the responsible function that still belong to the leak */
#define BESIDE_MAX  16 /* other sites of the responsible function */

/* ---- a sign ---- */

static const char *text(const char *s)
{
    return s ? s : "";
}

const char *report_sign_type(const struct report_sign *sign)
{
    return sign->type ? text(sign->type->name) : "";
}

const char *report_sign_kind(const struct report_sign *sign)
{
    return sign->type ? text(sign->type->kind) : "";
}

const struct report_fate *report_sign_fate(const struct report_sign *sign)
{
    return sign->type ? sign->type->fate : NULL;
}

static size_t depth_of(const struct report_sign *sign)
{
    return sign->site ? sign->site->frame_count : sign->growth->stack.count;
}

static const char *function_at(const struct report_sign *sign, size_t i)
{
    return text(
        sign->site ? sign->site->frames[i]->function : sign->growth->stack.frames[i].function);
}

const char *report_sign_responsible(const struct report_sign *sign)
{
    size_t at = sign->site ? sign->site->responsible : sign->growth->stack.responsible;
    return at < depth_of(sign) ? function_at(sign, at) : "";
}

const char *report_sign_calls(const struct report_sign *sign, const char *const *prefixes)
{
    size_t depth = depth_of(sign);
    for (size_t i = 0; i < depth; i++) {
        const char *function = function_at(sign, i);
        for (const char *const *p = prefixes; *p; p++) {
            if (strncmp(function, *p, strlen(*p)) == 0)
                return function;
        }
    }
    return NULL;
}

const char *report_sign_caller(const struct report_sign *sign, const char *function)
{
    size_t responsible = sign->site ? sign->site->responsible : sign->growth->stack.responsible;
    for (size_t i = 0; i < responsible && i < depth_of(sign); i++) {
        if (strcmp(function_at(sign, i), function) == 0)
            return report_sign_responsible(sign);
    }
    return "";
}

double report_sign_object_bytes(const struct report_sign *sign)
{
    const struct profile_values *v = sign->site ? &sign->site->values : &sign->growth->values;
    return v->inuse_objects > 0 ? (double)v->inuse_bytes / (double)v->inuse_objects : 0;
}

const char *report_sign_relation(const struct report_sign *sign)
{
    return sign->grew ? "grows with it" : "lies beside it";
}

/* ---- gathering ---- */

/* Whether it is called by the function, as a neighbour: what lies further down the stack is what
 * everything else is called by, too. */
static bool is_called_by(const struct report_sign *sign, const char *function)
{
    size_t responsible = sign->site ? sign->site->responsible : sign->growth->stack.responsible;
    for (size_t i = 0; i < depth_of(sign) && i <= responsible + CALLERS_MAX; i++) {
        if (strcmp(function_at(sign, i), function) == 0)
            return true;
    }
    return false;
}

/* Whether two sites belong to one part of the program: one is below what is responsible for the
 * other. All of a small program is below main.main, so that says nothing. */
static bool is_near(const struct report_sign *a, const struct report_sign *b)
{
    const char *x = report_sign_responsible(a), *y = report_sign_responsible(b);
    if (!*x || !*y)
        return false;
    if (strcmp(x, y) == 0)
        return true;
    return (strcmp(x, "main.main") != 0 && is_called_by(b, x)) ||
           (strcmp(y, "main.main") != 0 && is_called_by(a, y));
}

static bool is_known(const struct report_signs *signs, uint64_t id)
{
    for (size_t i = 0; i < signs->count; i++) {
        if (signs->list[i].id == id)
            return true;
    }
    return false;
}

/* The sign whose place in the program counts: the subject, or, where that has no stack, the first
 * site of its type. */
static const struct report_sign *lead_of(const struct report_signs *signs)
{
    const struct report_sign *subject = &signs->list[0];
    const char *type = report_sign_type(subject);
    for (size_t i = 0; i < signs->count; i++) {
        const struct report_sign *sign = &signs->list[i];
        if (depth_of(sign) && (i == 0 || !*type || strcmp(report_sign_type(sign), type) == 0))
            return sign;
    }
    return subject;
}

static bool belongs(const struct report_signs *signs, const struct report_sign *sign)
{
    const struct report_sign *subject = &signs->list[0];
    const char *type = report_sign_type(subject), *its_type = report_sign_type(sign);
    if (is_near(lead_of(signs), sign))
        return true;
    if (!*type)
        return false;
    /* Of a type that no single site is blamed for, each site is a part. */
    return report_type_holds(its_type, type) || (!depth_of(subject) && strcmp(its_type, type) == 0);
}

static size_t leaf_of(const struct report_sign *sign)
{
    return sign->site ? sign->site->leaf : sign->growth->stack.leaf;
}

static int64_t leaf_line(const struct report_sign *sign)
{
    size_t leaf = leaf_of(sign);
    return sign->site ? sign->site->frames[leaf]->line : sign->growth->stack.frames[leaf].line;
}

/* Where the subject is a type, its stack is that of its worst site, which is not to count twice. */
static bool is_subject_again(const struct report_signs *signs, const struct report_sign *sign)
{
    const struct report_sign *subject = &signs->list[0];
    return depth_of(subject) && depth_of(sign) &&
           strcmp(report_sign_type(subject), report_sign_type(sign)) == 0 &&
           leaf_line(subject) == leaf_line(sign) &&
           strcmp(function_at(subject, leaf_of(subject)), function_at(sign, leaf_of(sign))) == 0;
}

static void add(struct report_signs *signs, const struct report_sign *sign)
{
    if (signs->count < REPORT_SIGNS_MAX && !is_known(signs, sign->id) &&
        !is_subject_again(signs, sign))
        signs->list[signs->count++] = *sign;
}

static const struct report_type *type_of(const struct report_facts *facts, uint64_t site_id)
{
    return facts->types ? lw_map_find(facts->types, site_id) : NULL;
}

static void add_growths(struct report_signs *signs)
{
    const struct report_facts *facts = signs->facts;
    for (size_t i = 0; i < facts->other_count; i++) {
        const struct report_growth *g = &facts->others[i];
        struct report_sign sign = {.id = g->id, .growth = g, .type = &g->type, .grew = true};
        if (belongs(signs, &sign))
            add(signs, &sign);
    }
}

static void add_grown(struct report_signs *signs)
{
    const struct report_facts *facts = signs->facts;
    if (!facts->baseline || !facts->before_gc)
        return;
    struct profile_diff *diff =
        profile_diff_new(facts->baseline, facts->before_gc, PROFILE_INUSE_SPACE);
    size_t added = 0;
    for (size_t i = 0; i < diff->count && added < GREW_MAX; i++) {
        const struct profile_site *site = diff->rows[i].site;
        struct report_sign sign = {
            .id = site->id, .site = site, .type = type_of(facts, site->id), .grew = true};
        bool is_growth = profile_change_of(&diff->rows[i], PROFILE_INUSE_SPACE) > 0;
        /* Without a stack and a type for the subject, what grew most stands for it. */
        bool is_lead =
            signs->count == 1 && !depth_of(lead_of(signs)) && !*report_sign_type(&signs->list[0]);
        if (is_growth && (is_lead || belongs(signs, &sign))) {
            add(signs, &sign);
            added++;
        }
    }
    profile_diff_free(&diff);
}

/* Whether a site that is not known to grow lies beside the subject: in the function that is
 * responsible for it, or, where none is, among what it is the sum of. */
static bool is_beside(const struct report_signs *signs, const struct report_sign *sign)
{
    const char *responsible = report_sign_responsible(lead_of(signs));
    if (*responsible)
        return strcmp(report_sign_responsible(sign), responsible) == 0;
    return !*report_sign_type(&signs->list[0]) || belongs(signs, sign);
}

static void add_beside(struct report_signs *signs)
{
    const struct report_facts *facts = signs->facts;
    struct report_sign beside[BESIDE_MAX];
    size_t count = 0;
    if (!facts->before_gc)
        return;
    for (size_t i = 0; i < facts->before_gc->site_count && count < BESIDE_MAX; i++) {
        const struct profile_site *site = &facts->before_gc->sites[i];
        struct report_sign sign = {.id = site->id, .site = site, .type = type_of(facts, site->id)};
        if (site->values.inuse_bytes > 0 && is_beside(signs, &sign))
            beside[count++] = sign;
    }
    for (size_t i = 0; i < count; i++)
        add(signs, &beside[i]);
}

void report_signs_gather(struct report_signs *signs, const struct report_facts *facts)
{
    signs->facts = facts;
    signs->count = 1;
    signs->list[0] = (struct report_sign){.id = facts->subject.id,
        .growth = &facts->subject,
        .type = &facts->subject.type,
        .is_subject = true,
        .grew = true};
    add_growths(signs);
    add_grown(signs);
    add_beside(signs);
}

/* ---- names of types ---- */

static bool starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

const char *report_type_map_value(const char *type)
{
    if (!starts(type, "map["))
        return NULL;
    int open = 0;
    for (const char *p = type + strlen("map"); *p; p++) {
        open += (*p == '[') - (*p == ']');
        if (!open)
            return p + 1;
    }
    return NULL;
}

bool report_type_is_map(const char *type)
{
    return report_type_map_value(type) != NULL;
}

bool report_type_is_interface(const char *type)
{
    return strcmp(type, "interface {}") == 0 || strcmp(type, "any") == 0;
}

#define CLOSURE "struct { F uintptr"

bool report_type_is_closure(const char *type)
{
    return starts(type, CLOSURE);
}

const char *report_type_captured(const char *type, size_t *len)
{
    if (!starts(type, CLOSURE "; "))
        return NULL;
    const char *first = type + strlen(CLOSURE "; ");
    *len = strlen(first);
    if (*len >= 2 && strcmp(first + *len - 2, " }") == 0)
        *len -= 2;
    return *len ? first : NULL;
}

size_t report_type_field(const char *fields, size_t len)
{
    int open = 0;
    for (size_t i = 0; i < len; i++) {
        open += (fields[i] == '{') - (fields[i] == '}');
        if (fields[i] == ';' && open <= 0)
            return i;
    }
    return len;
}

static bool is_part_of_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '/' || (unsigned char)c >= 0x80;
}

bool report_type_holds(const char *container, const char *type)
{
    while (*type == '*')
        type++;
    size_t len = strlen(type);
    if (!len || strcmp(container, type) == 0)
        return false;
    for (const char *p = container; (p = strstr(p, type)); p++) {
        bool begins = p == container || !is_part_of_name(p[-1]);
        if (begins && !is_part_of_name(p[len]))
            return true;
    }
    return false;
}
