/* incidents.db: the manifests in one file, so that a start reads one file instead of thousands, and
 * the sqlite3 shell can ask. It is a copy: a row counts only while inode, size and time of the
 * manifest are those it was made from, and all of it may be thrown away at any time. Private to
 * evidence/; any thread (SQLite's own lock). */
#ifndef LW_EVIDENCE_INDEX_H
#define LW_EVIDENCE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/err.h"
#include "evidence/evidence.h"

struct index;

/* Opens (makes) dir/incidents.db; a damaged one, or one of another schema, is begun anew. LW_IO. */
struct index *index_open(const char *dir, struct lw_err *err) LW_MUST_CHECK;
void index_close(struct index **index);

/* The manifest of an incident as text (the caller frees it), if the row was made from a file with
 * this stat; NULL otherwise. */
char *index_find(struct index *index, uint64_t id, const struct stat *manifest, size_t *len);

/* LW_IO, LW_BUSY: the next start reads the manifest itself. */
int index_put(struct index *index, const struct evidence_incident *incident,
    const struct stat *manifest, struct lw_err *err) LW_MUST_CHECK;
int index_remove(struct index *index, uint64_t id, struct lw_err *err) LW_MUST_CHECK;

/* Removes the rows of all incidents for which is_there says no. -1: LW_IO, LW_BUSY. */
int index_purge(struct index *index, bool (*is_there)(void *ctx, uint64_t id), void *ctx,
    struct lw_err *err) LW_MUST_CHECK;

/* One transaction around many puts. */
int index_begin(struct index *index, struct lw_err *err) LW_MUST_CHECK;
int index_commit(struct index *index, struct lw_err *err) LW_MUST_CHECK;

#endif
