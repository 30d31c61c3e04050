/* The growing body of one transfer: a cap of its own, and a budget it shares with all others under
 * way. Private to scrape/. */
#ifndef LW_SCRAPE_BODY_H
#define LW_SCRAPE_BODY_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Zero-initialise and set limit_bytes and budget. */
struct scrape_body {
    char *data; /* owned */
    size_t len;
    size_t cap;          /* bytes allocated, and taken from the budget */
    size_t limit_bytes;  /* exactly this many still go in */
    size_t *budget_left; /* borrowed: bytes that all bodies together may still take */
};

/* Appends. promised_bytes: what the answer's Content-Length says, or a negative number.
 * Errors: LW_BODY_TOO_LARGE, LW_BUSY (budget), LW_NO_MEMORY. */
int scrape_body_add(struct scrape_body *body, const char *bytes, size_t len, int64_t promised_bytes,
    struct lw_err *err) LW_MUST_CHECK;

/* Hands the bytes over, never NULL, for the caller to free; they leave the budget. */
char *scrape_body_take(struct scrape_body *body, size_t *len);

void scrape_body_fini(struct scrape_body *body);

#endif
