#include "binaries/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "binaries/process.h"

#define SMALL_BYTES   4096                /* of a file with a number or two in it */
#define ENVIRON_BYTES ((size_t)256 << 10) /* what lies behind that is not looked at */
#define MAPS_LINES    512                 /* the main mapping comes first */
#define CGROUP_DEPTH  32
#define PATH_BYTES    4096

/* More than this is how version 1 writes "no limit". */
#define LIMIT_BYTES_MAX ((int64_t)1 << 60)

/* Reads at most size - 1 bytes and a NUL; returns how many, 0 when it cannot be read. */
static size_t read_small(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t len = 0;
    while (fd >= 0 && len < size - 1) {
        ssize_t n = read(fd, text + len, size - 1 - len);
        if (n <= 0)
            break;
        len += (size_t)n;
    }
    if (fd >= 0)
        close(fd);
    text[len] = '\0';
    return len;
}

/* ---- GOMEMLIMIT ---- */

int64_t binaries_go_limit_parse(const char *text)
{
    static const struct {
        const char *name;
        int shift;
    } units[] = {{"", 0}, {"B", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"TiB", 40}};
    int64_t number = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9'; at++) {
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, *at - '0', &number))
            return 0;
    }
    for (size_t i = 0; at > text && i < sizeof units / sizeof *units; i++) {
        int64_t bytes;
        if (strcmp(at, units[i].name) == 0 &&
            !__builtin_mul_overflow(number, (int64_t)1 << units[i].shift, &bytes))
            return bytes < LIMIT_BYTES_MAX ? bytes : 0;
    }
    return 0;
}

static int64_t read_go_limit(const struct binaries_roots *roots, pid_t pid)
{
    static const char name[] = "GOMEMLIMIT=";
    char path[PATH_BYTES];
    char *text = malloc(ENVIRON_BYTES);
    int64_t bytes = 0;
    snprintf(path, sizeof path, "%s/%d/environ", roots->proc, (int)pid);
    size_t len = text ? read_small(path, text, ENVIRON_BYTES) : 0;
    for (size_t at = 0; at < len; at += strlen(text + at) + 1) {
        if (strncmp(text + at, name, sizeof name - 1) == 0)
            bytes = binaries_go_limit_parse(text + at + sizeof name - 1);
    }
    free(text);
    return bytes;
}

/* ---- the cgroup ---- */

/* Whether "memory" is one of a line's controllers, "cpu,memory". */
static bool has_memory(const char *list, size_t len)
{
    static const char word[] = "memory";
    size_t word_len = sizeof word - 1;
    for (size_t at = 0; at + word_len <= len; at++) {
        bool begins = at == 0 || list[at - 1] == ',';
        bool ends = at + word_len == len || list[at + word_len] == ',';
        if (begins && ends && memcmp(list + at, word, word_len) == 0)
            return true;
    }
    return false;
}

size_t binaries_cgroup_find(const char *text, size_t len, const char **path, int *version)
{
    size_t found = 0;
    for (const char *at = text, *end = text + len; at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *line_end = newline ? newline : end;
        const char *first = memchr(at, ':', (size_t)(line_end - at));
        const char *list = first ? first + 1 : line_end;
        const char *second = memchr(list, ':', (size_t)(line_end - list));
        bool is_v2 = second == list && first == at + 1 && *at == '0';
        if (second && (is_v2 || has_memory(list, (size_t)(second - list)))) {
            *path = second + 1;
            *version = is_v2 ? 2 : 1;
            found = (size_t)(line_end - second - 1);
            if (!is_v2)
                break; /* where both are mounted, the controller is version 1's */
        }
        at = newline ? newline + 1 : end;
    }
    bool is_upward = found && memmem(*path, found, "/..", 3);
    return found && **path == '/' && !is_upward ? found : 0;
}

/* The limit in one directory; 0: "max", or none. */
static int64_t limit_of(const char *directory, int version)
{
    char path[PATH_BYTES + 64], text[64];
    snprintf(path, sizeof path, "%s/%s", directory,
        version == 2 ? "memory.max" : "memory.limit_in_bytes");
    if (read_small(path, text, sizeof text) == 0)
        return 0;
    char *end;
    errno = 0;
    long long bytes = strtoll(text, &end, 10);
    return end > text && errno == 0 && bytes > 0 && bytes < LIMIT_BYTES_MAX ? bytes : 0;
}

