/* Any text is a configuration or an error; what is a configuration prints as one that means the
 * same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The config as YAML, or NULL where that is longer than a configuration may be: defaults and
 * aliases are written out. The caller frees it. */
static char *print(const struct config *config, size_t *len)
{
    struct lw_strbuf out;
    lw_strbuf_init(&out, (size_t)1 << 20);
    config_print(config, &out);
    return lw_strbuf_take(&out, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lw_err err;
    struct config *config = config_parse((const char *)data, size, "/etc/t.yml", &err);
    if (!config)
        return 0;
    size_t len, len_again;
    char *printed = print(config, &len);
    config_unref(&config);
    if (!printed)
        return 0;
    config = config_parse(printed, len, "/etc/t.yml", &err);
    if (!config)
        abort();
    char *again = print(config, &len_again);
    if (!again || len != len_again || memcmp(printed, again, len) != 0)
        abort();
    free(printed);
    free(again);
    config_unref(&config);
    return 0;
}
