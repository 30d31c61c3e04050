/* Batches: what changed, encoded on the loop's thread, written by a worker in one transaction. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/db.h"
#include "store/image.h"
#include "store/store_priv.h"

#define BATCH_BYTES_MAX ((size_t)64 << 20) /* what does not fit waits for the next batch */
#define PRUNE_EVERY_NS  (3600 * LW_NS_PER_S)

enum entry_kind { ENTRY_TARGET, ENTRY_SERIES, ENTRY_SITE };

/* One row to write; its bytes lie at [offset, offset + len) of the batch's buffer. */
struct entry {
    enum entry_kind kind;
    uint64_t target_id;
    uint64_t site_id;
    char *name; /* owned; NULL for a series */
    size_t offset;
    size_t len;
};

struct store_batch {
    struct store_db *db; /* borrowed; no other batch is out */
    struct lw_wall now;
    struct lw_strbuf bytes;
    struct entry *entries; /* owned */
    size_t count;
    size_t cap;
    struct verdict_change *changes; /* owned */
    size_t change_count;
    bool prune;
    struct lw_wall horizon;
};

static void add_entry(struct store_batch *batch, const struct entry *entry)
{
    if (batch->count == batch->cap) {
        batch->cap = batch->cap ? batch->cap * 2 : 64;
        batch->entries = lw_renew(batch->entries, batch->cap, sizeof *batch->entries);
    }
    batch->entries[batch->count] = *entry;
    batch->entries[batch->count].len = batch->bytes.len - entry->offset;
    batch->count++;
}

static void add_site(struct store_batch *batch, struct store_site *site)
{
    if (site->persisted)
        return;
    struct entry entry = {.kind = ENTRY_SITE, .site_id = site->id, .offset = batch->bytes.len};
    entry.name = lw_strdup(site->frames[site->responsible].function);
    image_encode_site(site, &batch->bytes);
    add_entry(batch, &entry);
    site->persisted = true;
}

static void add_target(struct store_batch *batch, struct store_target *target)
{
    struct entry entry = {
        .kind = ENTRY_TARGET, .target_id = target->id, .offset = batch->bytes.len};
    entry.name = lw_strdup(target->name);
    image_encode_target(target, &batch->bytes);
    add_entry(batch, &entry);

    struct store_row total = {.values = target->total, .series = target->series};
    entry =
        (struct entry){.kind = ENTRY_SERIES, .target_id = target->id, .offset = batch->bytes.len};
    image_encode_row(&total, &batch->bytes);
    add_entry(batch, &entry);
    for (size_t i = 0; i < target->row_count; i++) {
        struct store_row *row = &target->rows[i];
        if (!row->series)
            continue;
        add_site(batch, row->site);
        entry.site_id = row->site->id;
        entry.offset = batch->bytes.len;
        image_encode_row(row, &batch->bytes);
        add_entry(batch, &entry);
    }
    target->dirty = false;
    target->saved = batch->now;
}

static bool is_due(const struct store_target *target, int64_t min_age_ns, struct lw_wall now)
{
    return target->dirty && (target->retired.ns || now.ns - target->saved.ns >= min_age_ns);
}

static void batch_free(struct store_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        free(batch->entries[i].name);
    free(batch->entries);
    free(batch->changes);
    lw_strbuf_fini(&batch->bytes);
    free(batch);
}

struct store_batch *store_batch_new(struct store *store, int64_t min_age_ns, struct lw_wall now)
{
    if (!store->db || store->batch_out)
        return NULL;
    struct store_batch *batch = LW_NEW(struct store_batch);
    batch->db = store->db;
    batch->now = now;
    lw_strbuf_init(&batch->bytes, SIZE_MAX / 2); /* bounded: one target past BATCH_BYTES_MAX */
    size_t at = 0;
    void *target;
    while (batch->bytes.len < BATCH_BYTES_MAX && lw_map_next(&store->targets, &at, NULL, &target)) {
        if (is_due(target, min_age_ns, now))
            add_target(batch, target);
    }
    batch->changes = store->changes;
    batch->change_count = store->change_count;
    store->changes = NULL;
    store->change_count = 0;
    if (now.ns - store->pruned.ns >= PRUNE_EVERY_NS) {
        batch->prune = true;
        batch->horizon.ns = now.ns > store->retention_ns ? now.ns - store->retention_ns : 0;
    }
    if (!batch->count && !batch->change_count && !batch->prune) {
        batch_free(batch);
        return NULL;
    }
    store->batch_out = true;
    return batch;
}

