#include "store/goroutines.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/rows.h"
#include "store/store_priv.h"

#define FOLLOWED_MAX  64 /* groups of a target, the largest */
#define FOLLOW_MIN    (STORE_GOROUTINES_GROWTH_MIN / 4)
#define ALLOC_SHIFT   -40
#define GAP_INTERVALS 6

void store_goroutines_config(
    const struct trend_config *heap, int64_t interval_ns, struct trend_config *config)
{
    double gap_s = GAP_INTERVALS * (double)interval_ns / 1e9;
    *config = *heap;
    config->min_growth_bytes = STORE_GOROUTINES_GROWTH_MIN;
    if (config->gap_s < gap_s)
        config->gap_s = gap_s;
}

enum profile_wait store_goroutines_wait(const struct store_row *group)
{
    struct profile_frame frames[STORE_FRAMES_MAX];
    const struct profile_frame *list[STORE_FRAMES_MAX];
    const struct store_site *site = group->site;
    for (size_t i = 0; i < site->frame_count; i++) {
        frames[i] = (struct profile_frame){.function = site->frames[i].function};
        list[i] = &frames[i];
    }
    return profile_wait_of(list, site->frame_count);
}

bool store_goroutines_is_suspect(const struct store_row *group)
{
    return group->series && trend_series_verdict(group->series)->class >= TREND_GROWING;
}

/* ---- joins ---- */

/* Length of a function's name without the closures in it: "main.f.func1.2" and "main.f.gowrap1" are
 * in main.f. */
static size_t outer_len(const char *function)
{
    static const char *const closures[] = {".func", ".gowrap", ".deferwrap", "-fm", "-range"};
    size_t len = strlen(function);
    for (size_t i = 0; i < sizeof closures / sizeof *closures; i++) {
        const char *at = strstr(function, closures[i]);
        const char *after = at ? at + strlen(closures[i]) : NULL;
        bool is_closure = at && (!*after || (*after >= '0' && *after <= '9'));
        if (is_closure && (size_t)(at - function) < len)
            len = (size_t)(at - function);
    }
    return len;
}

static bool is_on(const struct store_site *stack, const char *function)
{
    size_t len = outer_len(function);
    for (size_t i = stack->leaf; i < stack->frame_count; i++) {
        const char *other = stack->frames[i].function;
        if (outer_len(other) == len && memcmp(other, function, len) == 0)
            return true;
    }
    return false;
}

bool store_goroutines_join(const struct store_row *group, const struct store_row *site)
{
    const char *waits_in = group->site->frames[group->site->responsible].function;
    const char *allocates_in = site->site->frames[site->site->responsible].function;
    return is_on(site->site, waits_in) || is_on(group->site, allocates_in);
}

/* ---- one look ---- */

static void update_rows(struct store *store, struct store_target *target, struct lw_wall at,
    const struct profile_goroutines *all)
{
    struct row_entry *entries = lw_new(all->group_count, sizeof *entries);
    struct profile_site *sites = lw_new(all->group_count, sizeof *sites);
    for (size_t i = 0; i < all->group_count; i++) {
        const struct profile_goroutines_group *group = &all->groups[i];
        sites[i] = (struct profile_site){
            .id = group->id,
            .lineage = group->id,
            .frames = group->frames,
            .frame_count = group->frame_count,
            .leaf = group->leaf,
            .responsible = group->responsible,
        };
        entries[i] = (struct row_entry){
            .id = group->id,
            .site = &sites[i],
            .sites = 1,
            .values = {.inuse_objects = group->count, .inuse_bytes = group->count},
        };
    }
    struct row_scrape scrape = {
        .entries = entries,
        .count = all->group_count,
        .at = at,
        .follow_bytes = FOLLOW_MIN,
        .followed_max = FOLLOWED_MAX,
    };
    rows_update(store, &target->goroutines.groups, &scrape);
    free(sites);
    free(entries);
}

/* row NULL: all goroutines. What the heap has allocated in all stands for the load, and for the age
 * of the process: its course counts and not its size, so it is made too small to be taken for
 * goroutines that come and go. */
static void push(struct store *store, struct store_target *target, const struct store_row *row,
    const struct trend_config *config)
{
    struct store_goroutines *g = &target->goroutines;
    struct trend_series *series = row ? row->series : g->series;
    enum trend_class from = trend_series_verdict(series)->class;
    struct trend_point point = {
        .t_s = lw_wall_s(g->at),
        .inuse_bytes = (double)(row ? row->values.inuse_objects : g->total),
        .alloc_bytes = ldexp((double)target->total.alloc_bytes, ALLOC_SHIFT),
    };
    if (!trend_series_push(series, config, &point) || !row || !store->goroutines_changed)
        return;
    store->goroutines_changed(store->changed_ctx,
        &(struct store_change){target, row, from, trend_series_verdict(series)});
}

bool store_learn_goroutines(struct store *store, uint64_t target_id, struct lw_wall at,
    const struct profile_goroutines *all)
{
    struct store_target *target = store_find(store, target_id);
    if (!target)
        return false;
    struct store_goroutines *g = &target->goroutines;
    if (at.ns < g->at.ns)
        return true;
    g->at = at;
    g->total = all->total;
    update_rows(store, target, at, all);
    struct trend_config config;
    store_goroutines_config(&store->trend, target->goroutine_interval_ns, &config);
    push(store, target, NULL, &config);
    for (size_t i = 0; i < g->groups.count; i++) {
        if (g->groups.list[i].series)
            push(store, target, &g->groups.list[i], &config);
    }
    target->dirty = true;
    return true;
}
