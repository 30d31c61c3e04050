/* inotify on directories. Files of targets are replaced by rename, so it is the directory that must
 * be watched, not the file. */
#ifndef LW_DISCOVERY_WATCH_H
#define LW_DISCOVERY_WATCH_H

#include <stdbool.h>

#include "base/err.h"

struct discovery_watch;

/* NULL on error (LW_IO). */
struct discovery_watch *discovery_watch_new(struct lw_err *err) LW_MUST_CHECK;

/* Clears *watch; NULL is a no-op. */
void discovery_watch_free(struct discovery_watch **watch);

/* Becomes readable when something happened. */
int discovery_watch_fd(const struct discovery_watch *watch);

/* Watches a directory, or goes on watching it; the same directory gives the same id. -1 on error.
 */
int discovery_watch_add(
    struct discovery_watch *watch, const char *dir, struct lw_err *err) LW_MUST_CHECK;

/* The next directory in which a file was written, moved or deleted, or -1 when some events were
 * lost and any may have changed. False when there are no more for now. */
bool discovery_watch_next(struct discovery_watch *watch, int *id);

#endif
