#include "evidence/manifest.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"
#include "evidence/incident.h"

#define VERSION        1
#define WHY_BYTES_MAX  512
#define EXACT_INT_MAX  9007199254740992.0 /* 2^53: below it cJSON's doubles are exact */
#define SHA256_HEX_LEN (EVIDENCE_SHA256_BYTES - 1)

/* ---- encode ---- */

static void add_text(cJSON *object, const char *name, const char *text, size_t limit_bytes)
{
    if (!text)
        return;
    char *cut = lw_strndup(text, strnlen(text, limit_bytes));
    lw_json_text(object, name, cut);
    free(cut);
}

static void add_file(cJSON *files, const struct evidence_file *file)
{
    cJSON *object = lw_json_append(files);
    lw_json_text(object, "name", file->name);
    lw_json_text(object, "state", evidence_file_state_word(file->state));
    lw_json_int(object, "bytes", file->bytes);
    if (file->sha256[0])
        lw_json_text(object, "sha256", file->sha256);
    lw_json_time(object, "taken", file->taken);
    lw_json_int(object, "written", (int64_t)file->written);
    add_text(object, "why", file->why, WHY_BYTES_MAX);
}

char *manifest_encode(const struct evidence_incident *incident, size_t *len)
{
    cJSON *object = cJSON_CreateObject();
    lw_json_int(object, "version", VERSION);
    lw_json_id(object, "id", incident->id);
    lw_json_int(object, "revision", (int64_t)incident->revision);
    lw_json_text(object, "state", evidence_state_word(incident->state));
    lw_json_text(object, "trigger", evidence_trigger_word(incident->trigger));
    lw_json_id(object, "target", incident->target_id);
    lw_json_id(object, "subject", incident->subject);
    lw_json_time(object, "opened", incident->opened);
    lw_json_time(object, "finished", incident->finished);
    lw_json_time(object, "onset_from", incident->onset_from);
    lw_json_time(object, "onset_to", incident->onset_to);
    lw_json_double(object, "rate", incident->rate);
    lw_json_double(object, "rate_lo", incident->rate_lo);
    lw_json_double(object, "rate_hi", incident->rate_hi);
    lw_json_bool(object, "pinned", incident->pinned);
    lw_json_time(object, "acknowledged", incident->acknowledged);
    lw_json_time(object, "muted_until", incident->muted_until);
    lw_json_text(object, "upload", evidence_upload_word(incident->upload));
    lw_json_time(object, "upload_at", incident->upload_at);
    for (size_t i = 0; i < INCIDENT_TEXT_COUNT; i++)
        add_text(object, incident_texts[i].name, incident_text_get(incident, &incident_texts[i]),
            EVIDENCE_TEXT_BYTES_MAX);
    cJSON *files = lw_json_array(object, "files");
    for (size_t i = 0; i < incident->file_count; i++)
        add_file(files, &incident->files[i]);
    char *text = cJSON_Print(object);
    cJSON_Delete(object);
    *len = strlen(text);
    return text;
}

/* ---- parse: each reader leaves its default where the member is missing or null, and latches a
 * member of another kind ---- */

struct reader {
    const cJSON *object;
    const char *bad; /* the first member that cannot be what it should; NULL: none */
};

static const cJSON *member(struct reader *reader, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(reader->object, name);
    return cJSON_IsNull(item) ? NULL : item;
}

static void reject(struct reader *reader, const char *name)
{
    if (!reader->bad)
        reader->bad = name;
}

/* Borrowed; "" when it is missing. */
static const char *read_text(struct reader *reader, const char *name)
{
    const cJSON *item = member(reader, name);
    if (!item)
        return "";
    if (cJSON_IsString(item))
        return item->valuestring;
    reject(reader, name);
    return "";
}

static int64_t read_int(struct reader *reader, const char *name)
{
    const cJSON *item = member(reader, name);
    if (!item)
        return 0;
    if (cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble <= EXACT_INT_MAX)
        return (int64_t)item->valuedouble;
    reject(reader, name);
    return 0;
}

static double read_double(struct reader *reader, const char *name)
{
    const cJSON *item = member(reader, name);
    if (!item)
        return NAN;
    if (!cJSON_IsNumber(item))
        reject(reader, name);
    return item->valuedouble;
}

static bool read_bool(struct reader *reader, const char *name)
{
    const cJSON *item = member(reader, name);
    if (item && !cJSON_IsBool(item))
        reject(reader, name);
    return cJSON_IsTrue(item);
}

static struct lw_wall read_time(struct reader *reader, const char *name)
{
    struct lw_wall t = {0};
    const char *text = read_text(reader, name);
    if (text[0] && lw_wall_parse(text, &t) < 0)
        reject(reader, name);
    return t;
}

static uint64_t read_id(struct reader *reader, const char *name)
{
    uint64_t id = 0;
    if (lw_id_parse(read_text(reader, name), &id) < 0)
        reject(reader, name);
    return id;
}

static int read_word(struct reader *reader, const char *name, int (*find)(const char *word))
{
    int value = find(read_text(reader, name));
    if (value < 0)
        reject(reader, name);
    return value < 0 ? 0 : value;
}

