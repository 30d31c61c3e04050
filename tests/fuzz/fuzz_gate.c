/* Any bytes are the image of a history or an error; what was read is written the same, and can be
 * asked and added to. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gate/history.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BYTES_MAX ((size_t)1 << 20)

static void check_image(const struct gate_history *history, const uint8_t *data, size_t size)
{
    struct lw_strbuf image;
    lw_strbuf_init(&image, BYTES_MAX);
    gate_history_encode(history, &image);
    if (image.failed || image.len != size || memcmp(image.data, data, size) != 0)
        abort();
    lw_strbuf_fini(&image);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gate_history history;
    struct lw_cursor in = lw_cursor_on(data, size);
    struct lw_err err;
    struct lw_wall now = {1795234461 * LW_NS_PER_S};
    if (gate_history_decode(&history, &in, &err) == 0) {
        check_image(&history, data, size - lw_cursor_left(&in));
        uint64_t before = gate_history_count(&history, now);
        gate_history_add(&history, now, 1e6);
        uint64_t after = gate_history_count(&history, now);
        if (after && isnan(gate_history_quantile(&history, now, 0.95)))
            abort();
        /* Later days than today, or a full bucket, may take its place. */
        if (after > before + 1)
            abort();
    }
    gate_history_fini(&history);
    return 0;
}
