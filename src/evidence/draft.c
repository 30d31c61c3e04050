/* How an incident comes to be: under a name nobody looks at, until all of it is on disk. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/mem.h"
#include "evidence/durable.h"
#include "evidence/evidence_priv.h"
#include "evidence/incident.h"
#include "evidence/manifest.h"
#include "evidence/sha256.h"

struct evidence_draft {
    const struct evidence *evidence; /* borrowed */
    uint64_t id;
    char name[EVIDENCE_DIR_BYTES]; /* of the directory, until it gets its own */
    int dir;                       /* owned */
    struct evidence_file files[EVIDENCE_FILES_MAX];
    size_t file_count;
};

struct evidence_draft *evidence_draft_new(
    const struct evidence *evidence, uint64_t incident_id, struct lw_err *err)
{
    char id[LW_ID_TEXT_BYTES];
    lw_id_text(incident_id, id);
    struct stat st;
    if (fstatat(evidence->incidents_dir, id, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        lw_err_set(err, LW_INVALID, "there is already an incident %s", id);
        return NULL;
    }
    struct evidence_draft *draft = LW_NEW(struct evidence_draft);
    draft->evidence = evidence;
    draft->id = incident_id;
    snprintf(draft->name, sizeof draft->name, EVIDENCE_NEW_PREFIX "%s", id);
    draft->dir = durable_dir_make(evidence->incidents_dir, draft->name, err);
    if (draft->dir < 0) {
        lw_err_prefix(err, "incident %s", id);
        free(draft);
        return NULL;
    }
    return draft;
}

static void set_text(char **text, const char *value)
{
    free(*text);
    *text = lw_strdup(value);
}

/* The place for a file of that name in the list: the next one, unless it must not be. */
static struct evidence_file *place_for(
    struct evidence_draft *draft, const char *name, struct lw_err *err)
{
    if (!evidence_name_is_valid(name)) {
        lw_err_set(err, LW_INVALID, "\"%.60s\" is no name for a file of an incident", name);
        return NULL;
    }
    for (size_t i = 0; i < draft->file_count; i++) {
        if (strcmp(draft->files[i].name, name) == 0) {
            lw_err_set(err, LW_INVALID, "the incident already has a file %s", name);
            return NULL;
        }
    }
    if (draft->file_count == EVIDENCE_FILES_MAX) {
        lw_err_set(err, LW_INVALID, "an incident has at most %d files: %s is one too many",
            EVIDENCE_FILES_MAX, name);
        return NULL;
    }
    return &draft->files[draft->file_count];
}

int evidence_draft_add(struct evidence_draft *draft, const struct evidence_file *file,
    const void *bytes, size_t len, struct lw_err *err)
{
    if (len > EVIDENCE_FILE_BYTES_MAX)
        return lw_err_set(err, LW_INVALID, "%s has %zu bytes, more than the %zu a file may have",
            file->name, len, EVIDENCE_FILE_BYTES_MAX);
    struct evidence_file *added = place_for(draft, file->name, err);
    if (!added)
        return -1;
    draft->file_count++;
    *added = (struct evidence_file){.state = file->state, .taken = file->taken, .written = 1};
    memcpy(added->name, file->name, sizeof added->name);
    added->why = lw_strdup(file->why);
    if (file->state != EVIDENCE_FILE_OK)
        return 0;
    struct lw_err why;
    if (durable_file_write(draft->dir, file->name, bytes, len, &why) < 0) {
        added->state = EVIDENCE_FILE_FAILED;
        set_text(&added->why, why.msg);
        if (err)
            *err = why;
        return -1;
    }
    added->bytes = (int64_t)len;
    sha256_bytes(bytes, len, added->sha256);
    return 0;
}

static void free_draft(struct evidence_draft **draft)
{
    for (size_t i = 0; i < (*draft)->file_count; i++)
        free((*draft)->files[i].why);
    close((*draft)->dir);
    free(*draft);
    *draft = NULL;
}

void evidence_draft_free(struct evidence_draft **draft)
{
    struct lw_err swept_later; /* by the next evidence_open */
    if (!*draft)
        return;
    if (durable_dir_remove((*draft)->evidence->incidents_dir, (*draft)->name, &swept_later) < 0)
        lw_err_clear(&swept_later);
    free_draft(draft);
}

static void forget_files(struct evidence_incident *incident)
{
    for (size_t i = 0; i < incident->file_count; i++)
        free(incident->files[i].why);
    free(incident->files);
    incident->files = NULL;
    incident->file_count = 0;
    incident->revision = 0;
    incident->bytes = 0;
}

/* The draft's list becomes the incident's. */
static void hand_over_files(struct evidence_draft *draft, struct evidence_incident *incident)
{
    forget_files(incident);
    incident->files = lw_new(draft->file_count, sizeof *incident->files);
    memcpy(incident->files, draft->files, draft->file_count * sizeof *incident->files);
    incident->file_count = draft->file_count;
    draft->file_count = 0;
    incident->revision = 1;
    incident->bytes = incident_bytes(incident);
}

/* Removes the last file that has bytes. False: there is none, or it will not go. */
static bool give_up_file(
    struct evidence_draft *draft, struct evidence_incident *incident, const struct lw_err *why)
{
    struct lw_err stays;
    size_t i = incident->file_count;
    while (i > 0 && incident->files[i - 1].bytes == 0)
        i--;
    if (i == 0 || durable_file_remove(draft->dir, incident->files[i - 1].name, &stays) < 0)
        return false;
    struct evidence_file *file = &incident->files[i - 1];
    incident->bytes -= file->bytes;
    file->state = EVIDENCE_FILE_FAILED;
    file->bytes = 0;
    file->sha256[0] = '\0';
    set_text(&file->why, "given up, as the disk had no room for the manifest");
    incident->state = EVIDENCE_FAILED;
    set_text(&incident->why, why->msg);
    return true;
}

/* Without its manifest all of it would be lost: on a full disk files make room for it. */
static int write_manifest(
    struct evidence_draft *draft, struct evidence_incident *incident, struct lw_err *err)
{
    int rc;
    do {
        size_t len;
        char *text = manifest_encode(incident, &len);
        rc = durable_file_write(draft->dir, MANIFEST_NAME, text, len, err);
        free(text);
    } while (
        rc < 0 && (err->sys == ENOSPC || err->sys == EDQUOT) && give_up_file(draft, incident, err));
    return rc;
}

static int publish(
    struct evidence_draft *draft, struct evidence_incident *incident, struct lw_err *err)
{
    char id[LW_ID_TEXT_BYTES];
    hand_over_files(draft, incident);
    if (write_manifest(draft, incident, err) < 0 || durable_dir_sync(draft->dir, err) < 0)
        return -1;
    lw_id_text(draft->id, id);
    if (durable_rename(draft->evidence->incidents_dir, draft->name, id, err) == 0)
        return 0;
    /* Renamed but not synced is not written: it must not turn up later. */
    renameat(draft->evidence->incidents_dir, id, draft->evidence->incidents_dir, draft->name);
    return -1;
}

int evidence_draft_finish(
    struct evidence_draft **draft, struct evidence_incident *incident, struct lw_err *err)
{
    assert((*draft)->id == incident->id && incident->state != EVIDENCE_COLLECTING);
    if (publish(*draft, incident, err) < 0) {
        forget_files(incident);
        evidence_draft_free(draft);
        return -1;
    }
    evidence_index_tell((*draft)->evidence, (*draft)->dir, incident);
    free_draft(draft);
    return 0;
}
