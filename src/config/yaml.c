#include "config/yaml.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/arena.h"
#include "base/mem.h"

#define ANCHORS_MAX 256

/* A long text counts as several nodes, so that the budget bounds what aliases of it come to. */
#define TEXT_BYTES_PER_NODE 256

/* What one node may take from the arena beside its text: itself, its item, and their alignment. */
#define NODE_BYTES ((size_t)256)

struct config_yaml {
    struct lw_arena *arena;
    struct config_yaml_node *root;
};

/* A list or map whose end has not been seen. */
struct open_node {
    struct config_yaml_node *node;
    struct config_yaml_node *key; /* of a map: waits for its value */
    struct config_yaml_item **end;
    size_t nodes_before;
};

struct anchor {
    char *name; /* in the arena, like the node */
    struct config_yaml_node *node;
};

struct builder {
    yaml_parser_t parser;
    struct config_yaml *yaml;
    const char *path;
    size_t nodes, nodes_max;
    struct open_node open[CONFIG_YAML_DEPTH_MAX];
    size_t depth;
    struct anchor anchors[ANCHORS_MAX];
    size_t anchor_count;
    bool seen_document;
};

static int at(const struct builder *b, yaml_mark_t mark, struct lw_err *err)
{
    return lw_err_prefix(err, "%s:%zu:%zu", b->path, mark.line + 1, mark.column + 1);
}

static int too_large(const struct builder *b, yaml_mark_t mark, struct lw_err *err)
{
    lw_err_set(err, LW_TOO_LARGE, "more than %zu nodes, aliases expanded", b->nodes_max);
    return at(b, mark, err);
}

/* What libyaml found wrong. Errors of its reader carry a byte offset instead of a mark. */
static int fail_parser(const struct builder *b, const char *text, struct lw_err *err)
{
    const yaml_parser_t *parser = &b->parser;
    const char *problem = parser->problem ? parser->problem : "cannot be parsed";
    yaml_mark_t mark = parser->problem_mark;
    if (parser->error == YAML_MEMORY_ERROR)
        return lw_err_set(err, LW_NO_MEMORY, "%s: no memory to parse it", b->path);
    if (parser->error == YAML_READER_ERROR) {
        mark = (yaml_mark_t){0};
        for (size_t i = 0; i < parser->problem_offset; i++) {
            mark.column++;
            if (text[i] == '\n')
                mark = (yaml_mark_t){.line = mark.line + 1};
        }
    }
    lw_err_set(err, LW_INVALID, "not YAML: %s%s%s", problem, parser->context ? ", " : "",
        parser->context ? parser->context : "");
    return at(b, mark, err);
}

/* Takes the weight of nodes off the budget. */
static int charge(struct builder *b, size_t weight, yaml_mark_t mark, struct lw_err *err)
{
    if (weight > b->nodes_max - b->nodes)
        return too_large(b, mark, err);
    b->nodes += weight;
    return 0;
}

/* A node of `weight`, which the budget must still hold; NULL on error. */
static struct config_yaml_node *new_node(struct builder *b, enum config_yaml_kind kind,
    size_t weight, yaml_mark_t mark, struct lw_err *err)
{
    if (charge(b, weight, mark, err) < 0)
        return NULL;
    struct config_yaml_node *node = lw_arena_new_array(b->yaml->arena, 1, sizeof *node);
    if (!node) {
        too_large(b, mark, err);
        return NULL;
    }
    node->kind = kind;
    node->line = (unsigned)mark.line + 1;
    node->column = (unsigned)mark.column + 1;
    return node;
}

/* Puts a finished node where it belongs: it is the root, a key, a value or an element. */
static int attach(
    struct builder *b, struct config_yaml_node *node, yaml_mark_t mark, struct lw_err *err)
{
    if (b->depth == 0) {
        b->yaml->root = node;
        return 0;
    }
    struct open_node *parent = &b->open[b->depth - 1];
    if (parent->node->kind == CONFIG_YAML_MAP && !parent->key) {
        parent->key = node;
        if (node->kind == CONFIG_YAML_SCALAR)
            return 0;
        lw_err_set(err, LW_INVALID, "a list or map cannot be a key: use a word");
        return at(b, mark, err);
    }
    struct config_yaml_item *item = lw_arena_new_array(b->yaml->arena, 1, sizeof *item);
    if (!item)
        return too_large(b, mark, err);
    *item = (struct config_yaml_item){.key = parent->key, .value = node};
    parent->key = NULL;
    *parent->end = item;
    parent->end = &item->next;
    parent->node->count++;
    if (parent->node->height <= node->height)
        parent->node->height = node->height + 1;
    return 0;
}

