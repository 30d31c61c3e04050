/* The goroutines of targets: a round each, at the job's goroutine_interval. */
#include <stdlib.h>

#include "base/mem.h"
#include "engine/rounds.h"
#include "profile/goroutines.h"

static int64_t interval_ns(const struct config_job *job)
{
    return job->goroutine_interval_ns;
}

static void *read_body(struct round *round, struct lw_err *err)
{
    return profile_goroutines_decode(round->body, round->len, &round->limits, err);
}

static void learn(struct round *round, void *result)
{
    store_learn_goroutines(round->engine->store, round->target_id, round->at, result);
}

static void drop(void *result)
{
    struct profile_goroutines *all = result;
    profile_goroutines_free(&all);
}

void engine_ask_goroutines(
    struct engine *engine, const struct store_target *target, const struct profile *profile)
{
    static const struct round_plan plan = {
        .path = "goroutine",
        .most = 4,
        .limit_bytes = (size_t)16 << 20,
        .interval_ns = interval_ns,
        .set_due = store_set_goroutines_due,
        .read = read_body,
        .learn = learn,
        .drop = drop,
    };
    engine_round_start(engine, &plan, target, profile, target->goroutines_due);
}
