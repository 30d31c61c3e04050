#include "config/scalar.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/time.h"

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

struct unit {
    const char *name;
    int64_t factor;
    bool exact; /* printed only when it leaves no remainder: 90d is clearer than 12w6d */
};

static const struct unit duration_units[] = {
    {"y", 365 * 86400 * LW_NS_PER_S, true},
    {"w", 7 * 86400 * LW_NS_PER_S, true},
    {"d", 86400 * LW_NS_PER_S, true},
    {"h", 3600 * LW_NS_PER_S, false},
    {"m", 60 * LW_NS_PER_S, false},
    {"s", LW_NS_PER_S, false},
    {"ms", LW_NS_PER_MS, false},
};

static const struct unit size_units[] = {
    {"EB", (int64_t)1 << 60, true},
    {"PB", (int64_t)1 << 50, true},
    {"TB", (int64_t)1 << 40, true},
    {"GB", (int64_t)1 << 30, true},
    {"MB", (int64_t)1 << 20, true},
    {"KB", (int64_t)1 << 10, true},
    {"B", 1, true},
    {"EiB", (int64_t)1 << 60, true},
    {"PiB", (int64_t)1 << 50, true},
    {"TiB", (int64_t)1 << 40, true},
    {"GiB", (int64_t)1 << 30, true},
    {"MiB", (int64_t)1 << 20, true},
    {"KiB", (int64_t)1 << 10, true},
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Reads digits at *at and moves past them; false when there are none or the number is too large. */
static bool read_digits(const char **at, int64_t *value)
{
    const char *p = *at;
    int64_t v = 0;
    for (; is_digit(*p); p++) {
        if (__builtin_mul_overflow(v, (int64_t)10, &v) ||
            __builtin_add_overflow(v, (int64_t)(*p - '0'), &v))
            return false;
    }
    if (p == *at)
        return false;
    *at = p;
    *value = v;
    return true;
}

/* Reads the letters at *at as one of units; its place, or -1. */
static int read_unit(const char **at, const struct unit *units, size_t count)
{
    size_t len = 0;
    while (is_letter((*at)[len]))
        len++;
    for (size_t i = 0; i < count; i++) {
        if (strlen(units[i].name) == len && strncmp(units[i].name, *at, len) == 0) {
            *at += len;
            return (int)i;
        }
    }
    return -1;
}

int config_duration_parse(const char *text, int64_t *ns, struct lw_err *err)
{
    int64_t sum = 0;
    int last = -1;
    const char *at = text;
    if (strcmp(text, "0") == 0)
        at = ""; /* the one number that needs no unit */
    else if (!*text)
        goto malformed;
    while (*at) {
        int64_t number;
        if (!read_digits(&at, &number))
            goto malformed;
        int unit = read_unit(&at, duration_units, COUNT_OF(duration_units));
        if (unit <= last)
            goto malformed;
        last = unit;
        if (__builtin_mul_overflow(number, duration_units[unit].factor, &number) ||
            __builtin_add_overflow(sum, number, &sum))
            goto malformed;
    }
    *ns = sum;
    return 0;
malformed:
    return lw_err_set(err, LW_INVALID,
        "\"%.100s\" is not a duration of at most 292y: write it like 1h30m, 15s or 500ms", text);
}

void config_duration_print(int64_t ns, struct lw_strbuf *out)
{
    if (ns == 0)
        lw_strbuf_adds(out, "0s");
    for (size_t i = 0; i < COUNT_OF(duration_units) && ns > 0; i++) {
        const struct unit *u = &duration_units[i];
        if (ns < u->factor || (u->exact && ns % u->factor != 0))
            continue;
        lw_strbuf_addf(out, "%lld%s", (long long)(ns / u->factor), u->name);
        ns %= u->factor;
    }
}

int config_size_parse(const char *text, int64_t *bytes, struct lw_err *err)
{
    const char *at = text;
    int64_t number = 0;
    int unit = -1;
    if (read_digits(&at, &number))
        unit = read_unit(&at, size_units, COUNT_OF(size_units));
    if (unit < 0 || *at || __builtin_mul_overflow(number, size_units[unit].factor, &number))
        return lw_err_set(err, LW_INVALID,
            "\"%.100s\" is not a size below 8EB: write a whole number with its unit, like 64MB",
            text);
    *bytes = number;
    return 0;
}

void config_size_print(int64_t bytes, struct lw_strbuf *out)
{
    const struct unit *u = size_units;
    while (u->factor > 1 && (bytes == 0 || bytes % u->factor != 0))
        u++;
    lw_strbuf_addf(out, "%lld%s", (long long)(bytes / u->factor), u->name);
}

int config_int_parse(const char *text, int64_t *value, struct lw_err *err)
{
    const char *at = text;
    int64_t number;
    if (!read_digits(&at, &number) || *at)
        return lw_err_set(err, LW_INVALID, "\"%.100s\" is not a whole number", text);
    *value = number;
    return 0;
}

int config_bool_parse(const char *text, bool *value, struct lw_err *err)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on", "n", "y"};
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (strcasecmp(text, words[i]) == 0) {
            *value = i % 2 == 1;
            return 0;
        }
    }
    return lw_err_set(err, LW_INVALID, "\"%.100s\" is neither true nor false", text);
}

