#include "alert/index.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"

/* One way to name a target: the hash of what names it, and which target that is. */
struct entry {
    uint64_t target_id;
    bool ambiguous; /* several targets have that name */
    struct entry *next;
};

struct alert_index {
    struct lw_map names;   /* by hash: struct entry */
    struct entry *entries; /* owned, all of them */
};

/* What a hash is of, so that an instance and a host of the same text are two names. */
enum kind { OF_ID, OF_INSTANCE, OF_JOB_INSTANCE, OF_JOB_HOST, OF_HOST };

static uint64_t name_of(enum kind kind, const char *job, const char *rest, size_t len)
{
    uint64_t hash = lw_hash_string(kind, job);
    return lw_hash_bytes(hash, rest, len);
}

/* Of "10.0.0.1:6060", "[::1]:6060" or a bare host. */
static size_t host_len(const char *instance)
{
    const char *bracket = strchr(instance, ']');
    const char *colon = strrchr(bracket ? bracket : instance, ':');
    return colon ? (size_t)(colon - instance) : strlen(instance);
}

static void add_name(struct alert_index *index, uint64_t name, uint64_t target_id)
{
    struct entry *entry = lw_map_find(&index->names, name);
    if (entry) {
        entry->ambiguous = true;
        return;
    }
    entry = LW_NEW(struct entry);
    *entry = (struct entry){.target_id = target_id, .next = index->entries};
    index->entries = entry;
    lw_map_put(&index->names, name, entry);
}

static bool find_name(const struct alert_index *index, uint64_t name, uint64_t *target_id)
{
    const struct entry *entry = lw_map_find(&index->names, name);
    if (!entry || entry->ambiguous)
        return false;
    *target_id = entry->target_id;
    return true;
}

struct alert_index *alert_index_new(void)
{
    return LW_NEW(struct alert_index);
}

void alert_index_free(struct alert_index **index)
{
    if (!*index)
        return;
    struct entry *entry = (*index)->entries;
    while (entry) {
        struct entry *next = entry->next;
        free(entry);
        entry = next;
    }
    lw_map_fini(&(*index)->names);
    free(*index);
    *index = NULL;
}

void alert_index_add(struct alert_index *index, uint64_t target_id, const struct lw_labels *labels)
{
    const char *job = lw_labels_get(labels, "job");
    const char *instance = lw_labels_get(labels, "instance");
    char id[LW_ID_TEXT_BYTES];
    lw_id_text(target_id, id);
    add_name(index, name_of(OF_ID, "", id, strlen(id)), target_id);
    if (!instance[0])
        return;
    size_t len = strlen(instance), host = host_len(instance);
    add_name(index, name_of(OF_INSTANCE, "", instance, len), target_id);
    add_name(index, name_of(OF_JOB_INSTANCE, job, instance, len), target_id);
    add_name(index, name_of(OF_HOST, "", instance, host), target_id);
    add_name(index, name_of(OF_JOB_HOST, job, instance, host), target_id);
}

static bool find_instance(
    const struct alert_index *index, const char *job, const char *instance, uint64_t *target_id)
{
    enum kind kind = job[0] ? OF_JOB_INSTANCE : OF_INSTANCE;
    return instance[0] &&
           find_name(index, name_of(kind, job, instance, strlen(instance)), target_id);
}

static bool find_host(
    const struct alert_index *index, const char *job, const char *instance, uint64_t *target_id)
{
    enum kind kind = job[0] ? OF_JOB_HOST : OF_HOST;
    return instance[0] &&
           find_name(index, name_of(kind, job, instance, host_len(instance)), target_id);
}

/* id, job/instance or instance. A job may hold a slash and an instance not, so the last one parts
 * them. */
static bool find_value(const struct alert_index *index, const char *value, uint64_t *target_id)
{
    if (!value[0])
        return false;
    if (find_name(index, name_of(OF_ID, "", value, strlen(value)), target_id) ||
        find_instance(index, "", value, target_id))
        return true;
    const char *slash = strrchr(value, '/');
    if (!slash)
        return false;
    char *job = lw_strndup(value, (size_t)(slash - value));
    bool found = find_instance(index, job, slash + 1, target_id);
    free(job);
    return found;
}

bool alert_index_find(const struct alert_index *index, const struct lw_labels *labels,
    const char *target_label, uint64_t *target_id, enum alert_match *match)
{
    const char *job = lw_labels_get(labels, "job");
    const char *instance = lw_labels_get(labels, "instance");
    *match = ALERT_BY_NOTHING;
    if (target_label && find_value(index, lw_labels_get(labels, target_label), target_id))
        *match = ALERT_BY_LABEL;
    else if (find_instance(index, lw_labels_get(labels, "exported_job"),
                 lw_labels_get(labels, "exported_instance"), target_id))
        *match = ALERT_BY_EXPORTED;
    else if (find_instance(index, job, instance, target_id))
        *match = ALERT_BY_INSTANCE;
    else if (find_host(index, job, instance, target_id))
        *match = ALERT_BY_HOST;
    return *match != ALERT_BY_NOTHING;
}

const char *alert_match_text(enum alert_match match)
{
    static const char *const texts[] = {
#define ALERT_MATCH_TEXT(name, text) [name] = text,
        ALERT_MATCHES(ALERT_MATCH_TEXT)
#undef ALERT_MATCH_TEXT
    };
    return texts[match];
}
