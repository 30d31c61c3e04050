/* Kinds of allocation without a binary. The text form of a heap profile has the runtime's frames
 * that the message leaves out, so the target itself can tell by which way into the allocator a site
 * goes:
 *
 *   a scrape ─► heap?debug=1 ─text─► (worker: callees of sites) ─► symbol?0x…+0x… ─names─► store
 *
 * That is the kind, never the type. It is dear for the target, whose world stops for a moment: so
 * it is asked seldom, one target at a time, and never one that is slow to answer as it is. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "engine/engine_priv.h"
#include "gotypes/gotypes.h"
#include "profile/stacks.h"

#define SITES_MAX        1024 /* the largest of a profile: more than a target has rows */
#define TEXT_BYTES_MAX   ((size_t)8 << 20)
#define NAMES_BYTES_MAX  ((size_t)256 << 10)
#define URL_BYTES_MAX    ((size_t)2048) /* what every server and middleware takes */
#define BASE_BYTES_MAX   ((size_t)1024) /* leaves room for some addresses in each */
#define WORD_BYTES       19             /* "+0x" and sixteen digits */
#define AGAIN_BLOCKS     10             /* base blocks between two rounds of a target */
#define AFTER_FAIL_TIMES 6              /* as long, after one that failed */

/* A place in the runtime that sites call. */
struct callee {
    uint64_t address;
    const char *kind; /* a constant; "" until its name was told, and for what is no way in */
};

/* Asks one target, once. The engine's while a fetch is under way, the worker's in between. */
struct kinds_round {
    struct loop_job job;
    struct engine *engine; /* outlives the round: engine_free waits for all jobs */
    bool is_with_worker;
    bool is_cancelled; /* while with the worker: whoever gets it back frees it */
    uint64_t target_id;
    uint64_t process;      /* the target's `restarts`: of another one nothing is learnt */
    struct config *config; /* a reference; owns request.job */
    struct scrape_request request;
    char *base; /* owned; the target's URL without "heap" */
    char *url;  /* owned; of the newest request */

    struct store_type_spec *sites; /* owned */
    struct profile_call *calls;    /* owned, with their addresses; one a site */
    size_t count;
    char *text; /* owned; the worker's input, and whether it was one */
    size_t text_len;
    struct engine_memory_source memory; /* the text says that, too; the address is owned */
    struct store_memory_look *look;     /* owned; what it says of the memory, or NULL */
    struct lw_err err;
    struct callee *callees; /* owned; by address, unique */
    size_t callee_count;
    size_t asked; /* callees whose names were asked for */
};

static void round_free(struct kinds_round *round)
{
    for (size_t i = 0; i < round->count; i++)
        free((uint64_t *)round->calls[i].addresses);
    free(round->calls);
    free(round->sites);
    free(round->callees);
    free((char *)round->memory.address);
    free(round->look);
    free(round->base);
    free(round->url);
    free(round->text);
    config_unref(&round->config);
    free(round);
}

static void end(struct kinds_round *round)
{
    round->engine->kinds = NULL;
    round_free(round);
}

static void set_due(const struct kinds_round *round, int times)
{
    struct engine *engine = round->engine;
    int64_t wait_ns = engine->config->trend.base_block_ns * AGAIN_BLOCKS * times;
    store_set_kinds_due(
        engine->store, round->target_id, lw_mono_add(loop_now(engine->loop), wait_ns));
}

/* No trouble: the sites stay without a kind. */
static void fail(struct kinds_round *round, const struct lw_err *err)
{
    lw_debug("types", "no kinds of allocation: %s: %s", round->url, err->msg);
    set_due(round, AFTER_FAIL_TIMES);
    end(round);
}

/* Fetches a URL, which is taken over, as a scrape would. */
static void fetch(struct kinds_round *round, char *url, size_t limit_bytes,
    void (*done)(struct scrape_request *, const struct lw_err *, char *, size_t))
{
    struct scrape_fetcher *fetcher = round->engine->fetcher;
    const struct config_job *job = round->request.job;
    size_t job_limit = (size_t)job->compressed_size_limit_bytes;
    free(round->url);
    round->url = url;
    round->request = (struct scrape_request){
        .url = url,
        .job = job,
        .timeout_ns = job->scrape_timeout_ns,
        .limit_bytes = limit_bytes < job_limit ? limit_bytes : job_limit,
        .done = done,
        .ctx = round,
    };
    fetcher->start(fetcher, &round->request);
}

/* ---- names, and what they mean ---- */

