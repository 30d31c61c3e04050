#include <assert.h>
#include <string.h>
#include <strings.h>

#include "config/config.h"
#include "config/options.h"
#include "config/scalar.h"

#define INDENT 2

/* Where the next line begins. */
struct printer {
    struct lw_strbuf *out;
    int indent;
    bool dash; /* the next line is the first of a list's element */
};

static void print_section(
    struct printer *printer, const struct config_section *section, const void *object);

/* ---- text ---- */

/* Whether a plain word would be read back as it is, by us and by any other reader of YAML. */
static bool is_plain(const char *text)
{
    static const char in_word[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "-._/:";
    static const char *const special[] = {
        "true", "false", "yes", "no", "on", "off", "y", "n", "null"};
    size_t len = strlen(text);
    bool begins_well = strchr("/_", text[0]) || (text[0] | 0x20) >= 'a';
    if (len == 0 || !begins_well || strspn(text, in_word) != len || text[len - 1] == ':')
        return false;
    for (size_t i = 0; i < sizeof special / sizeof *special; i++) {
        if (strcasecmp(text, special[i]) == 0)
            return false;
    }
    return true;
}

/* Whether a code point must be escaped in double quotes: what YAML does not print, and what it
 * would fold as the end of a line. */
static bool needs_escape(int32_t point)
{
    return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x2028 || point == 0x2029 ||
           point == 0xfeff || (point & 0xfffe) == 0xfffe;
}

static void print_quoted(const char *text, struct lw_strbuf *out)
{
    lw_strbuf_adds(out, "\"");
    const char *at = text;
    while (*at) {
        const char *from = at;
        int32_t point = config_utf8_next(&at);
        if (point < 0) {
            at++; /* cannot be: all text comes from YAML or JSON that was checked */
            lw_strbuf_adds(out, "\\uFFFD");
        } else if (point == '"' || point == '\\') {
            lw_strbuf_addf(out, "\\%c", (char)point);
        } else if (needs_escape(point)) {
            lw_strbuf_addf(out, "\\U%08X", (unsigned)point);
        } else {
            lw_strbuf_add(out, from, (size_t)(at - from));
        }
    }
    lw_strbuf_adds(out, "\"");
}

static void print_text(const char *text, struct lw_strbuf *out)
{
    if (is_plain(text))
        lw_strbuf_adds(out, text);
    else
        print_quoted(text, out);
}

/* ---- values ---- */

void config_number_print(enum config_type type, int64_t number, struct lw_strbuf *out)
{
    if (type == CONFIG_DURATION)
        config_duration_print(number, out);
    else if (type == CONFIG_SIZE)
        config_size_print(number, out);
    else
        lw_strbuf_addf(out, "%lld", (long long)number);
}

void config_value_print(
    const struct config_option *option, const void *field, struct lw_strbuf *out)
{
    if (option->type == CONFIG_BOOL)
        lw_strbuf_adds(out, *(const bool *)field ? "true" : "false");
    else if (config_type_is_number(option->type))
        config_number_print(option->type, *(const int64_t *)field, out);
    else if (option->type == CONFIG_SECRET)
        lw_strbuf_adds(out, "<secret>");
    else
        print_text(*(char *const *)field, out);
}

/* ---- lines ---- */

/* Begins a line: "  key:" or "- key:". */
static void begin_line(struct printer *printer, const char *key)
{
    int indent = printer->dash ? printer->indent - INDENT : printer->indent;
    lw_strbuf_addf(printer->out, "%*s%s", indent, "", printer->dash ? "- " : "");
    printer->dash = false;
    lw_strbuf_addf(printer->out, "%s:", key);
}

static void end_line(struct printer *printer)
{
    lw_strbuf_adds(printer->out, "\n");
}

static void print_strings(
    struct printer *printer, const char *key, const struct config_strings *strings)
{
    if (strings->count == 0)
        return;
    begin_line(printer, key);
    end_line(printer);
    for (size_t i = 0; i < strings->count; i++) {
        lw_strbuf_addf(printer->out, "%*s- ", printer->indent + INDENT, "");
        print_text(strings->list[i], printer->out);
        end_line(printer);
    }
}

static void print_labels(struct printer *printer, const char *key, const struct lw_labels *labels)
{
    if (labels->count == 0)
        return;
    begin_line(printer, key);
    end_line(printer);
    for (size_t i = 0; i < labels->count; i++) {
        lw_strbuf_addf(printer->out, "%*s%s: ", printer->indent + INDENT, "", labels->list[i].name);
        print_text(labels->list[i].value, printer->out);
        end_line(printer);
    }
}

static void print_list(
    struct printer *printer, const struct config_option *option, const void *object)
{
    size_t count;
    const char *list = config_list_get(option, object, &count);
    if (count == 0)
        return;
    begin_line(printer, option->name);
    end_line(printer);
    printer->indent += 2 * INDENT;
    for (size_t i = 0; i < count; i++) {
        printer->dash = true;
        print_section(printer, option->section, list + i * option->section->size);
        if (printer->dash) /* an element that says nothing is still an element */
            lw_strbuf_addf(printer->out, "%*s- {}\n", printer->indent - INDENT, "");
        printer->dash = false;
    }
    printer->indent -= 2 * INDENT;
}

static void print_subsection(
    struct printer *printer, const struct config_option *option, const void *object)
{
    if (option->section->optional && !*(const bool *)object)
        return;
    begin_line(printer, option->name);
    end_line(printer);
    printer->indent += INDENT;
    print_section(printer, option->section, object);
    printer->indent -= INDENT;
}

static void print_option(
    struct printer *printer, const struct config_option *option, const void *object)
{
    const void *field = config_field_const(option, object);
    switch (option->type) {
    case CONFIG_STRINGS:
    case CONFIG_FILES:
        print_strings(printer, option->name, field);
        return;
    case CONFIG_LABELS:
        print_labels(printer, option->name, *(struct lw_labels *const *)field);
        return;
    case CONFIG_LIST:
        print_list(printer, option, object);
        return;
    case CONFIG_SECTION:
        print_subsection(printer, option, field);
        return;
    default:
        break;
    }
    if (config_type_is_text(option->type) && !*(char *const *)field)
        return;
    begin_line(printer, option->name);
    lw_strbuf_adds(printer->out, " ");
    config_value_print(option, field, printer->out);
    end_line(printer);
}

static void print_section(
    struct printer *printer, const struct config_section *section, const void *object)
{
    for (size_t i = 0; i < section->option_count; i++)
        print_option(printer, &section->options[i], object);
}

void config_print(const struct config *config, struct lw_strbuf *out)
{
    struct printer printer = {.out = out};
    print_section(&printer, &config_root, config);
}
