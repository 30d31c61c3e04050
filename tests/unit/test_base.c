/* base/: the small things everything else stands on. */
#include <errno.h>
#include <fcntl.h>
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/cursor.h"
#include "base/err.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/labels.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "base/time.h"
#include "base/utf8.h"

/* The same numbers on every run (Numerical Recipes' constants). */
static uint64_t next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return *seed >> 16;
}

/* ---- err ---- */

static void test_err(void **state)
{
    (void)state;
    struct lw_err err;
    assert_int_equal(lw_err_set(&err, LW_INVALID, "x=%d", 7), -1);
    assert_int_equal(err.code, LW_INVALID);
    assert_int_equal(err.sys, 0);
    assert_string_equal(err.msg, "x=7");
    assert_int_equal(lw_err_prefix(&err, "file %s", "a.yml"), -1);
    assert_string_equal(err.msg, "file a.yml: x=7");
    assert_int_equal(err.code, LW_INVALID);
    assert_int_equal(lw_err_sys(&err, LW_IO, ENOENT, "cannot open %s", "b"), -1);
    assert_string_equal(err.msg, "cannot open b: No such file or directory");
    assert_int_equal(err.sys, ENOENT);
    lw_err_clear(&err);
    assert_int_equal(err.code, LW_OK);
    assert_string_equal(err.msg, "");
    assert_int_equal(lw_err_set(NULL, LW_IO, "nobody asks"), -1);
    assert_int_equal(lw_err_sys(NULL, LW_IO, EIO, "nobody asks"), -1);
    assert_int_equal(lw_err_prefix(NULL, "nobody asks"), -1);
}

static void test_err_cuts_long_messages(void **state)
{
    (void)state;
    struct lw_err err;
    char longer[2 * sizeof err.msg];
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    lw_err_set(&err, LW_IO, "%s", longer);
    assert_int_equal(strlen(err.msg), sizeof err.msg - 1);
    lw_err_prefix(&err, "p");
    assert_int_equal(strlen(err.msg), sizeof err.msg - 1);
    assert_memory_equal(err.msg, "p: aaa", 6);
    lw_err_sys(&err, LW_IO, EIO, "%s", longer);
    assert_int_equal(strlen(err.msg), sizeof err.msg - 1);
}

static void test_codes(void **state)
{
    (void)state;
    for (int i = 0; i < LW_CODE_COUNT; i++) {
        enum lw_code code = (enum lw_code)i;
        assert_non_null(lw_code_word(code));
        assert_true(lw_code_http_status(code) >= 200 && lw_code_http_status(code) < 600);
        for (int j = 0; j < i; j++) /* words are label values: no two may be one */
            assert_string_not_equal(lw_code_word(code), lw_code_word((enum lw_code)j));
    }
    assert_string_equal(lw_code_word(LW_NOT_HEAP), "not_heap");
    assert_int_equal(lw_code_http_status(LW_NOT_FOUND), 404);
    assert_true(lw_code_retryable(LW_TIMEOUT));
    assert_false(lw_code_retryable(LW_INVALID));
}

/* ---- arena ---- */

static void test_arena_alignment_and_contents(void **state)
{
    (void)state;
    struct lw_arena *arena = lw_arena_new(1 << 20);
    unsigned char *piece[200];
    for (size_t i = 0; i < 200; i++) {
        piece[i] = lw_arena_alloc(arena, i);
        assert_non_null(piece[i]);
        assert_int_equal((uintptr_t)piece[i] % 16, 0);
        memset(piece[i], (int)i, i);
    }
    for (size_t i = 0; i < 200; i++) { /* nobody wrote over a neighbour */
        for (size_t j = 0; j < i; j++)
            assert_int_equal(piece[i][j], i);
    }
    char *copy = lw_arena_strndup(arena, "abcdef", 3);
    assert_string_equal(copy, "abc");
    long *zeros = lw_arena_new_array(arena, 100, sizeof *zeros);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(zeros[i], 0);
    lw_arena_free(&arena);
    assert_null(arena);
    lw_arena_free(&arena);
}

