/* The curl fetcher on a loop of its own, with a server that misbehaves (hostile.h) and without a
 * network: the name missing.test is not found, hanging.test is looked for until
 * world_resolver_go_on(), and all hosts whose name begins with host- are this one. */
#ifndef LW_TESTS_FETCH_WORLD_H
#define LW_TESTS_FETCH_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hostile.h"
#include "scrape/outcome.h"
#include "scrape/scrape.h"

/* What is to succeed has a long timeout, what is to run into its timeout would never end otherwise:
 * so no test is judged by how long it takes. */
#define SHORT_NS      (150 * LW_NS_PER_MS)
#define LONG_NS       (60 * LW_NS_PER_S)
#define LIMIT_BYTES   100000
#define BUDGET_BYTES  1000000
#define TRANSFERS_MAX 30
#define BATCH_MAX     40

struct answer {
    struct scrape_request request;
    char url[256];
    struct world *world;
    bool ended;
    struct lw_err err;
    char *body;
    size_t len;
};

struct world {
    struct hostile *server;
    struct loop *loop;
    struct scrape_fetcher *fetcher;
    struct config_job job;
    bool in_call; /* world_start() or world_cancel() is running */
    int awaited;  /* the loop stops when it gets to 0 */
    struct answer answers[BATCH_MAX];
};

int world_set_up(void **state);
int world_tear_down(void **state);

void world_replace_fetcher(struct world *w, int transfers_max, size_t budget_bytes);

/* Before any test that asks for hanging.test. */
int world_resolver_init(void **state);
void world_resolver_go_on(void);

/* Starts a request in the i-th place: for a path of the server, or for a whole URL. */
struct answer *world_start(struct world *w, int i, const char *path, int64_t timeout_ns);
struct answer *world_start_url(struct world *w, int i, const char *url, int64_t timeout_ns);

/* What every request has as done(), those that a test fills in itself, too: ctx is its answer. */
void world_done(struct scrape_request *request, const struct lw_err *err, char *body, size_t len);

void world_cancel(struct world *w, struct answer *answer);

/* Runs the loop until at least `count` requests have ended: several may end in one callback. */
void world_await(struct world *w, int count);

/* Both at once, in the first place. */
struct answer *world_get(struct world *w, const char *path, int64_t timeout_ns);
struct answer *world_get_url(struct world *w, const char *url, int64_t timeout_ns);

void world_assert_contains(const char *text, const char *part);
void world_assert_body(const struct answer *a, const char *body);
void world_assert_fails(const struct answer *a, enum lw_code code, const char *part);

/* Whether a request that /headers has sent back holds the text. */
bool world_request_has(const struct answer *a, const char *text);

#endif
