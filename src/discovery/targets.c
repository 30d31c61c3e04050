#include "discovery/targets.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/strbuf.h"

#define OWN_LABELS_MAX  4 /* job, instance, __address__, __meta_filepath */
#define URL_BYTES_LIMIT ((size_t)16 << 20)

struct builder {
    struct discovery_targets *targets;
    struct lw_map seen; /* ids, to the jobs that had them first */
    size_t room;        /* of targets->list */
};

/* Where a group of targets stands. */
struct origin {
    const struct config_job *job;
    const struct lw_labels *labels; /* of the group */
    const char *file;               /* NULL for static_configs */
};

static size_t append(struct lw_label *list, size_t at, const struct lw_labels *labels)
{
    for (size_t i = 0; i < labels->count; i++)
        list[at++] = labels->list[i];
    return at;
}

/* All labels of a target. Of two with one name the later one wins: a job may be renamed, and
 * instance be set, by a label; the address and the file are facts. The order is Prometheus'
 * (scrape/target.go). */
static struct lw_labels *discovered_labels(const struct origin *origin, char *address)
{
    const struct config_job *job = origin->job;
    size_t most = OWN_LABELS_MAX + job->labels->count + origin->labels->count;
    struct lw_label *list = lw_new(most, sizeof *list);
    size_t n = 0;
    list[n++] = (struct lw_label){(char *)"job", job->job_name};
    list[n++] = (struct lw_label){(char *)"instance", address};
    n = append(list, n, job->labels);
    n = append(list, n, origin->labels);
    list[n++] = (struct lw_label){(char *)"__address__", address};
    if (origin->file)
        list[n++] = (struct lw_label){(char *)"__meta_filepath", (char *)origin->file};
    struct lw_labels *labels = lw_labels_new(list, n);
    free(list);
    return labels;
}

/* Those of them that are shown outside: names that begin with __ are ours. */
static struct lw_labels *shown_labels(const struct lw_labels *discovered)
{
    struct lw_label *list = lw_new(discovered->count, sizeof *list);
    size_t n = 0;
    for (size_t i = 0; i < discovered->count; i++) {
        if (strncmp(discovered->list[i].name, "__", 2) != 0)
            list[n++] = discovered->list[i];
    }
    struct lw_labels *labels = lw_labels_new(list, n);
    free(list);
    return labels;
}

static char *heap_url(const struct config_job *job, const char *address)
{
    struct lw_strbuf url;
    lw_strbuf_init(&url, URL_BYTES_LIMIT);
    lw_strbuf_addf(&url, "%s://%s%s/heap", job->scheme, address, job->profile_path_prefix);
    return lw_strbuf_take(&url, NULL);
}

static void fini_target(struct discovery_target *target)
{
    free(target->address);
    free(target->url);
    lw_labels_unref(&target->labels);
    lw_labels_unref(&target->discovered);
}

static void add_target(struct builder *b, const struct origin *origin, char *address)
{
    struct discovery_set *set = &b->targets->set;
    struct discovery_target target = {
        .job = origin->job,
        .address = lw_strdup(address),
        .url = heap_url(origin->job, address),
        .discovered = discovered_labels(origin, address),
    };
    target.labels = shown_labels(target.discovered);
    target.id = lw_hash_string(lw_labels_hash(target.labels, 0), target.url);

    bool duplicate = lw_map_find(&b->seen, target.id);
    bool full = set->count == DISCOVERY_TARGETS_MAX;
    if (duplicate || full) {
        set->dropped += duplicate;
        b->targets->truncated |= !duplicate;
        fini_target(&target);
        return;
    }
    lw_map_put(&b->seen, target.id, (void *)origin->job);
    if (set->count == b->room) {
        b->room = b->room ? 2 * b->room : 16;
        b->targets->list = lw_renew(b->targets->list, b->room, sizeof *b->targets->list);
    }
    b->targets->list[set->count++] = target;
}

static void add_group(struct builder *b, const struct config_job *job,
    const struct config_static *group, const char *file)
{
    struct origin origin = {.job = job, .labels = group->labels, .file = file};
    for (size_t i = 0; i < group->targets.count; i++)
        add_target(b, &origin, group->targets.list[i]);
}

static void add_files(struct builder *b, const struct config_job *job, const char *pattern,
    const struct discovery_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        const struct discovery_file *file = &files->list[i];
        if (!discovery_pattern_matches(pattern, file->path))
            continue;
        for (size_t g = 0; g < file->groups.count; g++)
            add_group(b, job, &file->groups.list[g], file->path);
    }
}

static void add_job(
    struct builder *b, const struct config_job *job, const struct discovery_files *files)
{
    for (size_t i = 0; i < job->static_config_count; i++)
        add_group(b, job, &job->static_configs[i], NULL);
    for (size_t i = 0; i < job->file_sd_config_count; i++) {
        const struct config_strings *patterns = &job->file_sd_configs[i].files;
        for (size_t p = 0; p < patterns->count; p++)
            add_files(b, job, patterns->list[p], files);
    }
}

static int by_id(const void *a, const void *b)
{
    const struct discovery_target *x = a, *y = b;
    return (x->id > y->id) - (x->id < y->id);
}

struct discovery_targets *discovery_targets_new(
    struct config *config, const struct discovery_files *files)
{
    struct builder b = {.targets = LW_NEW(struct discovery_targets)};
    struct discovery_set *set = &b.targets->set;
    set->config = config_ref(config);
    for (size_t i = 0; i < config->scrape_config_count; i++)
        add_job(&b, &config->scrape_configs[i], files);
    lw_map_fini(&b.seen);
    if (set->count > 1)
        qsort(b.targets->list, set->count, sizeof *b.targets->list, by_id);
    set->targets = b.targets->list;
    return b.targets;
}

void discovery_targets_free(struct discovery_targets **targets)
{
    if (!*targets)
        return;
    for (size_t i = 0; i < (*targets)->set.count; i++)
        fini_target(&(*targets)->list[i]);
    free((*targets)->list);
    config_unref(&(*targets)->set.config);
    free(*targets);
    *targets = NULL;
}

bool discovery_targets_equal(const struct discovery_targets *a, const struct discovery_targets *b)
{
    const struct discovery_set *x = &a->set, *y = &b->set;
    if (x->config != y->config || x->count != y->count || x->dropped != y->dropped)
        return false;
    for (size_t i = 0; i < x->count; i++) {
        const struct discovery_target *s = &x->targets[i], *t = &y->targets[i];
        if (s->id != t->id || s->job != t->job ||
            lw_labels_hash(s->discovered, 0) != lw_labels_hash(t->discovered, 0))
            return false;
    }
    return true;
}
