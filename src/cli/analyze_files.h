/* The heap profiles that `leakwatchd analyze` is given as files and directories, in order of time.
 * Private to cli/. */
#ifndef LW_CLI_ANALYZE_FILES_H
#define LW_CLI_ANALYZE_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/time.h"

#define ANALYZE_FILES_MAX   ((size_t)100000)
#define ANALYZE_FOLDERS_MAX 8 /* below each other */

/* What the times of the profiles are. X(name, word, text) */
#define ANALYZE_CLOCKS(X) \
    X(ANALYZE_CLOCK_PROFILE, "profile", "by the time in each profile") \
    X(ANALYZE_CLOCK_FILE, "mtime", "by the files' times, because not all profiles tell theirs") \
    X(ANALYZE_CLOCK_NAME, "name", \
        "by name and --interval, because neither profiles nor files tell their time") \
    X(ANALYZE_CLOCK_SCRAPE, "scrape", "as they were scraped")

enum analyze_clock {
#define ANALYZE_CLOCK_ENUM(name, word, text) name,
    ANALYZE_CLOCKS(ANALYZE_CLOCK_ENUM)
#undef ANALYZE_CLOCK_ENUM
};

const char *analyze_clock_word(enum analyze_clock clock);
const char *analyze_clock_text(enum analyze_clock clock);

struct analyze_file {
    char *path;              /* owned */
    bool is_found;           /* in a directory: nobody said that it is a heap profile */
    struct lw_wall taken;    /* as the profile says; 0: it does not */
    struct lw_wall modified; /* of the file */
    struct lw_wall at;       /* the one that counts */
};

/* Zero-initialised is empty. */
struct analyze_files {
    struct analyze_file *list; /* owned */
    size_t count, room;
    size_t skipped; /* found in directories, and no heap profiles */
    size_t failed;  /* could not be read; each has been said on standard error */
    enum analyze_clock clock;
    char *program; /* owned; the file that the newest profile names as its program, or NULL */
};

/* Adds a file; or what lies in a directory and below it and is named like a profile: *.pb.gz, *.pb,
 * *.pprof and *heap*. LW_IO, LW_TOO_LARGE past ANALYZE_FILES_MAX. */
int analyze_files_add(
    struct analyze_files *files, const char *path, struct lw_err *err) LW_MUST_CHECK;

/* Decodes each once, for its time, leaves out what is no heap profile, and sorts. Where nothing
 * tells the times, they are interval_ns apart. With `progress` it tells on standard error how far
 * it is. */
void analyze_files_sort(struct analyze_files *files, int64_t interval_ns, bool progress);

/* The median time between two of them; 0 with fewer than two. */
int64_t analyze_files_interval_ns(const struct analyze_files *files);

void analyze_files_fini(struct analyze_files *files);

#endif
