/* How an incident comes to be: under a name nobody looks at, until all of it is on disk. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
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
    bool is_lost[EVIDENCE_FILES_MAX]; /* of each: it has bytes, which are not on the disk */
    size_t file_count;
    struct lw_err why; /* the first was lost */
    bool is_sealed;    /* the manifest is there */
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

/* Its place in the list; file_count: it has none. */
static size_t find_file(const struct evidence_draft *draft, const char *name)
{
    size_t i = 0;
    while (i < draft->file_count && strcmp(draft->files[i].name, name) != 0)
        i++;
    return i;
}

/* The place for a file of that name in the list: the next one, unless it must not be. */
static struct evidence_file *place_for(
    struct evidence_draft *draft, const char *name, struct lw_err *err)
{
    if (!evidence_name_is_valid(name)) {
        lw_err_set(err, LW_INVALID, "\"%.60s\" is no name for a file of an incident", name);
        return NULL;
    }
    if (find_file(draft, name) < draft->file_count) {
        lw_err_set(err, LW_INVALID, "the incident already has a file %s", name);
        return NULL;
    }
    if (draft->file_count == EVIDENCE_FILES_MAX) {
        lw_err_set(err, LW_INVALID, "an incident has at most %d files: %s is one too many",
            EVIDENCE_FILES_MAX, name);
        return NULL;
    }
    return &draft->files[draft->file_count];
}

static void lose(struct evidence_draft *draft, struct evidence_file *file, const struct lw_err *err)
{
    file->state = EVIDENCE_FILE_FAILED;
    file->bytes = 0;
    file->sha256[0] = '\0';
    draft->is_lost[file - draft->files] = true;
    if (draft->why.code == LW_OK)
        draft->why = *err;
}

static int write_file(struct evidence_draft *draft, struct evidence_file *file, const void *bytes,
    size_t len, struct lw_err *err)
{
    struct lw_err why;
    if (durable_file_write(draft->dir, file->name, bytes, len, &why) < 0) {
        lose(draft, file, &why);
        set_text(&file->why, why.msg);
        if (err)
            *err = why;
        return -1;
    }
    file->bytes = (int64_t)len;
    sha256_bytes(bytes, len, file->sha256);
    return 0;
}

int evidence_draft_add(struct evidence_draft *draft, const struct evidence_file *file,
    const void *bytes, size_t len, struct lw_err *err)
{
    assert(!draft->is_sealed);
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
    return file->state == EVIDENCE_FILE_OK ? write_file(draft, added, bytes, len, err) : 0;
}

const struct evidence_file *evidence_draft_file(
    const struct evidence_draft *draft, const char *name)
{
    size_t i = find_file(draft, name);
    return i < draft->file_count ? &draft->files[i] : NULL;
}

size_t evidence_draft_lost(const struct evidence_draft *draft, const char **why)
{
    size_t lost = 0;
    for (size_t i = 0; i < draft->file_count; i++)
        lost += draft->is_lost[i];
    *why = lost ? draft->why.msg : "";
    return lost;
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

/* The incident gets a copy of the draft's list. */
static void tell_files(const struct evidence_draft *draft, struct evidence_incident *incident)
{
    evidence_incident_forget_files(incident);
    incident->files = lw_new(draft->file_count, sizeof *incident->files);
    memcpy(incident->files, draft->files, draft->file_count * sizeof *incident->files);
    for (size_t i = 0; i < draft->file_count; i++)
        incident->files[i].why = lw_strdup(draft->files[i].why);
    incident->file_count = draft->file_count;
    incident->revision = 1;
    incident->bytes = incident_bytes(incident);
}

/* Whether, after that failure, there may be room for what is wanted: removes the last file that has
 * bytes, so that who asks again and again comes to an end. */
static bool make_room(
    struct evidence_draft *draft, const char *wanted, const struct lw_err *failure)
{
    char why[64 + EVIDENCE_NAME_BYTES];
    struct lw_err stays;
    size_t i = draft->file_count;
    while (i > 0 && draft->files[i - 1].bytes == 0)
        i--;
    if ((failure->sys != ENOSPC && failure->sys != EDQUOT) || i == 0 ||
        durable_file_remove(draft->dir, draft->files[i - 1].name, &stays) < 0)
        return false;
    snprintf(why, sizeof why, "given up, as the disk had no room for %s", wanted);
    lose(draft, &draft->files[i - 1], failure);
    set_text(&draft->files[i - 1].why, why);
    return true;
}

static int unseal(struct evidence_draft *draft, struct lw_err *err)
{
    if (draft->is_sealed && durable_file_remove(draft->dir, MANIFEST_NAME, err) < 0)
        return -1;
    draft->is_sealed = false;
    return 0;
}

int evidence_draft_rewrite(struct evidence_draft *draft, const char *name, const void *bytes,
    size_t len, struct lw_err *err)
{
    size_t i = find_file(draft, name);
    if (i == draft->file_count)
        return lw_err_set(err, LW_NOT_FOUND, "the incident has no file %.60s", name);
    if (unseal(draft, err) < 0 || durable_file_remove(draft->dir, name, err) < 0)
        return -1;
    struct evidence_file *file = &draft->files[i];
    file->bytes = 0;
    int rc;
    do
        rc = write_file(draft, file, bytes, len, err);
    while (rc < 0 && make_room(draft, name, err));
    if (rc < 0)
        return -1;
    file->state = EVIDENCE_FILE_OK;
    set_text(&file->why, NULL);
    draft->is_lost[i] = false;
    return 0;
}

static int write_manifest(
    const struct evidence_draft *draft, struct evidence_incident *incident, struct lw_err *err)
{
    size_t len;
    tell_files(draft, incident);
    char *text = manifest_encode(incident, &len);
    int rc = durable_file_write(draft->dir, MANIFEST_NAME, text, len, err);
    free(text);
    return rc;
}

/* Without its manifest all of it would be lost: on a full disk files make room for it. */
int evidence_draft_seal(
    struct evidence_draft *draft, struct evidence_incident *incident, struct lw_err *err)
{
    int rc = unseal(draft, err);
    while (rc == 0 && write_manifest(draft, incident, err) < 0) {
        rc = make_room(draft, MANIFEST_NAME, err) ? 0 : -1;
        incident->state = EVIDENCE_FAILED;
        set_text(&incident->why, err->msg);
    }
    draft->is_sealed = rc == 0;
    if (rc < 0)
        evidence_incident_forget_files(incident);
    return rc;
}

static int publish(
    struct evidence_draft *draft, struct evidence_incident *incident, struct lw_err *err)
{
    char id[LW_ID_TEXT_BYTES];
    if ((!draft->is_sealed && evidence_draft_seal(draft, incident, err) < 0) ||
        durable_dir_sync(draft->dir, err) < 0)
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
        evidence_incident_forget_files(incident);
        evidence_draft_free(draft);
        return -1;
    }
    evidence_index_tell((*draft)->evidence, (*draft)->dir, incident);
    free_draft(draft);
    return 0;
}
