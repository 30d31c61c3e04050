#include "config/parse.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"
#include "config/scalar.h"

static char no_text[] = "";

/* Puts the place of a node before a message. */
static int at(
    const struct config_parse *parse, const struct config_yaml_node *node, struct lw_err *err)
{
    return lw_err_prefix(err, "%s:%u:%u", parse->path, node->line, node->column);
}

/* The same, and the name of the option. */
static int at_option(const struct config_parse *parse, const struct config_yaml_node *node,
    const struct config_option *option, struct lw_err *err)
{
    lw_err_prefix(err, "%s", option->name);
    return at(parse, node, err);
}

/* ---- numbers ---- */

static int parse_number(
    enum config_type type, const char *text, int64_t *number, struct lw_err *err)
{
    switch (type) {
    case CONFIG_DURATION:
        return config_duration_parse(text, number, err);
    case CONFIG_SIZE:
        return config_size_parse(text, number, err);
    default:
        return config_int_parse(text, number, err);
    }
}

/* "<number> is <relation> <limit>", both written in the unit of the option. */
static int fail_bound(const struct config_option *option, int64_t number, const char *relation,
    int64_t limit, struct lw_err *err)
{
    struct lw_strbuf text;
    lw_strbuf_init(&text, sizeof err->msg);
    config_number_print(option->type, number, &text);
    lw_strbuf_addf(&text, " is %s ", relation);
    config_number_print(option->type, limit, &text);
    lw_err_set(err, LW_INVALID, "%s", text.data);
    lw_strbuf_fini(&text);
    return -1;
}

static int parse_bounded(
    const struct config_option *option, const char *text, int64_t *number, struct lw_err *err)
{
    if (parse_number(option->type, text, number, err) < 0)
        return -1;
    if (*number < option->min)
        return fail_bound(option, *number, "below the minimum of", option->min, err);
    if (*number > option->max)
        return fail_bound(option, *number, "above the maximum of", option->max, err);
    return 0;
}

static const struct config_option *find_option(
    const struct config_section *section, const char *name)
{
    for (size_t i = 0; i < section->option_count; i++) {
        if (strcmp(section->options[i].name, name) == 0)
            return &section->options[i];
    }
    return NULL;
}

/* Holds a row to its not_above: what was given must keep to it, a default is lowered to it. */
static int keep_order(const struct config_section *section, const struct config_option *option,
    bool given, void *object, struct lw_err *err)
{
    const struct config_option *ceiling = find_option(section, option->not_above);
    assert(ceiling && ceiling->type == option->type);
    int64_t *number = config_field(option, object);
    int64_t most = *(const int64_t *)config_field(ceiling, object);
    if (*number <= most)
        return 0;
    if (!given) {
        *number = most;
        return 0;
    }
    char relation[64];
    snprintf(relation, sizeof relation, "above %s, which is", ceiling->name);
    return fail_bound(option, *number, relation, most, err);
}

/* ---- text ---- */

/* A file's path, absolute if the directory is. The caller frees it. */
static char *resolve(const struct config_parse *parse, const char *file)
{
    if (file[0] == '/' || !parse->dir)
        return lw_strdup(file);
    struct lw_strbuf path;
    lw_strbuf_init(&path, 2 * CONFIG_BYTES_MAX);
    lw_strbuf_addf(&path, "%s/%s", parse->dir, file);
    char *resolved = lw_strbuf_take(&path, NULL);
    assert(resolved); /* both parts are shorter than a configuration may be */
    return resolved;
}

static bool is_file(enum config_type type)
{
    return type == CONFIG_FILE || type == CONFIG_FILES;
}

/* One checked text of a row, or NULL on error. The caller frees it. */
static char *parse_text(const struct config_parse *parse, const struct config_option *option,
    const char *text, struct lw_err *err)
{
    if (option->check && option->check(text, err) < 0)
        return NULL;
    return is_file(option->type) ? resolve(parse, text) : lw_strdup(text);
}

/* ---- a value as the file or the table has it ---- */

