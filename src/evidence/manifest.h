/* manifest.json: what an incident is, as text that a person can read and that the next start of the
 * daemon believes only after checking it. Private to evidence/. */
#ifndef LW_EVIDENCE_MANIFEST_H
#define LW_EVIDENCE_MANIFEST_H

#include "evidence/evidence.h"

#define MANIFEST_NAME      "manifest.json"
#define MANIFEST_BYTES_MAX ((size_t)1 << 20) /* what we write stays well below */

/* The text (the caller frees it) and its length. Texts are cut at EVIDENCE_TEXT_BYTES_MAX, those of
 * files at 512 bytes; bytes that are not UTF-8 become U+FFFD. */
char *manifest_encode(const struct evidence_incident *incident, size_t *len);

/* Reads what manifest_encode wrote, from a file anybody may have touched. Unknown members are
 * ignored; a newer version is LW_INVALID, anything that is not a manifest LW_CORRUPT. */
int manifest_parse(const char *text, size_t len, struct evidence_incident **incident,
    struct lw_err *err) LW_MUST_CHECK;

#endif
