/* Batches: what changed, encoded on the loop's thread, written by a worker in one transaction. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/db.h"
#include "store/image.h"
#include "store/store_priv.h"
#include "store/usage.h"

#define BATCH_BYTES_MAX ((size_t)64 << 20) /* what does not fit waits for the next batch */
/* What a batch of some targets comes to; with a batch a second this bounds what is written, and on
 * a fleet of which more has its turn in that time the turns come later instead. A leak's history
 * bears it: a hole in it as old as an image is far below trend_config.gap_s. */
#define BATCH_BYTES_AGED ((size_t)1 << 20)
#define PRUNE_EVERY_NS   (3600 * LW_NS_PER_S)

enum entry_kind {
    ENTRY_TARGET,
    ENTRY_SERIES,
    ENTRY_SITE,
    ENTRY_BUILD,
    ENTRY_TYPED,
    ENTRY_FATE,
    ENTRY_JOB,
    ENTRY_USAGE
};

/* One row to write; its bytes lie at [offset, offset + len) of the batch's buffer. Texts are owned
 * copies: what they were of may change before the worker gets there. */
struct entry {
    enum entry_kind kind;
    uint64_t id;               /* of the target, site or build */
    enum store_db_kind series; /* of a series */
    uint64_t key;              /* of a series: its site or type; of a type or fate: the site */
    uint64_t kept_bytes;       /* of a fate */
    uint64_t build_id;         /* of a target */
    char *text[6];
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

/* Takes what was appended to the buffer since entry->offset. */
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
    struct entry entry = {.kind = ENTRY_SITE, .id = site->id, .offset = batch->bytes.len};
    entry.text[0] = lw_strdup(site->frames[site->responsible].function);
    image_encode_site(site, &batch->bytes);
    add_entry(batch, &entry);
    site->persisted = true;
}

static void add_build(struct store_batch *batch, struct store_build *build)
{
    if (!build || !build->dirty)
        return;
    struct entry entry = {.kind = ENTRY_BUILD,
        .id = build->id,
        .offset = batch->bytes.len,
        .text = {lw_strdup(build->binary_id), lw_strdup(build->source), lw_strdup(build->module),
            lw_strdup(build->version), lw_strdup(build->vcs_revision),
            lw_strdup(build->go_version)}};
    add_entry(batch, &entry);
    size_t at = 0;
    uint64_t site_id;
    void *value;
    while (lw_map_next(&build->types, &at, &site_id, &value)) {
        const struct store_type *type = value;
        entry = (struct entry){.kind = ENTRY_TYPED,
            .id = build->id,
            .key = site_id,
            .offset = batch->bytes.len,
            .text = {lw_strdup(type->name), lw_strdup(type->kind), lw_strdup(type->import_path),
                lw_strdup(type->module), lw_strdup(type->version), lw_strdup(type->unresolved)}};
        add_entry(batch, &entry);
    }
    at = 0;
    while (lw_map_next(&build->fates, &at, &site_id, &value)) {
        const struct store_fate *fate = value;
        entry = (struct entry){.kind = ENTRY_FATE,
            .id = build->id,
            .key = site_id,
            .kept_bytes = fate->kept_bytes,
            .offset = batch->bytes.len,
            .text = {
                lw_strdup(fate->finalizer_in), lw_strdup(fate->cycle), lw_strdup(fate->kept_in)}};
        add_entry(batch, &entry);
    }
    build->dirty = false;
}

static void add_series(struct store_batch *batch, uint64_t target_id, enum store_db_kind kind,
    const struct store_row *row)
{
    struct entry entry = {.kind = ENTRY_SERIES,
        .id = target_id,
        .series = kind,
        .key = row->site || row->type ? store_row_id(row) : 0,
        .offset = batch->bytes.len};
    image_encode_row(row, &batch->bytes);
    add_entry(batch, &entry);
}

static void add_rows(struct store_batch *batch, uint64_t target_id, enum store_db_kind kind,
    const struct store_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        const struct store_row *row = &rows->list[i];
        if (!row->series)
            continue;
        if (row->site)
            add_site(batch, row->site);
        add_series(batch, target_id, kind, row);
    }
}

static void add_goroutines(struct store_batch *batch, const struct store_target *target)
{
    const struct store_goroutines *g = &target->goroutines;
    struct store_row total = {.values = {.inuse_objects = g->total}, .series = g->series};
    add_series(batch, target->id, STORE_DB_GOROUTINES, &total);
    add_rows(batch, target->id, STORE_DB_GOROUTINES, &g->groups);
}

