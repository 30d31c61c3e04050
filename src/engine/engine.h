/* The engine: hands each result from one room to the next, and holds no algorithm of its own.
 *
 *   discovery ─set─► store, scrape ─body─► (worker: profile) ─profile─► store ─change─► log
 *   timer ─► store batch ─► (worker: SQLite)        http ─► api, metrics, web, lifecycle
 */
#ifndef LW_ENGINE_ENGINE_H
#define LW_ENGINE_ENGINE_H

#include <stdbool.h>

#include "config/config.h"
#include "http/http.h"
#include "loop/loop.h"
#include "scrape/scrape.h"
#include "store/store.h"

struct engine;

struct engine_options {
    struct loop *loop;              /* borrowed; outlives the engine */
    struct scrape_fetcher *fetcher; /* taken over, also on error */
    const char *storage_path;       /* NULL: nothing is written down (simulations) */
    const char *config_path;        /* read anew by engine_reload */
    bool lifecycle;                 /* POST /-/reload is allowed */
    const char *version;
    const char *revision;
};

/* Opens the store, reads the configuration and begins to watch. The configuration is read before
 * anything else is touched. NULL on error (as config_load and the store's opening say). */
struct engine *engine_new(const struct engine_options *options, struct lw_err *err) LW_MUST_CHECK;

/* Stops watching, waits for what is under way, writes the last batch. Clears *engine. */
void engine_free(struct engine **engine);

/* Reads the configuration again. On error the running one is untouched, the error is the caller's
 * to tell, and leakwatch_config_last_reload_successful is 0. */
int engine_reload(struct engine *engine, struct lw_err *err) LW_MUST_CHECK;

/* Answers HTTP at one more address. The port (0: any) is logged. */
int engine_listen(struct engine *engine, const char *address, struct lw_err *err) LW_MUST_CHECK;

/* For simulations: what the engine knows, and its routes without sockets. */
const struct store *engine_store(const struct engine *engine);
struct http_router *engine_router(struct engine *engine);

#endif
