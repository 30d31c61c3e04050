/* Any text as /proc/PID/cgroup and as GOMEMLIMIT: must end in a path within the text that does not
 * lead upwards, and in a size. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "binaries/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int truth)
{
    if (!truth)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data, *path = NULL;
    int version = 0;
    size_t len = binaries_cgroup_find(text, size, &path, &version);
    if (len) {
        require(path > text && path + len <= text + size && *path == '/');
        require(version == 1 || version == 2);
        require(!memmem(path, len, "/..", 3) && !memchr(path, '\n', len));
    }
    char *terminated = malloc(size + 1);
    if (!terminated)
        return 0;
    if (size)
        memcpy(terminated, data, size);
    terminated[size] = '\0';
    require(binaries_go_limit_parse(terminated) >= 0);
    free(terminated);
    return 0;
}