/* Remembers a node under its anchor. Of two with one name the later one counts from there on. */
static int remember(struct builder *b, const yaml_char_t *name, struct config_yaml_node *node,
    yaml_mark_t mark, struct lw_err *err)
{
    if (!name)
        return 0;
    if (b->anchor_count == ANCHORS_MAX) {
        lw_err_set(err, LW_TOO_LARGE, "more than %d anchors", ANCHORS_MAX);
        return at(b, mark, err);
    }
    const char *text = (const char *)name;
    char *copy = lw_arena_strndup(b->yaml->arena, text, strlen(text));
    if (!copy)
        return too_large(b, mark, err);
    b->anchors[b->anchor_count++] = (struct anchor){copy, node};
    return 0;
}

static int refuse_tag(
    const struct builder *b, const yaml_char_t *tag, yaml_mark_t mark, struct lw_err *err)
{
    if (!tag)
        return 0;
    lw_err_set(
        err, LW_INVALID, "tags such as %.60s are not supported: leave it out", (const char *)tag);
    return at(b, mark, err);
}

static int take_scalar(struct builder *b, const yaml_event_t *event, struct lw_err *err)
{
    const char *text = (const char *)event->data.scalar.value;
    size_t len = event->data.scalar.length;
    if (refuse_tag(b, event->data.scalar.tag, event->start_mark, err) < 0)
        return -1;
    if (memchr(text, '\0', len)) {
        lw_err_set(err, LW_INVALID, "the text holds a NUL byte");
        return at(b, event->start_mark, err);
    }
    size_t weight = 1 + len / TEXT_BYTES_PER_NODE;
    struct config_yaml_node *node = new_node(b, CONFIG_YAML_SCALAR, weight, event->start_mark, err);
    if (!node)
        return -1;
    node->weight = weight;
    node->text = lw_arena_strndup(b->yaml->arena, text, len);
    if (!node->text)
        return too_large(b, event->start_mark, err);
    node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    if (remember(b, event->data.scalar.anchor, node, event->start_mark, err) < 0)
        return -1;
    return attach(b, node, event->start_mark, err);
}

static int take_alias(struct builder *b, const yaml_event_t *event, struct lw_err *err)
{
    const char *name = (const char *)event->data.alias.anchor;
    struct config_yaml_node *node = NULL;
    for (size_t i = b->anchor_count; i > 0 && !node; i--) {
        if (strcmp(b->anchors[i - 1].name, name) == 0)
            node = b->anchors[i - 1].node;
    }
    if (!node || !node->weight) {
        lw_err_set(err, LW_INVALID, "alias *%.60s %s", name,
            node ? "refers to what it stands in" : "has no anchor before it");
        return at(b, event->start_mark, err);
    }
    if (charge(b, node->weight, event->start_mark, err) < 0)
        return -1;
    if (b->depth + node->height > CONFIG_YAML_DEPTH_MAX) {
        lw_err_set(err, LW_TOO_LARGE, "nested deeper than %d levels", CONFIG_YAML_DEPTH_MAX);
        return at(b, event->start_mark, err);
    }
    return attach(b, node, event->start_mark, err);
}

