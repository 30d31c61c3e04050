#include "evidence/durable.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIRECTORY_MODE 0750
#define FILE_MODE      0640
#define NAME_BYTES     128

int (*durable_fault)(const char *step, const char *name);

/* Whether the test wants this step to fail; errno then says with what. */
static bool is_failing(const char *step, const char *name)
{
    int fault = durable_fault ? durable_fault(step, name) : 0;
    if (fault)
        errno = fault;
    return fault != 0;
}

/* ---- directories ---- */

int durable_dir_open(int at, const char *name, struct lw_err *err)
{
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return lw_err_sys(
            err, errno == ENOENT ? LW_NOT_FOUND : LW_IO, errno, "cannot open directory %s", name);
    return fd;
}

int durable_dir_make(int at, const char *name, struct lw_err *err)
{
    if (is_failing("mkdir", name) || (mkdirat(at, name, DIRECTORY_MODE) < 0 && errno != EEXIST))
        return lw_err_sys(err, LW_IO, errno, "cannot make directory %s", name);
    return durable_dir_open(at, name, err);
}

int durable_dir_sync(int dir, struct lw_err *err)
{
    if (is_failing("fsync", "directory") || fsync(dir) < 0)
        return lw_err_sys(err, LW_IO, errno, "cannot sync a directory");
    return 0;
}

int durable_dir_walk(
    int dir, bool (*each)(void *ctx, const char *name), void *ctx, struct lw_err *err)
{
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* with a position of its own */
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    if (!stream) {
        int why = errno;
        if (fd >= 0)
            close(fd);
        return lw_err_sys(err, LW_IO, why, "cannot list a directory");
    }
    bool more = true;
    for (int i = 0; more && i < DURABLE_ENTRIES_MAX; i++) {
        struct dirent *entry = readdir(stream);
        if (!entry)
            break;
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            more = each(ctx, entry->d_name);
    }
    closedir(stream);
    return 0;
}

struct removal {
    int dir;
    int rc;
    struct lw_err *err;
};

static bool remove_entry(void *ctx, const char *name)
{
    struct removal *removal = ctx;
    removal->rc = durable_file_remove(removal->dir, name, removal->err);
    return removal->rc == 0;
}

int durable_dir_remove(int at, const char *name, struct lw_err *err)
{
    struct removal removal = {.err = err};
    removal.dir = durable_dir_open(at, name, err);
    if (removal.dir < 0)
        return -1;
    int rc = durable_dir_walk(removal.dir, remove_entry, &removal, err);
    close(removal.dir);
    if (rc < 0 || removal.rc < 0)
        return -1;
    if (is_failing("rmdir", name) || unlinkat(at, name, AT_REMOVEDIR) < 0)
        return lw_err_sys(err, LW_IO, errno, "cannot remove directory %s", name);
    return 0;
}

/* ---- files ---- */

static int write_all(int fd, const char *name, const char *bytes, size_t len)
{
    size_t at = 0;
    do {
        if (is_failing("write", name))
            return -1;
        ssize_t n = write(fd, bytes + at, len - at);
        if (n < 0 && errno != EINTR)
            return -1;
        at += n > 0 ? (size_t)n : 0;
    } while (at < len);
    return is_failing("fsync", name) ? -1 : fsync(fd);
}

int durable_file_write(int dir, const char *name, const void *bytes, size_t len, struct lw_err *err)
{
    int fd = -1;
    if (!is_failing("open", name))
        fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
    if (fd < 0)
        return lw_err_sys(err, LW_IO, errno, "cannot make file %s", name);
    int rc = write_all(fd, name, bytes, len);
    int why = errno;
    if (close(fd) < 0 && rc == 0) {
        rc = -1;
        why = errno;
    }
    if (rc == 0)
        return 0;
    unlinkat(dir, name, 0);
    return lw_err_sys(err, LW_IO, why, "cannot write %zu bytes to %s", len, name);
}

int durable_file_replace(
    int dir, const char *name, const void *bytes, size_t len, struct lw_err *err)
{
    char temporary[NAME_BYTES];
    snprintf(temporary, sizeof temporary, "%s" DURABLE_TEMPORARY, name);
    unlinkat(dir, temporary, 0); /* of one who was killed meanwhile */
    if (durable_file_write(dir, temporary, bytes, len, err) < 0)
        return -1;
    if (is_failing("rename", name) || renameat(dir, temporary, dir, name) < 0) {
        int why = errno;
        unlinkat(dir, temporary, 0);
        return lw_err_sys(err, LW_IO, why, "cannot rename %s to %s", temporary, name);
    }
    return durable_dir_sync(dir, err);
}

int durable_rename(int dir, const char *from, const char *to, struct lw_err *err)
{
    if (is_failing("rename", to) || renameat(dir, from, dir, to) < 0)
        return lw_err_sys(err, LW_IO, errno, "cannot rename %s to %s", from, to);
    return durable_dir_sync(dir, err);
}

int durable_file_remove(int dir, const char *name, struct lw_err *err)
{
    if (is_failing("unlink", name) || (unlinkat(dir, name, 0) < 0 && errno != ENOENT))
        return lw_err_sys(err, LW_IO, errno, "cannot remove file %s", name);
    return 0;
}
