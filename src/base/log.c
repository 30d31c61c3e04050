#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"
#include "base/utf8.h"

#define LINE_BYTES 2048

static enum lw_log_level threshold = LW_LOG_INFO;
static void (*line_sink)(void *ctx, const char *line);
static void *line_sink_ctx;

static const char *const words[] = {"DEBUG", "INFO", "WARN", "ERROR"};

int lw_log_level_parse(const char *word, enum lw_log_level *level, struct lw_err *err)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    for (int i = 0; i < 4; i++) {
        if (strcmp(word, names[i]) == 0) {
            *level = (enum lw_log_level)i;
            return 0;
        }
    }
    return lw_err_set(
        err, LW_INVALID, "log level \"%s\" is not one of debug, info, warn, error", word);
}

void lw_log_set_level(enum lw_log_level level)
{
    threshold = level;
}

void lw_log_set_sink(void (*sink)(void *ctx, const char *line), void *ctx)
{
    line_sink = sink;
    line_sink_ctx = ctx;
}

/* Appends text as a quoted logfmt value: whatever a target put into a message stays on one line,
 * and is UTF-8, because the journal shows no line that is not. */
static size_t quote(char *line, size_t at, size_t size, const char *text)
{
    static const char hex[] = "0123456789abcdef";
    size_t len;
    line[at++] = '"';
    for (const char *p = text; *p && at + 8 < size; p += len ? len : 1) {
        unsigned char c = (unsigned char)*p;
        len = lw_utf8_sequence(p);
        if (c == '"' || c == '\\') {
            line[at++] = '\\';
            line[at++] = *p;
        } else if (c == '\n') {
            line[at++] = '\\';
            line[at++] = 'n';
        } else if (c < 0x20 || c == 0x7f || !len) {
            line[at++] = '\\';
            line[at++] = 'x';
            line[at++] = hex[c >> 4];
            line[at++] = hex[c & 15];
        } else {
            memcpy(line + at, p, len);
            at += len;
        }
    }
    line[at++] = '"';
    return at;
}

void lw_log_line(enum lw_log_level level, const char *file, int line_number, const char *component,
    const char *fmt, ...)
{
    if (level < threshold)
        return;
    int saved_errno = errno;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    char when[LW_WALL_TEXT_BYTES];
    lw_wall_rfc3339((struct lw_wall){(int64_t)now.tv_sec * LW_NS_PER_S + now.tv_nsec}, when);
    const char *base = strrchr(file, '/');

    char line[LINE_BYTES], text[LINE_BYTES];
    int head = snprintf(line, sizeof line, "time=%s level=%s source=%s:%d component=%s msg=", when,
        words[level], base ? base + 1 : file, line_number, component);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    size_t n = quote(line, (size_t)head, sizeof line - 2, text);
    line[n] = '\0';
    if (line_sink) {
        line_sink(line_sink_ctx, line);
    } else {
        line[n++] = '\n';
        ssize_t written = write(STDERR_FILENO, line, n);
        (void)written; /* a log that cannot be written has nowhere to say so */
    }
    errno = saved_errno;
}
