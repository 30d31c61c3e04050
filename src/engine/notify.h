/* What systemd is told (sd_notify(3)); nothing where there is no systemd. */
#ifndef LW_ENGINE_NOTIFY_H
#define LW_ENGINE_NOTIFY_H

#include "loop/loop.h"

struct notify;

/* Says READY=1, and WATCHDOG=1 from the loop at half the interval that systemd asks for: a loop
 * that hangs stops saying so. */
struct notify *notify_new(struct loop *loop);

/* RELOADING=1 with its time, then READY=1 with a status line, around a reload. */
void notify_reloading(struct notify *notify);
void notify_reloaded(struct notify *notify, const char *status);

/* Says STOPPING=1. Clears *notify; NULL is a no-op. */
void notify_free(struct notify **notify);

#endif
