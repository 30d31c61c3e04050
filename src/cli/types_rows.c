#include "cli/types_rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/hash.h"
#include "base/mem.h"

/* Calls inlined into each other at one address; Go's inliner stops far below. */
#define INLINED_MAX 256

static void row_free(struct types_row *row)
{
    free(row->type);
    free(row->record);
    free(row->import_path);
    free(row->unresolved);
    free(row);
}

void types_rows_fini(struct types_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        row_free(rows->list[i]);
    free(rows->list);
    lw_map_fini(&rows->by_type);
    lw_map_fini(&rows->by_pc);
    *rows = (struct types_rows){0};
}

/* ---- rows ---- */

static uint64_t row_key(const struct gotypes_site *site)
{
    uint64_t key = lw_hash_u64(0, site->pc);
    key = lw_hash_string(key, site->type);
    key = lw_hash_string(key, site->import_path);
    return lw_hash_string(key, site->unresolved);
}

static struct types_row *row_new(const struct gotypes *index, const struct gotypes_site *site)
{
    struct types_row *row = LW_NEW(struct types_row);
    struct gotypes_line line;
    bool placed = gotypes_lines(index, site->pc, &line, 1) > 0;
    *row = (struct types_row){
        .pc = site->pc,
        .function = site->function,
        .callee = site->callee,
        .kind = gotypes_kind_word(site->kind),
        .type = lw_strdup(site->type),
        .record = lw_strdup(site->record),
        .import_path = lw_strdup(site->import_path),
        .unresolved = lw_strdup(site->unresolved),
        .module = site->module,
        .file = placed ? line.file : "",
        .line = placed ? line.line : 0,
    };
    return row;
}

/* The row of a site, a new one where there was none. NULL on error. */
static struct types_row *rows_take(struct types_rows *rows, const struct gotypes *index,
    const struct gotypes_site *site, struct lw_err *err)
{
    uint64_t key = row_key(site);
    struct types_row *row = lw_map_find(&rows->by_type, key);
    if (row)
        return row;
    if (rows->count == TYPES_ROWS_MAX) {
        lw_err_set(
            err, LW_TOO_LARGE, "more than %zu allocation sites are not taken", TYPES_ROWS_MAX);
        return NULL;
    }
    if (rows->count == rows->room) {
        rows->room = rows->room ? 2 * rows->room : 256;
        rows->list = lw_renew(rows->list, rows->room, sizeof *rows->list);
    }
    row = rows->list[rows->count++] = row_new(index, site);
    lw_map_put(&rows->by_type, key, row);
    lw_map_put(&rows->by_pc, lw_hash_u64(0, row->pc), row);
    return row;
}

