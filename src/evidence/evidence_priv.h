/* What the files of evidence/ share: the handle, and how a finished incident is locked and its
 * manifest read and written. Private to evidence/. */
#ifndef LW_EVIDENCE_EVIDENCE_PRIV_H
#define LW_EVIDENCE_EVIDENCE_PRIV_H

#include "evidence/evidence.h"
#include "evidence/index.h"

/* Never changes between open and close, so that workers share it. */
struct evidence {
    int incidents_dir; /* owned descriptors */
    int baselines_dir;
    struct index *index; /* owned */
};

/* What a directory under incidents/ is called before it is finished, once it is to be removed, and
 * when it is not what it should be; the id follows. */
#define EVIDENCE_NEW_PREFIX     ".new-"
#define EVIDENCE_GONE_PREFIX    ".gone-"
#define EVIDENCE_DAMAGED_PREFIX ".damaged-"
#define EVIDENCE_DIR_BYTES      48

/* A finished incident that is this thread's to change. */
struct evidence_held {
    int dir;                            /* owned; its flock is what holds it */
    struct evidence_incident *incident; /* owned; as the manifest has it */
};

/* Waits until nobody else holds it. LW_NOT_FOUND, LW_CORRUPT, LW_IO. */
int evidence_hold(const struct evidence *evidence, uint64_t id, struct evidence_held *held,
    struct lw_err *err) LW_MUST_CHECK;
/* Lets go; the incident is freed if nobody took it. */
void evidence_release(struct evidence_held *held);

/* Writes the manifest with the next revision and tells the index. */
int evidence_held_write(
    const struct evidence *evidence, struct evidence_held *held, struct lw_err *err) LW_MUST_CHECK;

/* Reads the manifest in a directory; LW_CORRUPT when there is none or it is not that of `id`. */
int evidence_manifest_read(
    int dir, uint64_t id, struct evidence_incident **incident, struct lw_err *err) LW_MUST_CHECK;

/* Tells the index of the manifest that lies in dir. */
void evidence_index_tell(
    const struct evidence *evidence, int dir, const struct evidence_incident *incident);

/* A regular file, for reading; -1: LW_NOT_FOUND, LW_IO. */
int evidence_bytes_open(int dir, const char *name, struct lw_err *err) LW_MUST_CHECK;

/* All bytes behind a descriptor, which it closes, NUL-terminated; at most limit_bytes. The caller
 * frees them. LW_IO, LW_TOO_LARGE, LW_NO_MEMORY. */
int evidence_bytes_take(
    int fd, size_t limit_bytes, char **bytes, size_t *len, struct lw_err *err) LW_MUST_CHECK;

/* Takes a finished incident away: from its name at once, then from the disk. No one may hold it. */
int evidence_incident_remove(
    const struct evidence *evidence, uint64_t id, struct lw_err *err) LW_MUST_CHECK;

#endif
