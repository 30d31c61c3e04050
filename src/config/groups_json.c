#include "config/groups_json.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "base/labels.h"
#include "base/mem.h"
#include "config/parse.h"
#include "config/scalar.h"

/* "path:line:column" of a byte, before a message. */
static int at(const char *path, const char *text, const char *byte, struct lw_err *err)
{
    size_t line = 1, column = 1;
    for (const char *p = text; p < byte; p++) {
        column = *p == '\n' ? 1 : column + 1;
        line += *p == '\n';
    }
    return lw_err_prefix(err, "%s:%zu:%zu", path, line, column);
}

/* What cJSON would let through or pay for without limit: bytes that are not UTF-8, NUL characters
 * (which would cut a string short), and a file of a great many tiny values. */
static int check_text(const char *text, size_t len, const char *path, struct lw_err *err)
{
    const char *next = text;
    size_t values = 0;
    bool in_string = false, escaped = false;
    while (next < text + len) {
        const char *here = next;
        int32_t c = config_utf8_next(&next);
        if (c <= 0 || (escaped && strncmp(here, "u0000", 5) == 0)) {
            lw_err_set(err, LW_INVALID, c < 0 ? "not UTF-8" : "a NUL character");
            return at(path, text, here, err);
        }
        if (c == '"' && !escaped)
            in_string = !in_string;
        values += !in_string && (c == ',' || c == '[' || c == '{');
        escaped = in_string && !escaped && c == '\\';
    }
    if (values <= CONFIG_GROUP_NODES_MAX)
        return 0;
    return lw_err_set(err, LW_TOO_LARGE, "%s: more than %zu values", path, CONFIG_GROUP_NODES_MAX);
}

static int take_targets(const cJSON *json, struct config_strings *targets, struct lw_err *err)
{
    if (cJSON_IsNull(json))
        return 0;
    if (!cJSON_IsArray(json))
        return lw_err_set(err, LW_INVALID, "targets: must be an array of strings");
    targets->list = lw_new((size_t)cJSON_GetArraySize(json), sizeof *targets->list);
    const cJSON *element;
    cJSON_ArrayForEach(element, json)
    {
        if (!cJSON_IsString(element))
            return lw_err_set(
                err, LW_INVALID, "targets: element %zu is not a string", targets->count + 1);
        if (config_address_check(element->valuestring, err) < 0)
            return lw_err_prefix(err, "targets");
        targets->list[targets->count++] = lw_strdup(element->valuestring);
    }
    return 0;
}

static int take_labels(const cJSON *json, struct lw_labels **labels, struct lw_err *err)
{
    struct lw_label list[CONFIG_LABELS_MAX];
    size_t count = 0;
    if (!cJSON_IsNull(json) && !cJSON_IsObject(json))
        return lw_err_set(err, LW_INVALID, "labels: must be an object of strings");
    const cJSON *member;
    cJSON_ArrayForEach(member, json)
    {
        if (count == CONFIG_LABELS_MAX)
            return lw_err_set(
                err, LW_TOO_LARGE, "labels: more than the %d that are taken", CONFIG_LABELS_MAX);
        if (config_label_name_check(member->string, true, err) < 0)
            return lw_err_prefix(err, "labels");
        if (!cJSON_IsString(member))
            return lw_err_set(
                err, LW_INVALID, "labels: the value of \"%.100s\" is not a string", member->string);
        for (size_t i = 0; i < count; i++) {
            if (strcmp(list[i].name, member->string) == 0)
                return lw_err_set(
                    err, LW_INVALID, "labels: \"%.100s\" is given twice", member->string);
        }
        list[count++] = (struct lw_label){member->string, member->valuestring};
    }
    *labels = lw_labels_new(list, count);
    return 0;
}

static int take_group(const cJSON *json, struct config_static *group, struct lw_err *err)
{
    if (!cJSON_IsObject(json))
        return lw_err_set(err, LW_INVALID,
            "must be an object like {\"targets\": [\"host:port\"], \"labels\": {}}");
    const cJSON *member;
    cJSON_ArrayForEach(member, json)
    {
        bool is_targets = strcmp(member->string, "targets") == 0;
        bool is_labels = strcmp(member->string, "labels") == 0;
        if (!is_targets && !is_labels)
            return config_unknown_key(&config_target_group, member->string, err);
        if (is_targets ? group->targets.list != NULL : group->labels != NULL)
            return lw_err_set(err, LW_INVALID, "key \"%s\" is given twice", member->string);
        if (is_targets && take_targets(member, &group->targets, err) < 0)
            return -1;
        if (is_labels && take_labels(member, &group->labels, err) < 0)
            return -1;
    }
    if (!group->labels)
        group->labels = lw_labels_new(NULL, 0);
    return 0;
}

static int take_groups(
    const cJSON *json, const char *path, struct config_groups *groups, struct lw_err *err)
{
    if (cJSON_IsNull(json))
        return 0;
    if (!cJSON_IsArray(json))
        return lw_err_set(err, LW_INVALID, "%s: must be an array of target groups", path);
    groups->list = lw_new((size_t)cJSON_GetArraySize(json), sizeof *groups->list);
    const cJSON *element;
    cJSON_ArrayForEach(element, json)
    {
        if (take_group(element, &groups->list[groups->count++], err) < 0)
            return lw_err_prefix(err, "%s: group %zu", path, groups->count);
    }
    return 0;
}

int config_groups_json_parse(const char *text, size_t len, const char *path,
    struct config_groups *groups, struct lw_err *err)
{
    if (check_text(text, len, path, err) < 0)
        return -1;
    const char *end = text;
    cJSON *json = cJSON_ParseWithLengthOpts(text, len + 1, &end, true);
    if (!json) {
        lw_err_set(err, LW_INVALID, "not JSON from here on");
        return at(path, text, end, err);
    }
    int rc = take_groups(json, path, groups, err);
    cJSON_Delete(json);
    return rc;
}