static int64_t add_saturating(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

static void add_values(struct profile_values *to, const struct profile_values *v)
{
    to->alloc_objects = add_saturating(to->alloc_objects, v->alloc_objects);
    to->alloc_bytes = add_saturating(to->alloc_bytes, v->alloc_bytes);
    to->inuse_objects = add_saturating(to->inuse_objects, v->inuse_objects);
    to->inuse_bytes = add_saturating(to->inuse_bytes, v->inuse_bytes);
}

static int by_inuse_and_pc(const void *a, const void *b)
{
    const struct types_row *x = *(struct types_row *const *)a, *y = *(struct types_row *const *)b;
    if (x->values.inuse_bytes != y->values.inuse_bytes)
        return x->values.inuse_bytes > y->values.inuse_bytes ? -1 : 1;
    if (x->pc != y->pc)
        return x->pc < y->pc ? -1 : 1;
    return strcmp(x->type, y->type);
}

void types_rows_sort(struct types_rows *rows)
{
    if (rows->count)
        qsort(rows->list, rows->count, sizeof *rows->list, by_inuse_and_pc);
}

/* ---- is it this binary's profile? ---- */

/* Where an address of the profile lies in the binary. False: nowhere, as in a library's mapping. */
static bool binary_address(const struct gotypes *index, const struct profile *profile,
    uint64_t address, uint64_t *in_binary)
{
    *in_binary = address;
    if (address == 0 || profile->mapping_count == 0)
        return address != 0;
    const struct profile_mapping *m = &profile->mappings[0];
    if (address < m->start || (m->limit && address >= m->limit))
        return false;
    *in_binary = gotypes_address(index, address, m->start, m->offset);
    return true;
}

/* *vouched: both have a build id, and it is the same. */
static int check_build_id(
    const struct gotypes *index, const struct profile *profile, bool *vouched, struct lw_err *err)
{
    const char *of_binary = gotypes_build(index)->gnu_build_id;
    const char *of_profile = profile->mapping_count ? profile->mappings[0].build_id : "";
    *vouched = *of_binary && strcasecmp(of_binary, of_profile) == 0;
    if (!*of_binary || !*of_profile || *vouched)
        return 0;
    return lw_err_set(err, LW_INVALID,
        "the profile is of another build: its build id is %.64s, that of the binary is %.64s",
        of_profile, of_binary);
}

static bool is_symbolized(const struct profile_site *site)
{
    return strncmp(site->frames[0]->function, "0x", 2) != 0;
}

/* How much of a generic function's name stands before its type arguments; 0 for other functions. */
static size_t before_arguments(const char *function)
{
    const char *open = strchr(function, '[');
    return open ? (size_t)(open - function) : 0;
}

static const char *behind_arguments(const char *function)
{
    const char *close = strrchr(function, ']');
    return close ? close + 1 : function;
}

/* Go 1.20 writes "main.f[...]" for "main.f[go.shape.int]" (runtime.funcNameForPrint). */
static bool same_function(const char *a, const char *b)
{
    if (strcmp(a, b) == 0)
        return true;
    size_t len = before_arguments(a);
    return (strstr(a, "[...]") || strstr(b, "[...]")) && len && len == before_arguments(b) &&
           strncmp(a, b, len) == 0 && strcmp(behind_arguments(a), behind_arguments(b)) == 0;
}

static bool agrees(const struct profile_frame *frame, const struct gotypes_line *line)
{
    return same_function(frame->function, line->function) &&
           (frame->line == 0 || line->line == 0 || frame->line == line->line);
}

static int refuse(uint64_t address, const struct profile_frame *frame,
    const struct gotypes_line *line, struct lw_err *err)
{
    if (!line)
        return lw_err_set(err, LW_INVALID,
            "the profile is of another build: at 0x%" PRIx64
            " it has %.160s, the binary has no code",
            address, frame->function);
    return lw_err_set(err, LW_INVALID,
        "the profile is of another build: at 0x%" PRIx64 " it has %.160s, line %" PRId64
        ", the binary has %.160s, line %" PRId64,
        address, frame->function, frame->line, line->function, line->line);
}

/* The last part of "main.(*Store[go.shape.string]).Open-fm": Open. */
static const char *method_name(const char *function, size_t *len)
{
    size_t depth = 0, end = strlen(function), start = end;
    while (start > 0 && (depth || function[start - 1] != '.')) {
        start--;
        depth += function[start] == ']';
        depth -= depth && function[start] == '[';
    }
    *len = strcspn(function + start, "[-");
    return function + start;
}

/* Go leaves the frames of compiler-made wrappers out of stacks: of promoted methods, method values
 * and instances of generic code, which are called what they call; and of calls that are deferred or
 * begun as goroutines, which are called "main.read.deferwrap1" and "main.serve.gowrap2". */
static bool may_be_wrapper(const struct gotypes_line *line, const struct gotypes_line *inner)
{
    size_t len, inner_len;
    const char *name = method_name(line->function, &len);
    if (strncmp(name, "deferwrap", 9) == 0 || strncmp(name, "gowrap", 6) == 0)
        return true;
    const char *inner_name = method_name(inner->function, &inner_len);
    return len == inner_len && strncmp(name, inner_name, len) == 0;
}

/* How many of the site's frames from `at` on are those of one address, which has `count` lines. 0:
 * it is another build. Tools that do not know of inlining give only the outermost. */
static size_t match_frames(
    const struct profile_site *site, size_t at, const struct gotypes_line *lines, size_t count)
{
    size_t matched = 0;
    for (size_t i = 0; i < count && at + matched < site->frame_count; i++) {
        if (agrees(site->frames[at + matched], &lines[i]))
            matched++;
        else if (i == 0 || !may_be_wrapper(&lines[i], &lines[i - 1]))
            return agrees(site->frames[at], &lines[count - 1]);
    }
    return matched;
}

/* One address of a stack, whose frames begin at *at; moves *at behind them. */
static int check_address(const struct gotypes *index, uint64_t address,
    const struct profile_site *site, size_t *at, struct lw_err *err)
{
    struct gotypes_line lines[INLINED_MAX];
    size_t count = gotypes_lines(index, address, lines, INLINED_MAX);
    size_t matched = match_frames(site, *at, lines, count);
    if (!matched)
        return refuse(address, site->frames[*at], count ? &lines[0] : NULL, err);
    *at += matched;
    return 0;
}

/* ---- sites of profiles ---- */

/* A stack in addresses of the binary, beginning with the code that called into the runtime. */
struct stack {
    uint64_t addresses[PROFILE_FRAMES_MAX];
    size_t depth;
    bool outside; /* it ended at another mapping's code */
};

/* Translates and checks the stack of a site. Its depth is 0 when it ends before the code that
 * called into the runtime. */
static int take_stack(const struct gotypes *index, const struct profile *profile,
    const struct profile_site *site, struct stack *stack, struct lw_err *err)
{
    size_t frame = 0;
    stack->depth = 0;
    stack->outside = false;
    for (size_t i = 0; i < site->address_count && frame < site->frame_count; i++) {
        uint64_t address;
        stack->outside = !binary_address(index, profile, site->addresses[i], &address);
        if (stack->outside)
            return 0;
        if (is_symbolized(site) && check_address(index, address, site, &frame, err) < 0)
            return -1;
        if (frame > site->leaf || !is_symbolized(site))
            stack->addresses[stack->depth++] = address;
    }
    return 0;
}

/* Says of a site what the profile tells where the binary could not. */
static void fill_unknown(
    struct gotypes_site *resolved, const struct profile_site *site, const struct stack *stack)
{
    resolved->resolved = false;
    resolved->kind = GOTYPES_OTHER;
    resolved->pc = stack->depth ? stack->addresses[0] : site->leaf_address;
    resolved->function = site->frames[site->leaf]->function;
    resolved->callee = resolved->finalizer_in = resolved->cycle = resolved->kept_in = "";
    resolved->type[0] = resolved->record[0] = resolved->import_path[0] = '\0';
    resolved->module = NULL;
    const char *why = "there is no call at the address";
    if (!stack->depth)
        why = stack->outside ? "the address lies outside of the binary"
                             : "its samples do not agree on the call into the runtime";
    if (!stack->depth || !resolved->unresolved[0])
        snprintf(resolved->unresolved, sizeof resolved->unresolved, "%s", why);
}

int types_rows_add_profile(struct types_rows *rows, const struct gotypes *index,
    const struct profile *profile, struct lw_err *err)
{
    bool vouched;
    if (check_build_id(index, profile, &vouched, err) < 0)
        return -1;
    for (size_t i = 0; i < profile->site_count; i++) {
        const struct profile_site *site = &profile->sites[i];
        struct stack stack;
        struct gotypes_site resolved = {0};
        if (!vouched && !is_symbolized(site))
            return lw_err_set(err, LW_INVALID,
                "nothing says that the profile is of this binary: it has no function names, and not "
                "both have a build id");
        if (take_stack(index, profile, site, &stack, err) < 0)
            return -1;
        if (!stack.depth || !gotypes_resolve(index, stack.addresses, stack.depth, &resolved))
            fill_unknown(&resolved, site, &stack);
        struct types_row *row = rows_take(rows, index, &resolved, err);
        if (!row)
            return -1;
        add_values(&row->values, &site->values);
    }
    return 0;
}

/* ---- static sites ---- */

struct collector {
    struct types_rows *rows;
    const struct gotypes *index;
    struct lw_err *err;
    bool failed;
};

static bool collect(void *ctx, const struct gotypes_site *site)
{
    struct collector *c = ctx;
    if (!lw_map_find(&c->rows->by_pc, lw_hash_u64(0, site->pc)))
        c->failed = !rows_take(c->rows, c->index, site, c->err);
    return !c->failed;
}

int types_rows_add_static(struct types_rows *rows, const struct gotypes *index, struct lw_err *err)
{
    struct collector c = {.rows = rows, .index = index, .err = err};
    gotypes_each_site(index, collect, &c);
    return c.failed ? -1 : 0;
}