static void add_job(struct store_batch *batch, struct store_job *job)
{
    struct entry entry = {.kind = ENTRY_JOB, .id = job->id, .offset = batch->bytes.len};
    entry.text[0] = lw_strdup(job->name);
    sightings_encode(&job->sightings, &batch->bytes);
    add_entry(batch, &entry);
    job->dirty = false;
    job->saved = batch->now;
}

static void add_usages(struct store_batch *batch, const struct store *store, int64_t min_age_ns)
{
    size_t at = 0;
    void *value;
    while (lw_map_next(&store->usages, &at, NULL, &value)) {
        struct store_usage *usage = value;
        if (!usage_is_due(usage, min_age_ns, batch->now))
            continue;
        struct entry entry = {.kind = ENTRY_USAGE, .id = usage->id, .offset = batch->bytes.len};
        entry.text[0] = lw_strdup(usage->build);
        usage_encode(usage, &batch->bytes);
        add_entry(batch, &entry);
        usage->dirty = false;
        usage->saved = batch->now;
    }
}

static void add_jobs(struct store_batch *batch, const struct store *store, int64_t min_age_ns)
{
    size_t at = 0;
    void *value;
    while (lw_map_next(&store->jobs, &at, NULL, &value)) {
        struct store_job *job = value;
        if (job->dirty && batch->now.ns - job->saved.ns >= min_age_ns)
            add_job(batch, job);
    }
}

static void add_target(struct store_batch *batch, struct store_target *target)
{
    struct entry entry = {.kind = ENTRY_TARGET,
        .id = target->id,
        .build_id = target->build ? target->build->id : 0,
        .offset = batch->bytes.len};
    entry.text[0] = lw_strdup(target->name);
    image_encode_target(target, &batch->bytes);
    add_entry(batch, &entry);
    add_build(batch, target->build);
    struct store_row total = {.values = target->total, .series = target->series};
    add_series(batch, target->id, STORE_DB_TOTAL, &total);
    add_rows(batch, target->id, STORE_DB_SITE, &target->sites);
    add_rows(batch, target->id, STORE_DB_TYPE, &target->types);
    if (target->goroutines.at.ns)
        add_goroutines(batch, target);
    target->dirty = false;
}

static void batch_free(struct store_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        for (int t = 0; t < 6; t++)
            free(batch->entries[i].text[t]);
    }
    free(batch->entries);
    free(batch->changes);
    lw_strbuf_fini(&batch->bytes);
    free(batch);
}

/* Those whose turn it is, and that changed. */
static void add_targets(struct store_batch *batch, struct store *store, int64_t interval_ns)
{
    size_t bytes_max = interval_ns > 0 ? BATCH_BYTES_AGED : BATCH_BYTES_MAX;
    size_t turns = sweep_turns(&store->sweep, &store->targets, interval_ns, batch->now);
    size_t taken = 0;
    for (; taken < turns && batch->bytes.len < bytes_max; taken++) {
        struct store_target *target = sweep_next(&store->sweep);
        if (target->dirty)
            add_target(batch, target);
    }
    sweep_took(&store->sweep, taken, interval_ns);
}

