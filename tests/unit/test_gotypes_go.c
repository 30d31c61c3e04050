/* Programs that the go command builds, where there is one: default, stripped and
 * position-independent, for both architectures; and the stacks of the program's own memory profile.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "gotypes/index.h"

#define BINARY_BYTES_MAX ((size_t)64 << 20)
#define STACK_MAX        64

static char directory[] = "/tmp/test_gotypes_go.XXXXXX";

struct program {
    char path[128];
    char *image; /* owned */
    size_t len;
    struct gotypes *index; /* owned */
};

/* Builds the program and opens it; false where it cannot be built here. */
static bool build(struct program *p, const char *arch, const char *name, const char *flags)
{
    const char *srcdir = getenv("LW_SRCDIR");
    char command[1024];
    struct lw_err err = {0};
    assert_non_null(srcdir);
    snprintf(p->path, sizeof p->path, "%s/%s-%s", directory, arch, name);
    snprintf(command, sizeof command,
        "cd '%s/tests/data/gotypes' && CGO_ENABLED=0 GOWORK=off GOTOOLCHAIN=local GOARCH=%s "
        "GOFLAGS=-mod=mod go build -buildvcs=false %s -o '%s' . >/dev/null 2>&1",
        srcdir, arch, flags, p->path);
    if (system(command) != 0)
        return false;
    if (lw_file_read(p->path, BINARY_BYTES_MAX, &p->image, &p->len, &err) < 0)
        fail_msg("%s", err.msg);
    p->index = gotypes_new(p->image, p->len, &err);
    if (!p->index)
        fail_msg("%s: %s", p->path, err.msg);
    return true;
}

static void drop(struct program *p)
{
    gotypes_free(&p->index);
    free(p->image);
}

struct wanted {
    const char *function, *type;
    enum gotypes_kind kind;
    bool found;
};

struct search {
    struct wanted *wanted;
    size_t count;
    size_t sites;
    size_t unresolved;
};

static bool look(void *ctx, const struct gotypes_site *site)
{
    struct search *s = ctx;
    s->sites++;
    s->unresolved += !site->resolved;
    for (size_t i = 0; i < s->count; i++) {
        struct wanted *w = &s->wanted[i];
        if (strcmp(w->function, site->function) == 0 && strcmp(w->type, site->type) == 0 &&
            w->kind == site->kind)
            w->found = true;
    }
    return true;
}

struct ends {
    const char *function, *finalizer_in, *cycle;
    int found;
};

static bool look_at_ends(void *ctx, const struct gotypes_site *site)
{
    for (struct ends *e = ctx; e->function; e++) {
        if (strcmp(e->function, site->function) != 0 || site->kind != GOTYPES_OBJECT)
            continue;
        assert_string_equal(site->finalizer_in, e->finalizer_in);
        assert_string_equal(site->cycle, e->cycle);
        e->found++;
    }
    return true;
}

/* A cycle is told only of what has a finalizer. */
static void check_finalizers(const struct program *p)
{
    struct ends ends[] = {
        {"main.file", "main.file",
            "main.File.reader, main.Reader.parts, struct { files map[int]*main.File }.files", 0},
        {"main.lock", "main.lock", "", 0},
        {"main.list", "", "", 0},
        {"main.door", "", "", 0},
        {0},
    };
    gotypes_each_site(p->index, look_at_ends, ends);
    for (struct ends *e = ends; e->function; e++)
        assert_int_equal(e->found, 1);
}

struct part {
    const char *function;
    const char *caller; /* that the stack goes on to; NULL: none */
    const char *kept_in;
    uint64_t bytes;
    bool found;
};

struct parts {
    const struct gotypes *index;
    struct part *list;
};

static uint64_t entry_of(
    const struct gotypes *index, const char *function, struct gotypes_func *func)
{
    for (uint32_t i = 0; i < index->tab.func_count; i++)
        if (gotypes_pclntab_func(&index->tab, i, func) && strcmp(func->name, function) == 0)
            return func->entry;
    fail_msg("there is no %s", function);
    return 0;
}

