/* Flame trees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "profile/tree.h"

static void add(struct profile_tree *tree, const char *const *names, size_t count, int64_t value)
{
    profile_tree_add(tree, &(struct profile_tree_path){names, count, value, 0});
}

static const struct profile_tree_node *child(
    const struct profile_tree_node *nodes, const struct profile_tree_node *parent, const char *name)
{
    for (size_t i = parent->child; i; i = nodes[i].next) {
        if (strcmp(nodes[i].name, name) == 0)
            return &nodes[i];
    }
    return NULL;
}

static void test_paths_share_what_they_have_in_common(void **state)
{
    (void)state;
    const char *const open[] = {"Open", "serve", "main"}, *const put[] = {"Put", "serve", "main"};
    struct profile_tree *tree = profile_tree_new();
    add(tree, open, 3, 10);
    add(tree, put, 3, 30);
    add(tree, open, 3, 1);
    size_t count;
    const struct profile_tree_node *n = profile_tree_finish(tree, &count);
    assert_int_equal(n[0].value, 41);
    const struct profile_tree_node *serve = child(n, child(n, n, "main"), "serve");
    assert_int_equal(serve->value, 41);
    assert_string_equal(n[serve->child].name, "Put"); /* larger first */
    assert_int_equal(child(n, serve, "Open")->value, 11);
    assert_null(child(n, n, "(other)"));
    profile_tree_free(&tree);
}

static void test_recursion_goes_deeper(void **state)
{
    (void)state;
    const char *const names[] = {"f", "f", "f"};
    struct profile_tree *tree = profile_tree_new();
    add(tree, names, 3, 5);
    size_t count;
    const struct profile_tree_node *n = profile_tree_finish(tree, &count);
    assert_non_null(child(n, child(n, child(n, n, "f"), "f"), "f"));
    profile_tree_free(&tree);
}

static void test_an_empty_tree(void **state)
{
    (void)state;
    struct profile_tree *tree = profile_tree_new();
    size_t count;
    const struct profile_tree_node *n = profile_tree_finish(tree, &count);
    assert_int_equal(n->value, 0);
    assert_int_equal(n->child, 0);
    profile_tree_free(&tree);
    profile_tree_free(&tree);
}

static void test_what_has_no_room_is_summed(void **state)
{
    (void)state;
    enum { PATHS = PROFILE_TREE_NODES_MAX };
    char(*text)[16] = lw_new(PATHS, sizeof *text);
    struct profile_tree *tree = profile_tree_new();
    for (int i = 0; i < PATHS; i++) {
        snprintf(text[i], sizeof text[i], "f%d", i);
        const char *const names[] = {text[i], "main"};
        add(tree, names, 2, 1);
    }
    add(tree, NULL, 0, 7);
    size_t count;
    const struct profile_tree_node *n = profile_tree_finish(tree, &count);
    assert_int_equal(count, PROFILE_TREE_NODES_MAX);
    assert_int_equal(n->value, PATHS + 7);
    int64_t kept = child(n, n, "main")->value;
    assert_int_equal(kept, PROFILE_TREE_NODES_MAX - 3);
    assert_int_equal(child(n, n, "(other)")->value, PATHS + 7 - kept);
    profile_tree_free(&tree);
    free(text);
}

static void test_deep_stacks_keep_their_leaves(void **state)
{
    (void)state;
    enum { DEPTH = PROFILE_TREE_DEPTH_MAX + 100 };
    const char *names[DEPTH];
    for (int i = 0; i < DEPTH; i++)
        names[i] = "f";
    names[0] = "leaf";
    names[DEPTH - 1] = "root";
    struct profile_tree *tree = profile_tree_new();
    add(tree, names, DEPTH, 3);
    size_t count;
    const struct profile_tree_node *n = profile_tree_finish(tree, &count), *node = n;
    size_t depth = 0;
    for (; node->child; depth++)
        node = &n[node->child];
    assert_int_equal(depth, PROFILE_TREE_DEPTH_MAX);
    assert_string_equal(node->name, "leaf");
    profile_tree_free(&tree);
}

static void test_sums_do_not_overflow(void **state)
{
    (void)state;
    const char *const names[] = {"f"};
    struct profile_tree *tree = profile_tree_new();
    for (int i = 0; i < 3; i++)
        profile_tree_add(tree, &(struct profile_tree_path){names, 1, INT64_MAX, INT64_MIN});
    size_t count;
    const struct profile_tree_node *n = profile_tree_finish(tree, &count);
    assert_true(n->value == INT64_MAX);
    assert_true(n->delta == INT64_MIN);
    profile_tree_free(&tree);
}

static void test_differences_come_first_by_their_size(void **state)
{
    (void)state;
    const char *const a[] = {"a"}, *const b[] = {"b"};
    struct profile_tree *tree = profile_tree_new();
    profile_tree_add(tree, &(struct profile_tree_path){a, 1, 100, 1});
    profile_tree_add(tree, &(struct profile_tree_path){b, 1, 0, -50});
    size_t count;
    const struct profile_tree_node *n = profile_tree_finish(tree, &count);
    assert_string_equal(n[n->child].name, "b");
    assert_int_equal(n->delta, -49);
    profile_tree_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths_share_what_they_have_in_common),
        cmocka_unit_test(test_recursion_goes_deeper),
        cmocka_unit_test(test_an_empty_tree),
        cmocka_unit_test(test_what_has_no_room_is_summed),
        cmocka_unit_test(test_deep_stacks_keep_their_leaves),
        cmocka_unit_test(test_sums_do_not_overflow),
        cmocka_unit_test(test_differences_come_first_by_their_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
