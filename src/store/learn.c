/* What the binaries of targets teach: builds and the types of their sites. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/rows.h"
#include "store/store_priv.h"

const struct store_type *store_type_of(const struct store_target *target, uint64_t site_id)
{
    return types_find(target->build, site_id);
}

const struct store_fate *store_fate_of(const struct store_target *target, uint64_t site_id)
{
    return target->build ? lw_map_find(&target->build->fates, site_id) : NULL;
}

/* ---- kinds ---- */

#define KINDS_MAX 4096 /* of one target: more than it has rows */

const struct store_type *store_kind_of(const struct store_target *target, uint64_t site_id)
{
    return lw_map_find(&target->kinds, site_id);
}

void store_set_kinds_due(struct store *store, uint64_t target_id, struct lw_mono due)
{
    struct store_target *target = store_find(store, target_id);
    if (target)
        target->kinds_due = due;
}

void store_forget_kinds(struct store *store, struct store_target *target)
{
    size_t at = 0;
    void *value;
    while (lw_map_next(&target->kinds, &at, NULL, &value)) {
        struct store_type *kind = value;
        types_unref(&store->types, &kind);
    }
    lw_map_fini(&target->kinds);
}

bool store_learn_kinds(
    struct store *store, uint64_t target_id, const struct store_type_spec *kinds, size_t count)
{
    struct store_target *target = store_find(store, target_id);
    if (!target || target->build)
        return false;
    for (size_t i = 0; i < count; i++) {
        assert(!kinds[i].name[0]);
        if (target->kinds.count >= KINDS_MAX && !store_kind_of(target, kinds[i].site_id))
            continue;
        struct store_type *kind = types_ref(&store->types, &kinds[i]);
        struct store_type *before = lw_map_put(&target->kinds, kinds[i].site_id, kind);
        types_unref(&store->types, &before);
    }
    return true;
}

/* ---- builds ---- */

void store_forget_build(struct store *store, struct store_target *target)
{
    store_forget_kinds(store, target);
    types_unref_build(&store->types, &target->build);
    for (size_t i = 0; i < target->sites.count; i++)
        types_unref(&store->types, &target->sites.list[i].type);
    free(target->build_error);
    target->build_error = lw_strdup("");
}

bool store_learn(struct store *store, uint64_t target_id, const struct store_build_spec *build,
    const struct store_type_spec *types, size_t count)
{
    struct store_target *target = store_find(store, target_id);
    if (!target)
        return false;
    struct store_build *now = types_ref_build(&store->types, build);
    if (now != target->build)
        store_forget_build(store, target);
    types_unref_build(&store->types, &target->build); /* the same: one reference is enough */
    target->build = now;
    target->dirty = true;
    past_note_build(&target->past, now, target->watched_since, target->last_heap);
    for (size_t i = 0; i < count; i++)
        types_bind(&store->types, now, &types[i]);
    return true;
}

bool store_unlearn(struct store *store, uint64_t target_id, const char *why)
{
    struct store_target *target = store_find(store, target_id);
    if (!target)
        return false;
    if (target->build) {
        store_forget_build(store, target);
        rows_fini(store, &target->types);
        target->types.other = target->total;
        target->types.other_count = target->site_count;
        target->dirty = true;
    }
    if (strcmp(target->build_error, why) != 0)
        store_forget_kinds(store, target); /* they say why they are no more than that */
    free(target->build_error);
    target->build_error = lw_strdup(why);
    return true;
}