/* The address of the function's call in its caller. */
static uint64_t call_in(const struct gotypes *index, const char *caller, const char *function)
{
    struct gotypes_func func;
    struct gotypes_flow flow;
    uint64_t target = entry_of(index, function, &func), pc = 0;
    entry_of(index, caller, &func);
    assert_null(gotypes_flow_init(&flow, &index->elf, &index->outlines, &func));
    for (uint32_t i = 0; !pc && i < flow.outline->insn_count; i++)
        if (gotypes_flow_insn(&flow, i)->step == GOTYPES_STEP_CALL &&
            gotypes_flow_target(&flow, i) == target)
            pc = gotypes_flow_pc(&flow, i);
    gotypes_flow_fini(&flow);
    return pc;
}

static bool look_at_part(void *ctx, const struct gotypes_site *site)
{
    const struct parts *parts = ctx;
    for (struct part *p = parts->list; p->function; p++) {
        bool is_array = site->kind == GOTYPES_SLICE || site->kind == GOTYPES_STRING;
        if (strcmp(p->function, site->function) != 0 || !is_array)
            continue;
        static struct gotypes_site found;
        uint64_t stack[] = {
            site->pc, p->caller ? call_in(parts->index, p->caller, p->function) : 0};
        assert_true(gotypes_resolve(parts->index, stack, p->caller ? 2 : 1, &found));
        if (strcmp(found.kept_in, p->kept_in) != 0 || found.kept_bytes != p->bytes)
            fail_msg("%s: %llu bytes kept in \"%s\"", p->function,
                (unsigned long long)found.kept_bytes, found.kept_in);
        p->found = true;
    }
    return true;
}

static void check_parts(const struct program *p)
{
    struct part list[] = {
        {"main.partInList", NULL, "main.partInList", 16, false},
        {"main.partBehind", NULL, "main.partBehind", 16, false},
        {"main.partInVariable", NULL, "main.partInVariable", 24, false},
        {"main.partOfEntries", "main.partByCaller", "main.partByCaller", 2 * 64, false},
        {"main.partOfString", NULL, "main.partOfString", 4, false},
        {"main.whole", NULL, "", 0, false},
        {"main.partAndWhole", NULL, "", 0, false},
        {"main.withRoom", NULL, "", 0, false},
        {"main.withRoomUsed", NULL, "", 0, false},
        {"main.someOf", NULL, "", 0, false},
        {0},
    };
    struct parts parts = {p->index, list};
    gotypes_each_site(p->index, look_at_part, &parts);
    for (size_t i = 0; list[i].function; i++)
        if (!list[i].found)
            fail_msg("no array is allocated in %s", list[i].function);
}

/* A name that is not there is that of the function which the code was inlined into. Damages the
 * image. */
static void check_damaged_inlining(struct program *p)
{
    struct gotypes_func func;
    struct gotypes_line line;
    uint32_t i = 0;
    for (; i < p->index->tab.func_count; i++) {
        if (gotypes_pclntab_func(&p->index->tab, i, &func) && func.inline_tree)
            break;
    }
    uint64_t pc = func.entry;
    do
        assert_true(++pc < func.end && gotypes_lines(p->index, pc, &line, 1) == 1);
    while (strcmp(line.function, func.name) == 0);
    const unsigned char *tree = gotypes_elf_bytes(&p->index->elf, func.inline_tree, 8);
    size_t left = p->len - (size_t)(tree - (unsigned char *)p->image);
    memset(p->image + (tree - (unsigned char *)p->image), 0x7f, left < 4096 ? left : 4096);
    assert_int_equal(gotypes_lines(p->index, pc, &line, 1), 1);
    assert_string_equal(line.function, func.name);
}

