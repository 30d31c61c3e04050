/* What and whose code it is, where what grows has no stack of its own. */
#include <string.h>

#include "profile/diff.h"
#include "report/report.h"

#define ROWS_MAX  64  /* of the difference, the largest first */
#define SUMS_MAX  256 /* functions, or types; what comes later is only in the total */
#define SHARE_MIN .5
/* A type counts with less, too, where all is one function's doing, or no other has more than half
 * as much: things that hang together (a map and what is boxed in it; a connection, its buffers and
 * its channels) leave none with half. */
#define SHARE_MIN_FAR_AHEAD (1. / 3)
/* Of what the most encompassing function has below it: main.main has everything below it, and what
 * is wanted is the innermost function that has nearly as much. */
#define NEARLY_ALL .8

struct sum {
    const char *name;
    const struct profile_frame *frame; /* NULL for types */
    double bytes;
    double depth; /* above the responsible frame, weighted with bytes */
};

struct sums {
    struct sum list[SUMS_MAX];
    size_t count;
};

static const char *type_of(const struct report_facts *facts, const struct profile_site *site)
{
    const struct report_type *type = facts->types ? lw_map_find(facts->types, site->id) : NULL;
    return type && type->name ? type->name : "";
}

/* Whether a site can be part of what grows: of its type, or, where it is the heap's total, any. */
static bool is_part(const struct report_facts *facts, const struct profile_site *site)
{
    const char *type = facts->subject.type.name;
    return !type || !*type || strcmp(type_of(facts, site), type) == 0;
}

static struct sum *sum_of(struct sums *sums, const char *name)
{
    for (size_t i = 0; i < sums->count; i++) {
        if (strcmp(sums->list[i].name, name) == 0)
            return &sums->list[i];
    }
    if (sums->count == SUMS_MAX)
        return NULL;
    sums->list[sums->count] = (struct sum){.name = name};
    return &sums->list[sums->count++];
}

static bool was_met(const struct profile_site *site, size_t i)
{
    for (size_t k = site->responsible; k < i; k++) {
        if (strcmp(site->frames[k]->function, site->frames[i]->function) == 0)
            return true;
    }
    return false;
}

/* Adds to each function from the responsible one up, once where it calls itself. */
static void add_functions(struct sums *sums, const struct profile_site *site, double bytes)
{
    for (size_t i = site->responsible; i < site->frame_count; i++) {
        struct sum *sum = was_met(site, i) ? NULL : sum_of(sums, site->frames[i]->function);
        if (!sum)
            continue;
        if (!sum->frame)
            sum->frame = site->frames[i];
        sum->bytes += bytes;
        sum->depth += bytes * (double)(i - site->responsible);
    }
}

/* What has no known type counts as one, so that a type is not ahead of what is not known. */
static void add_type(struct sums *sums, const char *type, double bytes)
{
    struct sum *sum = sum_of(sums, type);
    if (sum)
        sum->bytes += bytes;
}

static const struct sum *largest(const struct sums *sums)
{
    const struct sum *most = NULL;
    for (size_t i = 0; i < sums->count; i++) {
        if (!most || sums->list[i].bytes > most->bytes)
            most = &sums->list[i];
    }
    return most;
}

static const struct sum *innermost(const struct sums *sums)
{
    const struct sum *most = largest(sums), *best = most;
    for (size_t i = 0; i < sums->count; i++) {
        const struct sum *sum = &sums->list[i];
        if (sum->bytes >= NEARLY_ALL * most->bytes &&
            sum->depth / sum->bytes < best->depth / best->bytes)
            best = sum;
    }
    return best;
}

static bool is_most(
    const struct sums *sums, const struct sum *most, double total, bool is_ones_doing)
{
    if (most->bytes >= SHARE_MIN * total)
        return true;
    if (most->bytes < SHARE_MIN_FAR_AHEAD * total)
        return false;
    for (size_t i = 0; !is_ones_doing && i < sums->count; i++) {
        if (&sums->list[i] != most && sums->list[i].bytes > most->bytes / 2)
            return false;
    }
    return true;
}

static void judge(struct report_blame *blame, const struct sums *functions,
    const struct sums *types, double total)
{
    const struct sum *function = innermost(functions), *type = largest(types);
    /* All of a small program is main.main's doing. */
    bool is_ones_doing = function && function->bytes >= NEARLY_ALL * total &&
                         strcmp(function->name, "main.main") != 0;
    if (function && function->bytes >= SHARE_MIN * total) {
        blame->frame = (struct report_frame){
            function->frame->function, function->frame->file, function->frame->line};
        blame->share = function->bytes / total;
    }
    if (type && *type->name && is_most(types, type, total, is_ones_doing)) {
        blame->type = type->name;
        blame->type_share = type->bytes / total;
    }
}

void report_blame(const struct report_facts *facts, struct report_blame *blame)
{
    struct sums functions = {.count = 0}, types = {.count = 0};
    const char *verdict = facts->subject.verdict;
    double total = 0;
    *blame = (struct report_blame){.frame = {"", "", 0}, .type = ""};
    if (!facts->baseline || !facts->before_gc || !verdict || !*verdict ||
        facts->subject.stack.count)
        return;
    struct profile_diff *diff =
        profile_diff_new(facts->baseline, facts->before_gc, PROFILE_INUSE_SPACE);
    for (size_t i = 0; i < diff->count; i++) {
        const struct profile_site *site = diff->rows[i].site;
        double grown = (double)profile_change_of(&diff->rows[i], PROFILE_INUSE_SPACE);
        if (grown <= 0 || !is_part(facts, site))
            continue;
        total += grown;
        if (i >= ROWS_MAX)
            continue;
        add_functions(&functions, site, grown);
        add_type(&types, type_of(facts, site), grown);
    }
    profile_diff_free(&diff);
    judge(blame, &functions, &types, total);
}
