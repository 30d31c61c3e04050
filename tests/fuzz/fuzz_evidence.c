/* A manifest of an incident: whatever is taken is within its bounds, and what we write of it is
 * taken again and means the same. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "evidence/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct evidence_incident *incident)
{
    int64_t bytes = 0;
    assert(incident->file_count <= EVIDENCE_FILES_MAX);
    assert(incident->state == EVIDENCE_READY || incident->state == EVIDENCE_FAILED);
    for (size_t i = 0; i < incident->file_count; i++) {
        const struct evidence_file *file = &incident->files[i];
        assert(evidence_name_is_valid(file->name));
        assert(evidence_incident_file(incident, file->name) == file);
        assert(file->bytes >= 0 && file->bytes <= (int64_t)EVIDENCE_FILE_BYTES_MAX);
        assert(strlen(file->sha256) == (file->sha256[0] ? EVIDENCE_SHA256_BYTES - 1 : 0));
        bytes += file->state == EVIDENCE_FILE_OK ? file->bytes : 0;
    }
    assert(incident->bytes == bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct evidence_incident *incident, *again;
    struct lw_err err;
    if (manifest_parse((const char *)data, size, &incident, &err) < 0) {
        assert(!incident && err.code != LW_OK);
        return 0;
    }
    check(incident);
    size_t len, len_again;
    char *text = manifest_encode(incident, &len);
    int rc = manifest_parse(text, len, &again, &err);
    assert(rc == 0);
    check(again);
    char *text_again = manifest_encode(again, &len_again);
    assert(len == len_again && memcmp(text, text_again, len) == 0);
    free(text);
    free(text_again);
    evidence_incident_free(&incident);
    evidence_incident_free(&again);
    return 0;
}