struct store_batch *store_batch_new(struct store *store, int64_t interval_ns, struct lw_wall now)
{
    store_purge_retired(store, now);
    if (!store->db || store->batch_out)
        return NULL;
    struct store_batch *batch = LW_NEW(struct store_batch);
    batch->db = store->db;
    batch->now = now;
    lw_strbuf_init(&batch->bytes, SIZE_MAX / 2); /* bounded: one target past BATCH_BYTES_MAX */
    add_targets(batch, store, interval_ns);
    add_jobs(batch, store, interval_ns);
    add_usages(batch, store, interval_ns);
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

static bool has_dirty_usage(const struct store *store)
{
    size_t at = 0;
    void *usage;
    while (store->db && lw_map_next(&store->usages, &at, NULL, &usage)) {
        if (((struct store_usage *)usage)->dirty)
            return true;
    }
    return false;
}

static bool has_dirty_job(const struct store *store)
{
    size_t at = 0;
    void *job;
    while (store->db && lw_map_next(&store->jobs, &at, NULL, &job)) {
        if (((struct store_job *)job)->dirty)
            return true;
    }
    return false;
}

bool store_is_dirty(const struct store *store)
{
    size_t at = 0;
    void *target;
    while (store->db && lw_map_next(&store->targets, &at, NULL, &target)) {
        if (((struct store_target *)target)->dirty)
            return true;
    }
    return store->change_count > 0 || has_dirty_job(store) || has_dirty_usage(store);
}

static int write_target(struct store_batch *batch, const struct entry *entry,
    const struct store_db_image *image, struct lw_err *err)
{
    struct store_db_target row = {batch->now, entry->build_id};
    if (store_db_put_target(batch->db, entry->id, &row, image, err) < 0)
        return -1;
    return store_db_clear_series(batch->db, entry->id, err);
}

static int write_entry(struct store_batch *batch, const struct entry *entry, struct lw_err *err)
{
    char *const *t = entry->text;
    struct store_db_image image = {
        .name = t[0], .bytes = batch->bytes.data + entry->offset, .len = entry->len};
    switch (entry->kind) {
    case ENTRY_TARGET:
        return write_target(batch, entry, &image, err);
    case ENTRY_SERIES:
        return store_db_put_series(batch->db,
            &(struct store_db_series){entry->id, entry->series, entry->key}, &image, err);
    case ENTRY_SITE:
        return store_db_put_site(batch->db, entry->id, &image, err);
    case ENTRY_BUILD:
        return store_db_put_build(batch->db, entry->id,
            &(struct store_build_spec){t[0], t[1], t[2], t[3], t[4], t[5]}, err);
    case ENTRY_JOB:
        return store_db_put_job(batch->db, entry->id, batch->now, &image, err);
    case ENTRY_USAGE:
        return store_db_put_usage(batch->db, entry->id, batch->now, &image, err);
    case ENTRY_TYPED:
        return store_db_put_typed(batch->db, entry->id,
            &(struct store_type_spec){entry->key, t[0], t[1], t[2], t[3], t[4], t[5], NULL}, err);
    case ENTRY_FATE:
        return store_db_put_fate(batch->db, entry->id, entry->key,
            &(struct store_fate){t[0], t[1], t[2], entry->kept_bytes}, err);
    }
    return lw_err_set(err, LW_INTERNAL, "a batch entry of unknown kind %d", (int)entry->kind);
}

static int write_change(
    struct store_batch *batch, const struct verdict_change *change, struct lw_err *err)
{
    struct store_db_verdict row = {
        .at = change->at,
        .target_id = change->target_id,
        .row_id = change->row_id,
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
        struct store_target *target = lw_map_find(&store->targets, entry->id);
        struct store_site *site = lw_map_find(&store->sites.by_id, entry->id);
        struct store_build *build = types_find_build(&store->types, entry->id);
        struct store_job *job = lw_map_find(&store->jobs, entry->id);
        struct store_usage *usage = lw_map_find(&store->usages, entry->id);
        if (entry->kind == ENTRY_JOB && job)
            job->dirty = true;
        if (entry->kind == ENTRY_USAGE && usage)
            usage->dirty = true;
        if (entry->kind == ENTRY_TARGET && target)
            target->dirty = true;
        if (entry->kind == ENTRY_SITE && site)
            site->persisted = false;
        if (entry->kind == ENTRY_BUILD && build)
            build->dirty = true;
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

/* Pruning may have taken sites and builds of which only memory knows that they are still wanted (a
 * target that was down longer than the retention): all are written again when next used. */
static void forget_what_is_persisted(struct store *store)
{
    size_t at = 0;
    void *value;
    while (lw_map_next(&store->sites.by_id, &at, NULL, &value))
        ((struct store_site *)value)->persisted = false;
    at = 0;
    while (lw_map_next(&store->types.builds, &at, NULL, &value))
        ((struct store_build *)value)->dirty = true;
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

/* Nothing of memory is in the file. */
static void forget_what_is_written(struct store *store)
{
    size_t at = 0;
    void *value;
    forget_what_is_persisted(store);
    while (lw_map_next(&store->targets, &at, NULL, &value)) {
        struct store_target *target = value;
        target->dirty = target->last_heap.ns != 0;
    }
    store->sweep.done.ns = 0; /* all have their turn */
    for (at = 0; lw_map_next(&store->jobs, &at, NULL, &value);)
        ((struct store_job *)value)->dirty = true;
    for (at = 0; lw_map_next(&store->usages, &at, NULL, &value);)
        ((struct store_usage *)value)->dirty = true;
}

int store_begin_anew(struct store *store, struct lw_wall now, char *set_aside, struct lw_err *err)
{
    assert(store->db && !store->batch_out);
    if (store_db_begin_anew(store->db, now, set_aside, err) < 0)
        return -1;
    forget_what_is_written(store);
    return 0;
}