static void check_sites(const struct program *p)
{
    struct wanted wanted[] = {
        {"main.object", "main.Entry", GOTYPES_OBJECT, false},
        {"main.object", "[]interface {}", GOTYPES_SLICE_GROWTH, false},
        {"main.slice", "[]main.Session", GOTYPES_SLICE, false},
        {"main.table", "map[string]*main.Session", GOTYPES_MAP, false},
        {"main.channel", "chan main.Session", GOTYPES_CHANNEL, false},
        {"main.closure", "[]uint8", GOTYPES_SLICE, false},
    };
    struct search s = {.wanted = wanted, .count = sizeof wanted / sizeof wanted[0]};
    gotypes_each_site(p->index, look, &s);
    for (size_t i = 0; i < s.count; i++)
        if (!wanted[i].found)
            fail_msg("%s: no %s in %s", p->path, wanted[i].type, wanted[i].function);
    /* What is left are the allocator's own calls of itself, and reflection. */
    assert_true(s.sites > 500 && s.unresolved * 10 < s.sites);
    const struct gotypes_build *build_info = gotypes_build(p->index);
    assert_string_equal(build_info->main.path, "example.com/sites");
    assert_true(strncmp(build_info->go_version, "go1.", 4) == 0 ||
                strncmp(build_info->go_version, "devel", 5) == 0);
}

static void sites_in_all_modes(void **state)
{
    (void)state;
    static const struct {
        const char *arch, *name, *flags;
    } modes[] = {
        {"amd64", "default", ""},
        {"amd64", "stripped", "-ldflags='-s -w'"},
        {"amd64", "pie", "-buildmode=pie"},
        {"arm64", "default", ""},
    };
    bool any = false;
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        struct program p = {.image = NULL};
        if (!build(&p, modes[i].arch, modes[i].name, modes[i].flags)) {
            print_message("no %s %s: it cannot be built here\n", modes[i].arch, modes[i].name);
            continue;
        }
        check_sites(&p);
        check_finalizers(&p);
        check_parts(&p);
        check_damaged_inlining(&p);
        drop(&p);
        any = true;
    }
    if (!any)
        skip();
}

/* One line of the program's output: bytes, then return addresses. */
static size_t parse_stack(char *line, long long *bytes, uint64_t stack[STACK_MAX])
{
    size_t depth = 0;
    *bytes = strtoll(line, &line, 10);
    while (*line == ' ' && depth < STACK_MAX)
        stack[depth++] = strtoull(line + 1, &line, 16) - 1;
    return depth;
}

static void stacks_of_a_running_program(void **state)
{
    (void)state;
#ifdef __x86_64__
    const char *arch = "amd64";
#else
    const char *arch = "arm64";
#endif
    struct program p = {.image = NULL};
    if (!build(&p, arch, "run", ""))
        skip();
    static const char *const generic[] = {"[]main.Entry", "[]*main.Session"};
    bool found[2] = {false, false};
    long long in_use = 0, resolved = 0, bytes;
    FILE *out = popen(p.path, "r");
    assert_non_null(out);
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, out) > 0) {
        static struct gotypes_site site;
        uint64_t stack[STACK_MAX];
        size_t depth = parse_stack(line, &bytes, stack);
        bool ok = gotypes_resolve(p.index, stack, depth, &site) && site.resolved;
        in_use += bytes;
        resolved += ok ? bytes : 0;
        /* Until 1.20 generic code allocates shapes, and says so. */
        bool is_shape = strncmp(site.type, "[]go.shape.", 11) == 0;
        for (size_t i = 0; ok && i < 2; i++)
            if (strncmp(site.function, "main.generic[", 13) == 0 &&
                (is_shape || strcmp(site.type, generic[i]) == 0))
                found[i] = true;
    }
    free(line);
    assert_int_equal(pclose(out), 0);
    drop(&p);
    assert_true(found[0] && found[1]);
    assert_true(in_use > 0);
    if (resolved * 100 < in_use * 98)
        fail_msg("%lld of %lld bytes in use have a type", resolved, in_use);
}

static int make_directory(void **state)
{
    (void)state;
    return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
    (void)state;
    char command[256];
    snprintf(command, sizeof command, "rm -rf '%s'", directory);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sites_in_all_modes),
        cmocka_unit_test(stacks_of_a_running_program),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
