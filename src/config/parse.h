/* YAML nodes → the structs of config.h, driven by the option table. Inside config/ only. */
#ifndef LW_CONFIG_PARSE_H
#define LW_CONFIG_PARSE_H

#include <stddef.h>

#include "base/err.h"
#include "config/config.h"
#include "config/options.h"
#include "config/yaml.h"

#define CONFIG_BYTES_MAX  ((size_t)4 << 20)
#define CONFIG_NODES_MAX  ((size_t)200000)
#define CONFIG_LABELS_MAX 64 /* of one job or target group */

/* Where a parse stands. */
struct config_parse {
    const char *path;            /* for messages */
    const char *dir;             /* relative files are resolved against it */
    const struct config *config; /* where numbers are inherited from */
};

/* Fills the zeroed struct of a section from a map, or with defaults from null. What was filled when
 * it fails stays for config_section_fini. */
int config_section_parse(const struct config_parse *parse, const struct config_section *section,
    const struct config_yaml_node *node, void *object, struct lw_err *err) LW_MUST_CHECK;

/* The same for the array and the count of a row of type CONFIG_LIST in object. */
int config_list_parse(const struct config_parse *parse, const struct config_option *option,
    const struct config_yaml_node *node, void *object, struct lw_err *err) LW_MUST_CHECK;

/* Fills err with `unknown key "…" in <section>`, and with the key that was meant, if one is close.
 * Returns -1. */
int config_unknown_key(const struct config_section *section, const char *key, struct lw_err *err);

#endif
