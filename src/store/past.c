#include "store/past.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/image.h"
#include "store/store.h"
#include "trend/ring.h"

/* How far a series reaches back, in base blocks. */
#define REACH_BLOCKS (TREND_RING_BLOCKS * (TREND_RING_BASE_BLOCKS << (TREND_LEVELS - 1)))

/* ---- builds ---- */

static void run_fini(struct store_run *run)
{
    free(run->binary_id);
    free(run->version);
    free(run->revision);
}

void past_fini(struct store_past *past)
{
    for (size_t i = 0; i < past->run_count; i++)
        run_fini(&past->runs[i]);
    free(past->runs);
    free(past->blocks);
    *past = (struct store_past){0};
}

static void drop_oldest_run(struct store_past *past)
{
    run_fini(&past->runs[0]);
    memmove(past->runs, past->runs + 1, --past->run_count * sizeof *past->runs);
}

void past_note_build(struct store_past *past, const struct store_build *build, struct lw_wall from,
    struct lw_wall now)
{
    struct store_run *newest = past->run_count ? &past->runs[past->run_count - 1] : NULL;
    if (newest && newest->build == build->id) {
        newest->to = now;
        return;
    }
    if (past->run_count == STORE_RUNS_MAX)
        drop_oldest_run(past);
    past->runs = lw_renew(past->runs, past->run_count + 1, sizeof *past->runs);
    past->runs[past->run_count++] = (struct store_run){
        .build = build->id,
        .binary_id = lw_strdup(build->binary_id),
        .version = lw_strdup(build->version),
        .revision = lw_strdup(build->vcs_revision),
        .from = from,
        .to = now,
    };
}

/* ---- blocks ---- */

/* Whether b goes on where a ended, in the same process. */
static bool goes_on(const struct trend_block *a, const struct trend_block *b)
{
    return b->alloc_bytes >= a->alloc_bytes && b->start_s - a->end_s <= a->end_s - a->start_s;
}

static struct trend_block merged(const struct trend_block *a, const struct trend_block *b)
{
    double a_s = a->end_s - a->start_s, b_s = b->end_s - b->start_s;
    double a_share = a_s + b_s > 0 ? a_s / (a_s + b_s) : 0.5;
    return (struct trend_block){
        .start_s = a->start_s,
        .end_s = b->end_s,
        .inuse_mean_bytes = a_share * a->inuse_mean_bytes + (1 - a_share) * b->inuse_mean_bytes,
        .inuse_min_bytes = fmin(a->inuse_min_bytes, b->inuse_min_bytes),
        .alloc_bytes = b->alloc_bytes,
    };
}

/* Makes one block of two, where they are of one process. Returns how many are left. */
static size_t coarsen(struct trend_block *blocks, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        bool is_pair = i + 1 < count && goes_on(&blocks[i], &blocks[i + 1]);
        blocks[kept++] = is_pair ? merged(&blocks[i], &blocks[i + 1]) : blocks[i];
        i += is_pair;
    }
    return kept;
}

void past_keep(struct store_past *past, const struct trend_series *total)
{
    struct trend_block all[STORE_PAST_BLOCKS_MAX + TREND_BLOCKS_MAX];
    size_t count = past->block_count, before;
    if (count)
        memcpy(all, past->blocks, count * sizeof *all);
    count += trend_series_blocks(total, all + count, TREND_BLOCKS_MAX);
    do {
        before = count;
        if (count > STORE_PAST_BLOCKS_MAX)
            count = coarsen(all, count);
    } while (count < before);
    size_t dropped = count > STORE_PAST_BLOCKS_MAX ? count - STORE_PAST_BLOCKS_MAX : 0;
    count -= dropped;
    if (!count)
        return;
    past->blocks = lw_renew(past->blocks, count, sizeof *past->blocks);
    memcpy(past->blocks, all + dropped, count * sizeof *past->blocks);
    past->block_count = count;
}

void past_set_back(struct store_past *past, int64_t seconds)
{
    for (size_t i = 0; i < past->run_count; i++) {
        past->runs[i].from = lw_wall_before(past->runs[i].from, seconds);
        past->runs[i].to = lw_wall_before(past->runs[i].to, seconds);
    }
    for (size_t i = 0; i < past->block_count; i++) {
        past->blocks[i].start_s = fmax(0, past->blocks[i].start_s - (double)seconds);
        past->blocks[i].end_s = fmax(0, past->blocks[i].end_s - (double)seconds);
    }
}

