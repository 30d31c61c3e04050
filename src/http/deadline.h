/* How long a client may take to send its request. libmicrohttpd times only silence: a client that
 * sends a byte every few seconds could hold its connection for days. Private to http/. */
#ifndef LW_HTTP_DEADLINE_H
#define LW_HTTP_DEADLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop/loop.h"

/* Each so many bytes of a body have a deadline of their own, because large ones take long: 546
 * bytes/s at the least. */
#define HTTP_BODY_STEP_BYTES ((size_t)16 << 10)

struct http_patience {
    int64_t head_ns; /* from the connection's start, or the end of its last request */
    int64_t body_ns; /* for each HTTP_BODY_STEP_BYTES, or the less that is left */
};

/* One per connection; lives in its owner. All borrowed. */
struct http_deadline {
    struct loop *loop;
    const struct http_patience *patience;
    int fd; /* the connection's: shut down, both ways, when the time is over; not closed */
    struct loop_timer timer;
    size_t step_bytes; /* of the body, that came of this step */
    bool is_paused;
    int64_t left_ns; /* when it was paused */
};

void http_deadline_init(struct http_deadline *deadline, struct loop *loop,
    const struct http_patience *patience, int fd);

/* From now on the client has to send the head of a request, or a body. */
void http_deadline_await_head(struct http_deadline *deadline);
void http_deadline_await_body(struct http_deadline *deadline);

/* A piece of the body came. */
void http_deadline_take(struct http_deadline *deadline, size_t len);

/* While the server does not read. Resuming leaves the client the time it had left: one that is held
 * back after each byte does not get all of it anew. */
void http_deadline_pause(struct http_deadline *deadline);
void http_deadline_resume(struct http_deadline *deadline);

/* All of the request came; also the last call, before fd is closed. */
void http_deadline_stop(struct http_deadline *deadline);

#endif
