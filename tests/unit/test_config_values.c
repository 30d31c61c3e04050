#include "config/scalar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/time.h"

static void test_durations(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;          /* -1: refused */
        const char *printed; /* NULL: as text */
    } cases[] = {
        {"0", 0, "0s"},
        {"0s", 0, NULL},
        {"1ms", 1, NULL},
        {"1s500ms", 1500, NULL},
        {"1500ms", 1500, "1s500ms"},
        {"90s", 90000, "1m30s"},
        {"90m", 5400000, "1h30m"},
        {"48h", 172800000, "2d"},
        {"10d", 864000000, NULL},
        {"14d", 1209600000, "2w"},
        {"1y", 31536000000, NULL},
        {"1w1d", 691200000, "8d"},
        {"1d1h", 90000000, "25h"},
        {"", -1, NULL},
        {"1", -1, NULL},
        {"s", -1, NULL},
        {"1.5h", -1, NULL},
        {"-1s", -1, NULL},
        {"1m1h", -1, NULL},
        {"1m1m", -1, NULL},
        {"1 m", -1, NULL},
        {"1us", -1, NULL},
        {"300y", -1, NULL},
        {"99999999999999999999s", -1, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t ns = 42;
        struct lw_err err;
        int rc = config_duration_parse(cases[i].text, &ns, &err);
        assert_int_equal(rc, cases[i].ms < 0 ? -1 : 0);
        if (rc < 0) {
            assert_int_equal(ns, 42);
            continue;
        }
        assert_int_equal(ns, cases[i].ms * LW_NS_PER_MS);
        struct lw_strbuf out;
        lw_strbuf_init(&out, 100);
        config_duration_print(ns, &out);
        assert_string_equal(out.data, cases[i].printed ? cases[i].printed : cases[i].text);
        lw_strbuf_fini(&out);
    }
}

static void test_sizes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t bytes; /* -1: refused */
        const char *printed;
    } cases[] = {
        {"0B", 0, "0B"},
        {"1B", 1, "1B"},
        {"1KB", 1024, "1KB"},
        {"1KiB", 1024, "1KB"},
        {"1536MB", (int64_t)1536 << 20, "1536MB"},
        {"2048MB", (int64_t)2048 << 20, "2GB"},
        {"7EB", (int64_t)7 << 60, "7EB"},
        {"8EB", -1, NULL},
        {"", -1, NULL},
        {"1", -1, NULL},
        {"MB", -1, NULL},
        {"1kb", -1, NULL},
        {"1MB ", -1, NULL},
        {"1.5MB", -1, NULL},
        {"-1MB", -1, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t bytes = 42;
        struct lw_err err;
        int rc = config_size_parse(cases[i].text, &bytes, &err);
        assert_int_equal(rc, cases[i].bytes < 0 ? -1 : 0);
        assert_int_equal(bytes, rc < 0 ? 42 : cases[i].bytes);
        if (rc < 0)
            continue;
        struct lw_strbuf out;
        lw_strbuf_init(&out, 100);
        config_size_print(bytes, &out);
        assert_string_equal(out.data, cases[i].printed);
        lw_strbuf_fini(&out);
    }
}

static void test_addresses(void **state)
{
    (void)state;
    static const char *const good[] = {
        "a:1", "10.0.0.1:65535", "[::1]:80", "[fe80::1]:6060", "a-b_c.svc.local.:6060"};
    static const char *const bad[] = {"", ":", ":80", "a", "a:", "a:0", "a:080", "a:65536", "a:1x",
        "a:-1", "a:1:2", "::1:80", "[::1]", "[]:80", "[::1:80", "[::g]:80", "a b:80", "u@h:80",
        "h:80/x", "h:80?x", "h:80#x", "h\n:80", "http://h:80", "h:99999999999999999999"};
    struct lw_err err;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_int_equal(config_address_check(good[i], &err), 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(config_address_check(bad[i], &err), -1);
}

static void test_utf8(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int32_t point;
        size_t bytes;
    } cases[] = {
        {"", 0, 0},
        {"a", 'a', 1},
        {"\x7f", 0x7f, 1},
        {"\xc2\x80", 0x80, 2},
        {"\xdf\xbf", 0x7ff, 2},
        {"\xe0\xa0\x80", 0x800, 3},
        {"\xef\xbf\xbf", 0xffff, 3},
        {"\xf0\x90\x80\x80", 0x10000, 4},
        {"\xf0\xa0\x80\x80", 0x20000, 4},
        {"\xf4\x8f\xbf\xbf", 0x10ffff, 4},
        {"\x80", -1, 0},             /* begins in the middle */
        {"\xc2", -1, 0},             /* cut short */
        {"\xe2\x82", -1, 0},         /* cut short */
        {"\xf0\x90\x80", -1, 0},     /* cut short */
        {"\xc0\x80", -1, 0},         /* too long a form */
        {"\xc1\xbf", -1, 0},         /* too long a form */
        {"\xe0\x9f\xbf", -1, 0},     /* too long a form */
        {"\xf0\x8f\xbf\xbf", -1, 0}, /* too long a form */
        {"\xed\xa0\x80", -1, 0},     /* a surrogate */
        {"\xf4\x90\x80\x80", -1, 0}, /* past the last code point */
        {"\xf8\x88\x80\x80", -1, 0},
        {"\xff", -1, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *at = cases[i].text;
        assert_int_equal(config_utf8_next(&at), cases[i].point);
        assert_int_equal(at - cases[i].text, cases[i].bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
