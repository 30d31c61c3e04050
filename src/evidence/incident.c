#include "evidence/incident.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"

#define TEXT(member) \
    { \
#member, offsetof(struct evidence_incident, member) \
    }

const struct incident_text incident_texts[INCIDENT_TEXT_COUNT] = {
    TEXT(job),
    TEXT(instance),
    TEXT(why),
    TEXT(title),
    TEXT(type),
    TEXT(site),
    TEXT(verdict),
    TEXT(pattern),
    TEXT(acknowledged_by),
    TEXT(acknowledged_note),
    TEXT(mute_reason),
    TEXT(upload_why),
};

static const char *const state_words[] = {
    [EVIDENCE_COLLECTING] = "collecting",
    [EVIDENCE_READY] = "ready",
    [EVIDENCE_FAILED] = "failed",
};

static const char *const trigger_words[] = {
    [EVIDENCE_BY_VERDICT] = "verdict",
    [EVIDENCE_BY_WEBHOOK] = "webhook",
    [EVIDENCE_BY_API] = "api",
    [EVIDENCE_BY_MEMORY] = "memory",
};

static const char *const upload_words[] = {
    [EVIDENCE_UPLOAD_NONE] = "none",
    [EVIDENCE_UPLOAD_WAITING] = "waiting",
    [EVIDENCE_UPLOAD_DONE] = "done",
    [EVIDENCE_UPLOAD_REFUSED] = "refused",
};

static const char *const file_state_words[] = {
    [EVIDENCE_FILE_OK] = "ok",
    [EVIDENCE_FILE_REFUSED] = "refused",
    [EVIDENCE_FILE_FAILED] = "failed",
    [EVIDENCE_FILE_REMOVED] = "removed",
};

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

/* ---- words ---- */

const char *evidence_state_word(enum evidence_state state)
{
    return state_words[state];
}

const char *evidence_trigger_word(enum evidence_trigger trigger)
{
    return trigger_words[trigger];
}

const char *evidence_upload_word(enum evidence_upload upload)
{
    return upload_words[upload];
}

const char *evidence_file_state_word(enum evidence_file_state state)
{
    return file_state_words[state];
}

static int find_word(const char *const *words, size_t count, const char *word)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(words[i], word) == 0)
            return (int)i;
    }
    return -1;
}

int incident_state_of(const char *word)
{
    return find_word(state_words, COUNT_OF(state_words), word);
}

int incident_trigger_of(const char *word)
{
    return find_word(trigger_words, COUNT_OF(trigger_words), word);
}

int incident_upload_of(const char *word)
{
    return find_word(upload_words, COUNT_OF(upload_words), word);
}

int incident_file_state_of(const char *word)
{
    return find_word(file_state_words, COUNT_OF(file_state_words), word);
}

/* ---- names of files ---- */

bool evidence_name_is_valid(const char *name)
{
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-");
    return len > 0 && len < EVIDENCE_NAME_BYTES && !name[len] && name[0] != '.' &&
           strcmp(name, "manifest.json") != 0;
}

const char *evidence_name_content_type(const char *name)
{
    static const struct {
        const char *ending;
        const char *type;
    } types[] = {
        {".json", "application/json"},
        {".md", "text/markdown; charset=utf-8"},
        {".txt", "text/plain; charset=utf-8"},
        {"cmdline", "text/plain; charset=utf-8"},
    };
    size_t len = strlen(name);
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        size_t ending_len = strlen(types[i].ending);
        if (len >= ending_len && strcmp(name + len - ending_len, types[i].ending) == 0)
            return types[i].type;
    }
    return "application/octet-stream"; /* profiles and traces, as net/http/pprof itself says */
}

const char *incident_stored_name(
    const struct evidence_file *file, char stored[INCIDENT_STORED_BYTES])
{
    if (file->written <= 1)
        snprintf(stored, INCIDENT_STORED_BYTES, "%s", file->name);
    else
        snprintf(stored, INCIDENT_STORED_BYTES, "%s~%" PRIu64, file->name, file->written);
    return stored;
}

/* ---- incidents ---- */

uint64_t evidence_incident_id(uint64_t target_id, struct lw_wall opened)
{
    uint64_t seconds = (uint64_t)(opened.ns / LW_NS_PER_S);
    uint64_t hash = lw_hash_u64(target_id, (uint64_t)opened.ns);
    return seconds << 32 | (hash & UINT32_MAX);
}

struct evidence_incident *evidence_incident_copy(const struct evidence_incident *incident)
{
    struct evidence_incident *copy = LW_NEW(struct evidence_incident);
    *copy = *incident;
    for (size_t i = 0; i < INCIDENT_TEXT_COUNT; i++)
        *incident_text_at(copy, &incident_texts[i]) =
            lw_strdup(incident_text_get(incident, &incident_texts[i]));
    copy->files = lw_new(incident->file_count, sizeof *copy->files);
    for (size_t i = 0; i < incident->file_count; i++) {
        copy->files[i] = incident->files[i];
        copy->files[i].why = lw_strdup(incident->files[i].why);
    }
    return copy;
}

void evidence_incident_forget_files(struct evidence_incident *incident)
{
    for (size_t i = 0; i < incident->file_count; i++)
        free(incident->files[i].why);
    free(incident->files);
    incident->files = NULL;
    incident->file_count = 0;
    incident->revision = 0;
    incident->bytes = 0;
}

void evidence_incident_free(struct evidence_incident **incident)
{
    if (!*incident)
        return;
    for (size_t i = 0; i < INCIDENT_TEXT_COUNT; i++)
        free(*incident_text_at(*incident, &incident_texts[i]));
    evidence_incident_forget_files(*incident);
    free(*incident);
    *incident = NULL;
}

struct evidence_file *incident_file_find(struct evidence_incident *incident, const char *name)
{
    for (size_t i = 0; i < incident->file_count; i++) {
        if (strcmp(incident->files[i].name, name) == 0)
            return &incident->files[i];
    }
    return NULL;
}

const struct evidence_file *evidence_incident_file(
    const struct evidence_incident *incident, const char *name)
{
    return incident_file_find((struct evidence_incident *)incident, name);
}

int64_t incident_bytes(const struct evidence_incident *incident)
{
    int64_t bytes = 0;
    for (size_t i = 0; i < incident->file_count; i++) {
        if (incident->files[i].state == EVIDENCE_FILE_OK)
            bytes += incident->files[i].bytes;
    }
    return bytes;
}

bool evidence_incident_is_muted(const struct evidence_incident *incident, struct lw_wall now)
{
    return incident->muted_until.ns > now.ns;
}
