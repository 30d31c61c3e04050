#include "store/usage.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "store/db.h"

/* Written so often, whatever the interval of checkpoints: a few samples of a week are no loss. */
#define WRITE_EVERY_NS (300 * LW_NS_PER_S)

#define IMAGE_VERSION  2
#define MEASURES_1     3 /* of version 1, which did not know the rest of enum gate_measure */
#define TEXT_BYTES_MAX 4096

static uint64_t id_of(const char *job, const char *build)
{
    return lw_hash_string(lw_hash_string(0, job), build);
}

static void usage_free(struct store_usage *usage)
{
    for (int m = 0; m < GATE_MEASURE_COUNT; m++)
        gate_history_fini(&usage->measures[m]);
    free(usage->job);
    free(usage->build);
    free(usage->version);
    free(usage->revision);
    free(usage);
}

void usages_fini(struct store *store)
{
    size_t at = 0;
    void *usage;
    while (lw_map_next(&store->usages, &at, NULL, &usage))
        usage_free(usage);
    lw_map_fini(&store->usages);
}

/* ---- which build a target runs ---- */

const char *store_target_build(const struct store *store, const struct store_target *target)
{
    const char *label = store->build_label ? lw_labels_get(target->labels, store->build_label) : "";
    if (label[0])
        return label;
    return target->build ? target->build->binary_id : "";
}

static void replace(char **text, const char *with)
{
    if (*text && strcmp(*text, with) == 0)
        return;
    free(*text);
    *text = lw_strdup(with);
}

static void drop_oldest(struct store *store)
{
    size_t at = 0;
    uint64_t id, oldest_id = 0;
    void *value;
    struct store_usage *oldest = NULL;
    while (lw_map_next(&store->usages, &at, &id, &value)) {
        struct store_usage *usage = value;
        if (oldest && usage->last_seen.ns >= oldest->last_seen.ns)
            continue;
        oldest = usage;
        oldest_id = id;
    }
    lw_map_remove(&store->usages, oldest_id);
    usage_free(oldest);
}

static struct store_usage *usage_add(struct store *store, const char *job, const char *build)
{
    if (store->usages.count == USAGES_MAX)
        drop_oldest(store);
    struct store_usage *usage = LW_NEW(struct store_usage);
    usage->id = id_of(job, build);
    usage->job = lw_strdup(job);
    usage->build = lw_strdup(build);
    lw_map_put(&store->usages, usage->id, usage);
    return usage;
}

struct store_usage *usages_touch(
    struct store *store, const struct store_target *target, struct lw_wall at)
{
    const char *job = lw_labels_get(target->labels, "job");
    const char *build = store_target_build(store, target);
    if (!build[0])
        return NULL;
    struct store_usage *usage = lw_map_find(&store->usages, id_of(job, build));
    if (!usage)
        usage = usage_add(store, job, build);
    replace(&usage->version, target->build ? target->build->version : "");
    replace(&usage->revision, target->build ? target->build->vcs_revision : "");
    if (!usage->first_seen.ns)
        usage->first_seen = at;
    usage->last_seen = at;
    usage->dirty = true;
    return usage;
}

void store_note_measure(struct store *store, const struct store_target *target,
    enum gate_measure measure, struct lw_wall at, double value)
{
    struct store_usage *usage = usages_touch(store, target, at);
    if (usage)
        gate_history_add(&usage->measures[measure], at, value);
}

bool store_usage_next(const struct store *store, size_t *at, const struct store_usage **usage)
{
    void *value;
    if (!lw_map_next(&store->usages, at, NULL, &value))
        return false;
    *usage = value;
    return true;
}

bool usage_is_due(const struct store_usage *usage, int64_t min_age_ns, struct lw_wall now)
{
    int64_t age_ns = min_age_ns && min_age_ns < WRITE_EVERY_NS ? WRITE_EVERY_NS : min_age_ns;
    return usage->dirty && now.ns - usage->saved.ns >= age_ns;
}

void store_set_build_label(struct store *store, const char *name)
{
    replace(&store->build_label, name ? name : "");
}

/* ---- images ---- */

static void add_text(struct lw_strbuf *out, const char *text)
{
    size_t len = text ? strlen(text) : 0;
    len = len < TEXT_BYTES_MAX ? len : TEXT_BYTES_MAX;
    lw_strbuf_add_u32(out, (uint32_t)len);
    lw_strbuf_add(out, text, len);
}

static char *take_text(struct lw_cursor *in)
{
    size_t len = lw_cursor_u32(in);
    if (len > TEXT_BYTES_MAX)
        in->failed = true;
    const unsigned char *text = in->failed ? NULL : lw_cursor_bytes(in, len);
    return text ? lw_strndup((const char *)text, len) : lw_strdup("");
}

void usage_encode(const struct store_usage *usage, struct lw_strbuf *out)
{
    lw_strbuf_add_u8(out, IMAGE_VERSION);
    lw_strbuf_add_u64(out, (uint64_t)usage->first_seen.ns);
    lw_strbuf_add_u64(out, (uint64_t)usage->last_seen.ns);
    add_text(out, usage->job);
    add_text(out, usage->build);
    add_text(out, usage->version);
    add_text(out, usage->revision);
    for (int m = 0; m < GATE_MEASURE_COUNT; m++)
        gate_history_encode(&usage->measures[m], out);
}

struct store_usage *usage_decode(const void *image, size_t len, struct lw_err *err)
{
    struct lw_cursor in = lw_cursor_on(image, len);
    uint8_t version = lw_cursor_u8(&in);
    bool known = version == 1 || version == IMAGE_VERSION;
    int measures = version == 1 ? MEASURES_1 : GATE_MEASURE_COUNT;
    struct store_usage *usage = LW_NEW(struct store_usage);
    usage->first_seen.ns = (int64_t)lw_cursor_u64(&in);
    usage->last_seen.ns = (int64_t)lw_cursor_u64(&in);
    usage->job = take_text(&in);
    usage->build = take_text(&in);
    usage->version = take_text(&in);
    usage->revision = take_text(&in);
    usage->id = id_of(usage->job, usage->build);
    for (int m = 0; known && m < measures; m++)
        known = gate_history_decode(&usage->measures[m], &in, err) == 0;
    if (known && lw_cursor_ok(&in) && lw_cursor_left(&in) == 0 && usage->first_seen.ns > 0 &&
        usage->last_seen.ns > 0)
        return usage;
    usage_free(usage);
    lw_err_set(err, LW_CORRUPT, "the stored image of a build's usage is damaged");
    return NULL;
}

static void restore_usage(void *ctx, const void *image, size_t len)
{
    struct store *store = ctx;
    struct lw_err ignored; /* one that cannot be read costs only itself */
    struct store_usage *usage = usage_decode(image, len, &ignored);
    if (usage && store->usages.count < USAGES_MAX && !lw_map_find(&store->usages, usage->id)) {
        lw_map_put(&store->usages, usage->id, usage);
        return;
    }
    store->stats.images_refused++;
    if (usage)
        usage_free(usage);
}

void usages_restore(struct store *store)
{
    struct lw_err err; /* what cannot be read now costs history, not the watch */
    struct store_db_reader reader = {.ctx = store, .usage = restore_usage};
    if (store->db && store_db_read_usages(store->db, USAGES_MAX, &reader, &err) < 0)
        store->stats.images_refused++;
}
