#include "config/groups.h"

#include <string.h>
#include <strings.h>

#include "config/groups_json.h"
#include "config/options.h"
#include "config/parse.h"

static const struct config_option groups_row = {
    .name = "the file",
    .type = CONFIG_LIST,
    .offset = offsetof(struct config_groups, list),
    .count_offset = offsetof(struct config_groups, count),
    .section = &config_target_group,
};

static const struct config_section groups_section = {
    .size = sizeof(struct config_groups),
    .options = &groups_row,
    .option_count = 1,
};

static int parse_yaml(const char *text, size_t len, const char *path, struct config_groups *groups,
    struct lw_err *err)
{
    struct config_yaml *yaml = config_yaml_parse(text, len, path, CONFIG_GROUP_NODES_MAX, err);
    if (!yaml)
        return -1;
    const struct config_parse parse = {.path = path};
    const struct config_yaml_node *root = config_yaml_root(yaml);
    int rc = 0;
    if (!config_yaml_is_null(root))
        rc = config_list_parse(&parse, &groups_row, root, groups, err);
    config_yaml_free(&yaml);
    return rc;
}

int config_groups_parse(const char *text, size_t len, const char *path,
    struct config_groups *groups, struct lw_err *err)
{
    *groups = (struct config_groups){0};
    const char *ending = strrchr(path, '.');
    bool is_json = ending && strcasecmp(ending, ".json") == 0;
    int rc = is_json ? config_groups_json_parse(text, len, path, groups, err)
                     : parse_yaml(text, len, path, groups, err);
    if (rc < 0)
        config_groups_fini(groups);
    return rc;
}

void config_groups_fini(struct config_groups *groups)
{
    config_section_fini(&groups_section, groups);
    *groups = (struct config_groups){0};
}
