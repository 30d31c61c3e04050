/* A YAML document as a tree with positions, built from libyaml's events under budgets: depth, and
 * the number of nodes after aliases are expanded, so that an alias bomb is an error before anyone
 * walks it. Every walk over a tree is therefore bounded. Nodes behind an alias are shared, not
 * copied. */
#ifndef LW_CONFIG_YAML_H
#define LW_CONFIG_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define CONFIG_YAML_DEPTH_MAX 32

enum config_yaml_kind { CONFIG_YAML_SCALAR, CONFIG_YAML_LIST, CONFIG_YAML_MAP };

struct config_yaml_item {
    struct config_yaml_node *key; /* of a map: a scalar; NULL in a list */
    struct config_yaml_node *value;
    struct config_yaml_item *next;
};

struct config_yaml_node {
    enum config_yaml_kind kind;
    unsigned line, column; /* of its first character, from 1 */
    char *text;            /* of a scalar: UTF-8 without NUL bytes */
    bool quoted;           /* of a scalar: not written plainly, so never null, a number or a bool */
    struct config_yaml_item *items; /* of a list or map, in the order of the file */
    size_t count;

    size_t weight; /* the builder's: nodes in it, aliases expanded; 0 while it is still open */
    size_t height; /* the builder's: levels of lists and maps in it */
};

struct config_yaml; /* owns all its nodes */

/* Reads one document of text; path is used in messages. An empty one has a null root. At most
 * nodes_max nodes, where a text counts as one more for each 256 bytes. Errors: LW_INVALID,
 * LW_TOO_LARGE, with "path:line:column: " in front. */
struct config_yaml *config_yaml_parse(const char *text, size_t len, const char *path,
    size_t nodes_max, struct lw_err *err) LW_MUST_CHECK;
void config_yaml_free(struct config_yaml **yaml);

const struct config_yaml_node *config_yaml_root(const struct config_yaml *yaml);

/* Whether a node is a plain null, ~ or nothing at all: the same as leaving its key out. */
bool config_yaml_is_null(const struct config_yaml_node *node);

#endif
