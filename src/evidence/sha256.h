/* SHA-256 (FIPS 180-4, by Nettle) as text. Private to evidence/. */
#ifndef LW_EVIDENCE_SHA256_H
#define LW_EVIDENCE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "evidence/evidence.h"

void sha256_bytes(const void *bytes, size_t len, char text[EVIDENCE_SHA256_BYTES]);

/* Of what a descriptor gives up to its end, and how many bytes that is: at most
 * EVIDENCE_FILE_BYTES_MAX, then LW_TOO_LARGE. LW_IO. */
int sha256_fd(
    int fd, char text[EVIDENCE_SHA256_BYTES], int64_t *bytes, struct lw_err *err) LW_MUST_CHECK;

#endif
