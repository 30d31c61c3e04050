#include "engine/notify.h"

#include <stdlib.h>
#include <time.h>

#include "base/mem.h"

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#ifdef HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#else
#define sd_notify(unset, text)           ((void)(unset), (void)(text))
#define sd_notifyf(unset, fmt, ...)      ((void)(unset), (void)(fmt), (void)(__VA_ARGS__))
#define sd_watchdog_enabled(unset, usec) ((void)(unset), (void)(usec), 0)
#endif

struct notify {
    struct loop *loop;
    struct loop_timer watchdog;
    int64_t watchdog_ns; /* 0: systemd asks for none */
};

static void feed_watchdog(void *ctx)
{
    struct notify *notify = ctx;
    sd_notify(0, "WATCHDOG=1");
    loop_timer_arm(notify->loop, &notify->watchdog,
        lw_mono_add(loop_now(notify->loop), notify->watchdog_ns / 2));
}

struct notify *notify_new(struct loop *loop)
{
    struct notify *notify = LW_NEW(struct notify);
    notify->loop = loop;
    notify->watchdog.fire = feed_watchdog;
    notify->watchdog.ctx = notify;
    uint64_t usec = 0;
    if (sd_watchdog_enabled(0, &usec) > 0 && usec < INT64_MAX / 1000) {
        notify->watchdog_ns = (int64_t)usec * LW_NS_PER_US;
        feed_watchdog(notify);
    }
    sd_notify(0, "READY=1");
    return notify;
}

void notify_reloading(struct notify *notify)
{
    (void)notify;
    struct timespec now; /* systemd wants CLOCK_MONOTONIC, whatever the loop's clock is */
    clock_gettime(CLOCK_MONOTONIC, &now);
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld",
        (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
}

void notify_reloaded(struct notify *notify, const char *status)
{
    (void)notify;
    sd_notifyf(0, "READY=1\nSTATUS=%s", status);
}

void notify_free(struct notify **notify)
{
    if (!*notify)
        return;
    sd_notify(0, "STOPPING=1");
    loop_timer_disarm((*notify)->loop, &(*notify)->watchdog);
    free(*notify);
    *notify = NULL;
}
