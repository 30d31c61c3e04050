/* What becomes of a finished incident: files that are added or written anew, and what people say
 * of it. All of it is one new manifest. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/log.h"
#include "base/mem.h"
#include "evidence/durable.h"
#include "evidence/evidence_priv.h"
#include "evidence/incident.h"
#include "evidence/sha256.h"

/* ---- files ---- */

/* The entry of a file, made if need be; NULL when there are too many. */
static struct evidence_file *entry_for(
    struct evidence_incident *incident, const char *name, struct lw_err *err)
{
    struct evidence_file *entry = incident_file_find(incident, name);
    if (entry)
        return entry;
    if (incident->file_count >= EVIDENCE_FILES_MAX) {
        lw_err_set(err, LW_INVALID, "an incident has at most %d files: %s is one too many",
            EVIDENCE_FILES_MAX, name);
        return NULL;
    }
    incident->files = lw_renew(incident->files, incident->file_count + 1, sizeof *incident->files);
    entry = &incident->files[incident->file_count++];
    *entry = (struct evidence_file){0};
    snprintf(entry->name, sizeof entry->name, "%s", name);
    return entry;
}

/* Writes the bytes beside the old ones and the manifest that names them; then the old may go. */
static int replace_file(const struct evidence *evidence, struct evidence_held *held,
    const struct evidence_file *file, const struct lw_cursor *bytes, struct lw_err *err)
{
    char old[INCIDENT_STORED_BYTES], stored[INCIDENT_STORED_BYTES];
    struct evidence_file *entry = entry_for(held->incident, file->name, err);
    if (!entry)
        return -1;
    bool had_bytes = entry->state == EVIDENCE_FILE_OK && entry->sha256[0];
    incident_stored_name(entry, old);
    free(entry->why);
    entry->why = lw_strdup(file->why);
    entry->state = file->state;
    entry->taken = file->taken;
    entry->written = held->incident->revision + 1;
    entry->bytes = 0;
    entry->sha256[0] = '\0';
    incident_stored_name(entry, stored);
    if (file->state == EVIDENCE_FILE_OK) {
        entry->bytes = (int64_t)lw_cursor_left(bytes);
        sha256_bytes(bytes->at, lw_cursor_left(bytes), entry->sha256);
        if (durable_file_remove(held->dir, stored, err) < 0 || /* of one who failed before */
            durable_file_write(held->dir, stored, bytes->at, lw_cursor_left(bytes), err) < 0)
            return -1;
    }
    held->incident->bytes = incident_bytes(held->incident);
    if (evidence_held_write(evidence, held, err) < 0)
        return -1; /* the next start sweeps what no manifest names */
    struct lw_err swept_later;
    if (had_bytes && durable_file_remove(held->dir, old, &swept_later) < 0)
        lw_warn("evidence", "an old file stays until the next start: %s", swept_later.msg);
    return 0;
}

int evidence_incident_add(const struct evidence *evidence, uint64_t id,
    const struct evidence_file *file, const void *bytes, size_t len,
    struct evidence_incident **changed, struct lw_err *err)
{
    *changed = NULL;
    if (!evidence_name_is_valid(file->name) || len > EVIDENCE_FILE_BYTES_MAX)
        return lw_err_set(err, LW_INVALID,
            "\"%.60s\" with %zu bytes is no file of an incident: see the form of names and the "
            "limit of %zu bytes",
            file->name, len, EVIDENCE_FILE_BYTES_MAX);
    struct evidence_held held;
    struct lw_cursor cursor = lw_cursor_on(bytes, len);
    if (evidence_hold(evidence, id, &held, err) < 0)
        return -1;
    int rc = replace_file(evidence, &held, file, &cursor, err);
    if (rc == 0) {
        *changed = held.incident;
        held.incident = NULL;
    }
    evidence_release(&held);
    return rc;
}

/* ---- what people say, and what became of the upload ---- */

static void set_text(char **text, const char *value)
{
    free(*text);
    *text = value && value[0] ? lw_strdup(value) : NULL;
}

static void apply(struct evidence_incident *incident, const struct evidence_change *change)
{
    switch (change->kind) {
    case EVIDENCE_ACKNOWLEDGE:
        incident->acknowledged = change->at;
        set_text(&incident->acknowledged_by, change->by);
        set_text(&incident->acknowledged_note, change->text);
        break;
    case EVIDENCE_MUTE:
        incident->muted_until = change->until;
        set_text(&incident->mute_reason, change->text);
        break;
    case EVIDENCE_UNMUTE:
        incident->muted_until = (struct lw_wall){0};
        set_text(&incident->mute_reason, NULL);
        break;
    case EVIDENCE_PIN:
    case EVIDENCE_UNPIN:
        incident->pinned = change->kind == EVIDENCE_PIN;
        break;
    case EVIDENCE_UPLOADED:
    case EVIDENCE_REFUSE_UPLOAD:
        incident->upload =
            change->kind == EVIDENCE_UPLOADED ? EVIDENCE_UPLOAD_DONE : EVIDENCE_UPLOAD_REFUSED;
        incident->upload_at = change->at;
        set_text(&incident->upload_why, change->text);
        break;
    }
}

int evidence_incident_change(const struct evidence *evidence, uint64_t id,
    const struct evidence_change *change, struct evidence_incident **changed, struct lw_err *err)
{
    struct evidence_held held;
    *changed = NULL;
    if (evidence_hold(evidence, id, &held, err) < 0)
        return -1;
    apply(held.incident, change);
    int rc = evidence_held_write(evidence, &held, err);
    if (rc == 0) {
        *changed = held.incident;
        held.incident = NULL;
    }
    evidence_release(&held);
    return rc;
}
