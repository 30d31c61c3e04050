#include "scrape/body.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define FIRST_BYTES 16384

/* A Content-Length is a promise: beyond this much only bytes that came make the buffer grow. */
#define PROMISE_MAX_BYTES (1 << 20)

static size_t next_cap(const struct scrape_body *body, size_t want, int64_t promised_bytes)
{
    size_t cap = body->cap ? body->cap * 2 : FIRST_BYTES;
    if (!body->cap && promised_bytes > 0)
        cap = promised_bytes < PROMISE_MAX_BYTES ? (size_t)promised_bytes : PROMISE_MAX_BYTES;
    if (cap < want)
        cap = want;
    return cap < body->limit_bytes ? cap : body->limit_bytes;
}

static int grow(struct scrape_body *body, size_t cap, struct lw_err *err)
{
    size_t more = cap - body->cap;
    if (more > *body->budget_left)
        return lw_err_set(err, LW_BUSY,
            "the bodies under way have used up their budget: %zu bytes left, %zu needed",
            *body->budget_left, more);
    char *data = realloc(body->data, cap);
    if (!data)
        return lw_err_set(err, LW_NO_MEMORY, "no memory for a body of %zu bytes", cap);
    *body->budget_left -= more;
    body->data = data;
    body->cap = cap;
    return 0;
}

int scrape_body_add(struct scrape_body *body, const char *bytes, size_t len, int64_t promised_bytes,
    struct lw_err *err)
{
    assert(body->len <= body->limit_bytes);
    if (len > body->limit_bytes - body->len)
        return lw_err_set(err, LW_BODY_TOO_LARGE,
            "the body is larger than %zu bytes on the wire; see compressed_size_limit",
            body->limit_bytes);
    if (!len)
        return 0;
    size_t want = body->len + len;
    if (want > body->cap && grow(body, next_cap(body, want, promised_bytes), err) < 0)
        return -1;
    memcpy(body->data + body->len, bytes, len);
    body->len = want;
    return 0;
}

char *scrape_body_take(struct scrape_body *body, size_t *len)
{
    char *data = body->data ? body->data : lw_new(1, 1);
    *len = body->len;
    /* Bodies wait for a worker: give back what the doubling took too much. */
    char *fitting = body->len ? realloc(data, body->len) : NULL;
    body->data = NULL;
    scrape_body_fini(body);
    return fitting ? fitting : data;
}

void scrape_body_fini(struct scrape_body *body)
{
    *body->budget_left += body->cap;
    free(body->data);
    body->data = NULL;
    body->len = body->cap = 0;
}
