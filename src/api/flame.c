/* /api/v1/targets/{id}/flame: the newest heap of a target as a flame tree. */
#include "api/flame.h"

#include <stdlib.h>
#include <string.h>

#include "api/endpoints.h"
#include "base/mem.h"

int flame_sample_parse(
    enum profile_sample *sample, const struct http_request *request, struct lw_err *err)
{
    const char *word = http_request_param(request, "sample");
    *sample = PROFILE_INUSE_SPACE;
    if (word && !profile_sample_parse(word, sample))
        return lw_err_set(err, LW_INVALID,
            "sample \"%.40s\" is not one of inuse_space, inuse_objects, alloc_space, alloc_objects",
            word);
    return 0;
}

int flame_query_parse(
    struct flame_query *query, const struct http_request *request, struct lw_err *err)
{
    const char *by = http_request_param(request, "by");
    query->by_type = by && strcmp(by, "type") == 0;
    if (by && !query->by_type && strcmp(by, "function") != 0)
        return lw_err_set(err, LW_INVALID, "by \"%.40s\" is not one of function, type", by);
    return flame_sample_parse(&query->sample, request, err);
}

/* ---- rendering ---- */

struct rendering {
    const struct profile_tree_node *nodes;
    bool is_difference;
};

/* As deep as a path: PROFILE_TREE_DEPTH_MAX. */
static void render_node(const struct rendering *r, cJSON *object, size_t at)
{
    const struct profile_tree_node *node = &r->nodes[at];
    json_text(object, "name", node->name);
    json_int(object, "value", node->value);
    if (r->is_difference)
        json_int(object, "delta", node->delta);
    cJSON *children = json_array(object, "children");
    for (size_t i = node->child; i; i = r->nodes[i].next)
        render_node(r, json_append(children), i);
}

void flame_render(cJSON *object, struct profile_tree *tree, bool is_difference)
{
    size_t count;
    struct rendering r = {profile_tree_finish(tree, &count), is_difference};
    render_node(&r, object, 0);
}

/* ---- of a target ---- */

struct weighed {
    const struct store_row *row;
    int64_t value;
};

static int heaviest_first(const void *a, const void *b)
{
    int64_t x = ((const struct weighed *)a)->value, y = ((const struct weighed *)b)->value;
    return (x < y) - (x > y);
}

static void add_row(struct profile_tree *tree, const struct weighed *w, bool by_type)
{
    const struct store_site *site = w->row->site;
    const struct store_type *type = w->row->type;
    const char *names[STORE_FRAMES_MAX + 1];
    size_t count = 0;
    if (by_type && type && type->name[0])
        names[count++] = type->name;
    for (size_t i = site->leaf; i < site->frame_count; i++)
        names[count++] = site->frames[i].function;
    profile_tree_add(tree, &(struct profile_tree_path){names, count, w->value, 0});
}

static struct profile_tree *tree_of(
    const struct store_target *target, const struct flame_query *query)
{
    struct weighed *rows = lw_new(target->sites.count, sizeof *rows);
    size_t count = 0;
    for (size_t i = 0; i < target->sites.count; i++) {
        const struct store_row *row = &target->sites.list[i];
        int64_t value = profile_sample_of(&row->values, query->sample);
        if (value)
            rows[count++] = (struct weighed){row, value};
    }
    if (count)
        qsort(rows, count, sizeof *rows, heaviest_first);
    struct profile_tree *tree = profile_tree_new();
    for (size_t i = 0; i < count; i++)
        add_row(tree, &rows[i], query->by_type);
    free(rows);
    profile_tree_add(tree, &(struct profile_tree_path){
                               .value = profile_sample_of(&target->sites.other, query->sample)});
    return tree;
}

void endpoint_target_flame(
    void *ctx, const struct http_request *request, struct http_response *response)
{
    const struct store_target *target = endpoint_find_target(ctx, request, response);
    if (!target)
        return;
    struct flame_query query;
    struct lw_err err;
    if (flame_query_parse(&query, request, &err) < 0) {
        api_error(response, &err);
        return;
    }
    struct profile_tree *tree = tree_of(target, &query);
    cJSON *data = cJSON_CreateObject();
    flame_render(data, tree, false);
    json_text(data, "sample", profile_sample_word(query.sample));
    json_text(data, "unit", profile_sample_unit(query.sample));
    json_time(data, "at", target->last_heap);
    profile_tree_free(&tree);
    json_success(response, data);
}
