/* One finished incident in the hands of one thread. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "evidence/durable.h"
#include "evidence/evidence_priv.h"
#include "evidence/manifest.h"

/* ---- reading ---- */

int evidence_bytes_open(int dir, const char *name, struct lw_err *err)
{
    /* O_NONBLOCK: should somebody have put a fifo there. */
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return lw_err_sys(
            err, errno == ENOENT ? LW_NOT_FOUND : LW_IO, errno, "cannot open file %s", name);
    struct stat st;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        return fd;
    close(fd);
    return lw_err_set(err, LW_IO, "%s is not a regular file", name);
}

/* Reads a descriptor that has `size` bytes; it may have got shorter meanwhile. */
static int read_all(int fd, char *bytes, size_t size, size_t *len)
{
    *len = 0;
    while (*len < size) {
        ssize_t n = read(fd, bytes + *len, size - *len);
        if (n < 0 && errno != EINTR)
            return -1;
        if (n == 0)
            break;
        *len += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

int evidence_bytes_take(int fd, size_t limit_bytes, char **bytes, size_t *len, struct lw_err *err)
{
    int rc = -1;
    struct stat st;
    *bytes = NULL;
    if (fstat(fd, &st) < 0) {
        lw_err_sys(err, LW_IO, errno, "cannot stat it");
        goto out;
    }
    if ((uint64_t)st.st_size > limit_bytes) {
        lw_err_set(err, LW_TOO_LARGE, "it has %lld bytes, more than the %zu that are read",
            (long long)st.st_size, limit_bytes);
        goto out;
    }
    char *data = malloc((size_t)st.st_size + 1);
    if (!data) {
        lw_err_set(err, LW_NO_MEMORY, "no memory for its %lld bytes", (long long)st.st_size);
        goto out;
    }
    if (read_all(fd, data, (size_t)st.st_size, len) < 0) {
        lw_err_sys(err, LW_IO, errno, "cannot read it");
        free(data);
        goto out;
    }
    data[*len] = '\0';
    *bytes = data;
    rc = 0;
out:
    close(fd);
    return rc;
}

int evidence_manifest_read(
    int dir, uint64_t id, struct evidence_incident **incident, struct lw_err *err)
{
    char *text;
    size_t len;
    *incident = NULL;
    int fd = evidence_bytes_open(dir, MANIFEST_NAME, err);
    if (fd < 0 || evidence_bytes_take(fd, MANIFEST_BYTES_MAX, &text, &len, err) < 0) {
        if (err && (err->code == LW_NOT_FOUND || err->code == LW_TOO_LARGE))
            err->code = LW_CORRUPT;
        return -1;
    }
    int rc = manifest_parse(text, len, incident, err);
    free(text);
    if (rc == 0 && (*incident)->id != id) {
        evidence_incident_free(incident);
        rc = lw_err_set(err, LW_CORRUPT, "the manifest is that of another incident");
    }
    return rc;
}

/* ---- holding ---- */

/* Between opening and locking the directory may have been taken away. */
static bool is_still_there(const struct evidence *evidence, const char *name, int dir)
{
    struct stat named, held;
    return fstatat(evidence->incidents_dir, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           fstat(dir, &held) == 0 && named.st_ino == held.st_ino && named.st_dev == held.st_dev;
}

static int lock(int dir)
{
    int rc;
    do
        rc = flock(dir, LOCK_EX);
    while (rc < 0 && errno == EINTR);
    return rc;
}

int evidence_hold(
    const struct evidence *evidence, uint64_t id, struct evidence_held *held, struct lw_err *err)
{
    char name[LW_ID_TEXT_BYTES];
    lw_id_text(id, name);
    *held = (struct evidence_held){.dir = durable_dir_open(evidence->incidents_dir, name, err)};
    if (held->dir < 0)
        return lw_err_prefix(err, "incident %s", name);
    int rc = -1;
    if (lock(held->dir) < 0)
        lw_err_sys(err, LW_IO, errno, "cannot lock it");
    else if (!is_still_there(evidence, name, held->dir))
        lw_err_set(err, LW_NOT_FOUND, "it is being removed");
    else
        rc = evidence_manifest_read(held->dir, id, &held->incident, err);
    if (rc == 0)
        return 0;
    evidence_release(held);
    return lw_err_prefix(err, "incident %s", name);
}

void evidence_release(struct evidence_held *held)
{
    if (held->dir >= 0)
        close(held->dir);
    held->dir = -1;
    evidence_incident_free(&held->incident);
}

void evidence_index_tell(
    const struct evidence *evidence, int dir, const struct evidence_incident *incident)
{
    struct stat st;
    struct lw_err err;
    if (fstatat(dir, MANIFEST_NAME, &st, AT_SYMLINK_NOFOLLOW) < 0)
        lw_err_sys(&err, LW_IO, errno, "cannot stat a manifest");
    else if (index_put(evidence->index, incident, &st, &err) == 0)
        return;
    lw_warn("evidence", "the index will be mended at the next start: %s", err.msg);
}

int evidence_held_write(
    const struct evidence *evidence, struct evidence_held *held, struct lw_err *err)
{
    size_t len;
    held->incident->revision++;
    char *text = manifest_encode(held->incident, &len);
    int rc = durable_file_replace(held->dir, MANIFEST_NAME, text, len, err);
    free(text);
    if (rc == 0)
        evidence_index_tell(evidence, held->dir, held->incident);
    return rc;
}

/* ---- removing ---- */

int evidence_incident_remove(const struct evidence *evidence, uint64_t id, struct lw_err *err)
{
    char name[LW_ID_TEXT_BYTES], gone[EVIDENCE_DIR_BYTES];
    lw_id_text(id, name);
    snprintf(gone, sizeof gone, EVIDENCE_GONE_PREFIX "%s", name);
    struct evidence_held held;
    if (evidence_hold(evidence, id, &held, err) < 0)
        return -1;
    if (held.incident->pinned) {
        evidence_release(&held);
        return lw_err_set(err, LW_BUSY, "incident %s is pinned", name);
    }
    int rc = durable_rename(evidence->incidents_dir, name, gone, err);
    evidence_release(&held);
    struct lw_err index_err; /* a row too many is found at the next start */
    if (rc < 0 || durable_dir_remove(evidence->incidents_dir, gone, err) < 0)
        return lw_err_prefix(err, "incident %s", name);
    if (index_remove(evidence->index, id, &index_err) < 0)
        lw_warn("evidence", "incident %s stays in the index: %s", name, index_err.msg);
    return 0;
}
