/* The start: sweeping what was left half done, and reading what is there. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "evidence/durable.h"
#include "evidence/evidence_priv.h"
#include "evidence/incident.h"
#include "evidence/manifest.h"

struct opening {
    struct evidence *evidence;
    struct evidence_catalogue *catalogue;
    size_t damaged;
};

/* ---- one directory ---- */

/* The manifest from the index if that has it as it is, else from the file. */
static int read_manifest(const struct evidence *evidence, int dir, uint64_t id,
    struct evidence_incident **incident, struct lw_err *err)
{
    struct stat st;
    size_t len;
    char *text = NULL;
    if (fstatat(dir, MANIFEST_NAME, &st, AT_SYMLINK_NOFOLLOW) == 0)
        text = index_find(evidence->index, id, &st, &len);
    int rc = text ? manifest_parse(text, len, incident, err) : -1;
    free(text);
    if (rc == 0 && (*incident)->id == id)
        return 0;
    if (rc == 0)
        evidence_incident_free(incident);
    if (evidence_manifest_read(dir, id, incident, err) < 0)
        return -1;
    evidence_index_tell(evidence, dir, *incident);
    return 0;
}

static int check_files(int dir, const struct evidence_incident *incident, struct lw_err *err)
{
    for (size_t i = 0; i < incident->file_count; i++) {
        const struct evidence_file *file = &incident->files[i];
        char stored[INCIDENT_STORED_BYTES];
        struct stat st;
        if (file->state != EVIDENCE_FILE_OK)
            continue;
        if (fstatat(dir, incident_stored_name(file, stored), &st, AT_SYMLINK_NOFOLLOW) < 0)
            return lw_err_sys(err, LW_CORRUPT, errno, "%s is not there", file->name);
        if (!S_ISREG(st.st_mode) || st.st_size != file->bytes)
            return lw_err_set(err, LW_CORRUPT, "%s has %lld bytes, the manifest says %lld",
                file->name, (long long)st.st_size, (long long)file->bytes);
    }
    return 0;
}

struct sweep {
    int dir;
    const struct evidence_incident *incident;
};

/* Removes what the manifest does not name. */
static bool sweep_file(void *ctx, const char *name)
{
    const struct sweep *sweep = ctx;
    if (strcmp(name, MANIFEST_NAME) == 0)
        return true;
    for (size_t i = 0; i < sweep->incident->file_count; i++) {
        char stored[INCIDENT_STORED_BYTES];
        const struct evidence_file *file = &sweep->incident->files[i];
        if (file->state == EVIDENCE_FILE_OK &&
            strcmp(name, incident_stored_name(file, stored)) == 0)
            return true;
    }
    struct lw_err err;
    if (durable_file_remove(sweep->dir, name, &err) < 0)
        lw_warn("evidence", "something left half done stays: %s", err.msg);
    return true;
}

static int load_incident(struct opening *opening, int dir, uint64_t id, struct lw_err *err)
{
    struct evidence_incident *incident;
    if (read_manifest(opening->evidence, dir, id, &incident, err) < 0)
        return -1;
    int rc = check_files(dir, incident, err);
    struct sweep sweep = {.dir = dir, .incident = incident};
    if (rc == 0)
        rc = durable_dir_walk(dir, sweep_file, &sweep, err);
    if (rc == 0)
        evidence_catalogue_put(opening->catalogue, &incident);
    evidence_incident_free(&incident);
    return rc;
}

/* A damaged directory is shown to nobody and kept for whoever wants to look at it. */
static void set_aside(struct opening *opening, const char *name, const struct lw_err *why)
{
    char aside[EVIDENCE_DIR_BYTES];
    struct lw_err err;
    opening->damaged++;
    snprintf(aside, sizeof aside, EVIDENCE_DAMAGED_PREFIX "%s", name);
    if (durable_rename(opening->evidence->incidents_dir, name, aside, &err) < 0)
        lw_error("evidence", "incident %s is damaged (%s) and cannot be set aside: %s", name,
            why->msg, err.msg);
    else
        lw_error("evidence", "incident %s is damaged (%s); it is now incidents/%s", name, why->msg,
            aside);
}

/* ---- all of them ---- */

static bool begins_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool open_entry(void *ctx, const char *name)
{
    struct opening *opening = ctx;
    int incidents = opening->evidence->incidents_dir;
    struct lw_err err;
    uint64_t id;
    if (begins_with(name, EVIDENCE_NEW_PREFIX) || begins_with(name, EVIDENCE_GONE_PREFIX)) {
        if (durable_dir_remove(incidents, name, &err) < 0)
            lw_warn("evidence", "something left half done stays: %s", err.msg);
        return true;
    }
    if (lw_id_parse(name, &id) < 0)
        return true; /* not ours, or damaged before */
    int dir = durable_dir_open(incidents, name, &err);
    int rc = dir < 0 ? -1 : load_incident(opening, dir, id, &err);
    if (dir >= 0)
        close(dir);
    if (rc < 0 && err.code == LW_CORRUPT)
        set_aside(opening, name, &err);
    else if (rc < 0)
        lw_error("evidence", "incident %s cannot be shown: %s", name, err.msg);
    return true;
}

static int open_directories(struct evidence *evidence, const char *storage_path, struct lw_err *err)
{
    int storage = open(storage_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (storage < 0)
        return lw_err_sys(err, LW_IO, errno, "cannot open the storage directory %s", storage_path);
    int rc = -1;
    evidence->incidents_dir = durable_dir_make(storage, "incidents", err);
    if (evidence->incidents_dir >= 0)
        evidence->baselines_dir = durable_dir_make(storage, "baselines", err);
    if (evidence->baselines_dir >= 0)
        rc = durable_dir_sync(storage, err);
    close(storage);
    return rc < 0 ? lw_err_prefix(err, "%s", storage_path) : 0;
}

static bool is_shown(void *ctx, uint64_t id)
{
    return evidence_catalogue_find(ctx, id) != NULL;
}

struct evidence *evidence_open(const char *storage_path, struct evidence_catalogue *catalogue,
    size_t *damaged, struct lw_err *err)
{
    struct evidence *evidence = LW_NEW(struct evidence);
    struct opening opening = {.evidence = evidence, .catalogue = catalogue};
    evidence->incidents_dir = evidence->baselines_dir = -1;
    if (open_directories(evidence, storage_path, err) < 0)
        goto fail;
    evidence->index = index_open(storage_path, err);
    if (!evidence->index || index_begin(evidence->index, err) < 0 ||
        durable_dir_walk(evidence->incidents_dir, open_entry, &opening, err) < 0 ||
        index_purge(evidence->index, is_shown, catalogue, err) < 0 ||
        index_commit(evidence->index, err) < 0)
        goto fail;
    *damaged = opening.damaged;
    return evidence;
fail:
    evidence_close(&evidence);
    return NULL;
}

void evidence_close(struct evidence **evidence)
{
    if (!*evidence)
        return;
    index_close(&(*evidence)->index);
    if ((*evidence)->incidents_dir >= 0)
        close((*evidence)->incidents_dir);
    if ((*evidence)->baselines_dir >= 0)
        close((*evidence)->baselines_dir);
    free(*evidence);
    *evidence = NULL;
}
