/* The JSON form of a file of target groups. In config/ only: others call config_groups_parse. */
#ifndef LW_CONFIG_GROUPS_JSON_H
#define LW_CONFIG_GROUPS_JSON_H

#include "config/groups.h"

/* As config_groups_parse, but what was filled when it fails stays for config_groups_fini. */
int config_groups_json_parse(const char *text, size_t len, const char *path,
    struct config_groups *groups, struct lw_err *err) LW_MUST_CHECK;

#endif
