#include "engine/learn.h"

#include <stdlib.h>

#include "base/mem.h"

static size_t find_unknown(const struct store_target *target, const struct profile *profile,
    struct binaries_site *list, size_t max)
{
    size_t count = 0;
    for (size_t i = 0; i < profile->site_count && count < max; i++) {
        const struct profile_site *site = &profile->sites[i];
        if (store_type_of(target, site->id))
            continue;
        site = profile_site_whole(profile, site);
        if (!site) /* so many stacks that the rest is for the next time */
            break;
        size_t skip = site->leaf_location; /* the runtime's own frames */
        if (skip >= site->address_count)
            continue;
        list[count++] = (struct binaries_site){
            .id = site->id,
            .addresses = site->addresses + skip,
            .depth = site->address_count - skip,
            .leaf_function = site->frames[site->leaf]->function,
            .leaf_line = site->frames[site->leaf]->line,
        };
    }
    return count;
}

bool engine_learn_request(const struct store_target *target, const struct config_job *job,
    const struct profile *profile, struct binaries_request *request)
{
    *request = (struct binaries_request){0};
    if (!profile->mapping_count)
        return false;
    const struct profile_mapping *m = &profile->mappings[0];
    *request = (struct binaries_request){
        .target_id = target->id,
        .address = lw_labels_get(target->discovered, "__address__"),
        .job = job,
        .process = target->restarts,
        .mapping = {m->start, m->limit, m->offset, m->file, m->build_id},
        .believed = target->build ? target->build->binary_id : "",
    };
    for (size_t i = 0; i < profile->site_count; i++) {
        if (!store_type_of(target, profile->sites[i].id))
            return true;
    }
    return false;
}

bool engine_learn_sites(const struct store_target *target, const struct profile *profile,
    struct binaries_request *request)
{
    size_t max =
        profile->site_count < BINARIES_SITES_MAX ? profile->site_count : BINARIES_SITES_MAX;
    struct binaries_site *sites = lw_new(max, sizeof *sites);
    request->sites = sites;
    request->site_count = find_unknown(target, profile, sites, max);
    return request->site_count > 0;
}

void engine_learn_answer(struct store *store, const struct binaries_answer *answer)
{
    struct store_build_spec build = {
        .binary_id = answer->binary_id,
        .source = binaries_source_word(answer->source),
        .module = answer->build.main,
        .version = answer->build.version,
        .vcs_revision = answer->build.vcs_revision,
        .go_version = answer->build.go_version,
    };
    struct store_type_spec *types = lw_new(answer->count, sizeof *types);
    struct store_fate *fates = lw_new(answer->count, sizeof *fates);
    for (size_t i = 0; i < answer->count; i++) {
        const struct binaries_type *t = &answer->types[i];
        fates[i] = (struct store_fate){t->finalizer_in, t->cycle, t->kept_in, t->kept_bytes};
        types[i] = (struct store_type_spec){
            .site_id = t->site_id,
            .name = t->resolved ? t->type : "",
            .kind = gotypes_kind_word(t->kind),
            .import_path = t->import_path,
            .module = t->module,
            .version = t->version,
            .unresolved = t->resolved ? "" : t->unresolved,
            .fate = t->finalizer_in[0] || t->kept_in[0] ? &fates[i] : NULL,
        };
    }
    store_learn(store, answer->target_id, &build, types, answer->count);
    free(types);
    free(fates);
}
