/* The memory of targets: what their runtime says at the end of heap?debug=1, and what this host
 * knows of the process; a round each, at the job's memory_interval. */
#include <stdlib.h>

#include "base/mem.h"
#include "binaries/memory.h"
#include "engine/rounds.h"
#include "profile/memstats.h"

static int64_t interval_ns(const struct config_job *job)
{
    return job->memory_interval_ns;
}

struct store_memory_look *engine_memory_read(
    const struct engine_memory_source *from, struct lw_err *err)
{
    struct store_memory_look *look = LW_NEW(struct store_memory_look);
    struct binaries_memory_request request = {
        .address = from->address, .start = from->mapping_start, .limit = from->mapping_limit};
    struct binaries_memory host;
    struct lw_err ignored; /* a process elsewhere: its runtime alone tells */
    look->at = from->at;
    if (profile_memstats_parse(from->text, from->len, &look->stats, err) < 0) {
        free(look);
        return NULL;
    }
    if (from->ask_host && binaries_memory_find(&request, &host, &ignored) == 0) {
        look->rss_bytes = host.rss_bytes;
        look->cgroup_bytes = host.cgroup_bytes;
        look->go_limit_bytes = host.go_limit_bytes;
    }
    return look;
}

static void *read_body(struct round *round, struct lw_err *err)
{
    struct engine_memory_source from = {
        .address = round->address,
        .mapping_start = round->mapping_start,
        .mapping_limit = round->mapping_limit,
        .at = round->at,
        .ask_host = round->config->binaries.proc && !loop_is_virtual(round->engine->loop),
        .text = round->body,
        .len = round->len,
    };
    return engine_memory_read(&from, err);
}

static void learn(struct round *round, void *result)
{
    store_learn_memory(round->engine->store, round->target_id, result);
}

void engine_ask_memory(
    struct engine *engine, const struct store_target *target, const struct profile *profile)
{
    static const struct round_plan plan = {
        .path = "heap?debug=1",
        .most = 1, /* asking the host blocks a worker, and scrapes must find another */
        .limit_bytes = (size_t)8 << 20,
        .interval_ns = interval_ns,
        .set_due = store_set_memory_due,
        .read = read_body,
        .learn = learn,
        .drop = free,
    };
    engine_round_start(engine, &plan, target, profile, target->memory_due);
}
