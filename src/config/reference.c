#include "config/config.h"
#include "config/options.h"

static const char *type_word(enum config_type type)
{
    switch (type) {
    case CONFIG_BOOL:
        return "bool";
    case CONFIG_INT:
        return "number";
    case CONFIG_DURATION:
        return "duration";
    case CONFIG_SIZE:
        return "size";
    case CONFIG_STRING:
        return "text";
    case CONFIG_SECRET:
        return "secret";
    case CONFIG_FILE:
        return "file";
    case CONFIG_STRINGS:
        return "list of text";
    case CONFIG_FILES:
        return "list of files";
    case CONFIG_LABELS:
        return "labels";
    case CONFIG_SECTION:
        return "section";
    case CONFIG_LIST:
        return "list of sections";
    }
    return "";
}

static void add_type(const struct config_option *option, struct lw_strbuf *out)
{
    lw_strbuf_adds(out, type_word(option->type));
    if (!config_type_is_number(option->type))
        return;
    lw_strbuf_adds(out, ", ");
    config_number_print(option->type, option->min, out);
    lw_strbuf_adds(out, " to ");
    config_number_print(option->type, option->max, out);
}

static void add_default(const struct config_option *option, struct lw_strbuf *out)
{
    if (option->required)
        lw_strbuf_adds(out, "required");
    else if (option->inherit)
        lw_strbuf_adds(out, "as in `global`");
    else if (option->fallback)
        lw_strbuf_addf(out, "`%s`", option->fallback[0] ? option->fallback : "\"\"");
    else if (option->type != CONFIG_SECTION || option->section->optional)
        lw_strbuf_adds(out, "none");
}

static const char *reload_word(const struct config_option *option)
{
    if (option->type == CONFIG_SECTION)
        return "";
    return option->reload == CONFIG_RELOAD_RESTART ? "needs a restart" : "live";
}

static void add_row(const struct config_option *option, struct lw_strbuf *out)
{
    lw_strbuf_addf(out, "| `%s` | ", option->name);
    add_type(option, out);
    lw_strbuf_adds(out, " | ");
    add_default(option, out);
    lw_strbuf_addf(out, " | %s | %s |\n", reload_word(option), option->doc);
}

/* A heading and a table for the section at `path`, then the same for the sections in it. */
static void add_section(
    const struct config_section *section, const char *path, struct lw_strbuf *out)
{
    lw_strbuf_addf(out, "%s**`%s`**\n\n", out->len ? "\n" : "", path);
    lw_strbuf_adds(out, "| option | type | default | reload | meaning |\n");
    lw_strbuf_adds(out, "|---|---|---|---|---|\n");
    for (size_t i = 0; i < section->option_count; i++)
        add_row(&section->options[i], out);
    for (size_t i = 0; i < section->option_count; i++) {
        const struct config_option *option = &section->options[i];
        if (!option->section)
            continue;
        bool top = section == &config_root;
        struct lw_strbuf inner;
        lw_strbuf_init(&inner, 1024);
        lw_strbuf_addf(&inner, "%s%s%s", top ? "" : path, top ? "" : ".", option->name);
        lw_strbuf_adds(&inner, option->type == CONFIG_LIST ? "[]" : "");
        add_section(option->section, inner.data, out);
        lw_strbuf_fini(&inner);
    }
}

void config_reference(struct lw_strbuf *out)
{
    add_section(&config_root, "leakwatchd.yml", out);
}
