/* `leakwatchd analyze`: heap profiles from files, directories or a running service through the
 * engine of the daemon, once: what is in use, what changed, what leaks. */
#ifndef LW_CLI_ANALYZE_H
#define LW_CLI_ANALYZE_H

#include "cli/flags.h"

/* Does all of the subcommand; argv[0] is the word itself. A profile that cannot be read is said on
 * standard error, the others count; then what to exit with is FLAGS_EXIT_RUN. FLAGS_EXIT_FOUND:
 * what
 * --fail-on names was found. */
enum flags_exit cli_analyze_run(int argc, char **argv);

#endif
