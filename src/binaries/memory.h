/* What this host says of the memory of a process that is a target: how much is resident, and what
 * limits it. Blocks (name service, /proc): for workers. */
#ifndef LW_BINARIES_MEMORY_H
#define LW_BINARIES_MEMORY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* Who is asked about. Borrowed for the call. */
struct binaries_memory_request {
    const char *address; /* "host:port" of the target */
    /* The main mapping as the target's profile has it: the process must have it, too, because what
     * listens at a port may be a proxy. */
    uint64_t start, limit;
};

/* Bytes; 0 where there is none, or it is not to be read. */
struct binaries_memory {
    int64_t rss_bytes;
    int64_t cgroup_bytes;   /* the lowest limit of its cgroup and those above it */
    int64_t go_limit_bytes; /* GOMEMLIMIT as the process was started; a later
                               debug.SetMemoryLimit() is not seen */
};

/* Finds the process and asks. Errors: LW_NOT_FOUND (it is not on this host, or not to be told
 * apart), LW_FORBIDDEN (another user's), LW_RESOLVE, LW_INVALID, LW_IO. */
int binaries_memory_find(const struct binaries_memory_request *request,
    struct binaries_memory *memory, struct lw_err *err) LW_MUST_CHECK;

/* ---- the pieces, for tests ---- */

/* Where /proc and /sys/fs/cgroup are. */
struct binaries_roots {
    const char *proc;
    const char *cgroup;
};

/* What there is of a process; what cannot be read stays 0. */
void binaries_memory_read(
    const struct binaries_roots *roots, pid_t pid, struct binaries_memory *memory);

/* "512MiB" as Go reads it (src/runtime/mgcpacer.go, parseByteCount): a number of bytes, with or
 * without B, KiB, MiB, GiB or TiB. 0 for "off" and for what is no such text. */
int64_t binaries_go_limit_parse(const char *text);

/* The path of the memory cgroup in a text of /proc/PID/cgroup (cgroups(7)): of version 2, or of the
 * controller memory of version 1, and which of them it is. Returns the length of the path, 0 where
 * there is none or it leads upwards, out of what we see. *path points into the text. */
size_t binaries_cgroup_find(const char *text, size_t len, const char **path, int *version);

#endif
