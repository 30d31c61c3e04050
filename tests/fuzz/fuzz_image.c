/* Any bytes are the image of a target or of a call stack, as the store's file has them, or an
 * error; what was read is written the same. The first byte says which is tried. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/image.h"
#include "store/sites.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BYTES_MAX     ((size_t)1 << 20)
#define TARGET_NEWEST 4 /* what is written; older ones are read, too */

static void check_same(struct lw_strbuf *image, const uint8_t *data, size_t size)
{
    if (image->failed || image->len != size || memcmp(image->data, data, size) != 0)
        abort();
}

static void try_target(const uint8_t *data, size_t size)
{
    struct store_target *target = LW_NEW(struct store_target);
    struct lw_strbuf image;
    struct lw_err err;
    lw_strbuf_init(&image, BYTES_MAX);
    if (image_decode_target(data, size, target, &err) == 0) {
        if (target->past.run_count > STORE_RUNS_MAX ||
            target->past.block_count > STORE_PAST_BLOCKS_MAX)
            abort();
        image_encode_target(target, &image);
        if (data[0] == TARGET_NEWEST)
            check_same(&image, data, size);
        past_trim(&target->past, 60, target->last_heap);
    }
    lw_strbuf_fini(&image);
    past_fini(&target->past);
    free(target);
}

static void try_site(const uint8_t *data, size_t size)
{
    struct lw_strbuf image;
    struct lw_err err;
    lw_strbuf_init(&image, BYTES_MAX);
    struct store_site *site = image_decode_site(1, data, size, &err);
    if (site) {
        image_encode_site(site, &image);
        check_same(&image, data, size);
        site_free(site);
    }
    lw_strbuf_fini(&image);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    (data[0] == 't' ? try_target : try_site)(data + 1, size - 1);
    return 0;
}
