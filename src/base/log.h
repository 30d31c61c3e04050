/* Logs: one logfmt line an event, to standard error, in the fields Prometheus 3 uses:
 *   time=2026-11-21T04:14:21.837Z level=INFO source=engine.c:88 component=engine msg="…"
 * A line is at most 2 KiB and written by one write(2). What is logged are edges (a target went
 * down, came back, a verdict changed), never each scrape: the log of a quiet fleet is quiet. */
#ifndef LW_BASE_LOG_H
#define LW_BASE_LOG_H

#include "base/err.h"

enum lw_log_level { LW_LOG_DEBUG, LW_LOG_INFO, LW_LOG_WARN, LW_LOG_ERROR };

/* Accepts debug, info, warn, error. */
int lw_log_level_parse(
    const char *word, enum lw_log_level *level, struct lw_err *err) LW_MUST_CHECK;

/* Process-wide; set before any thread starts. Default: info. */
void lw_log_set_level(enum lw_log_level level);

/* Where lines go instead of standard error (tests); NULL puts standard error back. */
void lw_log_set_sink(void (*sink)(void *ctx, const char *line), void *ctx);

void lw_log_line(enum lw_log_level level, const char *file, int line, const char *component,
    const char *fmt, ...) LW_PRINTF(5, 6);

#define lw_debug(component, ...) \
    lw_log_line(LW_LOG_DEBUG, __FILE__, __LINE__, component, __VA_ARGS__)
#define lw_info(component, ...) lw_log_line(LW_LOG_INFO, __FILE__, __LINE__, component, __VA_ARGS__)
#define lw_warn(component, ...) lw_log_line(LW_LOG_WARN, __FILE__, __LINE__, component, __VA_ARGS__)
#define lw_error(component, ...) \
    lw_log_line(LW_LOG_ERROR, __FILE__, __LINE__, component, __VA_ARGS__)

#endif