static int open_node(struct builder *b, const yaml_event_t *event, struct lw_err *err)
{
    bool is_map = event->type == YAML_MAPPING_START_EVENT;
    const yaml_char_t *tag =
        is_map ? event->data.mapping_start.tag : event->data.sequence_start.tag;
    const yaml_char_t *anchor =
        is_map ? event->data.mapping_start.anchor : event->data.sequence_start.anchor;
    if (refuse_tag(b, tag, event->start_mark, err) < 0)
        return -1;
    if (b->depth == CONFIG_YAML_DEPTH_MAX) {
        lw_err_set(err, LW_TOO_LARGE, "nested deeper than %d levels", CONFIG_YAML_DEPTH_MAX);
        return at(b, event->start_mark, err);
    }
    size_t nodes_before = b->nodes;
    struct config_yaml_node *node =
        new_node(b, is_map ? CONFIG_YAML_MAP : CONFIG_YAML_LIST, 1, event->start_mark, err);
    if (!node)
        return -1;
    node->height = 1;
    b->open[b->depth++] =
        (struct open_node){.node = node, .end = &node->items, .nodes_before = nodes_before};
    return remember(b, anchor, node, event->start_mark, err);
}

static int close_node(struct builder *b, const yaml_event_t *event, struct lw_err *err)
{
    const struct open_node *closed = &b->open[--b->depth];
    closed->node->weight = b->nodes - closed->nodes_before;
    return attach(b, closed->node, event->start_mark, err);
}

static int take_event(struct builder *b, const yaml_event_t *event, struct lw_err *err)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (b->seen_document) {
            lw_err_set(err, LW_INVALID, "a second document begins: keep one");
            return at(b, event->start_mark, err);
        }
        b->seen_document = true;
        return 0;
    case YAML_SCALAR_EVENT:
        return take_scalar(b, event, err);
    case YAML_ALIAS_EVENT:
        return take_alias(b, event, err);
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        return open_node(b, event, err);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return close_node(b, event, err);
    default:
        return 0;
    }
}

/* Every event consumes text or closes what an earlier one opened, so the text bounds the loop. */
static int build(struct builder *b, const char *text, struct lw_err *err)
{
    yaml_event_type_t type = YAML_NO_EVENT;
    while (type != YAML_STREAM_END_EVENT) {
        yaml_event_t event;
        if (!yaml_parser_parse(&b->parser, &event))
            return fail_parser(b, text, err);
        type = event.type;
        int rc = take_event(b, &event, err);
        yaml_event_delete(&event);
        if (rc < 0)
            return -1;
    }
    assert(b->depth == 0);
    if (b->yaml->root)
        return 0;
    b->yaml->root = new_node(b, CONFIG_YAML_SCALAR, 1, (yaml_mark_t){0}, err);
    if (!b->yaml->root)
        return -1;
    b->yaml->root->text = lw_arena_strndup(b->yaml->arena, "", 0);
    return b->yaml->root->text ? 0 : too_large(b, (yaml_mark_t){0}, err);
}

struct config_yaml *config_yaml_parse(
    const char *text, size_t len, const char *path, size_t nodes_max, struct lw_err *err)
{
    struct builder *b = LW_NEW(struct builder);
    b->path = path;
    b->nodes_max = nodes_max;
    b->yaml = LW_NEW(struct config_yaml);
    b->yaml->arena = lw_arena_new(nodes_max * NODE_BYTES + 2 * len);
    if (!yaml_parser_initialize(&b->parser)) {
        lw_err_set(err, LW_NO_MEMORY, "%s: no memory to parse it", path);
        config_yaml_free(&b->yaml);
    } else {
        yaml_parser_set_encoding(&b->parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&b->parser, (const unsigned char *)text, len);
        if (build(b, text, err) < 0)
            config_yaml_free(&b->yaml);
        yaml_parser_delete(&b->parser);
    }
    struct config_yaml *yaml = b->yaml;
    free(b);
    return yaml;
}

void config_yaml_free(struct config_yaml **yaml)
{
    if (!*yaml)
        return;
    lw_arena_free(&(*yaml)->arena);
    free(*yaml);
    *yaml = NULL;
}

const struct config_yaml_node *config_yaml_root(const struct config_yaml *yaml)
{
    return yaml->root;
}

bool config_yaml_is_null(const struct config_yaml_node *node)
{
    static const char *const words[] = {"", "~", "null", "Null", "NULL"};
    if (node->kind != CONFIG_YAML_SCALAR || node->quoted)
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(node->text, words[i]) == 0)
            return true;
    }
    return false;
}
