#include "store/image.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/sites.h"

#define TARGET_VERSION   4 /* 1 had no memory, 2 no cycles of the collector, 3 no past */
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

/* The numbers of a look that are kept, in the order of the image. */
static void add_memory(struct lw_strbuf *out, const struct store_memory *memory)
{
    const struct store_memory_look *look = &memory->newest;
    lw_strbuf_add_u64(out, (uint64_t)look->at.ns);
    lw_strbuf_add_u64(out, (uint64_t)look->rss_bytes);
    lw_strbuf_add_u64(out, (uint64_t)look->cgroup_bytes);
    lw_strbuf_add_u64(out, (uint64_t)look->go_limit_bytes);
    for (size_t i = 0; i < PROFILE_MEMSTATS_COUNTS; i++)
        lw_strbuf_add_u64(out, (uint64_t)*profile_memstats_count_at((void *)&look->stats, i));
    lw_strbuf_add_f64(out, look->stats.gc_cpu_fraction);
    lw_strbuf_add_u32(out, (uint32_t)memory->past_count);
    for (size_t i = 0; i < memory->past_count; i++) {
        const struct store_memory_point *p = &memory->past[i];
        lw_strbuf_add_u64(out, (uint64_t)p->at.ns);
        lw_strbuf_add_u64(out, (uint64_t)p->resident_bytes);
        lw_strbuf_add_u64(out, (uint64_t)p->inuse_bytes);
        lw_strbuf_add_u64(out, (uint64_t)p->live_bytes);
    }
}

#define MEMSTATS_COUNTS_2 15 /* of profile_memstats in version 2 */

static void read_memory(struct lw_cursor *in, uint8_t version, struct store_memory *memory)
{
    size_t counts = version == 2 ? MEMSTATS_COUNTS_2 : PROFILE_MEMSTATS_COUNTS;
    struct store_memory_look *look = &memory->newest;
    look->at.ns = count(in);
    look->rss_bytes = count(in);
    look->cgroup_bytes = count(in);
    look->go_limit_bytes = count(in);
    for (size_t i = 0; i < counts; i++)
        *profile_memstats_count_at(&look->stats, i) = count(in);
    look->stats.gc_cpu_fraction = lw_cursor_f64(in);
    if (!(look->stats.gc_cpu_fraction >= 0 && look->stats.gc_cpu_fraction <= 1))
        in->failed = true;
    uint32_t past = lw_cursor_u32(in);
    if (past > STORE_MEMORY_PAST)
        in->failed = true;
    for (uint32_t i = 0; i < past && lw_cursor_ok(in); i++) {
        struct store_memory_point *p = &memory->past[memory->past_count++];
        p->at.ns = count(in);
        p->resident_bytes = count(in);
        p->inuse_bytes = count(in);
        p->live_bytes = count(in);
    }
}

void image_encode_target(const struct store_target *target, struct lw_strbuf *out)
{
    lw_strbuf_add_u8(out, TARGET_VERSION);
    lw_strbuf_add_u64(out, (uint64_t)target->first_seen.ns);
    lw_strbuf_add_u64(out, (uint64_t)target->last_heap.ns);
    lw_strbuf_add_u64(out, (uint64_t)target->period_bytes);
    lw_strbuf_add_u64(out, target->restarts);
    add_values(out, &target->total);
    add_memory(out, &target->memory);
    past_encode(&target->past, out);
}

int image_decode_target(
    const void *bytes, size_t len, struct store_target *target, struct lw_err *err)
{
    struct lw_cursor in = lw_cursor_on(bytes, len);
    uint8_t version = lw_cursor_u8(&in);
    int64_t first_seen = count(&in), last_heap = count(&in), period = count(&in);
    int64_t restarts = count(&in);
    struct profile_values total = values(&in);
    struct store_memory memory = {0};
    struct store_past past = {0};
    if (version > 1)
        read_memory(&in, version, &memory);
    if (version > 3)
        past_decode(&in, &past);
    if (!lw_cursor_ok(&in) || version < 1 || version > TARGET_VERSION || lw_cursor_left(&in) != 0) {
        past_fini(&past);
        return refuse("target", err);
    }
    target->first_seen.ns = first_seen;
    target->last_heap.ns = last_heap;
    target->period_bytes = period;
    target->restarts = (uint64_t)restarts;
    target->total = total;
    target->memory = memory;
    target->past = past;
    return 0;
}

void image_encode_string(const char *s, struct lw_strbuf *out)
{
    size_t len = strnlen(s, STRING_BYTES_MAX); /* of more the whole image would be refused */
    lw_strbuf_add_u32(out, (uint32_t)len);
    lw_strbuf_add(out, s, len);
}

char *image_decode_string(struct lw_cursor *in)
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
        image_encode_string(site->frames[i].function, out);
        image_encode_string(site->frames[i].file, out);
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
        site->frames[i].function = image_decode_string(&in);
        site->frames[i].file = image_decode_string(&in);
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
