/* Binaries from debuginfod servers, by libdebuginfod. Private to binaries/. */
#ifndef LW_BINARIES_DOWNLOAD_H
#define LW_BINARIES_DOWNLOAD_H

#include <stdatomic.h>

#include "base/err.h"

/* Where downloads are kept unless DEBUGINFOD_CACHE_PATH says otherwise. Changes the environment: to
 * be called before any job runs. */
void binaries_download_init(const char *storage_path);

/* The path of the executable with this build id, which the caller frees; libdebuginfod keeps the
 * file in its cache. Asks the servers of DEBUGINFOD_URLS, at most two minutes long or until *stop.
 * NULL on error: LW_NOT_FOUND, LW_IO, LW_TIMEOUT, LW_INVALID (not compiled in, no servers). */
char *binaries_download(
    const char *build_id, const atomic_bool *stop, struct lw_err *err) LW_MUST_CHECK;

#endif
