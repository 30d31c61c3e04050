#include "cli/profile_file.h"

#include <stdlib.h>

#include "base/file.h"

struct profile *profile_file_read(const char *path, struct lw_err *err)
{
    char *bytes;
    size_t len;
    if (lw_file_read(path, PROFILE_FILE_BYTES_MAX, &bytes, &len, err) < 0)
        return NULL;
    struct profile_limits limits = profile_limits_for(PROFILE_FILE_BYTES_MAX);
    struct profile *profile = profile_decode(bytes, len, &limits, err);
    free(bytes);
    if (!profile)
        lw_err_prefix(err, "%s", path);
    return profile;
}
