/* Whole small files. */
#ifndef LW_BASE_FILE_H
#define LW_BASE_FILE_H

#include <stddef.h>

#include "base/err.h"

/* The bytes of a regular file of at most limit_bytes, NUL-terminated, in *data (the caller frees
 * it), and their number in *len (may be NULL). Errors: LW_IO, LW_TOO_LARGE. */
int lw_file_read(const char *path, size_t limit_bytes, char **data, size_t *len,
    struct lw_err *err) LW_MUST_CHECK;

#endif