int config_label_name_check(const char *name, bool allow_reserved, struct lw_err *err)
{
    bool ok = is_letter(*name) || *name == '_';
    for (const char *p = name; *p; p++)
        ok = ok && (is_letter(*p) || is_digit(*p) || *p == '_');
    if (!ok)
        return lw_err_set(err, LW_INVALID,
            "\"%.100s\" is not a label name: letters, digits and _, not beginning with a digit",
            name);
    if (!allow_reserved && strncmp(name, "__", 2) == 0)
        return lw_err_set(err, LW_INVALID,
            "label name \"%.100s\" begins with __, which is reserved: choose another", name);
    return 0;
}

#define HOST_BYTES_MAX 255 /* more than the longest DNS name */

/* The end of the host at the front of an address, or NULL when there is none. */
static const char *skip_host(const char *at)
{
    static const char in_name[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    static const char in_ipv6[] = "abcdefABCDEF0123456789:.";
    if (*at != '[') {
        size_t len = strspn(at, in_name);
        return len && len <= HOST_BYTES_MAX ? at + len : NULL;
    }
    size_t len = strspn(at + 1, in_ipv6);
    return len && len <= HOST_BYTES_MAX && at[1 + len] == ']' ? at + len + 2 : NULL;
}

int config_address_check(const char *address, struct lw_err *err)
{
    const char *at = skip_host(address);
    int64_t port = 0;
    bool ok = at && at[0] == ':' && at[1] != '0' && strlen(at) <= strlen(":65535");
    if (ok) {
        at++;
        ok = read_digits(&at, &port) && !*at && port <= 65535;
    }
    if (ok)
        return 0;
    if (strchr(address, '/'))
        return lw_err_set(err, LW_INVALID,
            "\"%.100s\" is not an address: host:port only, without scheme and path "
            "(those are scheme and profile_path_prefix)",
            address);
    return lw_err_set(err, LW_INVALID,
        "\"%.100s\" is not an address: write host:port, like checkout-1:6060 or [::1]:6060",
        address);
}

int config_url_check(const char *url, struct lw_err *err)
{
    size_t len = strlen(url);
    const char *host = strncmp(url, "http://", 7) == 0    ? url + 7
                       : strncmp(url, "https://", 8) == 0 ? url + 8
                                                          : NULL;
    if (!host || !*host || *host == '/')
        return lw_err_set(err, LW_INVALID,
            "\"%.100s\" is not a URL that begins with http:// or https:// and a host", url);
    if (url[len - 1] == '/')
        return lw_err_set(err, LW_INVALID, "\"%.100s\" must not end with a slash", url);
    if (strpbrk(host, "?# \t\"<>\\@"))
        return lw_err_set(err, LW_INVALID,
            "\"%.100s\" holds one of ? # @ \\ \" < > or a space: give the URL up to the path only",
            url);
    return 0;
}

int32_t config_utf8_next(const char **at)
{
    static const int32_t smallest[] = {0, 0x80, 0x800, 0x10000};
    const unsigned char *p = (const unsigned char *)*at;
    if (*p < 0x80) {
        *at += *p ? 1 : 0;
        return *p;
    }
    int more = *p >= 0xf0 && *p < 0xf8 ? 3 : *p >= 0xe0 ? 2 : 1;
    if (*p < 0xc0 || *p >= 0xf8)
        return -1;
    int32_t point = *p & (0x3f >> more);
    for (int i = 1; i <= more; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return -1;
        point = point << 6 | (p[i] & 0x3f);
    }
    if (point < smallest[more] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
        return -1;
    *at += 1 + more;
    return point;
}