bool store_is_dirty(const struct store *store)
{
    size_t at = 0;
    void *target;
    while (store->db && lw_map_next(&store->targets, &at, NULL, &target)) {
        if (((struct store_target *)target)->dirty)
            return true;
    }
    return store->change_count > 0;
}

static int write_entry(struct store_batch *batch, const struct entry *entry, struct lw_err *err)
{
    struct store_db_image image = {
        .name = entry->name, .bytes = batch->bytes.data + entry->offset, .len = entry->len};
    switch (entry->kind) {
    case ENTRY_TARGET:
        if (store_db_put_target(batch->db, entry->target_id, batch->now, &image, err) < 0)
            return -1;
        return store_db_clear_series(batch->db, entry->target_id, err);
    case ENTRY_SERIES:
        return store_db_put_series(batch->db, entry->target_id, entry->site_id, &image, err);
    case ENTRY_SITE:
        return store_db_put_site(batch->db, entry->site_id, &image, err);
    }
    return lw_err_set(err, LW_INTERNAL, "a batch entry of unknown kind %d", (int)entry->kind);
}

static int write_change(
    struct store_batch *batch, const struct verdict_change *change, struct lw_err *err)
{
    struct store_db_verdict row = {
        .at = change->at,
        .target_id = change->target_id,
        .site_id = change->site_id,
        .from = trend_class_word(change->from),
        .to = trend_class_word(change->to),
        .rate = change->rate,
        .rate_lo = change->rate_lo,
        .rate_hi = change->rate_hi,
    };
    return store_db_add_verdict(batch->db, &row, err);
}

static int write_all(struct store_batch *batch, struct lw_err *err)
{
    for (size_t i = 0; i < batch->count; i++) {
        if (write_entry(batch, &batch->entries[i], err) < 0)
            return -1;
    }
    for (size_t i = 0; i < batch->change_count; i++) {
        if (write_change(batch, &batch->changes[i], err) < 0)
            return -1;
    }
    return batch->prune ? store_db_prune(batch->db, batch->horizon, err) : 0;
}

int store_batch_write(struct store_batch *batch, struct lw_err *err)
{
    if (store_db_begin(batch->db, err) < 0)
        return -1;
    if (write_all(batch, err) < 0 || store_db_commit(batch->db, err) < 0) {
        store_db_rollback(batch->db);
        return -1;
    }
    return 0;
}

/* Puts back what a failed batch took: the next one tries again. */
static void take_back(struct store *store, struct store_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        const struct entry *entry = &batch->entries[i];
        struct store_target *target = lw_map_find(&store->targets, entry->target_id);
        struct store_site *site = lw_map_find(&store->sites.by_id, entry->site_id);
        if (entry->kind == ENTRY_TARGET && target)
            target->dirty = true;
        if (entry->kind == ENTRY_SITE && site)
            site->persisted = false;
    }
    struct verdict_change *newer = store->changes;
    size_t newer_count = store->change_count;
    store->changes = batch->changes;
    store->change_count = batch->change_count;
    batch->changes = NULL;
    for (size_t i = 0; i < newer_count; i++)
        store_note_change(store, &newer[i]);
    free(newer);
}

/* Pruning may have taken sites of which only memory knows that they are still wanted (a target that
 * was down longer than the retention): all are written again when next used. */
static void forget_what_is_persisted(struct store *store)
{
    size_t at = 0;
    void *site;
    while (lw_map_next(&store->sites.by_id, &at, NULL, &site))
        ((struct store_site *)site)->persisted = false;
}

void store_batch_done(struct store *store, struct store_batch **batch, bool written)
{
    store->batch_out = false;
    if (written) {
        store->stats.batches_written++;
        if ((*batch)->prune) {
            store->pruned = (*batch)->now;
            forget_what_is_persisted(store);
        }
    } else {
        store->stats.batches_failed++;
        take_back(store, *batch);
    }
    batch_free(*batch);
    *batch = NULL;
}