static int parse_scalar(const struct config_parse *parse, const struct config_option *option,
    const char *text, void *field, struct lw_err *err)
{
    if (option->type == CONFIG_BOOL)
        return config_bool_parse(text, field, err);
    if (config_type_is_number(option->type))
        return parse_bounded(option, text, field, err);
    assert(config_type_is_text(option->type));
    char **string = field;
    *string = parse_text(parse, option, text, err);
    return *string ? 0 : -1;
}

/* What a row has when nothing is given. */
static void set_default(
    const struct config_parse *parse, const struct config_option *option, void *object)
{
    static const struct config_yaml_node nothing = {.kind = CONFIG_YAML_SCALAR, .text = no_text};
    void *field = config_field(option, object);
    struct lw_err err;
    int rc = 0;
    if (option->inherit)
        *(int64_t *)field = *(const int64_t *)((const char *)parse->config + option->inherit);
    else if (option->type == CONFIG_STRING && option->fallback)
        *(char **)field = lw_strdup(option->fallback);
    else if (option->type == CONFIG_LABELS)
        *(struct lw_labels **)field = lw_labels_new(NULL, 0);
    else if (option->type == CONFIG_SECTION && !option->section->optional)
        rc = config_section_parse(parse, option->section, &nothing, field, &err);
    else if (option->fallback)
        rc = parse_scalar(parse, option, option->fallback, field, &err);
    assert(rc == 0); /* a default that breaks its own rules is a bug of the table */
}

static int parse_given_scalar(const struct config_parse *parse, const struct config_option *option,
    const struct config_yaml_node *node, void *object, struct lw_err *err)
{
    if (node->kind != CONFIG_YAML_SCALAR) {
        lw_err_set(err, LW_INVALID, "must be a single value, not a list or map");
        return at_option(parse, node, option, err);
    }
    if (node->quoted && (option->type == CONFIG_BOOL || option->type == CONFIG_INT)) {
        lw_err_set(err, LW_INVALID, "is quoted text: write it without quotes");
        return at_option(parse, node, option, err);
    }
    if (config_type_is_text(option->type) && !node->text[0]) {
        set_default(parse, option, object);
        return 0;
    }
    if (parse_scalar(parse, option, node->text, config_field(option, object), err) < 0)
        return at_option(parse, node, option, err);
    return 0;
}

/* ---- lists of strings, and labels ---- */

static int parse_strings(const struct config_parse *parse, const struct config_option *option,
    const struct config_yaml_node *node, struct config_strings *strings, struct lw_err *err)
{
    if (node->kind != CONFIG_YAML_LIST) {
        lw_err_set(err, LW_INVALID, "must be a list, like [a, b]");
        return at_option(parse, node, option, err);
    }
    strings->list = lw_new(node->count, sizeof *strings->list);
    for (const struct config_yaml_item *item = node->items; item; item = item->next) {
        const struct config_yaml_node *value = item->value;
        if (value->kind != CONFIG_YAML_SCALAR || config_yaml_is_null(value)) {
            lw_err_set(err, LW_INVALID, "an element must be text");
            return at_option(parse, value, option, err);
        }
        char *text = parse_text(parse, option, value->text, err);
        if (!text)
            return at_option(parse, value, option, err);
        strings->list[strings->count++] = text;
    }
    return 0;
}

static int check_label(const struct config_option *option, const struct config_yaml_item *item,
    const struct lw_label *before, size_t count, struct lw_err *err)
{
    if (config_label_name_check(item->key->text, option->allow_reserved, err) < 0)
        return -1;
    if (item->value->kind != CONFIG_YAML_SCALAR)
        return lw_err_set(
            err, LW_INVALID, "the value of label \"%s\" must be text", item->key->text);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(before[i].name, item->key->text) == 0)
            return lw_err_set(err, LW_INVALID, "label \"%s\" is given twice", item->key->text);
    }
    return 0;
}

