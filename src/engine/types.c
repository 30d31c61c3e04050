/* Types: what is not known of a target's sites is asked of its binary, and what comes back goes to
 * the store. A scrape never waits for it. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "engine/engine_priv.h"
#include "engine/learn.h"

static int ask(struct engine *engine, const struct store_target *target,
    const struct profile *profile, struct binaries_request *request, struct lw_err *err)
{
    if (binaries_may_ask(engine->binaries, request, err) < 0)
        return -1;
    if (!engine_learn_sites(target, profile, request))
        return 0;
    return binaries_ask(engine->binaries, request, err);
}

void engine_ask_types(
    struct engine *engine, const struct store_target *target, const struct profile *profile)
{
    const struct config_job *job = engine_job_find(engine, target->job_name);
    struct binaries_request request;
    if (!engine->binaries || !job || !engine_learn_request(target, job, profile, &request))
        return;
    struct lw_err err; /* busy, or not found lately: a later scrape asks again */
    if (ask(engine, target, profile, &request, &err) < 0 && err.code != LW_BUSY && !target->build &&
        strcmp(target->build_error, err.msg) != 0)
        store_unlearn(engine->store, target->id, err.msg);
    free((void *)request.sites);
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
    if (target->build && !answer->disproved)
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
    engine_learn_answer(engine->store, answer);
    if (!knew)
        tell_found(target, answer);
}