/* The lowest limit on the way up from the cgroup to the root. */
static int64_t read_cgroup(const struct binaries_roots *roots, pid_t pid)
{
    char text[SMALL_BYTES], directory[PATH_BYTES];
    const char *path;
    int version;
    snprintf(directory, sizeof directory, "%s/%d/cgroup", roots->proc, (int)pid);
    size_t len = read_small(directory, text, sizeof text);
    size_t path_len = binaries_cgroup_find(text, len, &path, &version);
    if (!path_len)
        return 0;
    int root_len =
        snprintf(directory, sizeof directory, "%s%s", roots->cgroup, version == 2 ? "" : "/memory");
    if ((size_t)root_len + path_len >= sizeof directory)
        return 0;
    memcpy(directory + root_len, path, path_len);
    directory[(size_t)root_len + path_len] = '\0';
    int64_t lowest = 0;
    for (int depth = 0; depth < CGROUP_DEPTH; depth++) {
        int64_t bytes = limit_of(directory, version);
        if (bytes && (!lowest || bytes < lowest))
            lowest = bytes;
        char *slash = strrchr(directory, '/');
        if (!slash || slash < directory + root_len)
            break;
        *slash = '\0';
    }
    return lowest;
}

/* ---- the process ---- */

/* The second number of statm is pages resident (proc(5)). */
static int64_t read_rss(const struct binaries_roots *roots, pid_t pid)
{
    char path[PATH_BYTES], text[SMALL_BYTES];
    long long pages;
    snprintf(path, sizeof path, "%s/%d/statm", roots->proc, (int)pid);
    if (read_small(path, text, sizeof text) == 0 || sscanf(text, "%*d %lld", &pages) != 1)
        return 0;
    int64_t bytes;
    if (pages < 0 || __builtin_mul_overflow(pages, sysconf(_SC_PAGESIZE), &bytes))
        return 0;
    return bytes;
}

void binaries_memory_read(
    const struct binaries_roots *roots, pid_t pid, struct binaries_memory *memory)
{
    *memory = (struct binaries_memory){
        .rss_bytes = read_rss(roots, pid),
        .cgroup_bytes = read_cgroup(roots, pid),
        .go_limit_bytes = read_go_limit(roots, pid),
    };
}

static bool has_mapping(pid_t pid, const struct binaries_memory_request *request)
{
    char path[64], line[SMALL_BYTES];
    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    FILE *maps = fopen(path, "re");
    bool found = false;
    for (int i = 0; maps && !found && i < MAPS_LINES && fgets(line, sizeof line, maps); i++) {
        unsigned long long start, limit;
        found = sscanf(line, "%llx-%llx", &start, &limit) == 2 && start == request->start &&
                limit == request->limit;
    }
    if (maps)
        fclose(maps);
    return found;
}

/* The one process that is the target, or -1. */
static pid_t choose(const struct binaries_pids *pids, const struct binaries_memory_request *request)
{
    pid_t chosen = -1;
    for (size_t i = 0; i < pids->count; i++) {
        if (!has_mapping(pids->list[i], request))
            continue;
        if (chosen != -1)
            return -1;
        chosen = pids->list[i];
    }
    return chosen;
}

int binaries_memory_find(const struct binaries_memory_request *request,
    struct binaries_memory *memory, struct lw_err *err)
{
    static const struct binaries_roots roots = {"/proc", "/sys/fs/cgroup"};
    struct binaries_endpoint endpoint;
    struct binaries_pids pids;
    *memory = (struct binaries_memory){0};
    if (binaries_endpoint_find(request->address, &endpoint, err) < 0)
        return -1;
    if (!endpoint.is_local)
        return lw_err_set(err, LW_NOT_FOUND, "%s is not on this host", request->address);
    binaries_pids_find(&endpoint, &pids);
    pid_t pid = choose(&pids, request);
    if (pid == -1 && pids.forbidden)
        return lw_err_set(err, LW_FORBIDDEN,
            "the process at %s is another user's: let the daemon run as that user, or as root",
            request->address);
    if (pid == -1)
        return lw_err_set(err, LW_NOT_FOUND,
            "of %zu processes that listen at %s none, or more than one, has the target's mapping",
            pids.count, request->address);
    binaries_memory_read(&roots, pid, memory);
    return 0;
}