static const char *kind_of(const char *function)
{
    enum gotypes_kind kind;
    return gotypes_kind_of_callee(function, &kind) ? gotypes_kind_word(kind) : "";
}

static int by_address(const void *a, const void *b)
{
    const struct callee *x = a, *y = b;
    return (x->address > y->address) - (x->address < y->address);
}

static struct callee *find_callee(const struct kinds_round *round, uint64_t address)
{
    struct callee key = {.address = address};
    return bsearch(&key, round->callees, round->callee_count, sizeof key, by_address);
}

/* What has no kind is told, too: it need not be asked again. */
static void learn(struct kinds_round *round)
{
    struct store *store = round->engine->store;
    const struct store_target *target = store_target_find(store, round->target_id);
    if (!target || target->restarts != round->process)
        return;
    for (size_t i = 0; i < round->count; i++) {
        struct store_type_spec *site = &round->sites[i];
        const struct callee *callee = find_callee(round, round->calls[i].callee);
        if (!site->kind[0] && callee)
            site->kind = callee->kind;
        site->unresolved = target->build_error;
    }
    store_learn_kinds(store, target->id, round->sites, round->count);
}

static void take_name(void *ctx, uint64_t address, const char *name)
{
    struct callee *callee = find_callee(ctx, address);
    if (callee)
        callee->kind = kind_of(name);
}

static void ask_names(struct kinds_round *round);

static void got_names(
    struct scrape_request *request, const struct lw_err *err, char *body, size_t len)
{
    struct kinds_round *round = request->ctx;
    struct lw_err malformed;
    if (err->code != LW_OK)
        fail(round, err);
    else if (profile_names_each(body, len, take_name, round, &malformed) < 0)
        fail(round, &malformed);
    else
        ask_names(round);
    free(body);
}

/* By GET and in batches, because POST is refused since Go 1.23. */
static void ask_names(struct kinds_round *round)
{
    if (round->asked == round->callee_count) {
        learn(round);
        end(round);
        return;
    }
    struct lw_strbuf url;
    lw_strbuf_init(&url, URL_BYTES_MAX);
    lw_strbuf_addf(&url, "%ssymbol", round->base);
    for (char mark = '?';
         round->asked < round->callee_count && url.len + WORD_BYTES < URL_BYTES_MAX; mark = '+')
        lw_strbuf_addf(
            &url, "%c0x%llx", mark, (unsigned long long)round->callees[round->asked++].address);
    fetch(round, lw_strbuf_take(&url, NULL), NAMES_BYTES_MAX, got_names);
}

/* ---- the text, through a worker ---- */

static void collect_callees(struct kinds_round *round)
{
    struct callee *list = lw_new(round->count, sizeof *list);
    size_t count = 0, unique = 0;
    for (size_t i = 0; i < round->count; i++) {
        if (round->calls[i].callee)
            list[count++] = (struct callee){round->calls[i].callee, ""};
    }
    qsort(list, count, sizeof *list, by_address);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || list[i].address != list[i - 1].address)
            list[unique++] = list[i];
    }
    round->callees = list;
    round->callee_count = unique;
}

static void run(struct loop_job *job)
{
    struct kinds_round *round = (struct kinds_round *)job;
    lw_err_clear(&round->err);
    if (profile_calls_find(round->text, round->text_len, round->calls, round->count, &round->err) ==
        0)
        collect_callees(round);
    struct lw_err ignored; /* the memory is asked for again by itself */
    round->memory.text = round->text;
    round->memory.len = round->text_len;
    round->look = engine_memory_read(&round->memory, &ignored);
}

/* The text that was fetched for the kinds spares the target the round for its memory. */
static void share_memory(struct kinds_round *round)
{
    struct engine *engine = round->engine;
    const struct store_target *target = store_target_find(engine->store, round->target_id);
    int64_t interval_ns = round->request.job->memory_interval_ns;
    if (!round->look || !interval_ns || !target || target->restarts != round->process)
        return;
    store_learn_memory(engine->store, target->id, round->look);
    store_set_memory_due(
        engine->store, target->id, lw_mono_add(loop_now(engine->loop), interval_ns));
}

static void done(struct loop_job *job)
{
    struct kinds_round *round = (struct kinds_round *)job;
    round->is_with_worker = false;
    free(round->text);
    round->text = NULL;
    if (!round->is_cancelled)
        share_memory(round);
    if (round->is_cancelled)
        round_free(round);
    else if (round->err.code != LW_OK)
        fail(round, &round->err);
    else
        ask_names(round);
}