static void test_arena_cap(void **state)
{
    (void)state;
    const size_t cap = 100000;
    struct lw_arena *arena = lw_arena_new(cap);
    size_t taken = 0;
    while (lw_arena_alloc(arena, 1000))
        taken += 1000;
    assert_true(taken <= cap);
    assert_true(taken >= cap / 2); /* the cap is not eaten by bookkeeping */
    assert_true(lw_arena_used_bytes(arena) <= cap);
    assert_null(lw_arena_alloc(arena, cap));
    lw_arena_free(&arena);

    arena = lw_arena_new(cap);
    assert_null(lw_arena_alloc(arena, cap)); /* with its overhead it does not fit */
    assert_non_null(lw_arena_alloc(arena, cap - 100));
    lw_arena_free(&arena);

    arena = lw_arena_new(0);
    assert_null(lw_arena_alloc(arena, 0));
    assert_null(lw_arena_strndup(arena, "", 0));
    lw_arena_free(&arena);
}

static void test_arena_overflow(void **state)
{
    (void)state;
    struct lw_arena *arena = lw_arena_new(SIZE_MAX);
    assert_null(lw_arena_alloc(arena, SIZE_MAX));
    assert_null(lw_arena_alloc(arena, SIZE_MAX - 15));
    assert_null(lw_arena_new_array(arena, SIZE_MAX / 2, 3));
    assert_null(lw_arena_strndup(arena, "x", SIZE_MAX));
    lw_arena_free(&arena);
}

/* ---- strbuf and cursor ---- */

static void test_strbuf(void **state)
{
    (void)state;
    struct lw_strbuf sb;
    lw_strbuf_init(&sb, 1000);
    for (int i = 0; i < 10; i++)
        lw_strbuf_addf(&sb, "%d,", i);
    lw_strbuf_adds(&sb, "");
    lw_strbuf_add(&sb, NULL, 0);
    lw_strbuf_add(&sb, "a\0b", 3);
    assert_int_equal(sb.len, 23);
    assert_string_equal(sb.data, "0,1,2,3,4,5,6,7,8,9,a");
    size_t len = 0;
    char *data = lw_strbuf_take(&sb, &len);
    assert_int_equal(len, 23);
    assert_memory_equal(data + 20, "a\0b", 4);
    free(data);
    assert_int_equal(sb.len, 0);
    lw_strbuf_adds(&sb, "again"); /* it can be used on */
    assert_string_equal(sb.data, "again");
    lw_strbuf_fini(&sb);
    data = lw_strbuf_take(&sb, &len); /* nothing is an empty string, not NULL */
    assert_string_equal(data, "");
    assert_int_equal(len, 0);
    free(data);
}

static void test_strbuf_limit_latches(void **state)
{
    (void)state;
    struct lw_strbuf sb;
    lw_strbuf_init(&sb, 10);
    lw_strbuf_adds(&sb, "0123456789"); /* exactly the limit */
    assert_false(sb.failed);
    lw_strbuf_adds(&sb, "");
    assert_false(sb.failed);
    lw_strbuf_addf(&sb, "%s", "x");
    assert_true(sb.failed);
    assert_int_equal(sb.len, 10);
    assert_string_equal(sb.data, "0123456789");
    assert_null(lw_strbuf_take(&sb, NULL));
    lw_strbuf_adds(&sb, "0123456");
    lw_strbuf_adds(&sb, "789x"); /* would pass it */
    lw_strbuf_adds(&sb, "7");    /* would fit, but it has failed */
    assert_string_equal(sb.data, "0123456");
    assert_null(lw_strbuf_take(&sb, NULL));
    lw_strbuf_add(&sb, "", SIZE_MAX);
    assert_true(sb.failed);
    lw_strbuf_fini(&sb);
}