static void read_sha256(struct reader *reader, struct evidence_file *file)
{
    const char *text = read_text(reader, "sha256");
    size_t len = strspn(text, "0123456789abcdef");
    bool is_needed = file->state == EVIDENCE_FILE_OK;
    if (text[len] || (len != SHA256_HEX_LEN && (len || is_needed)))
        reject(reader, "sha256");
    else
        snprintf(file->sha256, sizeof file->sha256, "%s", text);
}

static void read_file(struct reader *of_incident, const cJSON *item, struct evidence_file *file)
{
    struct reader reader = {.object = item};
    const char *name = read_text(&reader, "name");
    if (!evidence_name_is_valid(name))
        reject(&reader, "name");
    else
        snprintf(file->name, sizeof file->name, "%s", name);
    file->state = (enum evidence_file_state)read_word(&reader, "state", incident_file_state_of);
    file->bytes = read_int(&reader, "bytes");
    file->taken = read_time(&reader, "taken");
    file->written = (uint64_t)read_int(&reader, "written");
    read_sha256(&reader, file);
    const char *why = read_text(&reader, "why");
    file->why = why[0] ? lw_strndup(why, strnlen(why, WHY_BYTES_MAX)) : NULL;
    if (file->bytes > (int64_t)EVIDENCE_FILE_BYTES_MAX)
        reject(&reader, "bytes");
    if (reader.bad)
        reject(of_incident, reader.bad);
}

static void read_files(struct reader *reader, struct evidence_incident *incident)
{
    const cJSON *files = member(reader, "files");
    int count = cJSON_GetArraySize(files);
    if (!cJSON_IsArray(files) || count > EVIDENCE_FILES_MAX) {
        reject(reader, "files");
        return;
    }
    incident->files = lw_new((size_t)count, sizeof *incident->files);
    const cJSON *item;
    cJSON_ArrayForEach(item, files)
    {
        struct evidence_file *file = &incident->files[incident->file_count];
        read_file(reader, item, file);
        if (incident_file_find(incident, file->name))
            reject(reader, "files");
        incident->file_count++;
    }
}

static void read_texts(struct reader *reader, struct evidence_incident *incident)
{
    for (size_t i = 0; i < INCIDENT_TEXT_COUNT; i++) {
        const char *text = read_text(reader, incident_texts[i].name);
        if (text[0])
            *incident_text_at(incident, &incident_texts[i]) =
                lw_strndup(text, strnlen(text, EVIDENCE_TEXT_BYTES_MAX));
    }
}

static void read_incident(struct reader *reader, struct evidence_incident *incident)
{
    incident->id = read_id(reader, "id");
    incident->revision = (uint64_t)read_int(reader, "revision");
    incident->state = (enum evidence_state)read_word(reader, "state", incident_state_of);
    incident->trigger = (enum evidence_trigger)read_word(reader, "trigger", incident_trigger_of);
    incident->target_id = read_id(reader, "target");
    incident->subject = read_id(reader, "subject");
    incident->opened = read_time(reader, "opened");
    incident->finished = read_time(reader, "finished");
    incident->onset_from = read_time(reader, "onset_from");
    incident->onset_to = read_time(reader, "onset_to");
    incident->rate = read_double(reader, "rate");
    incident->rate_lo = read_double(reader, "rate_lo");
    incident->rate_hi = read_double(reader, "rate_hi");
    incident->pinned = read_bool(reader, "pinned");
    incident->acknowledged = read_time(reader, "acknowledged");
    incident->muted_until = read_time(reader, "muted_until");
    if (member(reader, "upload")) /* older releases did not write it */
        incident->upload = (enum evidence_upload)read_word(reader, "upload", incident_upload_of);
    incident->upload_at = read_time(reader, "upload_at");
    if (incident->state == EVIDENCE_COLLECTING) /* never on disk */
        reject(reader, "state");
    read_texts(reader, incident);
    read_files(reader, incident);
    incident->bytes = incident_bytes(incident);
}

int manifest_parse(
    const char *text, size_t len, struct evidence_incident **incident, struct lw_err *err)
{
    *incident = NULL;
    if (len > MANIFEST_BYTES_MAX)
        return lw_err_set(err, LW_CORRUPT,
            "a manifest of %zu bytes is larger than the limit of %zu", len, MANIFEST_BYTES_MAX);
    cJSON *object = cJSON_ParseWithLength(text, len);
    if (!cJSON_IsObject(object)) {
        cJSON_Delete(object);
        return lw_err_set(err, LW_CORRUPT, "the manifest is not a JSON object");
    }
    struct reader reader = {.object = object};
    *incident = LW_NEW(struct evidence_incident);
    int64_t version = read_int(&reader, "version");
    read_incident(&reader, *incident);
    int rc = 0;
    if (version > VERSION)
        rc = lw_err_set(err, LW_INVALID,
            "the manifest was written by a newer release (version %lld, this one reads %d)",
            (long long)version, VERSION);
    else if (version != VERSION || reader.bad)
        rc = lw_err_set(err, LW_CORRUPT, "the manifest's \"%s\" is not what we write",
            reader.bad ? reader.bad : "version");
    if (rc < 0)
        evidence_incident_free(incident);
    cJSON_Delete(object);
    return rc;
}
