/* `leakwatchd replay`: recorded series through the trend engine, in their own time: what would have
 * been said, and when. */
#ifndef LW_CLI_REPLAY_H
#define LW_CLI_REPLAY_H

#include "cli/flags.h"

/* Does all of the subcommand; argv[0] is the word itself. A series that cannot be read is said on
 * standard error by file and line, the others are replayed; then what to exit with is
 * FLAGS_EXIT_RUN. */
enum flags_exit cli_replay_run(int argc, char **argv);

#endif
