#include "fetch_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dlfcn.h>
#include <netdb.h>
#include <semaphore.h>
#include <unistd.h>

#include "base/mem.h"

#define STUCK_S 120 /* SIGALRM ends a test program that hangs */

/* ---- a resolver without a network: libcurl's calls of getaddrinfo end up here ---- */

static sem_t resolver_may_go_on;

int getaddrinfo(const char *restrict node, const char *restrict service,
    const struct addrinfo *restrict hints, struct addrinfo **restrict found)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    if (node && strcmp(node, "missing.test") == 0)
        return EAI_NONAME;
    if (node && strcmp(node, "hanging.test") == 0) {
        sem_wait(&resolver_may_go_on);
        return EAI_NONAME;
    }
    bool is_here = node && strncmp(node, "host-", 5) == 0;
    return real(is_here ? "127.0.0.1" : node, service, hints, found);
}

int world_resolver_init(void **state)
{
    (void)state;
    return sem_init(&resolver_may_go_on, 0, 0);
}

void world_resolver_go_on(void)
{
    sem_post(&resolver_may_go_on);
}

/* ---- a small world ---- */

void world_replace_fetcher(struct world *w, int transfers_max, size_t budget_bytes)
{
    struct lw_err err;
    if (w->fetcher)
        w->fetcher->free(w->fetcher);
    w->fetcher = scrape_fetcher_new_curl(w->loop, transfers_max, budget_bytes, &err);
    assert_non_null(w->fetcher);
}

int world_set_up(void **state)
{
    struct world *w = LW_NEW(struct world);
    struct lw_err err;
    w->server = hostile_new();
    w->loop = loop_new(1, 1, &err);
    assert_non_null(w->loop);
    w->job.job_name = (char[]){"fleet"};
    world_replace_fetcher(w, TRANSFERS_MAX, BUDGET_BYTES);
    alarm(STUCK_S);
    *state = w;
    return 0;
}

int world_tear_down(void **state)
{
    struct world *w = *state;
    alarm(0);
    for (int i = 0; i < BATCH_MAX; i++)
        free(w->answers[i].body);
    w->fetcher->free(w->fetcher);
    loop_free(&w->loop);
    hostile_free(&w->server);
    free(w);
    return 0;
}

void world_done(struct scrape_request *request, const struct lw_err *err, char *body, size_t len)
{
    struct answer *answer = request->ctx;
    struct world *w = answer->world;
    assert_false(w->in_call);
    assert_false(answer->ended);
    assert_int_equal(err->code == LW_OK, body != NULL);
    answer->ended = true;
    answer->err = *err;
    answer->body = body;
    answer->len = len;
    if (--w->awaited == 0)
        loop_stop(w->loop);
}

struct answer *world_start_url(struct world *w, int i, const char *url, int64_t timeout_ns)
{
    struct answer *a = &w->answers[i];
    free(a->body);
    *a = (struct answer){.world = w};
    snprintf(a->url, sizeof a->url, "%s", url);
    a->request = (struct scrape_request){.url = a->url, .job = &w->job, .timeout_ns = timeout_ns};
    a->request.limit_bytes = LIMIT_BYTES;
    a->request.done = world_done;
    a->request.ctx = a;
    w->in_call = true;
    w->fetcher->start(w->fetcher, &a->request);
    w->in_call = false;
    return a;
}

struct answer *world_start(struct world *w, int i, const char *path, int64_t timeout_ns)
{
    char url[256];
    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", hostile_port(w->server), path);
    return world_start_url(w, i, url, timeout_ns);
}

void world_cancel(struct world *w, struct answer *answer)
{
    w->in_call = true;
    w->fetcher->cancel(w->fetcher, &answer->request);
    w->in_call = false;
}

void world_await(struct world *w, int count)
{
    w->awaited = count;
    loop_run(w->loop);
    assert_true(w->awaited <= 0);
}

struct answer *world_get_url(struct world *w, const char *url, int64_t timeout_ns)
{
    struct answer *a = world_start_url(w, 0, url, timeout_ns);
    world_await(w, 1);
    return a;
}

struct answer *world_get(struct world *w, const char *path, int64_t timeout_ns)
{
    struct answer *a = world_start(w, 0, path, timeout_ns);
    world_await(w, 1);
    return a;
}

void world_assert_contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in \"%s\"", part, text);
}

void world_assert_body(const struct answer *a, const char *body)
{
    assert_string_equal(a->err.msg, "");
    assert_int_equal(a->err.code, LW_OK);
    assert_int_equal(a->len, strlen(body));
    assert_memory_equal(a->body, body, a->len);
}

void world_assert_fails(const struct answer *a, enum lw_code code, const char *part)
{
    assert_string_equal(lw_code_word(a->err.code), lw_code_word(code));
    world_assert_contains(a->err.msg, part);
}

bool world_request_has(const struct answer *a, const char *text)
{
    assert_int_equal(a->err.code, LW_OK);
    return memmem(a->body, a->len, text, strlen(text)) != NULL;
}
