/* Stable 64-bit identities: the same bytes give the same id on every machine and in every release,
 * because ids are stored and shown in URLs. XXH3 (xxHash, its output is frozen since v0.8.0). */
#ifndef LW_BASE_HASH_H
#define LW_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* A running hash: start with any seed, feed the former result as the next seed. */
uint64_t lw_hash_bytes(uint64_t seed, const void *bytes, size_t len);

/* As lw_hash_bytes over the characters and the closing NUL: "ab","c" differs from "a","bc". */
uint64_t lw_hash_string(uint64_t seed, const char *s);

/* As lw_hash_bytes over the eight little-endian bytes of v. */
uint64_t lw_hash_u64(uint64_t seed, uint64_t v);

/* Sixteen lower-case hex digits and a NUL: how an id is written in URLs, labels and JSON. */
#define LW_ID_TEXT_BYTES 17
const char *lw_id_text(uint64_t id, char text[LW_ID_TEXT_BYTES]);

/* Reads what lw_id_text wrote: exactly sixteen hex digits. Returns 0, or -1 for anything else. */
int lw_id_parse(const char *text, uint64_t *id);

#endif
