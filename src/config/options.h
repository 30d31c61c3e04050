/* The option table: one row for each key of the configuration file. Parsing, defaults, bounds,
 * inheritance, freeing, printing, the reload rules and the reference all walk these rows; there is
 * no second list of options anywhere. To add one, add a field to config.h, a row to options.c and a
 * line to etc/leakwatchd.yml, and put the new reference into README.md (a test tells). */
#ifndef LW_CONFIG_OPTIONS_H
#define LW_CONFIG_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strbuf.h"

/* What a row's field is. */
enum config_type {
    CONFIG_BOOL,     /* bool */
    CONFIG_INT,      /* int64_t */
    CONFIG_DURATION, /* int64_t, ns */
    CONFIG_SIZE,     /* int64_t, bytes */
    CONFIG_STRING,   /* char *, NULL: not given (the empty string counts as not given) */
    CONFIG_SECRET,   /* the same, never shown */
    CONFIG_FILE,     /* the same, made absolute against the directory of the configuration file */
    CONFIG_STRINGS,  /* struct config_strings */
    CONFIG_FILES,    /* the same, each made absolute */
    CONFIG_LABELS,   /* struct lw_labels *, never NULL once parsed */
    CONFIG_SECTION,  /* a struct with rows of its own */
    CONFIG_LIST,     /* pointer to an array of such structs, and its count */
};

enum config_reload {
    CONFIG_RELOAD_LIVE,    /* a reload takes the new value up */
    CONFIG_RELOAD_RESTART, /* a reload that changes it is refused; only for rows outside of lists */
};

struct config_section;

struct config_option {
    const char *name;
    const char *doc; /* a sentence or two for people; Markdown without a | */
    enum config_type type;
    enum config_reload reload;
    size_t offset;        /* of the field in the section's struct */
    size_t count_offset;  /* CONFIG_LIST: of the size_t with the number of elements */
    const char *fallback; /* the default as one would write it; NULL: none, or what is inherited */
    size_t inherit;       /* of numbers: offset in struct config of the default; 0: none */
    const char
        *not_above;      /* of numbers: the option of this section it may not pass. Given, that is
                          * an error; as a default it is lowered, as Prometheus does for timeouts. */
    int64_t min, max;    /* of numbers: both allowed */
    bool required;       /* of text: must be given */
    bool unique;         /* of text in a list's section: no two elements may have the same */
    bool allow_reserved; /* of labels: names may begin with __ */
    int (*check)(
        const char *text, struct lw_err *err); /* of text, or each of several; may be NULL */
    const struct config_section *section;      /* CONFIG_SECTION and CONFIG_LIST */
};

struct config_section {
    const char *title; /* in messages: "unknown key … in <title>" */
    size_t size;       /* of its struct */
    bool optional; /* its struct begins with `bool present`; without the key all of it is zero */
    int (*check)(
        const void *object, struct lw_err *err); /* options against each other; may be NULL */
    const struct config_option *options;
    size_t option_count; /* at most CONFIG_OPTIONS_MAX */
};

#define CONFIG_OPTIONS_MAX 32

extern const struct config_section config_root;         /* struct config */
extern const struct config_section config_target_group; /* struct config_static */

static inline void *config_field(const struct config_option *option, void *object)
{
    return (char *)object + option->offset;
}

static inline const void *config_field_const(const struct config_option *option, const void *object)
{
    return (const char *)object + option->offset;
}

bool config_type_is_number(enum config_type type);
bool config_type_is_text(enum config_type type);

/* Frees what the section's fields own, not the object itself. */
void config_section_fini(const struct config_section *section, void *object);

/* The array and the number of its elements behind a row of type CONFIG_LIST. */
void *config_list_get(const struct config_option *option, const void *object, size_t *count);

/* One value of a row as it is written in the file; only for numbers, bools and text. */
void config_value_print(
    const struct config_option *option, const void *field, struct lw_strbuf *out);

/* A number of a row's type, such as its bounds. */
void config_number_print(enum config_type type, int64_t number, struct lw_strbuf *out);

#endif
