/* The files of target groups that were found, each with the groups of its last good reading. */
#ifndef LW_DISCOVERY_FILES_H
#define LW_DISCOVERY_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/groups.h"

#define DISCOVERY_FILES_MAX       1000
#define DISCOVERY_FILE_BYTES_MAX  ((size_t)8 << 20)
#define DISCOVERY_FILES_BYTES_MAX ((size_t)64 << 20) /* of all files together */
#define DISCOVERY_DIR_ENTRIES_MAX 100000             /* looked at in one directory */

struct discovery_file {
    char *path;                  /* owned */
    struct config_groups groups; /* owned; kept while the file cannot be read or is wrong */
    uint64_t text_hash;          /* of what the groups were read from */
    size_t text_bytes;
    bool ever_good;   /* there was such a reading */
    bool failing;     /* the last reading failed */
    uint64_t seen_in; /* number of the scan that saw it last */
};

/* Zero-initialised is a valid empty set. */
struct discovery_files {
    struct discovery_file *list; /* owned; sorted by path */
    size_t count;
    uint64_t scans;
    bool full; /* more than DISCOVERY_FILES_MAX were found, which has been logged */
};

void discovery_files_fini(struct discovery_files *files);

/* Whether a path is one that a pattern of file_sd_configs means: as in Go's filepath.Glob, in the
 * last segment only. */
bool discovery_pattern_matches(const char *pattern, const char *path);

/* The directory of a pattern; the caller frees it. */
char *discovery_pattern_dir(const char *pattern);

/* Reads all files that match the pattern and forgets those that are gone. Logs when a file begins
 * or ceases to fail. *dir_failing is the same memory for the pattern's directory, false at first.
 * Returns whether any groups changed. */
bool discovery_files_scan(struct discovery_files *files, const char *pattern, bool *dir_failing);

/* Forgets the files for which wanted() is false. */
void discovery_files_retain(struct discovery_files *files,
    bool (*wanted)(const void *ctx, const char *path), const void *ctx);

size_t discovery_files_failing(const struct discovery_files *files);

#endif
