#include "store/types.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"

/* ---- types ---- */

static uint64_t type_id(const struct store_type_spec *spec)
{
    uint64_t id = lw_hash_string(0, spec->name);
    id = lw_hash_string(id, spec->kind);
    id = lw_hash_string(id, spec->import_path);
    id = lw_hash_string(id, spec->module);
    return lw_hash_string(id, spec->unresolved);
}

/* Targets of a rolling update run several versions of a module: each keeps its own. */
static uint64_t interned_key(uint64_t id, const char *version)
{
    return lw_hash_string(id, version);
}

struct store_type *types_ref(struct types *types, const struct store_type_spec *spec)
{
    uint64_t id = type_id(spec), key = interned_key(id, spec->version);
    struct store_type *type = lw_map_find(&types->interned, key);
    if (!type) {
        type = LW_NEW(struct store_type);
        *type = (struct store_type){
            .id = id,
            .name = lw_strdup(spec->name),
            .kind = lw_strdup(spec->kind),
            .import_path = lw_strdup(spec->import_path),
            .module = lw_strdup(spec->module),
            .version = lw_strdup(spec->version),
            .unresolved = lw_strdup(spec->unresolved),
        };
        lw_map_put(&types->interned, key, type);
    }
    return types_ref_again(type);
}

struct store_type *types_ref_again(struct store_type *type)
{
    if (type)
        type->refs++;
    return type;
}

static void type_free(struct store_type *type)
{
    free(type->name);
    free(type->kind);
    free(type->import_path);
    free(type->module);
    free(type->version);
    free(type->unresolved);
    free(type);
}

void types_unref(struct types *types, struct store_type **type)
{
    if (!*type)
        return;
    if (--(*type)->refs == 0) {
        lw_map_remove(&types->interned, interned_key((*type)->id, (*type)->version));
        type_free(*type);
    }
    *type = NULL;
}

/* ---- builds ---- */

struct store_build *types_find_build(const struct types *types, uint64_t id)
{
    return lw_map_find(&types->builds, id);
}

struct store_build *types_ref_build(struct types *types, const struct store_build_spec *spec)
{
    uint64_t id = lw_hash_string(0, spec->binary_id);
    struct store_build *build = types_find_build(types, id);
    if (!build) {
        build = LW_NEW(struct store_build);
        *build = (struct store_build){
            .id = id,
            .binary_id = lw_strdup(spec->binary_id),
            .source = lw_strdup(spec->source),
            .module = lw_strdup(spec->module),
            .version = lw_strdup(spec->version),
            .vcs_revision = lw_strdup(spec->vcs_revision),
            .go_version = lw_strdup(spec->go_version),
            .dirty = true,
        };
        lw_map_put(&types->builds, id, build);
    }
    build->refs++;
    return build;
}

static void fate_free(struct store_fate *fate)
{
    if (!fate)
        return;
    free(fate->finalizer_in);
    free(fate->cycle);
    free(fate->kept_in);
    free(fate);
}

static void build_free(struct types *types, struct store_build *build)
{
    size_t at = 0;
    void *value;
    while (lw_map_next(&build->types, &at, NULL, &value)) {
        struct store_type *type = value;
        types_unref(types, &type);
    }
    lw_map_fini(&build->types);
    at = 0;
    while (lw_map_next(&build->fates, &at, NULL, &value))
        fate_free(value);
    lw_map_fini(&build->fates);
    free(build->binary_id);
    free(build->source);
    free(build->module);
    free(build->version);
    free(build->vcs_revision);
    free(build->go_version);
    free(build);
}

void types_unref_build(struct types *types, struct store_build **build)
{
    if (!*build)
        return;
    if (--(*build)->refs == 0) {
        lw_map_remove(&types->builds, (*build)->id);
        build_free(types, *build);
    }
    *build = NULL;
}

struct store_type *types_find(const struct store_build *build, uint64_t site_id)
{
    return build ? lw_map_find(&build->types, site_id) : NULL;
}

void types_bind(struct types *types, struct store_build *build, const struct store_type_spec *spec)
{
    if (build->types.count >= BUILD_SITES_MAX && !lw_map_find(&build->types, spec->site_id))
        return;
    struct store_type *type = types_ref(types, spec);
    struct store_type *before = lw_map_put(&build->types, spec->site_id, type);
    build->dirty |= before != type;
    types_unref(types, &before);
    if (spec->fate)
        types_bind_fate(build, spec->site_id, spec->fate);
}

void types_bind_fate(struct store_build *build, uint64_t site_id, const struct store_fate *fate)
{
    if (build->fates.count >= BUILD_SITES_MAX && !lw_map_find(&build->fates, site_id))
        return;
    struct store_fate *copy = LW_NEW(struct store_fate);
    *copy = (struct store_fate){lw_strdup(fate->finalizer_in), lw_strdup(fate->cycle),
        lw_strdup(fate->kept_in), fate->kept_bytes};
    fate_free(lw_map_put(&build->fates, site_id, copy));
    build->dirty = true;
}

void types_fini(struct types *types)
{
    size_t at = 0;
    void *value;
    while (lw_map_next(&types->builds, &at, NULL, &value))
        build_free(types, value);
    lw_map_fini(&types->builds);
    at = 0;
    while (lw_map_next(&types->interned, &at, NULL, &value))
        type_free(value);
    lw_map_fini(&types->interned);
}
