/* The texts of an incident as a table, for all who walk them: copying, freeing, the manifest.
 * Private to evidence/. */
#ifndef LW_EVIDENCE_INCIDENT_H
#define LW_EVIDENCE_INCIDENT_H

#include "evidence/evidence.h"

struct incident_text {
    const char *name;
    size_t offset; /* of the char * in struct evidence_incident */
};

#define INCIDENT_TEXT_COUNT 12
extern const struct incident_text incident_texts[INCIDENT_TEXT_COUNT];

static inline char **incident_text_at(
    struct evidence_incident *incident, const struct incident_text *text)
{
    return (char **)((char *)incident + text->offset);
}

static inline const char *incident_text_get(
    const struct evidence_incident *incident, const struct incident_text *text)
{
    return *(char *const *)((const char *)incident + text->offset);
}

/* The enum of a word that evidence_…_word gave; -1 for any other. */
int incident_state_of(const char *word);
int incident_trigger_of(const char *word);
int incident_upload_of(const char *word);
int incident_file_state_of(const char *word);

/* What a file is called on disk: its name until it is written anew, then "<name>~<revision>", so
 * that old and new bytes lie side by side until the manifest names the new. */
#define INCIDENT_STORED_BYTES (EVIDENCE_NAME_BYTES + 24)
const char *incident_stored_name(
    const struct evidence_file *file, char stored[INCIDENT_STORED_BYTES]);

/* The same as what evidence_incident_file finds, to be changed. */
struct evidence_file *incident_file_find(struct evidence_incident *incident, const char *name);

/* Adds up the files that are there. */
int64_t incident_bytes(const struct evidence_incident *incident);

#endif
