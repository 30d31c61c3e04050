/* Any file as a binary: ends in an index, of which the first sites are resolved, or in a reason. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gotypes/gotypes.h"

#define SITES_MAX 200
#define STACK_MAX 8
#define LINES_MAX 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct walk {
    const struct gotypes *index;
    uint64_t stack[STACK_MAX]; /* the sites before, as if they were callers */
    size_t sites;
};

static void require(int truth)
{
    if (!truth)
        abort();
}

static void check_site(const struct gotypes_site *site)
{
    require(site->resolved == (site->type[0] != 0));
    require(site->resolved == (site->unresolved[0] == 0));
    require(site->kind < GOTYPES_KIND_COUNT && gotypes_kind_word(site->kind)[0]);
    require(strlen(site->type) < sizeof site->type && strlen(site->record) < sizeof site->record);
    require(strlen(site->function) + strlen(site->callee) < SIZE_MAX);
}

static bool visit(void *ctx, const struct gotypes_site *site)
{
    struct walk *w = ctx;
    struct gotypes_line lines[LINES_MAX];
    static struct gotypes_site again;
    check_site(site);
    memmove(w->stack + 1, w->stack, (STACK_MAX - 1) * sizeof w->stack[0]);
    w->stack[0] =
        site->pc + 3; /* within the call: of arm64 its last byte, of amd64 the one before */
    require(gotypes_resolve(w->index, w->stack, STACK_MAX, &again) || !again.resolved);
    check_site(&again);
    size_t count = gotypes_lines(w->index, w->stack[0], lines, LINES_MAX);
    for (size_t i = 0; i < count; i++)
        require(strlen(lines[i].function) < SIZE_MAX && strlen(lines[i].file) < SIZE_MAX);
    return ++w->sites < SITES_MAX;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lw_err err = {0};
    char id[64];
    if (gotypes_read_build_id(data, size, id, sizeof id, &err) < 0)
        require(err.code != LW_OK && err.msg[0]);
    lw_err_clear(&err);
    struct gotypes *index = gotypes_new(data, size, &err);
    if (!index) {
        require(err.code != LW_OK && err.code != LW_INTERNAL && err.msg[0]);
        return 0;
    }
    struct walk w = {.index = index};
    const struct gotypes_build *build = gotypes_build(index);
    require(strlen(build->go_version) + strlen(build->main.path) < SIZE_MAX);
    gotypes_each_site(index, visit, &w);
    gotypes_free(&index);
    return 0;
}
