/* libcurl's multi-socket interface on the loop: its sockets are the loop's descriptors, its
 * time-out the loop's timer. Private to scrape/. */
#ifndef LW_SCRAPE_MULTI_H
#define LW_SCRAPE_MULTI_H

#include <curl/curl.h>

#include "base/err.h"
#include "loop/loop.h"

struct scrape_multi;

/* ended: called from the loop, never from within scrape_multi_add or _remove, when a transfer is
 * over; owner is its CURLOPT_PRIVATE. The handle is still on the multi then: take it off.
 * kept_connections: how many idle connections stay open for the next scrape. */
struct scrape_multi *scrape_multi_new(struct loop *loop, long kept_connections,
    void (*ended)(void *owner, CURLcode result), struct lw_err *err) LW_MUST_CHECK;

/* Closes the kept connections. No transfer may be under way, nor may this be called from ended().
 * Clears *multi; NULL is a no-op. */
void scrape_multi_free(struct scrape_multi **multi);

/* Lets a transfer begin. The easy handle stays the caller's. */
int scrape_multi_add(struct scrape_multi *multi, CURL *easy, struct lw_err *err) LW_MUST_CHECK;

/* Takes a transfer off, closing its connection if it is not over. */
void scrape_multi_remove(struct scrape_multi *multi, CURL *easy);

#endif
