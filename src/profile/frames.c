#include "profile/frames.h"

#include <stdbool.h>
#include <string.h>

static bool starts_with(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* Length of the directory of a path with its last '/', 0 without one. */
static size_t directory_len(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) + 1 : 0;
}

/* Length of the import path that a function's name begins with: up to the first '.' after the last
 * '/' (the linker writes later dots of a path as %2e), type arguments left aside. */
static size_t package_len(const char *function)
{
    size_t end = strcspn(function, "[");
    size_t at = end;
    while (at > 0 && function[at - 1] != '/')
        at--;
    const char *dot = memchr(function + at, '.', end - at);
    return dot ? (size_t)(dot - function) : end;
}

static bool is_main(const char *function)
{
    return starts_with(function, "main.");
}

/* A package of the runtime at the leaf is how memory was got, not who wanted it. */
bool profile_frame_is_runtime(const struct profile_frame *frame)
{
    const char *function = frame->function;
    if (*function != 'r' && *function != 'i') /* asked of every frame of every stack */
        return false;
    return starts_with(function, "runtime.") || starts_with(function, "runtime/internal/") ||
           starts_with(function, "internal/runtime/");
}

static void learn_goroot(struct profile_layout *layout, const struct profile_frame *frame)
{
    static const char tail[] = "/src/runtime/";
    size_t dir = directory_len(frame->file);
    size_t tail_len = sizeof tail - 1;
    if (dir < tail_len || memcmp(frame->file + dir - tail_len, tail, tail_len) != 0)
        return;
    layout->goroot = frame->file;
    layout->goroot_len = dir - strlen("runtime/");
}

/* Length of "…/github.com/owner/repository/" at the start of a directory, 0 where no such host is
 * in it: there the repository is the program, wherever in it package main lies. */
static size_t repository_len(const char *directory, size_t len)
{
    static const char *const hosts[] = {"github.com/", "gitlab.com/", "bitbucket.org/"};
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        const char *host = memmem(directory, len, hosts[i], strlen(hosts[i]));
        if (!host || (host > directory && host[-1] != '/'))
            continue;
        const char *end = directory + len;
        const char *owner = host + strlen(hosts[i]);
        const char *repository = memchr(owner, '/', (size_t)(end - owner));
        const char *after =
            repository ? memchr(repository + 1, '/', (size_t)(end - repository - 1)) : NULL;
        if (after)
            return (size_t)(after - directory) + 1;
    }
    return 0;
}

/* Elsewhere, commands lie by convention in cmd/NAME of their module; without that, package main is
 * taken to lie at the top. */
static void learn_root(struct profile_layout *layout, const struct profile_frame *frame)
{
    size_t len = directory_len(frame->file);
    if (len == 0)
        return; /* generated code such as _cgo_gotypes.go */
    static const char cmd[] = "/cmd/";
    const char *found = memmem(frame->file, len, cmd, sizeof cmd - 1);
    size_t repository = repository_len(frame->file, len);
    layout->root = frame->file;
    if (repository)
        layout->root_len = repository;
    else
        layout->root_len = found ? (size_t)(found - frame->file) + 1 : len;
}

void profile_layout_learn(struct profile_layout *layout, const struct profile_frame *frame)
{
    if (!layout->goroot && starts_with(frame->function, "runtime."))
        learn_goroot(layout, frame);
    if (!layout->root && is_main(frame->function))
        learn_root(layout, frame);
}

/* Below the program's root, and not in a place where dependencies are kept. */
static bool is_below_root(const struct profile_layout *layout, const char *file)
{
    if (!layout->root || strncmp(file, layout->root, layout->root_len) != 0)
        return false;
    const char *rest = file + layout->root_len - 1; /* from the '/' on */
    return !strstr(rest, "/vendor/") && !strstr(rest, "/pkg/mod/") && !strstr(rest, "@v");
}

/* The standard library's import paths have no dot in their first element, but so may a program's.
 * Where GOROOT is unknown, a file of the library is "<package>/<base>" (-trimpath) or ends in
 * "/src/<package>/<base>"; generated code has no directory at all. */
static bool is_std(const struct profile_layout *layout, const struct profile_frame *frame)
{
    if (layout->goroot)
        return strncmp(frame->file, layout->goroot, layout->goroot_len) == 0;
    size_t package = package_len(frame->function);
    size_t first = strcspn(frame->function, "/");
    if (memchr(frame->function, '.', first < package ? first : package))
        return false;
    size_t dir = directory_len(frame->file);
    if (dir == 0)
        return true;
    if (dir - 1 < package || memcmp(frame->file + dir - 1 - package, frame->function, package) != 0)
        return false;
    size_t before = dir - 1 - package;
    static const char src[] = "/src/";
    size_t src_len = sizeof src - 1;
    return before == 0 ||
           (before >= src_len && memcmp(frame->file + before - src_len, src, src_len) == 0);
}

/* The root comes before the guess at the standard library, because with -trimpath a program whose
 * module path has no dot looks just like it; GOROOT comes before the root, which may be as short as
 * "/" for a program built in a container. */
enum profile_owner profile_frame_owner(
    const struct profile_layout *layout, const struct profile_frame *frame)
{
    if (is_main(frame->function))
        return PROFILE_OWNER_PROGRAM;
    if (layout->goroot && is_std(layout, frame))
        return PROFILE_OWNER_STD;
    if (is_below_root(layout, frame->file))
        return PROFILE_OWNER_PROGRAM;
    return is_std(layout, frame) ? PROFILE_OWNER_STD : PROFILE_OWNER_OTHER;
}

size_t profile_leaf(const struct profile_frame *const *frames, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!profile_frame_is_runtime(frames[i]))
            return i;
    }
    return 0;
}

size_t profile_responsible(const struct profile_frame *const *frames, size_t count, size_t leaf)
{
    size_t other = count;
    for (size_t i = leaf; i < count; i++) {
        if (frames[i]->owner == PROFILE_OWNER_PROGRAM)
            return i;
        if (other == count && frames[i]->owner == PROFILE_OWNER_OTHER)
            other = i;
    }
    return other < count ? other : leaf;
}