static void test_little_endian_round_trip(void **state)
{
    (void)state;
    static const double doubles[] = {0, -0.0, 1, DBL_MIN, DBL_MAX, 5e-324, -INFINITY};
    struct lw_strbuf sb;
    lw_strbuf_init(&sb, 1000);
    lw_strbuf_add_u8(&sb, 0xfe);
    lw_strbuf_add_u32(&sb, 0x01020304);
    lw_strbuf_add_u64(&sb, 0x0102030405060708);
    lw_strbuf_add_f32(&sb, -1.5f);
    for (size_t i = 0; i < sizeof doubles / sizeof doubles[0]; i++)
        lw_strbuf_add_f64(&sb, doubles[i]);
    lw_strbuf_add_f64(&sb, NAN);
    static const unsigned char head[] = {0xfe, 4, 3, 2, 1, 8, 7, 6, 5, 4, 3, 2, 1};
    assert_memory_equal(sb.data, head, sizeof head);

    struct lw_cursor c = lw_cursor_on(sb.data, sb.len);
    assert_int_equal(lw_cursor_u8(&c), 0xfe);
    assert_int_equal(lw_cursor_u32(&c), 0x01020304);
    assert_int_equal(lw_cursor_u64(&c), 0x0102030405060708);
    assert_true(lw_cursor_f32(&c) == -1.5f);
    for (size_t i = 0; i < sizeof doubles / sizeof doubles[0]; i++) {
        double v = lw_cursor_f64(&c);
        assert_memory_equal(&v, &doubles[i], sizeof v);
    }
    assert_true(isnan(lw_cursor_f64(&c)));
    assert_true(lw_cursor_ok(&c));
    assert_int_equal(lw_cursor_left(&c), 0);
    lw_strbuf_fini(&sb);
}

static void test_cursor_past_the_end(void **state)
{
    (void)state;
    static const unsigned char bytes[7] = {1, 2, 3, 4, 5, 6, 7};
    struct lw_cursor c = lw_cursor_on(bytes, sizeof bytes);
    assert_int_equal(lw_cursor_u64(&c), 0); /* one byte short */
    assert_false(lw_cursor_ok(&c));
    assert_int_equal(lw_cursor_u8(&c), 0); /* would fit, but it has failed */
    assert_int_equal(lw_cursor_left(&c), 7);

    c = lw_cursor_on(bytes, sizeof bytes);
    assert_ptr_equal(lw_cursor_bytes(&c, 3), bytes);
    assert_ptr_equal(lw_cursor_bytes(&c, 4), bytes + 3);
    assert_ptr_equal(lw_cursor_bytes(&c, 0), bytes + 7); /* nothing can be had at the end */
    assert_true(lw_cursor_ok(&c));
    assert_null(lw_cursor_bytes(&c, 1));
    assert_false(lw_cursor_ok(&c));

    c = lw_cursor_on(bytes, sizeof bytes);
    assert_null(lw_cursor_bytes(&c, SIZE_MAX));
    assert_false(lw_cursor_ok(&c));

    c = lw_cursor_on(NULL, 7);
    assert_int_equal(lw_cursor_left(&c), 0);
    assert_true(lw_cursor_f64(&c) == 0);
    assert_false(lw_cursor_ok(&c));
}

/* ---- map ---- */

#define MAP_IDS 2000
#define MAP_OPS 100000

/* The map holds what the reference array says it holds, by finding and by walking. */
static void assert_same(const struct lw_map *map, const uint64_t *ids, void *const *reference)
{
    size_t held = 0, walked = 0;
    for (size_t i = 0; i < MAP_IDS; i++) {
        assert_ptr_equal(lw_map_find(map, ids[i]), reference[i]);
        held += reference[i] != NULL;
    }
    assert_int_equal(map->count, held);
    size_t at = 0;
    uint64_t id;
    void *value;
    while (lw_map_next(map, &at, &id, &value)) {
        assert_ptr_equal(lw_map_find(map, id), value);
        walked++;
    }
    assert_int_equal(walked, held);
}

