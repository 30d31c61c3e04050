#include "profile/tree.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"

#define ROOT  0
#define OTHER 1 /* kept free for it from the start */

struct profile_tree {
    struct profile_tree_node nodes[PROFILE_TREE_NODES_MAX];
    size_t parents[PROFILE_TREE_NODES_MAX];
    size_t count;
    struct lw_map by_name; /* a node of `nodes`, by a hash of its parent's place and its name */
};

struct profile_tree *profile_tree_new(void)
{
    struct profile_tree *tree = LW_NEW(struct profile_tree);
    tree->nodes[ROOT].name = "total";
    tree->nodes[OTHER].name = "(other)";
    tree->count = 2;
    return tree;
}

void profile_tree_free(struct profile_tree **tree)
{
    if (!*tree)
        return;
    lw_map_fini(&(*tree)->by_name);
    free(*tree);
    *tree = NULL;
}

static int64_t sum(int64_t a, int64_t b)
{
    int64_t s;
    if (__builtin_add_overflow(a, b, &s))
        return a < 0 ? INT64_MIN : INT64_MAX;
    return s;
}

static void count_in(struct profile_tree_node *node, const struct profile_tree_path *path)
{
    node->value = sum(node->value, path->value);
    node->delta = sum(node->delta, path->delta);
}

static uint64_t key_of(size_t parent, const char *name)
{
    return lw_hash_string(lw_hash_u64(0, parent), name);
}

/* The child of that name, or ROOT. Two names of one hash would be taken for one: that blurs a
 * picture and no more. */
static size_t find_child(const struct profile_tree *tree, size_t parent, const char *name)
{
    const struct profile_tree_node *node = lw_map_find(&tree->by_name, key_of(parent, name));
    return node ? (size_t)(node - tree->nodes) : ROOT;
}

static size_t add_child(struct profile_tree *tree, size_t parent, const char *name)
{
    size_t at = tree->count++;
    tree->nodes[at].name = name;
    tree->parents[at] = parent;
    lw_map_put(&tree->by_name, key_of(parent, name), &tree->nodes[at]);
    return at;
}

void profile_tree_add(struct profile_tree *tree, const struct profile_tree_path *path)
{
    size_t chain[PROFILE_TREE_DEPTH_MAX];
    size_t depth = path->count < PROFILE_TREE_DEPTH_MAX ? path->count : PROFILE_TREE_DEPTH_MAX;
    size_t known = 0, at = ROOT;
    for (; known < depth; known++) {
        size_t child = find_child(tree, at, path->names[depth - 1 - known]);
        if (child == ROOT)
            break;
        chain[known] = at = child;
    }
    count_in(&tree->nodes[ROOT], path);
    if (!depth || depth - known > PROFILE_TREE_NODES_MAX - tree->count) {
        count_in(&tree->nodes[OTHER], path);
        return;
    }
    for (size_t i = known; i < depth; i++)
        chain[i] = at = add_child(tree, at, path->names[depth - 1 - i]);
    for (size_t i = 0; i < depth; i++)
        count_in(&tree->nodes[chain[i]], path);
}

static uint64_t size_of(int64_t v)
{
    return v < 0 ? -(uint64_t)v : (uint64_t)v;
}

static int smallest_first(const void *a, const void *b)
{
    const struct profile_tree_node *x = *(const struct profile_tree_node *const *)a;
    const struct profile_tree_node *y = *(const struct profile_tree_node *const *)b;
    if (size_of(x->delta) != size_of(y->delta))
        return size_of(x->delta) < size_of(y->delta) ? -1 : 1;
    if (x->value != y->value)
        return x->value < y->value ? -1 : 1;
    return (x < y) - (x > y); /* what came first stays before */
}

const struct profile_tree_node *profile_tree_finish(struct profile_tree *tree, size_t *count)
{
    struct profile_tree_node *order[PROFILE_TREE_NODES_MAX];
    bool has_other = tree->nodes[OTHER].value || tree->nodes[OTHER].delta;
    size_t n = 0;
    for (size_t i = has_other ? OTHER : OTHER + 1; i < tree->count; i++)
        order[n++] = &tree->nodes[i];
    if (n)
        qsort(order, n, sizeof *order, smallest_first);
    for (size_t i = 0; i < n; i++) {
        size_t at = (size_t)(order[i] - tree->nodes);
        struct profile_tree_node *parent = &tree->nodes[tree->parents[at]];
        order[i]->next = parent->child;
        parent->child = at;
    }
    *count = tree->count;
    return tree->nodes;
}
