#include "binaries/download.h"

#include <stddef.h>

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#ifdef HAVE_DEBUGINFOD

#include <elfutils/debuginfod.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define DOWNLOAD_S 120

struct progress {
    time_t end_s; /* on the monotonic clock */
    const atomic_bool *stop;
};

static time_t now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

/* The library asks several times a second whether to go on. */
static int check_progress(debuginfod_client *client, long done, long all)
{
    (void)done;
    (void)all;
    const struct progress *progress = debuginfod_get_user_data(client);
    return atomic_load(progress->stop) || now_s() > progress->end_s;
}

static int explain(int code, const char *build_id, struct lw_err *err)
{
    switch (-code) {
    case ENOSYS:
        return lw_err_set(
            err, LW_INVALID, "debuginfod: the environment has no servers in DEBUGINFOD_URLS");
    case ENOENT:
        return lw_err_set(err, LW_NOT_FOUND, "debuginfod has no %s", build_id);
    case EINTR:
    case ETIME:
        return lw_err_set(
            err, LW_TIMEOUT, "debuginfod did not send %s within %d s", build_id, DOWNLOAD_S);
    default:
        return lw_err_sys(err, LW_IO, -code, "debuginfod does not give %s", build_id);
    }
}

void binaries_download_init(const char *storage_path)
{
    char path[4096];
    int len = snprintf(path, sizeof path, "%s/debuginfod", storage_path);
    if (len > 0 && (size_t)len < sizeof path)
        (void)setenv("DEBUGINFOD_CACHE_PATH", path, 0); /* without it, the library's own place */
}

char *binaries_download(const char *build_id, const atomic_bool *stop, struct lw_err *err)
{
    debuginfod_client *client = debuginfod_begin();
    if (!client) {
        lw_err_set(err, LW_NO_MEMORY, "libdebuginfod does not start");
        return NULL;
    }
    struct progress progress = {now_s() + DOWNLOAD_S, stop};
    debuginfod_set_user_data(client, &progress);
    debuginfod_set_progressfn(client, check_progress);
    char *path = NULL;
    /* A length of 0 says that the id is hex. */
    int fd = debuginfod_find_executable(client, (const unsigned char *)build_id, 0, &path);
    debuginfod_end(client);
    if (fd < 0) {
        explain(fd, build_id, err);
        return NULL;
    }
    close(fd);
    return path;
}

#else

void binaries_download_init(const char *storage_path)
{
    (void)storage_path;
}

char *binaries_download(const char *build_id, const atomic_bool *stop, struct lw_err *err)
{
    (void)build_id;
    (void)stop;
    lw_err_set(err, LW_INVALID,
        "debuginfod is not compiled in: install libdebuginfod-dev and build with "
        "--with-debuginfod");
    return NULL;
}

#endif