/* Random puts and removes against an array. Half of the ids are hashes, half small numbers, so that
 * long runs of occupied slots come up, too. */
static void test_map_against_reference(void **state)
{
    (void)state;
    static uint64_t ids[MAP_IDS];
    static void *reference[MAP_IDS];
    static char values[MAP_OPS];
    struct lw_map map = {0};
    uint64_t seed = 1;
    for (size_t i = 0; i < MAP_IDS; i++)
        ids[i] = i % 2 ? lw_hash_u64(0, i) : i;
    for (size_t op = 0; op < MAP_OPS; op++) {
        size_t i = next_random(&seed) % MAP_IDS;
        bool filling = op / 20000 % 2 == 0;
        void *old = reference[i];
        if (next_random(&seed) % 4 < (filling ? 3u : 1u)) {
            reference[i] = &values[op];
            assert_ptr_equal(lw_map_put(&map, ids[i], &values[op]), old);
        } else {
            reference[i] = NULL;
            assert_ptr_equal(lw_map_remove(&map, ids[i]), old);
        }
        if (op % 5000 == 0)
            assert_same(&map, ids, reference);
    }
    assert_same(&map, ids, reference);
    assert_true(map.count * 4 <= map.size * 3);
    lw_map_fini(&map);
}

static void test_map_empty(void **state)
{
    (void)state;
    struct lw_map map = {0};
    size_t at = 0;
    void *value;
    assert_null(lw_map_find(&map, 0));
    assert_null(lw_map_remove(&map, 0));
    assert_false(lw_map_next(&map, &at, NULL, &value));
    assert_null(lw_map_put(&map, 0, &map)); /* 0 is an id like any other */
    assert_ptr_equal(lw_map_find(&map, 0), &map);
    assert_true(lw_map_next(&map, &at, NULL, &value));
    assert_ptr_equal(value, &map);
    lw_map_fini(&map);
    assert_null(lw_map_find(&map, 0));
}

/* ---- hash and ids ---- */

/* Ids are stored and stand in URLs: these numbers may never change. */
static void test_hashes_are_frozen(void **state)
{
    (void)state;
    assert_int_equal(lw_hash_bytes(0, "", 0), 0x2d06800538d394c2); /* XXH3's published test value */
    assert_int_equal(lw_hash_string(0, "abc"), lw_hash_bytes(0, "abc", 4));
    assert_int_equal(lw_hash_u64(5, 0x0102030405060708),
        lw_hash_bytes(5, "\x08\x07\x06\x05\x04\x03\x02\x01", 8));
    assert_int_not_equal(
        lw_hash_string(lw_hash_string(0, "ab"), "c"), lw_hash_string(lw_hash_string(0, "a"), "bc"));
}

static void test_id_text(void **state)
{
    (void)state;
    static const uint64_t ids[] = {0, 1, 0x00000000ffffffff, 0x0123456789abcdef, UINT64_MAX};
    char text[LW_ID_TEXT_BYTES];
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        uint64_t id = 77;
        assert_int_equal(strlen(lw_id_text(ids[i], text)), 16);
        assert_int_equal(lw_id_parse(text, &id), 0);
        assert_int_equal(id, ids[i]);
    }
    assert_string_equal(lw_id_text(0xabc, text), "0000000000000abc");
    static const char *const bad[] = {"", "0", "0123456789abcde", "0123456789abcdef0",
        "0123456789ABCDEF", "0123456789abcdeg", " 123456789abcdef", "0x23456789abcdef",
        "-123456789abcdef"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint64_t id = 77;
        assert_int_equal(lw_id_parse(bad[i], &id), -1);
        assert_int_equal(id, 77);
    }
}

/* ---- labels ---- */

