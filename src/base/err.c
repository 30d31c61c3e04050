#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *word;
    int http_status;
    bool retryable;
} codes[LW_CODE_COUNT] = {
#define LW_CODE_ROW(name, word, http_status, retryable) [name] = {word, http_status, retryable},
    LW_CODES(LW_CODE_ROW)
#undef LW_CODE_ROW
};

void lw_err_clear(struct lw_err *err)
{
    if (err) {
        err->code = LW_OK;
        err->sys = 0;
        err->msg[0] = '\0';
    }
}

int lw_err_set(struct lw_err *err, enum lw_code code, const char *fmt, ...)
{
    if (err) {
        va_list ap;
        va_start(ap, fmt);
        err->code = code;
        err->sys = 0;
        vsnprintf(err->msg, sizeof err->msg, fmt, ap);
        va_end(ap);
    }
    return -1;
}

int lw_err_sys(struct lw_err *err, enum lw_code code, int errnum, const char *fmt, ...)
{
    if (err) {
        va_list ap;
        va_start(ap, fmt);
        err->code = code;
        err->sys = errnum;
        vsnprintf(err->msg, sizeof err->msg, fmt, ap);
        va_end(ap);
        size_t n = strlen(err->msg);
        char text[128];
        snprintf(err->msg + n, sizeof err->msg - n, ": %s",
            strerror_r(errnum, text, sizeof text)); /* the GNU strerror_r: thread safe */
    }
    return -1;
}

int lw_err_prefix(struct lw_err *err, const char *fmt, ...)
{
    if (err) {
        char old[sizeof err->msg];
        memcpy(old, err->msg, sizeof old);
        va_list ap;
        va_start(ap, fmt);
        vsnprintf(err->msg, sizeof err->msg, fmt, ap);
        va_end(ap);
        size_t n = strlen(err->msg);
        snprintf(err->msg + n, sizeof err->msg - n, ": %s", old);
    }
    return -1;
}

const char *lw_code_word(enum lw_code code)
{
    return codes[code].word;
}

int lw_code_http_status(enum lw_code code)
{
    return codes[code].http_status;
}

bool lw_code_retryable(enum lw_code code)
{
    return codes[code].retryable;
}
