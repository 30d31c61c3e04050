/* An exposition is written in steps of a few ms each at 10,000 targets, with the loop's other work
 * between them. What one family says is of one moment. */
#include "metrics/metrics.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "metrics/families.h"

struct exposition {
    struct http_stream *stream; /* NULL: not for a server */
    struct loop_timer timer;    /* the next step's */
    struct lw_strbuf text;
    struct expo expo;
    struct families families;
    uint64_t target_sets; /* that the labels are of */
    size_t part, step;    /* what is next */
    bool is_written;
};

static struct exposition *exposition_new(const struct metrics_view *view, const char *accept)
{
    struct exposition *x = LW_NEW(struct exposition);
    lw_strbuf_init(&x->text, EXPOSITION_BYTES_MAX);
    expo_init(&x->expo, expo_negotiate(accept), &x->text);
    x->families.view = view;
    labels_init(&x->families.targets);
    families_daemon(&x->expo, view);
    families_process(&x->expo);
    return x;
}

static void exposition_free(struct exposition *x)
{
    if (!x->is_written)
        expo_finish(&x->expo);
    lw_strbuf_fini(&x->text);
    labels_fini(&x->families.targets);
    free(x);
}

static void label_targets(struct exposition *x)
{
    const struct store *store = x->families.view->store;
    labels_fini(&x->families.targets);
    labels_init(&x->families.targets);
    families_label_targets(&x->families.targets, store);
    x->target_sets = store_stats(store)->target_sets;
}

/* The next step; false: there is none left. Targets that came or went between two steps are in the
 * families that follow, or not. */
static bool advance(struct exposition *x)
{
    static bool (*const parts[])(struct expo *, const struct families *, size_t) = {
        families_targets_step, families_outlook_step, families_rows_step};
    bool is_first = x->part == 0 && x->step == 0;
    if (is_first || x->target_sets != store_stats(x->families.view->store)->target_sets)
        label_targets(x);
    for (; x->part < sizeof parts / sizeof *parts; x->part++) {
        if (parts[x->part](&x->expo, &x->families, x->step++))
            return true;
        x->step = 0;
    }
    return false;
}

static void take_response(struct exposition *x, struct http_response *response)
{
    expo_finish(&x->expo);
    x->is_written = true;
    size_t len = 0;
    char *body = lw_strbuf_take(&x->text, &len);
    if (!body) {
        http_response_text(response, 503,
            "the metrics are larger than %zu bytes: lower "
            "metrics.sites_total\n",
            EXPOSITION_BYTES_MAX);
        return;
    }
    response->status = 200;
    response->content_type = expo_content_type(x->expo.format);
    response->body = body;
    response->len = len;
    http_response_header(response, "Vary", "Accept, Accept-Encoding");
}

static void answer_at_once(
    void *ctx, const struct http_request *request, struct http_response *response)
{
    struct exposition *x = exposition_new(ctx, request->accept);
    while (advance(x))
        ;
    take_response(x, response);
    exposition_free(x);
}

/* ---- for a server ---- */

static void go_on(void *ctx)
{
    struct exposition *x = ctx;
    struct loop *loop = x->families.view->loop;
    if (advance(x)) {
        loop_timer_arm(loop, &x->timer, loop_now(loop));
        return;
    }
    struct http_response response = {0};
    take_response(x, &response);
    http_stream_answer(x->stream, &response);
}

static void *begin(void *ctx, struct http_stream *stream, const struct http_request *request)
{
    struct exposition *x = exposition_new(ctx, request->accept);
    x->stream = stream;
    x->timer = (struct loop_timer){.fire = go_on, .ctx = x};
    return x;
}

static void take(void *state, const char *bytes, size_t len)
{
    (void)state;
    (void)bytes;
    (void)len; /* a GET has no body worth reading */
}

static void end(void *state)
{
    struct exposition *x = state;
    struct loop *loop = x->families.view->loop;
    loop_timer_arm(loop, &x->timer, loop_now(loop));
}

static void leave(void *state)
{
    struct exposition *x = state;
    loop_timer_disarm(x->families.view->loop, &x->timer);
    exposition_free(x);
}

void metrics_routes_add(struct http_router *router, const struct metrics_view *view)
{
    static const struct http_stream_handler handler = {
        .begin = begin, .take = take, .end = end, .close = leave, .at_once = answer_at_once};
    http_router_add_stream(router, "GET", "/metrics", &handler, (void *)view);
}
