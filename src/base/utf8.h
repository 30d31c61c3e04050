/* Text from outside that must go out as valid UTF-8 (JSON and the exposition formats require it).
 */
#ifndef LW_BASE_UTF8_H
#define LW_BASE_UTF8_H

#include <stddef.h>

/* Bytes (1..4) of the well-formed sequence at s (RFC 3629: no overlong forms, no surrogates,
 * nothing above U+10FFFF), or 0 when there is none. s is NUL-terminated; the NUL itself gives 0. */
size_t lw_utf8_sequence(const char *s);

/* U+FFFD, what stands for a byte that is part of no sequence. */
#define LW_UTF8_REPLACEMENT "\xef\xbf\xbd"

#endif
