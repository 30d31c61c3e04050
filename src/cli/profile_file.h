/* Heap profiles from files. Private to cli/. */
#ifndef LW_CLI_PROFILE_FILE_H
#define LW_CLI_PROFILE_FILE_H

#include "profile/profile.h"

#define PROFILE_FILE_BYTES_MAX ((size_t)64 << 20) /* of the file, and after inflating it */

/* Reads and decodes one; errors name the file: LW_IO, LW_TOO_LARGE, those of profile_decode(). */
struct profile *profile_file_read(const char *path, struct lw_err *err) LW_MUST_CHECK;

#endif
