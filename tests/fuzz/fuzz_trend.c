/* An image of a series from the store, then points: whatever is decoded must go on as a sane
 * series, whose own image decodes again. */
#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "trend/trend.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define POINTS_MAX 200

static void look(const struct trend_series *series, const struct trend_config *config)
{
    struct trend_gate gates[TREND_GATE_COUNT];
    struct trend_block blocks[TREND_BLOCKS_MAX];
    const struct trend_verdict *v = trend_series_verdict(series);
    trend_series_gates(series, config, gates);
    assert(trend_series_blocks(series, blocks, TREND_BLOCKS_MAX) < TREND_BLOCKS_MAX);
    assert(isfinite(v->rate) && v->rate_lo <= v->rate && v->rate <= v->rate_hi);
    assert(strlen(trend_class_word(v->class)) > 0);
}

static void put_away_and_take_out(struct trend_series **series)
{
    struct lw_strbuf image;
    struct lw_err err;
    lw_strbuf_init(&image, 65536);
    trend_series_encode(*series, &image);
    trend_series_free(series);
    struct lw_cursor in = lw_cursor_on(image.data, image.len);
    *series = trend_series_decode(&in, &err);
    assert(*series);
    assert(lw_cursor_left(&in) == 0);
    lw_strbuf_fini(&image);
}

/* The bytes after the image are points: how far on in time, and two sizes. */
static void push_points(
    struct trend_series *series, const struct trend_config *config, struct lw_cursor *in)
{
    struct trend_block blocks[TREND_BLOCKS_MAX];
    size_t count = trend_series_blocks(series, blocks, TREND_BLOCKS_MAX);
    struct trend_point point = {.inuse_bytes = 1e8, .alloc_bytes = 1e9, .noise_bytes = 1000};
    if (count > 0) {
        point.t_s = blocks[count - 1].end_s;
        point.alloc_bytes = blocks[count - 1].alloc_bytes;
    }
    for (int i = 0; i < POINTS_MAX; i++) {
        point.t_s += lw_cursor_u8(in) + 60;
        point.inuse_bytes += 1e4 * lw_cursor_u8(in);
        point.alloc_bytes += 1e5 * lw_cursor_u8(in);
        trend_series_push(series, config, &point);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct trend_config config;
    struct lw_err err;
    struct lw_cursor in = lw_cursor_on(data, size);
    trend_config_init(&config, 60);
    struct trend_series *series = trend_series_decode(&in, &err);
    if (!series) {
        assert(err.code == LW_CORRUPT);
        return 0;
    }
    look(series, &config);
    put_away_and_take_out(&series);
    push_points(series, &config, &in);
    look(series, &config);
    put_away_and_take_out(&series);
    trend_series_free(&series);
    return 0;
}
