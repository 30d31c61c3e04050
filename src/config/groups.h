/* A file of target groups as file_sd reads it. A group is what an entry of static_configs is, so
 * both come from the same rows of the option table. */
#ifndef LW_CONFIG_GROUPS_H
#define LW_CONFIG_GROUPS_H

#include <stddef.h>

#include "base/err.h"
#include "config/config.h"

#define CONFIG_GROUP_NODES_MAX ((size_t)1000000) /* values in one file, containers included */

struct config_groups {
    struct config_static *list; /* owned */
    size_t count;
};

/* Reads a list of groups: JSON when path ends in .json, YAML otherwise. text[len] must be a NUL, as
 * lw_file_read leaves it; path is used in messages. Unknown keys and null groups are errors; an
 * empty YAML file and a JSON null are no groups. On success the caller owns *groups
 * (config_groups_fini), on failure they are empty. Errors: LW_INVALID, LW_TOO_LARGE. */
int config_groups_parse(const char *text, size_t len, const char *path,
    struct config_groups *groups, struct lw_err *err) LW_MUST_CHECK;

/* Frees the groups and empties *groups. */
void config_groups_fini(struct config_groups *groups);

#endif