static void test_labels(void **state)
{
    (void)state;
    char job[] = "job", api[] = "api", instance[] = "instance", a[] = "a", b[] = "b", env[] = "env",
         none[] = "";
    const struct lw_label list[] = {
        {job, api}, {instance, a}, {env, none}, {instance, b}, {env, a}, {env, none}};
    struct lw_labels *labels = lw_labels_new(list, 6);
    assert_int_equal(labels->count, 2); /* the last env is empty, and the last one wins */
    assert_string_equal(labels->list[0].name, "instance");
    assert_string_equal(labels->list[0].value, "b");
    assert_string_equal(labels->list[1].name, "job");
    assert_string_equal(lw_labels_get(labels, "job"), "api");
    assert_string_equal(lw_labels_get(labels, "env"), "");

    const struct lw_label other_way[] = {{instance, b}, {job, api}};
    struct lw_labels *same = lw_labels_new(other_way, 2);
    assert_int_equal(lw_labels_hash(same, 1), lw_labels_hash(labels, 1));
    assert_int_not_equal(lw_labels_hash(same, 1), lw_labels_hash(labels, 2));
    const struct lw_label swapped[] = {{job, b}, {instance, api}};
    struct lw_labels *different = lw_labels_new(swapped, 2);
    assert_int_not_equal(lw_labels_hash(different, 1), lw_labels_hash(labels, 1));

    struct lw_labels *again = lw_labels_ref(labels);
    lw_labels_unref(&labels);
    assert_null(labels);
    assert_string_equal(lw_labels_get(again, "job"), "api");
    lw_labels_unref(&again);
    lw_labels_unref(&again);
    lw_labels_unref(&same);
    lw_labels_unref(&different);
}

static void test_no_labels(void **state)
{
    (void)state;
    struct lw_labels *labels = lw_labels_new(NULL, 0);
    assert_int_equal(labels->count, 0);
    assert_string_equal(lw_labels_get(labels, "job"), "");
    assert_int_equal(lw_labels_hash(labels, 9), 9);
    lw_labels_unref(&labels);
}

/* ---- utf8 ---- */

