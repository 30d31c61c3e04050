/* What bytes look like, for the message that says why they are not a profile. */
#ifndef LW_PROFILE_SNIFF_H
#define LW_PROFILE_SNIFF_H

#include <stdbool.h>
#include <stddef.h>

/* The two magic bytes of RFC 1952. */
bool profile_sniff_is_gzip(const void *bytes, size_t len);

/* Room for PROFILE_QUOTE_SHOWN bytes as \xNN, dots and a NUL. */
#define PROFILE_QUOTE_SHOWN 40
#define PROFILE_QUOTE_BYTES (PROFILE_QUOTE_SHOWN * 4 + 4)

/* A phrase such as "an HTML page (is the path right, or does a proxy answer?)". */
const char *profile_sniff(const void *bytes, size_t len);

/* The first bytes in printable ASCII, everything else as \xNN, with "..." where more follow. */
const char *profile_quote(const void *bytes, size_t len, char text[PROFILE_QUOTE_BYTES]);

#endif
