#include "http/deadline.h"

#include <sys/socket.h>

#include "base/log.h"

/* libmicrohttpd sees the end of the connection, and closes it as if the client had gone. */
static void hang_up(void *ctx)
{
    const struct http_deadline *deadline = ctx;
    lw_debug("http", "hung up on a client that sends its request too slowly");
    (void)shutdown(deadline->fd, SHUT_RDWR); /* fails when the client has gone already */
}

void http_deadline_init(
    struct http_deadline *deadline, struct loop *loop, const struct http_patience *patience, int fd)
{
    *deadline = (struct http_deadline){
        .loop = loop, .patience = patience, .fd = fd, .timer = {.fire = hang_up, .ctx = deadline}};
}

static void arm(struct http_deadline *deadline, int64_t ns)
{
    deadline->is_paused = false;
    loop_timer_arm(deadline->loop, &deadline->timer, lw_mono_add(loop_now(deadline->loop), ns));
}

void http_deadline_await_head(struct http_deadline *deadline)
{
    arm(deadline, deadline->patience->head_ns);
}

void http_deadline_await_body(struct http_deadline *deadline)
{
    deadline->step_bytes = 0;
    arm(deadline, deadline->patience->body_ns);
}

void http_deadline_take(struct http_deadline *deadline, size_t len)
{
    deadline->step_bytes += len;
    if (deadline->step_bytes >= HTTP_BODY_STEP_BYTES)
        http_deadline_await_body(deadline);
}

void http_deadline_pause(struct http_deadline *deadline)
{
    if (deadline->is_paused)
        return;
    int64_t left_ns = lw_mono_sub(deadline->timer.due, loop_now(deadline->loop));
    deadline->left_ns = left_ns > 0 ? left_ns : 0;
    deadline->is_paused = true;
    loop_timer_disarm(deadline->loop, &deadline->timer);
}

void http_deadline_resume(struct http_deadline *deadline)
{
    if (deadline->is_paused)
        arm(deadline, deadline->left_ns);
}

void http_deadline_stop(struct http_deadline *deadline)
{
    deadline->is_paused = false;
    loop_timer_disarm(deadline->loop, &deadline->timer);
}
