/* One request on its way through a worker: search, check, resolve. Private to binaries/. */
#ifndef LW_BINARIES_ASK_H
#define LW_BINARIES_ASK_H

#include <stdatomic.h>

#include "base/arena.h"
#include "binaries/binaries.h"
#include "binaries/cache.h"
#include "binaries/catalogue.h"

/* A request, copied. Lies in its own arena. */
struct binaries_ask {
    struct lw_arena *memory; /* owned; everything below lies in it, and so does this struct */
    struct binaries_ask *next;
    uint64_t identity;               /* binaries_request_identity */
    struct binaries_request request; /* its `job` is not kept */
    const char *configured;          /* the job's `binary`, or NULL */
    const char *hint;                /* where it was found last time, or NULL */
    enum binaries_source hint_source;
};

/* A hash of all that decides which binary it is. */
uint64_t binaries_request_identity(const struct binaries_request *request);

/* Errors: LW_TOO_LARGE. */
struct binaries_ask *binaries_ask_new(
    const struct binaries_request *request, struct lw_err *err) LW_MUST_CHECK;
void binaries_ask_free(struct binaries_ask **ask);

/* What a search uses: the cache for its own, the rest to read. */
struct binaries_places {
    struct binaries_cache *cache;
    const struct binaries_catalogue *catalogue;
    const struct config_strings *directories;
    bool proc;
    bool debuginfod;
    const atomic_bool *stop; /* set when the daemon ends: long work is to be broken off */
};

/* Fills *answer, which the caller ends with binaries_answer_fini. Blocks. */
void binaries_ask_run(const struct binaries_ask *ask, const struct binaries_places *places,
    struct binaries_answer *answer);
void binaries_answer_fini(struct binaries_answer *answer);

#endif
