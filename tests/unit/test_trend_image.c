/* A series put away as bytes and taken out again: alike when untouched, refused or harmless
 * otherwise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "trend/trend.h"

#include "trend_walk.h"

#define MIB          1048576.0
#define BLOCK_BYTES  24 /* of a block in an image; the cumulative allocation is the first … */
#define ALLOC_BYTES  8  /* … of them */
#define IMAGE_MAX    65536
#define POINT_S      60
#define LEAK_POINTS  300
#define ALLOC_POINT  (2 * MIB)
#define INUSE_POINT  MIB
#define ROUND_POINTS 4000

/* A series that is a leak, and its image. */
struct fixture {
    struct trend_config config;
    struct trend_series *series;
    struct lw_strbuf image;
};

static struct trend_point leak_point(int i)
{
    return (struct trend_point){.t_s = TREND_WALK_START_S + POINT_S * i,
        .inuse_bytes = 32 * MIB + INUSE_POINT * i,
        .alloc_bytes = 1e9 + ALLOC_POINT * i,
        .noise_bytes = 1000};
}

static void encode(const struct trend_series *series, struct lw_strbuf *out)
{
    lw_strbuf_init(out, IMAGE_MAX);
    trend_series_encode(series, out);
    assert_false(out->failed);
}

static struct trend_series *decode(const struct lw_strbuf *image, struct lw_err *err)
{
    struct lw_cursor in = lw_cursor_on(image->data, image->len);
    struct trend_series *series = trend_series_decode(&in, err);
    if (series)
        assert_int_equal(lw_cursor_left(&in), 0);
    return series;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    trend_config_init(&f->config, 60);
    f->series = trend_series_new();
    for (int i = 0; i < LEAK_POINTS; i++) {
        struct trend_point point = leak_point(i);
        trend_series_push(f->series, &f->config, &point);
    }
    assert_int_equal(trend_series_verdict(f->series)->class, TREND_LEAK);
    encode(f->series, &f->image);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    lw_strbuf_fini(&f->image);
    trend_series_free(&f->series);
    free(f);
    return 0;
}

static void assert_corrupt(const struct lw_strbuf *image)
{
    struct lw_err err = {0};
    assert_null(decode(image, &err));
    assert_int_equal(err.code, LW_CORRUPT);
}

static void assert_same(const struct trend_series *a, const struct trend_series *b)
{
    struct lw_strbuf image_a, image_b;
    encode(a, &image_a);
    encode(b, &image_b);
    assert_int_equal(image_a.len, image_b.len);
    assert_memory_equal(image_a.data, image_b.data, image_a.len);
    lw_strbuf_fini(&image_a);
    lw_strbuf_fini(&image_b);
}

static void put_away_and_take_out(struct trend_series **series)
{
    struct lw_strbuf image;
    struct lw_err err;
    encode(*series, &image);
    assert_in_range(image.len, 1, 8192);
    trend_series_free(series);
    *series = decode(&image, &err);
    assert_non_null(*series);
    lw_strbuf_fini(&image);
}

static void test_decoded_series_goes_on_alike(void **state)
{
    struct fixture *f = *state;
    struct trend_series *series = trend_series_new();
    struct trend_series *copy = trend_series_new();
    struct trend_walk w = trend_walk_of(5);
    for (int i = 0; i < ROUND_POINTS; i++) {
        if (i % 37 == 0)
            put_away_and_take_out(&copy);
        trend_walk_step(&w);
        bool changed = trend_series_push(series, &f->config, &w.point);
        assert_int_equal(trend_series_push(copy, &f->config, &w.point), changed);
        assert_same(series, copy);
    }
    trend_series_restart(series);
    put_away_and_take_out(&copy);
    trend_series_restart(copy);
    assert_same(series, copy);
    put_away_and_take_out(&copy);
    assert_same(series, copy);
    trend_series_free(&series);
    trend_series_free(&copy);
}

static void test_cut_image_is_corrupt(void **state)
{
    struct fixture *f = *state;
    for (size_t len = 0; len < f->image.len; len++) {
        /* in memory of its own, so that ASan sees a read past its end */
        struct lw_strbuf cut = {.data = malloc(len ? len : 1), .len = len};
        memcpy(cut.data, f->image.data, len);
        assert_corrupt(&cut);
        free(cut.data);
    }
}

/* Swaps bytes of two blocks, leaving their cumulative allocation in order. */
static void swap_times(char *a, char *b)
{
    char was[BLOCK_BYTES - ALLOC_BYTES];
    memcpy(was, a + ALLOC_BYTES, sizeof was);
    memcpy(a + ALLOC_BYTES, b + ALLOC_BYTES, sizeof was);
    memcpy(b + ALLOC_BYTES, was, sizeof was);
}

static void test_image_with_blocks_out_of_order_is_corrupt(void **state)
{
    struct fixture *f = *state;
    struct lw_err err;
    /* an image ends with the blocks of the coarsest level, the newest last */
    char *newest = f->image.data + f->image.len - BLOCK_BYTES;
    swap_times(newest - 2 * BLOCK_BYTES, newest - BLOCK_BYTES);
    assert_corrupt(&f->image);
    swap_times(newest - 2 * BLOCK_BYTES, newest - BLOCK_BYTES);
    struct trend_series *series = decode(&f->image, &err);
    assert_non_null(series);
    trend_series_free(&series);
}

/* An image with a byte changed is refused, or is one of some other sane series; it never harms. */
static void test_changed_image_does_no_harm(void **state)
{
    struct fixture *f = *state;
    uint64_t prng = 11;
    int refused = 0;
    for (int run = 0; run < ROUND_POINTS; run++) {
        size_t at = (size_t)((double)f->image.len * trend_walk_uniform(&prng));
        char was = f->image.data[at];
        f->image.data[at] = (char)(256 * trend_walk_uniform(&prng));
        struct lw_err err;
        struct trend_series *series = decode(&f->image, &err);
        f->image.data[at] = was;
        refused += !series;
        for (int i = 0; series && i < 4; i++) {
            struct trend_point point = leak_point(LEAK_POINTS + i);
            trend_series_push(series, &f->config, &point);
            assert_true(isfinite(trend_series_verdict(series)->rate));
        }
        trend_series_free(&series);
    }
    assert_in_range(refused, ROUND_POINTS / 10, ROUND_POINTS);
}

static void test_image_of_another_version_is_corrupt(void **state)
{
    struct fixture *f = *state;
    f->image.data[0]++;
    assert_corrupt(&f->image);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_decoded_series_goes_on_alike),
        TEST(test_cut_image_is_corrupt),
        TEST(test_image_with_blocks_out_of_order_is_corrupt),
        TEST(test_changed_image_does_no_harm),
        TEST(test_image_of_another_version_is_corrupt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
