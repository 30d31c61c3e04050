#include "cli/command.h"

#include <assert.h>
#include <getopt.h>

#define FIRST_FLAG 256 /* above any character, which getopt_long returns, too */

int command_parse(const struct command_option *options, size_t count, int argc, char **argv)
{
    struct option table[COMMAND_OPTIONS_MAX + 1] = {0};
    assert(count <= COMMAND_OPTIONS_MAX);
    for (size_t i = 0; i < count; i++)
        table[i] = (struct option){options[i].name,
            options[i].value ? required_argument : no_argument, NULL, FIRST_FLAG + (int)i};
    int flag;
    while ((flag = getopt_long(argc, argv, "", table, NULL)) != -1) {
        if (flag < FIRST_FLAG) {
            flags_usage_error(argv[0], "that flag is not known, or lacks its value");
            return -1;
        }
        const struct command_option *option = &options[flag - FIRST_FLAG];
        if (option->value)
            *option->value = optarg;
        else
            *option->given = true;
    }
    return optind;
}