static int parse_labels(const struct config_parse *parse, const struct config_option *option,
    const struct config_yaml_node *node, struct lw_labels **labels, struct lw_err *err)
{
    struct lw_label list[CONFIG_LABELS_MAX];
    size_t count = 0;
    if (node->kind != CONFIG_YAML_MAP) {
        lw_err_set(err, LW_INVALID, "must be a map, like {team: shop}");
        return at_option(parse, node, option, err);
    }
    if (node->count > CONFIG_LABELS_MAX) {
        lw_err_set(err, LW_TOO_LARGE, "has %zu labels, at most %d are taken", node->count,
            CONFIG_LABELS_MAX);
        return at_option(parse, node, option, err);
    }
    for (const struct config_yaml_item *item = node->items; item; item = item->next) {
        if (check_label(option, item, list, count, err) < 0)
            return at_option(parse, item->key, option, err);
        bool empty = config_yaml_is_null(item->value);
        list[count++] = (struct lw_label){item->key->text, empty ? no_text : item->value->text};
    }
    *labels = lw_labels_new(list, count);
    return 0;
}

/* ---- lists of sections ---- */

/* Refuses an element that shares a `unique` text with an earlier one; `seen` holds those. */
static int check_unique(const struct config_section *section, const void *object,
    struct lw_map *seen, struct lw_err *err)
{
    for (size_t i = 0; i < section->option_count; i++) {
        const struct config_option *option = &section->options[i];
        if (!option->unique)
            continue;
        char *text = *(char *const *)config_field_const(option, object);
        const char *earlier = lw_map_put(seen, lw_hash_string(i, text), text);
        if (earlier && strcmp(earlier, text) == 0)
            return lw_err_set(err, LW_INVALID, "%s \"%.100s\" is used twice", option->name, text);
    }
    return 0;
}

static int parse_element(const struct config_parse *parse, const struct config_section *section,
    const struct config_yaml_node *node, void *object, struct lw_err *err)
{
    if (!config_yaml_is_null(node))
        return config_section_parse(parse, section, node, object, err);
    lw_err_set(err, LW_INVALID, "%s is empty", section->title);
    return at(parse, node, err);
}

int config_list_parse(const struct config_parse *parse, const struct config_option *option,
    const struct config_yaml_node *node, void *object, struct lw_err *err)
{
    if (node->kind != CONFIG_YAML_LIST) {
        lw_err_set(err, LW_INVALID, "must be a list: begin each element with \"- \"");
        return at_option(parse, node, option, err);
    }
    const struct config_section *section = option->section;
    char *list = lw_new(node->count, section->size);
    size_t *count = (size_t *)((char *)object + option->count_offset);
    memcpy(config_field(option, object), &list, sizeof list);
    struct lw_map seen = {0};
    int rc = 0;
    for (const struct config_yaml_item *item = node->items; item && rc == 0; item = item->next) {
        void *element = list + (*count)++ * section->size;
        rc = parse_element(parse, section, item->value, element, err);
        if (rc == 0 && check_unique(section, element, &seen, err) < 0)
            rc = at(parse, item->value, err);
    }
    lw_map_fini(&seen);
    return rc;
}

/* ---- sections ---- */

static int parse_value(const struct config_parse *parse, const struct config_option *option,
    const struct config_yaml_node *node, void *object, struct lw_err *err)
{
    void *field = config_field(option, object);
    switch (option->type) {
    case CONFIG_STRINGS:
    case CONFIG_FILES:
        return parse_strings(parse, option, node, field, err);
    case CONFIG_LABELS:
        return parse_labels(parse, option, node, field, err);
    case CONFIG_SECTION:
        return config_section_parse(parse, option->section, node, field, err);
    case CONFIG_LIST:
        return config_list_parse(parse, option, node, object, err);
    default:
        return parse_given_scalar(parse, option, node, object, err);
    }
}

