#include "store/image.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/sites.h"

#define TARGET_VERSION   1
#define SITE_VERSION     1
#define ROW_VERSION      1
#define STRING_BYTES_MAX 4096

static void add_values(struct lw_strbuf *out, const struct profile_values *v)
{
    lw_strbuf_add_u64(out, (uint64_t)v->alloc_objects);
    lw_strbuf_add_u64(out, (uint64_t)v->alloc_bytes);
    lw_strbuf_add_u64(out, (uint64_t)v->inuse_objects);
    lw_strbuf_add_u64(out, (uint64_t)v->inuse_bytes);
}

/* A number that can not have been negative when it was written; fails the cursor otherwise. */
static int64_t count(struct lw_cursor *in)
{
    uint64_t v = lw_cursor_u64(in);
    if (v > INT64_MAX)
        in->failed = true;
    return in->failed ? 0 : (int64_t)v;
}

static struct profile_values values(struct lw_cursor *in)
{
    struct profile_values v;
    v.alloc_objects = count(in);
    v.alloc_bytes = count(in);
    v.inuse_objects = count(in);
    v.inuse_bytes = count(in);
    return v;
}

static int refuse(const char *what, struct lw_err *err)
{
    return lw_err_set(err, LW_CORRUPT, "the stored image of a %s is damaged", what);
}

void image_encode_target(const struct store_target *target, struct lw_strbuf *out)
{
    lw_strbuf_add_u8(out, TARGET_VERSION);
    lw_strbuf_add_u64(out, (uint64_t)target->first_seen.ns);
    lw_strbuf_add_u64(out, (uint64_t)target->last_heap.ns);
    lw_strbuf_add_u64(out, (uint64_t)target->period_bytes);
    lw_strbuf_add_u64(out, target->restarts);
    add_values(out, &target->total);
}

int image_decode_target(
    const void *bytes, size_t len, struct store_target *target, struct lw_err *err)
{
    struct lw_cursor in = lw_cursor_on(bytes, len);
    uint8_t version = lw_cursor_u8(&in);
    int64_t first_seen = count(&in), last_heap = count(&in), period = count(&in);
    int64_t restarts = count(&in);
    struct profile_values total = values(&in);
    if (!lw_cursor_ok(&in) || version != TARGET_VERSION || lw_cursor_left(&in) != 0)
        return refuse("target", err);
    target->first_seen.ns = first_seen;
    target->last_heap.ns = last_heap;
    target->period_bytes = period;
    target->restarts = (uint64_t)restarts;
    target->total = total;
    return 0;
}

static void add_string(struct lw_strbuf *out, const char *s)
{
    size_t len = strlen(s);
    lw_strbuf_add_u32(out, (uint32_t)len);
    lw_strbuf_add(out, s, len);
}

/* A copy of a stored string (the caller frees it), or NULL and the cursor failed. */
static char *string(struct lw_cursor *in)
{
    uint32_t len = lw_cursor_u32(in);
    if (len > STRING_BYTES_MAX)
        in->failed = true;
    const unsigned char *bytes = lw_cursor_bytes(in, len);
    if (!bytes || memchr(bytes, '\0', len)) {
        in->failed = true;
        return NULL;
    }
    return lw_strndup((const char *)bytes, len);
}

void image_encode_site(const struct store_site *site, struct lw_strbuf *out)
{
    lw_strbuf_add_u8(out, SITE_VERSION);
    lw_strbuf_add_u64(out, site->lineage);
    lw_strbuf_add_u32(out, (uint32_t)site->frame_count);
    lw_strbuf_add_u32(out, (uint32_t)site->leaf);
    lw_strbuf_add_u32(out, (uint32_t)site->responsible);
    for (size_t i = 0; i < site->frame_count; i++) {
        add_string(out, site->frames[i].function);
        add_string(out, site->frames[i].file);
        lw_strbuf_add_u64(out, (uint64_t)site->frames[i].line);
    }
}

struct store_site *image_decode_site(uint64_t id, const void *bytes, size_t len, struct lw_err *err)
{
    struct lw_cursor in = lw_cursor_on(bytes, len);
    uint8_t version = lw_cursor_u8(&in);
    uint64_t lineage = lw_cursor_u64(&in);
    uint32_t frames = lw_cursor_u32(&in), leaf = lw_cursor_u32(&in),
             responsible = lw_cursor_u32(&in);
    if (!lw_cursor_ok(&in) || version != SITE_VERSION || frames < 1 || frames > STORE_FRAMES_MAX ||
        leaf >= frames || responsible >= frames) {
        refuse("site", err);
        return NULL;
    }
    struct store_site *site = site_new(id, frames);
    site->lineage = lineage;
    site->leaf = leaf;
    site->responsible = responsible;
    site->persisted = true;
    for (uint32_t i = 0; i < frames; i++) {
        site->frames[i].function = string(&in);
        site->frames[i].file = string(&in);
        site->frames[i].line = (int64_t)lw_cursor_u64(&in);
    }
    if (!lw_cursor_ok(&in) || lw_cursor_left(&in) != 0) {
        site_free(site);
        refuse("site", err);
        return NULL;
    }
    return site;
}

void image_encode_row(const struct store_row *row, struct lw_strbuf *out)
{
    lw_strbuf_add_u8(out, ROW_VERSION);
    add_values(out, &row->values);
    trend_series_encode(row->series, out);
}

int image_decode_row(const void *bytes, size_t len, struct store_row *row, struct lw_err *err)
{
    struct lw_cursor in = lw_cursor_on(bytes, len);
    uint8_t version = lw_cursor_u8(&in);
    struct profile_values v = values(&in);
    if (!lw_cursor_ok(&in) || version != ROW_VERSION)
        return refuse("row", err);
    struct trend_series *series = trend_series_decode(&in, err);
    if (!series)
        return -1;
    if (lw_cursor_left(&in) != 0) {
        trend_series_free(&series);
        return refuse("row", err);
    }
    row->values = v;
    row->series = series;
    return 0;
}
