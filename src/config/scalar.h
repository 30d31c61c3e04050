/* The single values of a configuration: how they are written, read and checked. Messages do not
 * name the option or the place; the caller puts those in front. */
#ifndef LW_CONFIG_SCALAR_H
#define LW_CONFIG_SCALAR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strbuf.h"

/* Prometheus' <duration>, in ns: whole numbers with the units y w d h m s ms, each at most once and
 * in this order ("1h30m"), or a bare 0. A year has 365 days. */
int config_duration_parse(const char *text, int64_t *ns, struct lw_err *err) LW_MUST_CHECK;

/* As Prometheus prints it: 90m is "1h30m", a week "1w", ten days "10d". ns: whole milliseconds. */
void config_duration_print(int64_t ns, struct lw_strbuf *out);

/* Prometheus' <size>, in bytes: a whole number and a unit, B KB MB GB TB PB EB or KiB MiB …, all of
 * base 1024. */
int config_size_parse(const char *text, int64_t *bytes, struct lw_err *err) LW_MUST_CHECK;
void config_size_print(int64_t bytes, struct lw_strbuf *out);

/* Decimal digits. */
int config_int_parse(const char *text, int64_t *value, struct lw_err *err) LW_MUST_CHECK;

/* YAML 1.1's words in any case, as Go's yaml takes for a bool: true yes on y, false no off n. */
int config_bool_parse(const char *text, bool *value, struct lw_err *err) LW_MUST_CHECK;

/* [a-zA-Z_][a-zA-Z0-9_]*; names that begin with __ are for labels that are not shown, and only
 * taken with allow_reserved. */
int config_label_name_check(
    const char *name, bool allow_reserved, struct lw_err *err) LW_MUST_CHECK;

/* A target's address, "host:port": a DNS name, an IPv4 address or an IPv6 address in brackets, and
 * a port from 1 to 65535. Nothing that could reach into the rest of a URL. */
int config_address_check(const char *address, struct lw_err *err) LW_MUST_CHECK;

/* The URL of a service up to its path, which does not end with a slash: http:// or https://, a
 * host, and neither credentials nor a query. */
int config_url_check(const char *url, struct lw_err *err) LW_MUST_CHECK;

/* The code point at *at, which moves past it; -1 where the bytes are not UTF-8 (RFC 3629) and *at
 * stays. 0 at the end, where *at stays too. */
int32_t config_utf8_next(const char **at);

#endif
