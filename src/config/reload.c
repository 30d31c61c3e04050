#include <assert.h>
#include <string.h>

#include "config/config.h"
#include "config/options.h"

/* Two values of a row, compared and named as the file would write them. */
static int check_value(const struct config_option *option, const char *section, const void *now,
    const void *next, struct lw_err *err)
{
    assert(config_type_is_number(option->type)); /* short, whatever the file says */
    struct lw_strbuf is, would_be;
    lw_strbuf_init(&is, sizeof err->msg);
    lw_strbuf_init(&would_be, sizeof err->msg);
    config_value_print(option, now, &is);
    config_value_print(option, next, &would_be);
    int rc = 0;
    if (strcmp(is.data, would_be.data) != 0)
        rc = lw_err_set(err, LW_INVALID,
            "%s.%s cannot change from %s to %s while running: restart, or put %s back", section,
            option->name, is.data, would_be.data, is.data);
    lw_strbuf_fini(&is);
    lw_strbuf_fini(&would_be);
    return rc;
}

static int check_section(
    const struct config_section *section, const void *now, const void *next, struct lw_err *err)
{
    for (size_t i = 0; i < section->option_count; i++) {
        const struct config_option *option = &section->options[i];
        const void *a = config_field_const(option, now);
        const void *b = config_field_const(option, next);
        int rc = 0;
        if (option->type == CONFIG_SECTION)
            rc = check_section(option->section, a, b, err);
        else if (option->reload == CONFIG_RELOAD_RESTART)
            rc = check_value(option, section->title, a, b, err);
        if (rc < 0)
            return -1;
    }
    return 0;
}

int config_check_reload(const struct config *now, const struct config *next, struct lw_err *err)
{
    return check_section(&config_root, now, next, err);
}