void past_trim(struct store_past *past, double base_s, struct lw_wall now)
{
    double oldest_s = lw_wall_s(now) - REACH_BLOCKS * base_s;
    size_t gone = 0;
    while (gone < past->block_count && past->blocks[gone].end_s < oldest_s)
        gone++;
    if (!gone)
        return;
    past->block_count -= gone;
    memmove(past->blocks, past->blocks + gone, past->block_count * sizeof *past->blocks);
    if (!past->block_count) {
        free(past->blocks);
        past->blocks = NULL;
    }
}

/* ---- the image ---- */

void past_encode(const struct store_past *past, struct lw_strbuf *out)
{
    lw_strbuf_add_u32(out, (uint32_t)past->run_count);
    for (size_t i = 0; i < past->run_count; i++) {
        const struct store_run *run = &past->runs[i];
        lw_strbuf_add_u64(out, run->build);
        image_encode_string(run->binary_id, out);
        image_encode_string(run->version, out);
        image_encode_string(run->revision, out);
        lw_strbuf_add_u64(out, (uint64_t)run->from.ns);
        lw_strbuf_add_u64(out, (uint64_t)run->to.ns);
    }
    lw_strbuf_add_u32(out, (uint32_t)past->block_count);
    for (size_t i = 0; i < past->block_count; i++) {
        const struct trend_block *block = &past->blocks[i];
        lw_strbuf_add_f64(out, block->start_s);
        lw_strbuf_add_f64(out, block->end_s);
        lw_strbuf_add_f64(out, block->inuse_mean_bytes);
        lw_strbuf_add_f64(out, block->inuse_min_bytes);
        lw_strbuf_add_f64(out, block->alloc_bytes);
    }
}

/* A number of things to come, of which there can be so many; else the cursor fails. */
static size_t count_of(struct lw_cursor *in, size_t max)
{
    uint32_t count = lw_cursor_u32(in);
    if (count > max)
        in->failed = true;
    return in->failed ? 0 : count;
}

static void decode_run(struct lw_cursor *in, struct store_run *run)
{
    run->build = lw_cursor_u64(in);
    run->binary_id = image_decode_string(in);
    run->version = image_decode_string(in);
    run->revision = image_decode_string(in);
    run->from.ns = (int64_t)lw_cursor_u64(in);
    run->to.ns = (int64_t)lw_cursor_u64(in);
    if (run->from.ns < 0 || run->to.ns < run->from.ns)
        in->failed = true;
}

static bool is_amount(double value)
{
    return value >= 0 && isfinite(value);
}

/* after_s: where the one before began. */
static void decode_block(struct lw_cursor *in, struct trend_block *block, double after_s)
{
    block->start_s = lw_cursor_f64(in);
    block->end_s = lw_cursor_f64(in);
    block->inuse_mean_bytes = lw_cursor_f64(in);
    block->inuse_min_bytes = lw_cursor_f64(in);
    block->alloc_bytes = lw_cursor_f64(in);
    if (!isfinite(block->end_s) || !(block->start_s >= after_s && block->end_s >= block->start_s) ||
        !is_amount(block->inuse_mean_bytes) || !is_amount(block->inuse_min_bytes) ||
        !is_amount(block->alloc_bytes))
        in->failed = true;
}

void past_decode(struct lw_cursor *in, struct store_past *past)
{
    size_t runs = count_of(in, STORE_RUNS_MAX);
    past->runs = runs ? lw_new(runs, sizeof *past->runs) : NULL;
    while (past->run_count < runs && lw_cursor_ok(in))
        decode_run(in, &past->runs[past->run_count++]);
    size_t blocks = count_of(in, STORE_PAST_BLOCKS_MAX);
    past->blocks = blocks ? lw_new(blocks, sizeof *past->blocks) : NULL;
    double after_s = 0;
    while (past->block_count < blocks && lw_cursor_ok(in)) {
        struct trend_block *block = &past->blocks[past->block_count++];
        decode_block(in, block, after_s);
        after_s = block->start_s;
    }
}
