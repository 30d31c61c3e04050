/* The MemStats at the end of a heap's text form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "profile/memstats.h"

/* What Go 1.26 says of an idle program, its arrays shortened. */
static const char text[] =
    "heap profile: 1: 2 [3: 4] @ heap/1048576\n"
    "1: 2 [3: 4] @ 0x4219e5\n"
    "#\t0x66f7b6\tmain.# Sys = 1+0x56\t/src/main.go:32\n"
    "\n"
    "# runtime.MemStats\n"
    "# Alloc = 1580704\n# TotalAlloc = 1580704\n# Sys = 12540168\n# Lookups = 0\n"
    "# HeapAlloc = 1580704\n# HeapSys = 7995392\n# HeapIdle = 5685248\n# HeapInuse = 2310144\n"
    "# HeapReleased = 5652480\n# HeapObjects = 1442\n# Stack = 393216 / 393217\n"
    "# MSpan = 34240 / 48960\n# MCache = 4592 / 16072\n# BuckHashSys = 1444249\n"
    "# GCSys = 1875216\n# OtherSys = 767063\n# NextGC = 4194304\n# LastGC = 0\n"
    "# PauseNs = [0 0 0]\n# PauseEnd = [0 0 0]\n# NumGC = 9\n# NumForcedGC = 2\n# GCCPUFraction = 1.5e-05\n"
    "# DebugGC = false\n# MaxRSS = 9113600\n";

/* The bytes are copied so that a read past them is seen. */
static int parse(const char *bytes, size_t len, struct profile_memstats *stats, struct lw_err *err)
{
    char *copy = malloc(len ? len : 1);
    memcpy(copy, bytes, len);
    lw_err_clear(err);
    int rc = profile_memstats_parse(copy, len, stats, err);
    free(copy);
    return rc;
}

static void test_members_are_read(void **state)
{
    (void)state;
    struct profile_memstats s;
    struct lw_err err;
    assert_int_equal(parse(text, sizeof text - 1, &s, &err), 0);
    assert_int_equal(s.sys, 12540168);
    assert_int_equal(s.heap_alloc, 1580704);
    assert_int_equal(s.heap_sys, s.heap_idle + s.heap_inuse);
    assert_int_equal(s.heap_released, 5652480);
    assert_int_equal(s.stack_inuse, 393216);
    assert_int_equal(s.stack_sys, 393217);
    assert_int_equal(s.mspan_sys, 48960);
    assert_int_equal(s.mcache_sys, 16072);
    assert_int_equal(s.next_gc, 4194304);
    assert_int_equal(s.max_rss, 9113600);
    assert_int_equal(s.num_gc, 9);
    assert_int_equal(s.num_forced_gc, 2);
    assert_true(s.gc_cpu_fraction > 1.4e-5 && s.gc_cpu_fraction < 1.6e-5);
    assert_int_equal(profile_memstats_held_bytes(&s), 12540168 - 5652480);
}

/* What comes after the last member that must be there may be missing: MaxRSS outside Linux. */
static void test_any_end_is_survived(void **state)
{
    (void)state;
    size_t stack = (size_t)(strstr(text, "# Stack") - text);
    for (size_t len = 0; len < sizeof text - 1; len++) {
        struct profile_memstats s;
        struct lw_err err;
        if (parse(text, len, &s, &err) < 0)
            assert_int_equal(err.code, LW_NOT_PROFILE);
        else
            assert_true(len > stack);
    }
}

static void test_what_is_wrong_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *from;
        const char *to;
        const char *told;
    } rows[] = {
        {"# Sys = 12540168", "# Sys = 9223372036854775808", "Sys"},
        {"# HeapSys = 7995392", "# HeapSys = -1", "HeapSys"},
        {"# HeapIdle = 5685248", "# Heap = 1", "HeapIdle"},
        {"393216 / 393217", "393216", "Stack"},
        {"393216 / 393217", "393216 / x", "Stack"},
        {"# NumGC = 9", "# NumGC = many", "NumGC"},
        {"1.5e-05", "nan", "GCCPUFraction"},
        {"1.5e-05", "", "GCCPUFraction"},
        {"# runtime.MemStats\n", "# runtime.Mem\n", "debug=1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char bent[2048];
        const char *at = strstr(text, rows[i].from);
        int len = snprintf(bent, sizeof bent, "%.*s%s%s", (int)(at - text), text, rows[i].to,
            at + strlen(rows[i].from));
        struct profile_memstats s;
        struct lw_err err;
        assert_int_equal(parse(bent, (size_t)len, &s, &err), -1);
        assert_int_equal(err.code, LW_NOT_PROFILE);
        assert_non_null(strstr(err.msg, rows[i].told));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members_are_read),
        cmocka_unit_test(test_any_end_is_survived),
        cmocka_unit_test(test_what_is_wrong_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
