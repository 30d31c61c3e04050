/* One way to fail. A function that can fail takes `struct lw_err *` as its last argument and
 * returns 0 or -1 (or a pointer or NULL); the result must be checked. Who returns an error does not
 * log it; who handles it does, once. */
#ifndef LW_BASE_ERR_H
#define LW_BASE_ERR_H

#include <stdbool.h>

#define LW_MUST_CHECK              __attribute__((warn_unused_result))
#define LW_PRINTF(fmt_at, args_at) __attribute__((format(printf, fmt_at, args_at)))

/* Every way to fail, once: X(name, word, http_status, retryable).
 * `word` stands in logs and is the value of the metric label `outcome`;
 * `http_status` is what an API request that ran into it answers;
 * `retryable` says whether the same call may go through later without anyone changing anything. */
#define LW_CODES(X) \
    X(LW_OK, "ok", 200, false) \
    /* a request or a file says something we do not take */ \
    X(LW_INVALID, "invalid", 400, false) \
    X(LW_UNAUTHORIZED, "unauthorized", 401, false) \
    X(LW_FORBIDDEN, "forbidden", 403, false) \
    X(LW_NOT_FOUND, "not_found", 404, false) \
    X(LW_METHOD, "method_not_allowed", 405, false) \
    X(LW_TOO_LARGE, "too_large", 413, false) \
    X(LW_MEDIA_TYPE, "media_type", 415, false) \
    X(LW_LIMITED, "limited", 429, true) \
    X(LW_UNSUPPORTED, "unsupported", 422, false) \
    /* our own side */ \
    X(LW_IO, "io", 500, true) \
    X(LW_CORRUPT, "corrupt", 500, false) \
    X(LW_NO_MEMORY, "no_memory", 503, true) \
    X(LW_BUSY, "busy", 503, true) \
    X(LW_CANCELLED, "cancelled", 503, true) \
    X(LW_INTERNAL, "internal", 500, false) \
    /* a scrape, in the order in which it can go wrong */ \
    X(LW_CREDENTIALS, "credentials", 502, true) \
    X(LW_RESOLVE, "resolve", 502, true) \
    X(LW_CONNECT, "connect", 502, true) \
    X(LW_TLS, "tls", 502, true) \
    X(LW_TIMEOUT, "timeout", 504, true) \
    X(LW_TRANSFER, "transfer", 502, true) \
    X(LW_REDIRECT, "redirect", 502, true) \
    X(LW_HTTP_STATUS, "http_status", 502, true) \
    X(LW_BODY_TOO_LARGE, "body_too_large", 502, true) \
    X(LW_NOT_GZIP, "not_gzip", 502, true) \
    X(LW_TRUNCATED, "truncated", 502, true) \
    X(LW_INFLATED_TOO_LARGE, "inflated_too_large", 502, true) \
    X(LW_NOT_PROFILE, "not_profile", 502, true) \
    X(LW_NOT_HEAP, "not_heap", 502, true)

enum lw_code {
#define LW_CODE_ENUM(name, word, http_status, retryable) name,
    LW_CODES(LW_CODE_ENUM)
#undef LW_CODE_ENUM
        LW_CODE_COUNT
};

/* Owned by the caller, on its stack. `sys` is an errno value or 0. `msg` names the thing, the
 * value, the limit and what to do; it is text for a person and may hold foreign bytes (never print
 * it raw into HTML). Longer messages are cut at its size. */
struct lw_err {
    enum lw_code code;
    int sys;
    char msg[512];
};

/* Clears err to LW_OK. */
void lw_err_clear(struct lw_err *err);

/* Fills err (which may be NULL when the caller wants no reason) and returns -1, so that a failing
 * function ends with `return lw_err_set(err, LW_…, "…")`. */
int lw_err_set(struct lw_err *err, enum lw_code code, const char *fmt, ...) LW_PRINTF(3, 4);

/* As lw_err_set, and appends ": " and the text of errnum. */
int lw_err_sys(struct lw_err *err, enum lw_code code, int errnum, const char *fmt, ...)
    LW_PRINTF(4, 5);

/* Puts "<prefix>: " before the message of a failure that is passed on. Returns -1. */
int lw_err_prefix(struct lw_err *err, const char *fmt, ...) LW_PRINTF(2, 3);

const char *lw_code_word(enum lw_code code);
int lw_code_http_status(enum lw_code code);
bool lw_code_retryable(enum lw_code code);

#endif
