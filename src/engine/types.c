/* Types: what is not known of a target's sites is asked of its binary, and what comes back goes to
 * the store. A scrape never waits for it. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "engine/engine_priv.h"

/* The sites of a profile whose type its target's build has not told, largest first. */
struct unknown_sites {
    struct binaries_site *list; /* owned */
    size_t count;
};

static struct unknown_sites find_unknown(
    const struct store_target *target, const struct profile *profile)
{
    struct unknown_sites unknown = {0};
    size_t most =
        profile->site_count < BINARIES_SITES_MAX ? profile->site_count : BINARIES_SITES_MAX;
    unknown.list = lw_new(most, sizeof *unknown.list);
    for (size_t i = 0; i < profile->site_count && unknown.count < most; i++) {
        const struct profile_site *site = &profile->sites[i];
        size_t skip = site->leaf_location; /* the runtime's own frames */
        if (store_type_of(target, site->id) || skip >= site->address_count)
            continue;
        unknown.list[unknown.count++] = (struct binaries_site){
            .id = site->id,
            .addresses = site->addresses + skip,
            .depth = site->address_count - skip,
            .leaf_function = site->frames[site->leaf]->function,
            .leaf_line = site->frames[site->leaf]->line,
        };
    }
    return unknown;
}

void engine_ask_types(
    struct engine *engine, const struct store_target *target, const struct profile *profile)
{
    if (!engine->binaries)
        return;
    const struct config_job *job = engine_job_find(engine, target->job_name);
    struct unknown_sites unknown = find_unknown(target, profile);
    if (job && unknown.count && profile->mapping_count) {
        const struct profile_mapping *m = &profile->mappings[0];
        struct binaries_request request = {
            .target_id = target->id,
            .address = lw_labels_get(target->discovered, "__address__"),
            .job = job,
            .process = target->restarts,
            .mapping = {m->start, m->limit, m->offset, m->file, m->build_id},
            .sites = unknown.list,
            .site_count = unknown.count,
        };
        struct lw_err err; /* busy, or not found lately: a later scrape asks again */
        if (binaries_ask(engine->binaries, &request, &err) < 0 && err.code != LW_BUSY &&
            !target->build && strcmp(target->build_error, err.msg) != 0)
            store_unlearn(engine->store, target->id, err.msg);
    }
    free(unknown.list);
}

static void learn(struct engine *engine, const struct binaries_answer *answer)
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
    for (size_t i = 0; i < answer->count; i++) {
        const struct binaries_type *t = &answer->types[i];
        types[i] = (struct store_type_spec){
            .site_id = t->site_id,
            .name = t->resolved ? t->type : "",
            .kind = gotypes_kind_word(t->kind),
            .import_path = t->import_path,
            .module = t->module,
            .version = t->version,
            .unresolved = t->resolved ? "" : t->unresolved,
        };
    }
    store_learn(engine->store, answer->target_id, &build, types, answer->count);
    free(types);
}

static void tell_found(const struct store_target *target, const struct binaries_answer *answer)
{
    lw_info("types", "target %s runs %s %s (%s), found by %s: %s", target->name, answer->build.main,
        answer->build.version, answer->build.go_version, binaries_source_word(answer->source),
        answer->path);
    if (answer->refused)
        lw_warn("types", "target %s: on the way there, %s", target->name, answer->refused);
}

static void take_refusal(
    struct engine *engine, const struct store_target *target, const struct binaries_answer *answer)
{
    bool is_missing = answer->err.code == LW_NOT_FOUND;
    if (is_missing && target->build)
        return; /* what its binary told while it was there is still true of this process */
    /* One that was found but is not what runs is worth a word; none at all is usual. */
    if (!is_missing && strcmp(target->build_error, answer->err.msg) != 0)
        lw_warn("types", "target %s: %s", target->name, answer->err.msg);
    store_unlearn(engine->store, answer->target_id, answer->err.msg);
}

void engine_types_answered(void *ctx, const struct binaries_answer *answer)
{
    struct engine *engine = ctx;
    const struct store_target *target = store_target_find(engine->store, answer->target_id);
    if (!target || target->restarts != answer->process)
        return; /* nobody's any more: the process that is there now is asked about by itself */
    bool knew = target->build != NULL;
    if (answer->err.code != LW_OK) {
        take_refusal(engine, target, answer);
        return;
    }
    learn(engine, answer);
    if (!knew)
        tell_found(target, answer);
}
