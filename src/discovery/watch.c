#include "discovery/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/mem.h"

/* What ends a change. IN_CREATE and IN_MODIFY are not among it: a file that is just being written
 * would be read half-done. Links, which are whole at once but only created, wait for the next
 * refresh. */
#define EVENTS \
    (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF)

struct discovery_watch {
    int fd;
    size_t at, len; /* what of the buffer has not been handed on */
    _Alignas(struct inotify_event) char buffer[4096];
};

struct discovery_watch *discovery_watch_new(struct lw_err *err)
{
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (fd < 0) {
        lw_err_sys(err, LW_IO, errno, "cannot make an inotify instance");
        return NULL;
    }
    struct discovery_watch *watch = LW_NEW(struct discovery_watch);
    watch->fd = fd;
    return watch;
}

void discovery_watch_free(struct discovery_watch **watch)
{
    if (!*watch)
        return;
    close((*watch)->fd);
    free(*watch);
    *watch = NULL;
}

int discovery_watch_fd(const struct discovery_watch *watch)
{
    return watch->fd;
}

int discovery_watch_add(struct discovery_watch *watch, const char *dir, struct lw_err *err)
{
    int id = inotify_add_watch(watch->fd, dir, EVENTS | IN_ONLYDIR);
    if (id < 0)
        return lw_err_sys(err, LW_IO, errno, "cannot watch directory %s", dir);
    return id;
}

bool discovery_watch_next(struct discovery_watch *watch, int *id)
{
    if (watch->at == watch->len) {
        ssize_t n = read(watch->fd, watch->buffer, sizeof watch->buffer);
        if (n <= 0)
            return false;
        watch->at = 0;
        watch->len = (size_t)n;
    }
    struct inotify_event event; /* the kernel hands over whole events only */
    memcpy(&event, watch->buffer + watch->at, sizeof event);
    watch->at += sizeof event + event.len;
    *id = event.wd;
    return true;
}
