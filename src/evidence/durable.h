/* Files that are there whole or not at all. Names are relative to a directory's descriptor, which
 * stays right whatever the directory is renamed to. Private to evidence/; blocks on the disk. */
#ifndef LW_EVIDENCE_DURABLE_H
#define LW_EVIDENCE_DURABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* Opens (makes) a directory; -1: LW_IO. */
int durable_dir_make(int at, const char *name, struct lw_err *err) LW_MUST_CHECK;
/* Opens one that is there; -1: LW_NOT_FOUND, LW_IO. */
int durable_dir_open(int at, const char *name, struct lw_err *err) LW_MUST_CHECK;
int durable_dir_sync(int dir, struct lw_err *err) LW_MUST_CHECK;

/* Writes and syncs a new file; one that fails is removed again. The name is not durable before the
 * directory was synced. LW_IO. */
int durable_file_write(
    int dir, const char *name, const void *bytes, size_t len, struct lw_err *err) LW_MUST_CHECK;

/* Writes a file under a temporary name, gives it its own, and syncs the directory: from the return
 * of 0 on it is there for good; after -1 the old one is or, if only the sync failed, the new one:
 * whole in either case. The caller keeps others from replacing the same file meanwhile. */
int durable_file_replace(
    int dir, const char *name, const void *bytes, size_t len, struct lw_err *err) LW_MUST_CHECK;

/* Renames within a directory and syncs it. */
int durable_rename(int dir, const char *from, const char *to, struct lw_err *err) LW_MUST_CHECK;

/* Removes a file; one that is not there is no error. */
int durable_file_remove(int dir, const char *name, struct lw_err *err) LW_MUST_CHECK;

/* Removes a directory and the files in it (there are no directories in ours). */
int durable_dir_remove(int at, const char *name, struct lw_err *err) LW_MUST_CHECK;

/* Calls each() for the entries of a directory, without "." and "..", until it returns false; at
 * most DURABLE_ENTRIES_MAX. The order is the file system's. */
#define DURABLE_ENTRIES_MAX 200000
int durable_dir_walk(int dir, bool (*each)(void *ctx, const char *name), void *ctx,
    struct lw_err *err) LW_MUST_CHECK;

/* What temporary names end in: what has it and is found at a start is swept. */
#define DURABLE_TEMPORARY ".tmp"

/* For tests: called before each step that changes the disk ("mkdir", "open", "write", "fsync",
 * "rename", "unlink", "rmdir"). An errno it returns is what the step fails with. NULL: none. */
extern int (*durable_fault)(const char *step, const char *name);

#endif
