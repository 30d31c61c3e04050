/* The command line: flags, and what is done at once and ends (--help, --check-config, types, …). */
#ifndef LW_CLI_FLAGS_H
#define LW_CLI_FLAGS_H

#include <stdbool.h>
#include <stddef.h>

#define FLAGS_LISTEN_MAX 8

enum flags_exit {
    FLAGS_EXIT_OK = 0,
    FLAGS_EXIT_RUN = 1,
    FLAGS_EXIT_USAGE = 2,
    FLAGS_EXIT_FOUND = 3, /* what a command was asked to look for is there */
};

/* What the daemon is started with; strings are argv's. */
struct flags {
    const char *config_path;
    const char *storage_path;
    const char *listen[FLAGS_LISTEN_MAX];
    size_t listen_count;
    bool lifecycle;
};

/* Reads argv and sets the log level. True: start the daemon with *flags. False: all was done or was
 * wrong, and has been said; *status is what to exit with. */
bool flags_parse(int argc, char **argv, struct flags *flags, enum flags_exit *status);

/* Says on standard error what is wrong with the flags of a command, or of the daemon where it is
 * NULL, and where to read on. */
enum flags_exit flags_usage_error(const char *command, const char *what);

#endif
