/* Scraping: one state machine a target, spread over the interval by a stable hash, each fetch under
 * a deadline and a cap on its bytes, and every outcome handed on: a body, or the reason why not.
 * Neither decodes nor stores. The fetcher is an interface, so that simulations bring their own. */
#ifndef LW_SCRAPE_SCRAPE_H
#define LW_SCRAPE_SCRAPE_H

#include "base/err.h"
#include "config/config.h"
#include "loop/loop.h"

/* ---- fetching one URL ---- */

struct scrape_fetch;

/* One GET, or a POST of JSON. Lives in its owner from start() until its done() or cancel(). */
struct scrape_request {
    const char *url;              /* borrowed until done */
    const struct config_job *job; /* borrowed until done: credentials, TLS, redirects */
    int64_t timeout_ns;           /* for the whole of it, name resolution included */
    size_t limit_bytes;           /* body on the wire; exactly the limit is still taken */
    const char *post;             /* what is sent, borrowed until done; NULL: it is a GET */
    size_t post_len;
    /* err->code LW_OK: body is the callee's to free(). Otherwise body is NULL. Never called from
     * within start() or cancel(). */
    void (*done)(struct scrape_request *request, const struct lw_err *err, char *body, size_t len);
    void *ctx;
    long status;                /* the fetcher's, for done(): HTTP status that came; 0: none did */
    struct scrape_fetch *fetch; /* the fetcher's */
};

struct scrape_fetcher {
    /* The request's timeout runs from here on. */
    void (*start)(struct scrape_fetcher *fetcher, struct scrape_request *request);
    /* done() will not be called. Does nothing for a request that is not under way. */
    void (*cancel)(struct scrape_fetcher *fetcher, struct scrape_request *request);
    /* Cancels what is under way. Never from within a done(). */
    void (*free)(struct scrape_fetcher *fetcher);
};

/* Real fetching by libcurl's multi interface on the loop: connections are kept alive and reused, at
 * most `transfers_max` run at once (more wait their turn within their deadline), bodies under way
 * are bounded by budget_bytes in all (LW_BUSY past it). Only http and https, no proxy, no cookies,
 * and no content decoding: the body is handed on as it came over the wire. Success is a whole
 * answer with status 200. Errors of done(): LW_CREDENTIALS, LW_RESOLVE, LW_CONNECT, LW_TLS,
 * LW_TIMEOUT, LW_TRANSFER, LW_REDIRECT, LW_HTTP_STATUS, LW_BODY_TOO_LARGE, LW_BUSY, LW_INVALID,
 * LW_NO_MEMORY, LW_INTERNAL. Makes the process ignore SIGPIPE. */
struct scrape_fetcher *scrape_fetcher_new_curl(
    struct loop *loop, int transfers_max, size_t budget_bytes, struct lw_err *err) LW_MUST_CHECK;

/* ---- scraping a set of targets ---- */

/* What to scrape. Everything borrowed for the call; the pool copies the URL and keeps a reference
 * to the config. */
struct scrape_spec {
    uint64_t id;
    const char *url;
    const struct config_job *job;
    struct config *config; /* owns job */
};

struct scrape_result {
    uint64_t id;
    struct lw_wall at;        /* when the request went out */
    int64_t duration_ns;      /* until the last byte or the failure */
    const struct lw_err *err; /* LW_OK, or why there is no body */
    char *body;               /* the callee's to free() */
    size_t len;
};

struct scrape_pool;

struct scrape_pool *scrape_pool_new(struct loop *loop, struct scrape_fetcher *fetcher,
    void (*scraped)(void *ctx, struct scrape_result *result), void *ctx);

/* Makes the pool scrape exactly these targets (ids unique, any order): new ones start at their
 * place in the interval, gone ones stop (a fetch under way is cancelled and reports nothing), a
 * changed job takes effect with the next scrape. A changed URL or interval finds its place anew;
 * else the rhythm stays. May be called from within scraped(). */
void scrape_pool_set(struct scrape_pool *pool, const struct scrape_spec *specs, size_t count);

/* Scrapes left out because they were a whole interval late: 0 unless the machine stood still. */
uint64_t scrape_pool_missed(const struct scrape_pool *pool);

/* Cancels all, frees the pool (the fetcher is its owner's). Clears *pool; NULL is a no-op. */
void scrape_pool_free(struct scrape_pool **pool);

#endif
