/* The text form of a heap profile, and the callees that are found in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "profile/profile.h"
#include "profile/stacks.h"

/* What Go 1.26 says of a program that leaks, shortened. */
static const char text[] =
    "heap profile: 9: 72816 [316: 20192368] @ heap/1048576\n"
    "1: 112 [1: 112] @ 0x4856ec 0x417466 0x4517c5 0x48efc1\n"
    "#\t0x4856eb\truntime.mallocgc+0xcb\t/usr/local/go/src/runtime/malloc.go:1143\n"
    "\n"
    "7: 7168 [7: 7168] @ 0x4856ec 0x4219e5 0x66f7b7 0x66f442 0x48efc1\n"
    "#\t0x66f7b6\tmain.(*Store).Open+0x56\t/src/main.go:32\n"
    "\n"
    "1: 65536 [308: 20185088] @ 0x4856f3 0x489c29 0x66f485 0x66f42b 0x48efc1\n"
    "\n"
    "0: 0 [5: 512] @\n"
    "\n"
    "# runtime.MemStats\n"
    "# PauseNs = [285867 58738]\n"
    "# DebugGC = false";

struct seen {
    size_t rows;
    size_t addresses;
    uint64_t last;
};

static void count_row(void *ctx, const uint64_t *returns, size_t depth)
{
    struct seen *seen = ctx;
    seen->rows++;
    seen->addresses += depth;
    if (depth)
        seen->last = returns[depth - 1];
}

/* The bytes are copied so that a read past them is seen. */
static int each(const char *bytes, size_t len, struct seen *seen, struct lw_err *err)
{
    char *copy = malloc(len ? len : 1);
    memcpy(copy, bytes, len);
    *seen = (struct seen){0};
    lw_err_clear(err);
    int rc = profile_stacks_each(copy, len, count_row, seen, err);
    free(copy);
    return rc;
}

static void test_rows_are_read(void **state)
{
    (void)state;
    struct seen seen;
    struct lw_err err;
    assert_int_equal(each(text, sizeof text - 1, &seen, &err), 0);
    assert_int_equal(seen.rows, 4);
    assert_int_equal(seen.addresses, 14);
    assert_int_equal(seen.last, 0x48efc1);
}

static void test_any_end_is_survived(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof text; len++) {
        struct seen seen;
        struct lw_err err;
        if (each(text, len, &seen, &err) < 0)
            assert_true(err.code == LW_NOT_HEAP || err.code == LW_NOT_PROFILE);
    }
}

static void test_other_texts_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *rest;
        bool is_taken;
    } rows[] = {
        {"", true},
        {"1: 2 [3: 4] @ 0xffffffffffffffff\n", true},
        {"1: 2 [3: 4] @ 0x10000000000000000\n", false},
        {"1: 2 [3: 4] @ 0x\n", false},
        {"1: 2 [3: 4] @ 12\n", false},
        {"1: 2 [3: 4] @ 0x12,\n", false},
        {"1: 2 [3: 4] @ 0x12 \n", false},
        {"1: 2 [3: 4]\n", false},
        {"<html>] @ 0x12\n", false},
    };
    struct seen seen;
    struct lw_err err;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char all[128];
        snprintf(all, sizeof all, "heap profile: 1: 2 [3: 4] @ heap/2\n%s", rows[i].rest);
        assert_int_equal(each(all, strlen(all), &seen, &err), rows[i].is_taken ? 0 : -1);
        assert_int_equal(err.code, rows[i].is_taken ? LW_OK : LW_NOT_PROFILE);
        if (!rows[i].is_taken)
            assert_non_null(strstr(err.msg, "line 2"));
    }
    assert_int_equal(each("goroutine profile: total 3\n", 27, &seen, &err), -1);
    assert_int_equal(err.code, LW_NOT_HEAP);
}

static void test_ceilings_hold(void **state)
{
    (void)state;
    struct seen seen;
    struct lw_err err;
    struct lw_strbuf sb;
    lw_strbuf_init(&sb, (size_t)8 << 20);
    lw_strbuf_adds(&sb, "heap profile: x\n1: 2 [3: 4] @");
    for (int i = 0; i < 2 * PROFILE_FRAMES_MAX; i++)
        lw_strbuf_addf(&sb, " 0x%x", i);
    assert_int_equal(each(sb.data, sb.len, &seen, &err), 0);
    assert_int_equal(seen.addresses, PROFILE_FRAMES_MAX);
    assert_int_equal(seen.last, PROFILE_FRAMES_MAX - 1);
    lw_strbuf_adds(&sb, "\n");
    for (int i = 1; i < PROFILE_STACKS_MAX; i++)
        lw_strbuf_adds(&sb, "1: 2 [3: 4] @ 0x1\n");
    assert_int_equal(each(sb.data, sb.len, &seen, &err), 0);
    lw_strbuf_adds(&sb, "1: 2 [3: 4] @ 0x1\n");
    assert_int_equal(each(sb.data, sb.len, &seen, &err), -1);
    assert_int_equal(err.code, LW_INFLATED_TOO_LARGE);
    assert_int_equal(seen.rows, PROFILE_STACKS_MAX);
    lw_strbuf_fini(&sb);
}

/* ---- callees ---- */

/* The callee of one call in the text above. */
static uint64_t callee_of(const uint64_t *addresses, size_t depth)
{
    struct profile_call call = {.addresses = addresses, .depth = depth, .callee = 7};
    struct lw_err err;
    assert_int_equal(profile_calls_find(text, sizeof text - 1, &call, 1, &err), 0);
    return call.callee;
}

