/* Questions that several endpoints take: one of some words, a page, which targets. Private to
 * api/. */
#ifndef LW_API_QUERY_H
#define LW_API_QUERY_H

#include <stdbool.h>
#include <stddef.h>

#include "http/http.h"
#include "store/store.h"

/* Which of the words a parameter is; the first where it is absent. LW_INVALID names them all. */
int query_word(const struct http_request *request, const char *name, const char *const words[],
    size_t count, size_t *which, struct lw_err *err) LW_MUST_CHECK;

/* ?limit=&offset= */
struct query_page {
    size_t limit;
    size_t offset;
};

#define QUERY_OFFSET_MAX 1000000

/* limit is 1..limit_max, limit_preset where it is absent; offset 0..QUERY_OFFSET_MAX, or 0. */
int query_page_parse(const struct http_request *request, size_t limit_preset, size_t limit_max,
    struct query_page *page, struct lw_err *err) LW_MUST_CHECK;

/* Whether the i-th of a list is on the page. */
bool query_page_has(const struct query_page *page, size_t i);

/* Which targets: ?job= (their label), ?scrapePool=, ?label=name=value (more than one: each of
 * them), ?search= (within the value of any label, whatever the case). */
struct query_targets {
    const struct http_request *request; /* borrowed, for its labels */
    const char *job;                    /* NULL: any, as below */
    const char *pool;
    const char *search;
};

int query_targets_parse(const struct http_request *request, struct query_targets *query,
    struct lw_err *err) LW_MUST_CHECK;

bool query_targets_match(const struct query_targets *query, const struct store_target *target);

#endif
