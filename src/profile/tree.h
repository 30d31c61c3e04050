/* A flame tree: values summed along call stacks, from the root to the leaf. Pure. */
#ifndef LW_PROFILE_TREE_H
#define LW_PROFILE_TREE_H

#include <stddef.h>
#include <stdint.h>

#define PROFILE_TREE_NODES_MAX 5000 /* root and "(other)" included */
#define PROFILE_TREE_DEPTH_MAX 256  /* of a path: what is further from the leaf is cut */

/* A node holds what passes through it. Children are places in the list of nodes, largest first
 * (by |delta|, then by value); 0: none, for the root is nobody's child. */
struct profile_tree_node {
    const char *name; /* borrowed from the paths */
    int64_t value;
    int64_t delta;
    size_t child; /* the first */
    size_t next;  /* the next of the same parent */
};

struct profile_tree;

/* A tree with nothing but its root, which is called "total". */
struct profile_tree *profile_tree_new(void);
void profile_tree_free(struct profile_tree **tree);

struct profile_tree_path {
    const char *const *names; /* leaf first; outlive the tree */
    size_t count;
    int64_t value;
    int64_t delta;
};

/* Adds a path. Paths are to come in the order of their importance: one that needs more nodes than
 * are left is summed as "(other)" below the root, so that the total stays true, and so is one
 * without names. */
void profile_tree_add(struct profile_tree *tree, const struct profile_tree_path *path);

/* Brings children into order; nothing may be added after it. Returns the nodes, the root first;
 * they live as long as the tree. */
const struct profile_tree_node *profile_tree_finish(struct profile_tree *tree, size_t *count);

#endif
