/* `leakwatchd types`: the exact Go types of a binary's allocation sites, with the memory that heap
 * profiles of it show. */
#ifndef LW_CLI_TYPES_H
#define LW_CLI_TYPES_H

#include "cli/flags.h"

/* Does all of the subcommand; argv[0] is the word itself. Says what is wrong on standard error and
 * returns what to exit with; then nothing was printed as types. */
enum flags_exit cli_types_run(int argc, char **argv);

#endif