static void got_text(
    struct scrape_request *request, const struct lw_err *err, char *body, size_t len)
{
    struct kinds_round *round = request->ctx;
    struct lw_err busy;
    if (err->code != LW_OK) {
        fail(round, err);
        return;
    }
    round->text = body;
    round->text_len = len;
    round->job = (struct loop_job){.run = run, .done = done};
    if (loop_job_submit(round->engine->loop, &round->job, &busy) < 0)
        fail(round, &busy);
    else
        round->is_with_worker = true;
}

/* ---- a round ---- */

static void add_site(struct kinds_round *round, const struct profile_site *site)
{
    size_t skip = site->leaf_location; /* the runtime's own frames */
    size_t depth = site->address_count - skip;
    uint64_t *addresses = lw_new(depth, sizeof *addresses);
    memcpy(addresses, site->addresses + skip, depth * sizeof *addresses);
    round->calls[round->count] = (struct profile_call){.addresses = addresses, .depth = depth};
    round->sites[round->count++] = (struct store_type_spec){
        .site_id = site->id,
        .name = "",
        /* A way into the allocator can be the leaf itself, under a name that is not the runtime's:
         * reflect.unsafe_New. */
        .kind = kind_of(site->frames[site->leaf]->function),
        .import_path = "",
        .module = "",
        .version = "",
    };
}

static void add_unknown_sites(
    struct kinds_round *round, const struct store_target *target, const struct profile *profile)
{
    size_t most = profile->site_count < SITES_MAX ? profile->site_count : SITES_MAX;
    round->sites = lw_new(most, sizeof *round->sites);
    round->calls = lw_new(most, sizeof *round->calls);
    for (size_t i = 0; i < most; i++) {
        const struct profile_site *site = &profile->sites[i];
        if (store_kind_of(target, site->id))
            continue;
        site = profile_site_whole(profile, site);
        if (site && site->leaf_location < site->address_count)
            add_site(round, site);
    }
}

/* Also keeps the memory from being asked for while this text is on its way. */
static void set_memory_source(
    struct kinds_round *round, const struct store_target *target, const struct profile *profile)
{
    struct engine *engine = round->engine;
    round->memory = (struct engine_memory_source){
        .address = lw_strdup(lw_labels_get(target->discovered, "__address__")),
        .at = loop_wall_now(engine->loop),
        .ask_host = engine->config->binaries.proc && !loop_is_virtual(engine->loop),
    };
    if (profile->mapping_count) {
        round->memory.mapping_start = profile->mappings[0].start;
        round->memory.mapping_limit = profile->mappings[0].limit;
    }
    store_set_memory_due(engine->store, target->id,
        lw_mono_add(loop_now(engine->loop), round->request.job->scrape_timeout_ns));
}

/* Whether it is time, and no burden: never after a scrape that took more than half its timeout. */
static bool may_ask(const struct engine *engine, const struct store_target *target)
{
    return engine->binaries && !engine->kinds && !target->build && target->build_error[0] &&
           target->health == STORE_UP && target->last_duration_ns <= target->timeout_ns / 2 &&
           lw_mono_sub(target->kinds_due, loop_now(engine->loop)) <= 0;
}

void engine_ask_kinds(
    struct engine *engine, const struct store_target *target, const struct profile *profile)
{
    const struct config_job *job = engine_job_find(engine, target->job_name);
    size_t base_len = strlen(target->url) - strlen("heap");
    if (!job || base_len > BASE_BYTES_MAX || !may_ask(engine, target))
        return;
    struct kinds_round *round = LW_NEW(struct kinds_round);
    round->engine = engine;
    round->target_id = target->id;
    round->process = target->restarts;
    round->config = config_ref(engine->config);
    round->request.job = job;
    round->base = lw_strndup(target->url, base_len);
    add_unknown_sites(round, target, profile);
    if (round->count == 0) {
        round_free(round);
        return;
    }
    engine->kinds = round;
    set_due(round, 1);
    set_memory_source(round, target, profile);
    struct lw_strbuf url;
    lw_strbuf_init(&url, URL_BYTES_MAX);
    lw_strbuf_addf(&url, "%sheap?debug=1", round->base);
    fetch(round, lw_strbuf_take(&url, NULL), TEXT_BYTES_MAX, got_text);
}

void engine_kinds_stop(struct engine *engine)
{
    struct kinds_round *round = engine->kinds;
    if (!round)
        return;
    engine->kinds = NULL;
    if (round->is_with_worker) {
        round->is_cancelled = true;
        return;
    }
    engine->fetcher->cancel(engine->fetcher, &round->request);
    round_free(round);
}
