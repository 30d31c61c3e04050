#include "scrape/multi.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "base/log.h"
#include "base/mem.h"

struct scrape_multi {
    struct loop *loop; /* borrowed */
    CURLM *curl;       /* owned */
    struct loop_timer timer;
    void (*ended)(void *owner, CURLcode result);
};

/* One socket libcurl wants watched: made when it first names it, freed when it lets go of it. */
struct watch {
    struct scrape_multi *multi;
    curl_socket_t socket;
    struct loop_fd *fd;
};

/* Tells the owners of finished transfers. An owner may add and remove transfers meanwhile: a
 * message is copied before it is told, and libcurl withdraws the messages of what is removed. */
static void report_ended(struct scrape_multi *multi)
{
    const CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(multi->curl, &left))) {
        CURLcode result = message->data.result;
        void *owner = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &owner);
        multi->ended(owner, result);
    }
}

static void act(struct scrape_multi *multi, curl_socket_t socket, int events)
{
    int running;
    CURLMcode rc = curl_multi_socket_action(multi->curl, socket, events, &running);
    /* What fails here is our use of libcurl, never a transfer: those fail one by one, by message.
     */
    if (rc != CURLM_OK)
        lw_error("scrape", "libcurl: %s", curl_multi_strerror(rc));
    report_ended(multi);
}

static void socket_ready(void *ctx, uint32_t events)
{
    struct watch *watch = ctx;
    int ready = 0;
    /* An error or a hang-up counts as readable: the read then gives libcurl the reason. */
    if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
        ready |= CURL_CSELECT_IN;
    if (events & EPOLLOUT)
        ready |= CURL_CSELECT_OUT;
    act(watch->multi, watch->socket, ready);
}

static void timer_fired(void *ctx)
{
    act(ctx, CURL_SOCKET_TIMEOUT, 0);
}

static uint32_t epoll_events(int what)
{
    switch (what) {
    case CURL_POLL_IN:
        return EPOLLIN;
    case CURL_POLL_OUT:
        return EPOLLOUT;
    case CURL_POLL_INOUT:
        return EPOLLIN | EPOLLOUT;
    default:
        return 0;
    }
}

static int watch_socket(struct scrape_multi *multi, struct watch *watch, curl_socket_t socket,
    int what, struct lw_err *err)
{
    if (watch)
        return loop_fd_change(multi->loop, watch->fd, epoll_events(what), err);
    watch = LW_NEW(struct watch);
    *watch = (struct watch){.multi = multi, .socket = socket};
    watch->fd = loop_fd_add(multi->loop, socket, epoll_events(what), socket_ready, watch, err);
    if (!watch->fd) {
        free(watch);
        return -1;
    }
    curl_multi_assign(multi->curl, socket, watch);
    return 0;
}

static void unwatch_socket(struct scrape_multi *multi, struct watch *watch, curl_socket_t socket)
{
    if (!watch)
        return;
    curl_multi_assign(multi->curl, socket, NULL);
    loop_fd_remove(multi->loop, &watch->fd);
    free(watch);
}

/* CURLMOPT_SOCKETFUNCTION. Any result but 0 would end all transfers of the multi for good, so a
 * socket that cannot be watched is logged here and its one transfer left to run into its deadline.
 */
static int socket_wanted(CURL *easy, curl_socket_t socket, int what, void *ctx, void *assigned)
{
    struct scrape_multi *multi = ctx;
    (void)easy;
    struct lw_err err;
    if (what == CURL_POLL_REMOVE)
        unwatch_socket(multi, assigned, socket);
    else if (watch_socket(multi, assigned, socket, what, &err) < 0)
        lw_warn("scrape", "a connection to a target stalls: %s", err.msg);
    return 0;
}

/* CURLMOPT_TIMERFUNCTION */
static int timer_wanted(CURLM *curl, long timeout_ms, void *ctx)
{
    struct scrape_multi *multi = ctx;
    (void)curl;
    if (timeout_ms < 0)
        loop_timer_disarm(multi->loop, &multi->timer);
    else
        loop_timer_arm(multi->loop, &multi->timer,
            lw_mono_add(loop_now(multi->loop), timeout_ms * LW_NS_PER_MS));
    return 0;
}

static int set_options(struct scrape_multi *multi, long kept_connections)
{
    int rc = CURLM_OK;
    rc |= curl_multi_setopt(multi->curl, CURLMOPT_SOCKETFUNCTION, socket_wanted);
    rc |= curl_multi_setopt(multi->curl, CURLMOPT_SOCKETDATA, multi);
    rc |= curl_multi_setopt(multi->curl, CURLMOPT_TIMERFUNCTION, timer_wanted);
    rc |= curl_multi_setopt(multi->curl, CURLMOPT_TIMERDATA, multi);
    rc |= curl_multi_setopt(multi->curl, CURLMOPT_MAXCONNECTS, kept_connections);
    return rc;
}

struct scrape_multi *scrape_multi_new(struct loop *loop, long kept_connections,
    void (*ended)(void *owner, CURLcode result), struct lw_err *err)
{
    struct scrape_multi *multi = LW_NEW(struct scrape_multi);
    *multi = (struct scrape_multi){.loop = loop, .ended = ended, .curl = curl_multi_init()};
    multi->timer = (struct loop_timer){.fire = timer_fired, .ctx = multi};
    if (!multi->curl || set_options(multi, kept_connections) != CURLM_OK) {
        lw_err_set(err, LW_INTERNAL, "cannot set up libcurl's multi interface");
        scrape_multi_free(&multi);
    }
    return multi;
}

void scrape_multi_free(struct scrape_multi **multi)
{
    struct scrape_multi *m = *multi;
    if (!m)
        return;
    curl_multi_cleanup(m->curl);
    loop_timer_disarm(m->loop, &m->timer); /* the cleanup may have armed it once more */
    free(m);
    *multi = NULL;
}

int scrape_multi_add(struct scrape_multi *multi, CURL *easy, struct lw_err *err)
{
    CURLMcode rc = curl_multi_add_handle(multi->curl, easy);
    if (rc != CURLM_OK)
        return lw_err_set(err, LW_INTERNAL, "libcurl: %s", curl_multi_strerror(rc));
    return 0;
}

void scrape_multi_remove(struct scrape_multi *multi, CURL *easy)
{
    CURLMcode rc = curl_multi_remove_handle(multi->curl, easy);
    assert(rc == CURLM_OK); /* it fails only when called from within libcurl's own callbacks */
}
