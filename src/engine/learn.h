/* What is asked of a target's binary, and how the answer gets into the store: the same for the
 * daemon and for commands that look at profiles once. */
#ifndef LW_ENGINE_LEARN_H
#define LW_ENGINE_LEARN_H

#include <stdbool.h>

#include "binaries/binaries.h"
#include "profile/profile.h"
#include "store/store.h"

/* What to ask, but for the sites; it borrows from all arguments. False: the target's build has told
 * the types of all sites of the profile, there is nothing to ask. */
bool engine_learn_request(const struct store_target *target, const struct config_job *job,
    const struct profile *profile, struct binaries_request *request);

/* Adds the sites whose type the build has not told, largest first; this is where their stacks are
 * made. The caller frees request->sites. False: there is none that could be asked about. */
bool engine_learn_sites(const struct store_target *target, const struct profile *profile,
    struct binaries_request *request);

/* Takes the build and the types of a good answer into the store. */
void engine_learn_answer(struct store *store, const struct binaries_answer *answer);

#endif
