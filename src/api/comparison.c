#include "api/comparison.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "profile/diff.h"
#include "profile/encode.h"

#define PPROF_BYTES_MAX ((size_t)64 << 20) /* compressed */

static const char *type_of(const struct comparison *c, const struct profile_site *site)
{
    return lw_map_find(&c->types, site->id);
}

/* ---- the table ---- */

struct row {
    const char *key;                 /* borrowed from a profile or from the types */
    const struct profile_site *site; /* the first of it */
    int64_t base;
    int64_t to;
};

struct table {
    struct row *rows; /* owned */
    size_t count;
    struct lw_map by_key; /* rows + 1 place */
};

static int64_t sum(int64_t a, int64_t b)
{
    int64_t s;
    return __builtin_add_overflow(a, b, &s) ? INT64_MAX : s;
}

static const char *unknown_type = "(unknown)";

static uint64_t key_of(
    const struct comparison *c, const struct profile_site *site, const char **name)
{
    *name = site->frames[site->leaf]->function;
    if (c->key == COMPARISON_BY_SITE)
        return site->id;
    if (c->key == COMPARISON_BY_TYPE) {
        const char *type = type_of(c, site);
        *name = type ? type : unknown_type;
    }
    return lw_hash_string(0, *name);
}

static void add_change(
    struct table *table, const struct comparison *c, const struct profile_change *change)
{
    const char *name;
    uint64_t key = key_of(c, change->site, &name);
    struct row *row = lw_map_find(&table->by_key, key);
    if (!row) {
        row = &table->rows[table->count++];
        *row = (struct row){.key = name, .site = change->site};
        lw_map_put(&table->by_key, key, row);
    }
    row->base = sum(row->base, profile_sample_of(&change->base, c->sample));
    row->to = sum(row->to, profile_sample_of(&change->to, c->sample));
}

static int largest_change_first(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    int64_t p = llabs(x->to - x->base), q = llabs(y->to - y->base);
    if (p != q)
        return p < q ? 1 : -1;
    if (x->to != y->to)
        return x->to < y->to ? 1 : -1;
    return strcmp(x->key, y->key);
}

static void render_row(cJSON *object, const struct comparison *c, const struct row *row)
{
    if (c->key == COMPARISON_BY_SITE) {
        const struct profile_site *site = row->site;
        const struct profile_frame *responsible = site->frames[site->responsible];
        const char *type = type_of(c, site);
        json_id(object, "key", site->id);
        json_text(object, "function", row->key);
        json_text(object, "responsible", responsible->function);
        json_text(object, "file", responsible->file);
        json_int(object, "line", responsible->line);
        if (type)
            json_text(object, "type", type);
        else
            json_null(object, "type");
    } else {
        json_text(object, "key", row->key);
    }
    json_int(object, "base", row->base);
    json_int(object, "to", row->to);
    json_int(object, "delta", row->to - row->base);
}

static void render_table(cJSON *data, const struct comparison *c, const struct profile_diff *diff)
{
    struct table table = {.rows = lw_new(diff->count, sizeof *table.rows)};
    for (size_t i = 0; i < diff->count; i++)
        add_change(&table, c, &diff->rows[i]);
    lw_map_fini(&table.by_key);
    if (table.count)
        qsort(table.rows, table.count, sizeof *table.rows, largest_change_first);
    cJSON *rows = json_array(data, "rows");
    for (size_t i = 0; i < table.count && i < c->rows_max; i++)
        render_row(json_append(rows), c, &table.rows[i]);
    json_int(data, "total", (int64_t)table.count);
    json_int(data, "base", profile_sample_of(&diff->base, c->sample));
    json_int(data, "to", profile_sample_of(&diff->to, c->sample));
    free(table.rows);
}

/* ---- the tree ---- */

static void add_path(
    struct profile_tree *tree, const struct comparison *c, const struct profile_change *change)
{
    const struct profile_site *site = change->site;
    const char *names[PROFILE_TREE_DEPTH_MAX];
    const char *type = c->key == COMPARISON_BY_TYPE ? type_of(c, site) : NULL;
    size_t count = 0;
    if (type)
        names[count++] = type;
    for (size_t i = site->leaf; i < site->frame_count && count < PROFILE_TREE_DEPTH_MAX; i++)
        names[count++] = site->frames[i]->function;
    int64_t value = profile_sample_of(&change->to, c->sample);
    int64_t delta = profile_change_of(change, c->sample);
    if (value || delta)
        profile_tree_add(
            tree, &(struct profile_tree_path){names, count, value, c->has_base ? delta : 0});
}

/* The diff comes in the order of its changes, and without a base a change is the value: what has no
 * node of its own is the smallest. */
static void render_tree(cJSON *data, const struct comparison *c, const struct profile_diff *diff)
{
    struct profile_tree *tree = profile_tree_new();
    for (size_t i = 0; i < diff->count; i++)
        add_path(tree, c, &diff->rows[i]);
    flame_render(data, tree, c->has_base);
    profile_tree_free(&tree);
}

/* ---- */

static struct profile *read_profile(struct comparison *c, const struct comparison_file *file)
{
    struct evidence_wanted wanted = {
        file->incident_id, file->name, (size_t)c->body_limit_bytes}; /* as gzip it is smaller */
    char *bytes;
    size_t len;
    if (evidence_file_read(c->evidence, &wanted, &bytes, &len, &c->err) < 0)
        return NULL;
    struct profile_limits limits = profile_limits_for(c->body_limit_bytes);
    struct profile *profile = profile_decode(bytes, len, &limits, &c->err);
    free(bytes);
    if (!profile) {
        lw_err_prefix(&c->err, "%s", file->name);
        c->err.code = LW_INVALID; /* the request asks for something that cannot be compared */
    }
    return profile;
}

static void print(struct comparison *c, cJSON *data)
{
    struct http_response response = {0};
    json_success(&response, data);
    c->body = response.body;
    c->len = response.len;
    c->content_type = response.content_type;
    if (!c->body)
        lw_err_set(&c->err, LW_NO_MEMORY, "no memory for the answer");
}

static void answer(struct comparison *c, const struct profile_diff *diff, const struct profile *to)
{
    if (c->form == COMPARISON_PPROF) {
        struct lw_strbuf out;
        lw_strbuf_init(&out, PPROF_BYTES_MAX);
        if (profile_encode_diff(diff, to, &out, &c->err) == 0)
            c->body = lw_strbuf_take(&out, &c->len);
        lw_strbuf_fini(&out);
        c->content_type = "application/octet-stream";
        return;
    }
    cJSON *data = cJSON_CreateObject();
    if (c->form == COMPARISON_TABLE)
        render_table(data, c, diff);
    else
        render_tree(data, c, diff);
    json_text(data, "sample", profile_sample_word(c->sample));
    json_text(data, "unit", profile_sample_unit(c->sample));
    print(c, data);
}

void comparison_run(struct comparison *c)
{
    lw_err_clear(&c->err);
    struct profile *base = NULL;
    struct profile *to = read_profile(c, &c->to);
    if (to && c->has_base)
        base = read_profile(c, &c->base);
    if (to && (base || !c->has_base)) {
        struct profile_diff *diff = profile_diff_new(base, to, c->sample);
        answer(c, diff, to);
        profile_diff_free(&diff);
    }
    profile_free(&base);
    profile_free(&to);
}

void comparison_fini(struct comparison *c)
{
    size_t at = 0;
    uint64_t id;
    void *name;
    while (lw_map_next(&c->types, &at, &id, &name))
        free(name);
    lw_map_fini(&c->types);
    free(c->body);
    c->body = NULL;
}