static void test_utf8(void **state)
{
    (void)state;
    static const struct {
        const char *s;
        size_t want;
    } cases[] = {{"", 0}, {"a", 1}, {"\x7f", 1}, {"\x80", 0}, {"\xc1\xbf", 0}, {"\xc2\x80", 2},
        {"\xdf\xbf", 2}, {"\xc2", 0}, {"\xc2\xc2", 0}, {"\xe0\x9f\xbf", 0}, {"\xe0\xa0\x80", 3},
        {"\xed\x9f\xbf", 3}, {"\xed\xa0\x80", 0}, {"\xef\xbf\xbf", 3}, {"\xe2\x82", 0},
        {"\xf0\x8f\xbf\xbf", 0}, {"\xf0\x90\x80\x80", 4}, {"\xf4\x8f\xbf\xbf", 4},
        {"\xf4\x90\x80\x80", 0}, {"\xf5\x80\x80\x80", 0}, {"\xf0\x9f\x90", 0}, {"\xff", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(lw_utf8_sequence(cases[i].s), cases[i].want);
}

/* ---- log ---- */

static char logged[4096];
static int logged_lines;

static void keep_line(void *ctx, const char *line)
{
    (void)ctx;
    logged_lines++;
    snprintf(logged, sizeof logged, "%s", line);
}

static int log_to_test(void **state)
{
    (void)state;
    logged_lines = 0;
    lw_log_set_sink(keep_line, NULL);
    return 0;
}

static int log_to_stderr(void **state)
{
    (void)state;
    lw_log_set_sink(NULL, NULL);
    lw_log_set_level(LW_LOG_INFO);
    return 0;
}

static void test_log_line(void **state)
{
    (void)state;
    errno = EAGAIN;
    lw_warn("scrape", "target \"%s\" is down\n\tC:\\x\x01\x7f", "a\r");
    assert_int_equal(errno, EAGAIN);
    assert_int_equal(logged_lines, 1);
    assert_null(strpbrk(logged, "\n\r\t\x01\x7f"));
    assert_int_equal(strncmp(logged, "time=20", 7), 0);
    assert_non_null(strstr(logged, " level=WARN source=test_base.c:"));
    const char *want =
        " component=scrape msg=\"target \\\"a\\x0d\\\" is down\\n\\x09C:\\\\x\\x01\\x7f\"";
    assert_string_equal(strstr(logged, " component="), want);
}

/* Names of targets may be any bytes; the journal hides a line that is not UTF-8. */
static void test_log_lines_are_utf8(void **state)
{
    (void)state;
    lw_warn("scrape", "%s", "\xff\xe2\x82 \xc3\xa9 \xed\xa0\x80 \xf0\x9f\x92\xa7");
    assert_non_null(
        strstr(logged, "\"\\xff\\xe2\\x82 \xc3\xa9 \\xed\\xa0\\x80 \xf0\x9f\x92\xa7\""));
}

static void test_log_long_lines_are_cut(void **state)
{
    (void)state;
    char longer[5000];
    memset(longer, '\n', sizeof longer - 1); /* each becomes two characters */
    longer[sizeof longer - 1] = '\0';
    lw_error("x", "%s", longer);
    assert_int_equal(logged_lines, 1);
    assert_true(strlen(logged) < 2048 && strlen(logged) > 2000);
    assert_string_equal(logged + strlen(logged) - 3, "\\n\"");
}

static void test_log_levels(void **state)
{
    (void)state;
    enum lw_log_level level = LW_LOG_ERROR;
    struct lw_err err;
    lw_debug("x", "not by default");
    assert_int_equal(logged_lines, 0);
    assert_int_equal(lw_log_level_parse("debug", &level, &err), 0);
    lw_log_set_level(level);
    lw_debug("x", "now");
    assert_int_equal(logged_lines, 1);
    lw_log_set_level(LW_LOG_ERROR);
    lw_warn("x", "not any more");
    assert_int_equal(logged_lines, 1);
    assert_int_equal(lw_log_level_parse("DEBUG", &level, &err), -1);
    assert_int_equal(err.code, LW_INVALID);
    assert_int_equal(lw_log_level_parse("", &level, &err), -1);
    assert_int_equal(level, LW_LOG_DEBUG);
}

/* ---- time ---- */

static void test_rfc3339(void **state)
{
    (void)state;
    static const struct {
        int64_t ns;
        const char *want;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {1, "1970-01-01T00:00:00.000Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {-LW_NS_PER_S, "1969-12-31T23:59:59.000Z"},
        {-LW_NS_PER_S - 1, "1969-12-31T23:59:58.999Z"},
        {1795234461837 * LW_NS_PER_MS, "2026-11-21T04:14:21.837Z"},
        {1709164799999999999, "2024-02-28T23:59:59.999Z"},
        {1709164800000000000, "2024-02-29T00:00:00.000Z"},
        {INT64_MAX, "2262-04-11T23:47:16.854Z"},
        {INT64_MIN, "1677-09-21T00:12:43.145Z"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[LW_WALL_TEXT_BYTES];
        assert_string_equal(lw_wall_rfc3339((struct lw_wall){cases[i].ns}, text), cases[i].want);
    }
}

static void test_rfc3339_is_read_back(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ns;
    } good[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01T00:00:00+00:01", -60 * LW_NS_PER_S},
        {"2026-11-21T04:14:21.837Z", 1795234461837000000},
        {"2026-11-21T04:14:21.8379671779Z", 1795234461837967177},
        {"2026-11-21T05:44:21+01:30", 1795234461000000000},
        {"2024-02-29T00:00:00Z", 1709164800000000000},
        {"2261-12-31T23:59:59-23:59", 9214732739000000000},
    };
    static const char *const bad[] = {"", "now", "2026-11-21", "2026-11-21T04:14:21",
        "2026-11-21T04:14:21.Z", "2026-11-21T04:14:21+1:00", "2026-11-21T04:14:21+24:00",
        "2026-11-21T04:14:21Zx", "2026-02-30T04:14:21Z", "2026-13-01T04:14:21Z",
        "2026-11-21T04:14:60Z", "2026-11-21 04:14:21Z", "1969-12-31T23:59:59Z",
        "2262-01-01T00:00:00Z", "-026-11-21T04:14:21Z"};
    struct lw_wall t;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        if (lw_wall_parse(good[i].text, &t) < 0 || t.ns != good[i].ns)
            fail_msg("%s: %lld", good[i].text, (long long)t.ns);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (lw_wall_parse(bad[i], &t) == 0)
            fail_msg("%s was taken", bad[i]);
    }
}

/* ---- file ---- */

static char dir[] = "/tmp/leakwatch_test_base_XXXXXX";
static char path[64];

static int make_dir(void **state)
{
    (void)state;
    strcpy(dir + strlen(dir) - 6, "XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    snprintf(path, sizeof path, "%s/file", dir);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(dir);
}

static void write_file(size_t len)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    for (size_t i = 0; i < len; i++)
        fputc((int)(i % 251), f);
    assert_int_equal(fclose(f), 0);
}

static void test_file_limit(void **state)
{
    (void)state;
    struct lw_err err;
    char *data = NULL;
    size_t len = 0;
    write_file(50000); /* several reads */
    assert_int_equal(lw_file_read(path, 50000, &data, &len, &err), 0);
    assert_int_equal(len, 50000);
    for (size_t i = 0; i < len; i++)
        assert_int_equal((unsigned char)data[i], i % 251);
    assert_int_equal(data[len], 0);
    free(data);
    data = NULL;
    assert_int_equal(lw_file_read(path, 49999, &data, &len, &err), -1);
    assert_int_equal(err.code, LW_TOO_LARGE);
    assert_non_null(strstr(err.msg, path));
    assert_non_null(strstr(err.msg, "49999"));
    assert_null(data);
    write_file(0);
    assert_int_equal(lw_file_read(path, 0, &data, NULL, &err), 0);
    assert_string_equal(data, "");
    free(data);
}

static void test_file_of_another_kind(void **state)
{
    (void)state;
    struct lw_err err;
    char *data = NULL;
    assert_int_equal(lw_file_read(path, 100, &data, NULL, &err), -1);
    assert_int_equal(err.code, LW_IO);
    assert_int_equal(err.sys, ENOENT);
    assert_int_equal(lw_file_read(dir, 100, &data, NULL, &err), -1);
    assert_int_equal(err.code, LW_IO);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(lw_file_read(path, 100, &data, NULL, &err), -1); /* and does not hang */
    assert_int_equal(err.code, LW_IO);
    assert_non_null(strstr(err.msg, "not a regular file"));
    assert_null(data);
}

#define LOG_TEST(test)  cmocka_unit_test_setup_teardown(test, log_to_test, log_to_stderr)
#define FILE_TEST(test) cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_err),
        cmocka_unit_test(test_err_cuts_long_messages),
        cmocka_unit_test(test_codes),
        cmocka_unit_test(test_arena_alignment_and_contents),
        cmocka_unit_test(test_arena_cap),
        cmocka_unit_test(test_arena_overflow),
        cmocka_unit_test(test_strbuf),
        cmocka_unit_test(test_strbuf_limit_latches),
        cmocka_unit_test(test_little_endian_round_trip),
        cmocka_unit_test(test_cursor_past_the_end),
        cmocka_unit_test(test_map_against_reference),
        cmocka_unit_test(test_map_empty),
        cmocka_unit_test(test_hashes_are_frozen),
        cmocka_unit_test(test_id_text),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_no_labels),
        cmocka_unit_test(test_utf8),
        LOG_TEST(test_log_line),
        LOG_TEST(test_log_lines_are_utf8),
        LOG_TEST(test_log_long_lines_are_cut),
        LOG_TEST(test_log_levels),
        cmocka_unit_test(test_rfc3339),
        cmocka_unit_test(test_rfc3339_is_read_back),
        FILE_TEST(test_file_limit),
        FILE_TEST(test_file_of_another_kind),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
