/* Any text is a list of target groups or an error, as JSON and as YAML; and what is a group holds
 * to what discovery believes of it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/groups.h"
#include "config/scalar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct config_groups *groups)
{
    struct lw_err err;
    for (size_t i = 0; i < groups->count; i++) {
        const struct config_static *group = &groups->list[i];
        if (!group->labels)
            abort();
        for (size_t t = 0; t < group->targets.count; t++) {
            if (config_address_check(group->targets.list[t], &err) < 0)
                abort();
        }
        for (size_t l = 0; l < group->labels->count; l++) {
            if (config_label_name_check(group->labels->list[l].name, true, &err) < 0)
                abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const paths[] = {"t.json", "t.yml"};
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct config_groups groups;
        struct lw_err err;
        if (config_groups_parse(text, size, paths[i], &groups, &err) == 0)
            check(&groups);
        config_groups_fini(&groups);
    }
    free(text);
    return 0;
}
