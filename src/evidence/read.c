/* The files of an incident, for those who show or compare them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "evidence/durable.h"
#include "evidence/evidence_priv.h"
#include "evidence/incident.h"
#include "evidence/manifest.h"
#include "evidence/sha256.h"

#define READ_ATTEMPTS 3

static int open_dir(const struct evidence *evidence, uint64_t id, struct lw_err *err)
{
    char name[LW_ID_TEXT_BYTES];
    return durable_dir_open(evidence->incidents_dir, lw_id_text(id, name), err);
}

static int open_stored(
    int dir, const struct evidence_file *file, const char *name, struct lw_err *err)
{
    char stored[INCIDENT_STORED_BYTES];
    if (file && file->state == EVIDENCE_FILE_OK)
        return evidence_bytes_open(dir, incident_stored_name(file, stored), err);
    bool has_reason = file && file->why;
    return lw_err_set(err, LW_NOT_FOUND, "the incident has no file %.60s%s%.200s", name,
        has_reason ? ": " : "", has_reason ? file->why : "");
}

static int open_listed(
    int dir, uint64_t id, const char *name, char sha256[EVIDENCE_SHA256_BYTES], struct lw_err *err)
{
    struct evidence_incident *incident;
    sha256[0] = '\0';
    if (strcmp(name, MANIFEST_NAME) == 0)
        return evidence_bytes_open(dir, name, err);
    if (evidence_manifest_read(dir, id, &incident, err) < 0)
        return -1;
    const struct evidence_file *file = evidence_incident_file(incident, name);
    int fd = open_stored(dir, file, name, err);
    if (fd >= 0)
        memcpy(sha256, file->sha256, sizeof file->sha256);
    evidence_incident_free(&incident);
    return fd;
}

int evidence_file_open(const struct evidence *evidence, uint64_t id, const char *name,
    char sha256[EVIDENCE_SHA256_BYTES], struct lw_err *err)
{
    int dir = open_dir(evidence, id, err);
    if (dir < 0)
        return -1;
    int fd = -1;
    /* Between reading the manifest and opening the file it may have been written anew. */
    for (int i = 0; fd < 0 && i < READ_ATTEMPTS; i++)
        fd = open_listed(dir, id, name, sha256, err);
    close(dir);
    return fd;
}

int evidence_file_hash(
    int fd, char sha256[EVIDENCE_SHA256_BYTES], int64_t *bytes, struct lw_err *err)
{
    return sha256_fd(fd, sha256, bytes, err);
}

int evidence_file_read(const struct evidence *evidence, const struct evidence_wanted *wanted,
    char **bytes, size_t *len, struct lw_err *err)
{
    char sha256[EVIDENCE_SHA256_BYTES];
    *bytes = NULL;
    int fd = evidence_file_open(evidence, wanted->id, wanted->name, sha256, err);
    if (fd < 0)
        return -1;
    int rc = evidence_bytes_take(fd, wanted->limit_bytes, bytes, len, err);
    return rc < 0 ? lw_err_prefix(err, "%.60s", wanted->name) : 0;
}

/* ---- verify ---- */

static int verify_file(int dir, const struct evidence_file *file, struct lw_err *err)
{
    char stored[INCIDENT_STORED_BYTES], sha256[EVIDENCE_SHA256_BYTES];
    int64_t bytes;
    int fd = evidence_bytes_open(dir, incident_stored_name(file, stored), err);
    if (fd < 0)
        return lw_err_set(err, LW_CORRUPT, "%s is missing", file->name);
    int rc = sha256_fd(fd, sha256, &bytes, err);
    close(fd);
    if (rc < 0)
        return lw_err_prefix(err, "%s", file->name);
    if (bytes != file->bytes)
        return lw_err_set(err, LW_CORRUPT, "%s has %lld bytes, the manifest says %lld", file->name,
            (long long)bytes, (long long)file->bytes);
    if (strcmp(sha256, file->sha256) != 0)
        return lw_err_set(err, LW_CORRUPT, "%s has SHA-256 %s, the manifest says %s", file->name,
            sha256, file->sha256);
    return 0;
}

int evidence_verify(const struct evidence *evidence, uint64_t id, struct lw_err *err)
{
    struct evidence_held held; /* so that nothing is written anew meanwhile */
    if (evidence_hold(evidence, id, &held, err) < 0)
        return -1;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < held.incident->file_count; i++) {
        if (held.incident->files[i].state == EVIDENCE_FILE_OK)
            rc = verify_file(held.dir, &held.incident->files[i], err);
    }
    evidence_release(&held);
    char name[LW_ID_TEXT_BYTES];
    return rc < 0 ? lw_err_prefix(err, "incident %s", lw_id_text(id, name)) : 0;
}
