/* What is asked of a target's binary, and how the answer gets into the store: the same for the
 * daemon and for commands that look at profiles once. */
#ifndef LW_ENGINE_LEARN_H
#define LW_ENGINE_LEARN_H

#include <stdbool.h>

#include "binaries/binaries.h"
#include "profile/profile.h"
#include "store/store.h"

/* What to ask: the sites of the profile whose type the target's build has not told, largest first.
 * It borrows from all arguments; the caller frees request->sites. False: there is nothing to ask.
 */
bool engine_learn_request(const struct store_target *target, const struct config_job *job,
    const struct profile *profile, struct binaries_request *request);

/* Takes the build and the types of a good answer into the store. */
void engine_learn_answer(struct store *store, const struct binaries_answer *answer);

#endif