/* Sorts the values of a map by the rows of the section: NULL where a key is missing or null. */
static int sort_values(const struct config_parse *parse, const struct config_section *section,
    const struct config_yaml_node *map, const struct config_yaml_node **values, struct lw_err *err)
{
    unsigned lines[CONFIG_OPTIONS_MAX] = {0};
    if (map->kind != CONFIG_YAML_MAP) {
        lw_err_set(
            err, LW_INVALID, "%s must be a map of options, like \"name: value\"", section->title);
        return at(parse, map, err);
    }
    for (const struct config_yaml_item *item = map->items; item; item = item->next) {
        const struct config_option *option = find_option(section, item->key->text);
        if (!option) {
            config_unknown_key(section, item->key->text, err);
            return at(parse, item->key, err);
        }
        size_t i = (size_t)(option - section->options);
        if (lines[i]) {
            lw_err_set(err, LW_INVALID, "key \"%s\" is given twice, first in line %u", option->name,
                lines[i]);
            return at(parse, item->key, err);
        }
        lines[i] = item->key->line;
        values[i] = config_yaml_is_null(item->value) ? NULL : item->value;
    }
    return 0;
}

static int check_section(const struct config_parse *parse, const struct config_section *section,
    const struct config_yaml_node *node, void *object, struct lw_err *err)
{
    for (size_t i = 0; i < section->option_count; i++) {
        const struct config_option *option = &section->options[i];
        if (option->required && !*(char **)config_field(option, object)) {
            lw_err_set(err, LW_INVALID, "%s has no %s", section->title, option->name);
            return at(parse, node, err);
        }
    }
    if (section->check && section->check(object, err) < 0)
        return at(parse, node, err);
    return 0;
}

int config_section_parse(const struct config_parse *parse, const struct config_section *section,
    const struct config_yaml_node *node, void *object, struct lw_err *err)
{
    const struct config_yaml_node *values[CONFIG_OPTIONS_MAX] = {0};
    assert(section->option_count <= CONFIG_OPTIONS_MAX);
    if (!config_yaml_is_null(node) && sort_values(parse, section, node, values, err) < 0)
        return -1;
    if (section->optional)
        *(bool *)object = true;
    for (size_t i = 0; i < section->option_count; i++) {
        const struct config_option *option = &section->options[i];
        if (!values[i])
            set_default(parse, option, object);
        else if (parse_value(parse, option, values[i], object, err) < 0)
            return -1;
        if (option->not_above && keep_order(section, option, values[i] != NULL, object, err) < 0)
            return at_option(parse, values[i], option, err);
    }
    return check_section(parse, section, node, object, err);
}

/* ---- the whole ---- */

/* The directory of a file, made absolute. The caller frees it; NULL on error. */
static char *directory_of(const char *path, struct lw_err *err)
{
    const char *slash = strrchr(path, '/');
    if (path[0] == '/')
        return lw_strndup(path, (size_t)(slash - path));
    char *cwd = getcwd(NULL, 0);
    if (!cwd) {
        lw_err_set(
            err, LW_IO, "%s: the current directory is gone: give the file's whole path", path);
        return NULL;
    }
    struct lw_strbuf dir;
    lw_strbuf_init(&dir, CONFIG_BYTES_MAX);
    lw_strbuf_adds(&dir, strcmp(cwd, "/") == 0 ? "" : cwd);
    free(cwd);
    if (slash)
        lw_strbuf_addf(&dir, "/%.*s", (int)(slash - path), path);
    return lw_strbuf_take(&dir, NULL);
}

struct config *config_parse(const char *text, size_t len, const char *path, struct lw_err *err)
{
    if (len > CONFIG_BYTES_MAX) {
        lw_err_set(err, LW_TOO_LARGE, "%s has %zu bytes, at most %zu are taken", path, len,
            CONFIG_BYTES_MAX);
        return NULL;
    }
    char *dir = directory_of(path, err);
    struct config_yaml *yaml =
        dir ? config_yaml_parse(text, len, path, CONFIG_NODES_MAX, err) : NULL;
    struct config *config = NULL;
    if (yaml) {
        config = LW_NEW(struct config);
        config->refs = 1;
        config->path = lw_strdup(path);
        config->text = lw_strndup(text, len);
        const struct config_parse parse = {.path = path, .dir = dir, .config = config};
        if (config_section_parse(&parse, &config_root, config_yaml_root(yaml), config, err) < 0)
            config_unref(&config);
    }
    config_yaml_free(&yaml);
    free(dir);
    return config;
}
