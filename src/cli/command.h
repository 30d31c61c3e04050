/* The flags of a command that is one word of the command line (types, replay, analyze). Private to
 * cli/. */
#ifndef LW_CLI_COMMAND_H
#define LW_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/flags.h"

#define COMMAND_OPTIONS_MAX 24

/* --name, which sets *given, or --name=VALUE, which sets *value to argv's; the other is NULL. */
struct command_option {
    const char *name;
    bool *given;
    const char **value;
};

/* Reads the flags of argv, whose [0] is the word of the command; the last of two of a name wins.
 * Returns where its operands begin; -1 where a flag is wrong, which has been said. */
int command_parse(const struct command_option *options, size_t count, int argc, char **argv);

#endif
