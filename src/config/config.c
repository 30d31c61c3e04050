#include "config/config.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "config/options.h"
#include "config/parse.h"

struct config *config_load(const char *path, struct lw_err *err)
{
    char *text;
    size_t len;
    if (lw_file_read(path, CONFIG_BYTES_MAX, &text, &len, err) < 0)
        return NULL;
    struct config *config = config_parse(text, len, path, err);
    free(text);
    return config;
}

struct config *config_ref(struct config *config)
{
    config->refs++;
    return config;
}

void config_unref(struct config **config)
{
    if (*config && --(*config)->refs == 0) {
        config_section_fini(&config_root, *config);
        free((*config)->path);
        free((*config)->text);
        free(*config);
    }
    *config = NULL;
}

void *config_list_get(const struct config_option *option, const void *object, size_t *count)
{
    void *list; /* copied, because the field has a pointer type that is not ours to name */
    memcpy(&list, config_field_const(option, object), sizeof list);
    memcpy(count, (const char *)object + option->count_offset, sizeof *count);
    return list;
}

static void fini_strings(struct config_strings *strings)
{
    for (size_t i = 0; i < strings->count; i++)
        free(strings->list[i]);
    free(strings->list);
}

static void fini_list(const struct config_option *option, void *object)
{
    size_t count;
    char *list = config_list_get(option, object, &count);
    for (size_t i = 0; i < count; i++)
        config_section_fini(option->section, list + i * option->section->size);
    free(list);
}

void config_section_fini(const struct config_section *section, void *object)
{
    for (size_t i = 0; i < section->option_count; i++) {
        const struct config_option *option = &section->options[i];
        void *field = config_field(option, object);
        switch (option->type) {
        case CONFIG_BOOL:
        case CONFIG_INT:
        case CONFIG_DURATION:
        case CONFIG_SIZE:
            break;
        case CONFIG_STRING:
        case CONFIG_SECRET:
        case CONFIG_FILE:
            free(*(char **)field);
            break;
        case CONFIG_STRINGS:
        case CONFIG_FILES:
            fini_strings(field);
            break;
        case CONFIG_LABELS:
            lw_labels_unref(field);
            break;
        case CONFIG_SECTION:
            config_section_fini(option->section, field);
            break;
        case CONFIG_LIST:
            fini_list(option, object);
            break;
        }
    }
}