#define CALLEE_OF(...) \
    callee_of((uint64_t[]){__VA_ARGS__}, sizeof((uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

static void test_the_callee_comes_before_the_leaf(void **state)
{
    (void)state;
    assert_int_equal(CALLEE_OF(0x66f7b6, 0x66f441), 0x4219e4);
    assert_int_equal(CALLEE_OF(0x66f7b6), 0x4219e4); /* cut where samples differ */
    /* The message folds inlined calls into one address, the text does not. */
    assert_int_equal(CALLEE_OF(0x66f484), 0x489c28);
    assert_int_equal(CALLEE_OF(0x66f484, 0x48efc0), 0x489c28);
}

static void test_what_does_not_fit_has_no_callee(void **state)
{
    (void)state;
    assert_int_equal(CALLEE_OF(0x66f7b7), 0);           /* not where the call is */
    assert_int_equal(CALLEE_OF(0x66f7b6, 0x66f42a), 0); /* another stack's caller */
    assert_int_equal(CALLEE_OF(0x66f441, 0x66f7b6), 0); /* the other way round */
    assert_int_equal(CALLEE_OF(0x4856eb, 0x417465), 0); /* a stack of the runtime alone */
    assert_int_equal(CALLEE_OF(UINT64_MAX), 0);
    struct lw_err err;
    assert_int_equal(profile_calls_find(text, sizeof text - 1, NULL, 0, &err), 0);
    struct profile_call call = {.addresses = (uint64_t[]){0x66f7b6}, .depth = 1};
    assert_int_equal(profile_calls_find("404\n", 4, &call, 1, &err), -1);
    assert_int_equal(err.code, LW_NOT_HEAP);
}

static void test_sites_may_share_their_leaf(void **state)
{
    (void)state;
    static const char two[] = "heap profile: x\n"
                              "1: 2 [3: 4] @ 0x11 0x101 0x201\n"
                              "1: 2 [3: 4] @ 0x21 0x101 0x301\n";
    struct profile_call calls[] = {
        {.addresses = (uint64_t[]){0x100, 0x300}, .depth = 2},
        {.addresses = (uint64_t[]){0x100, 0x400}, .depth = 2},
        {.addresses = (uint64_t[]){0x100, 0x200}, .depth = 2},
    };
    struct lw_err err;
    assert_int_equal(profile_calls_find(two, sizeof two - 1, calls, 3, &err), 0);
    assert_int_equal(calls[0].callee, 0x20);
    assert_int_equal(calls[1].callee, 0);
    assert_int_equal(calls[2].callee, 0x10);
}

/* ---- names ---- */

struct names {
    size_t count;
    uint64_t address;
    char name[PROFILE_SYMBOL_BYTES];
};

static void keep_name(void *ctx, uint64_t address, const char *name)
{
    struct names *names = ctx;
    names->count++;
    names->address = address;
    snprintf(names->name, sizeof names->name, "%s", name);
}

static int read_names(const char *answer, struct names *names, struct lw_err *err)
{
    size_t len = strlen(answer);
    char *copy = malloc(len + 1);
    memcpy(copy, answer, len);
    *names = (struct names){0};
    int rc = profile_names_each(copy, len, keep_name, names, err);
    free(copy);
    return rc;
}

static void test_names_are_read(void **state)
{
    (void)state;
    struct names names;
    struct lw_err err;
    assert_int_equal(read_names("num_symbols: 1\n0x4219e4 runtime.newobject\n"
                                "0x66f7b6 main.(*Cache[...]).Put",
                         &names, &err),
        0);
    assert_int_equal(names.count, 2);
    assert_int_equal(names.address, 0x66f7b6);
    assert_string_equal(names.name, "main.(*Cache[...]).Put");
    assert_int_equal(read_names("num_symbols: 0\n", &names, &err), 0);
    assert_int_equal(names.count, 0);
    assert_int_equal(read_names("<html>login", &names, &err), -1);
    assert_int_equal(err.code, LW_NOT_PROFILE);
    assert_int_equal(read_names("num_symbols: 1\n0x12\n", &names, &err), -1);
    assert_non_null(strstr(err.msg, "line 2"));
    assert_int_equal(read_names("", &names, &err), -1);
}

static void test_long_names_are_left_out(void **state)
{
    (void)state;
    char answer[1024], name[PROFILE_SYMBOL_BYTES + 1];
    struct names names;
    struct lw_err err;
    for (size_t len = PROFILE_SYMBOL_BYTES - 1; len <= PROFILE_SYMBOL_BYTES; len++) {
        memset(name, 'f', len);
        name[len] = '\0';
        snprintf(answer, sizeof answer, "num_symbols: 1\n0x12 %s\n", name);
        assert_int_equal(read_names(answer, &names, &err), 0);
        assert_int_equal(names.count, len < PROFILE_SYMBOL_BYTES);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_read),
        cmocka_unit_test(test_any_end_is_survived),
        cmocka_unit_test(test_other_texts_are_refused),
        cmocka_unit_test(test_ceilings_hold),
        cmocka_unit_test(test_the_callee_comes_before_the_leaf),
        cmocka_unit_test(test_what_does_not_fit_has_no_callee),
        cmocka_unit_test(test_sites_may_share_their_leaf),
        cmocka_unit_test(test_names_are_read),
        cmocka_unit_test(test_long_names_are_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
