#include "world.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "profile_sketch.h"

#define LATENCY_NS   (20 * LW_NS_PER_MS)
#define PERIOD_BYTES 524288.0
#define OBJECT_BYTES 1024.0

/* Addresses in the processes: of each site, of its caller, of the runtime's function it calls, and
 * of what waits. */
#define LEAF_AT   ((uint64_t)0x401000)
#define ROOT_AT   ((uint64_t)0x409000)
#define CALLEE_AT ((uint64_t)0x480000)
#define PARK_AT   ((uint64_t)0x490000)

struct world_target *world_find(struct world *world, const char *address)
{
    for (size_t i = 0; i < world->target_count; i++) {
        if (strcmp(world->targets[i].address, address) == 0)
            return &world->targets[i];
    }
    return NULL;
}

struct world_target *world_add(struct world *world, const char *address)
{
    assert(world->target_count < WORLD_TARGETS_MAX);
    struct world_target *target = &world->targets[world->target_count++];
    snprintf(target->address, sizeof target->address, "%s", address);
    target->started = loop_now(world->loop);
    target->period_bytes = PERIOD_BYTES;
    target->seed = lw_hash_string(7, address);
    return target;
}

void world_deploy(struct world *world, struct world_target *target)
{
    target->started = loop_now(world->loop);
    target->site_count = 0;
    target->goroutine_count = 0;
}

struct world_site *world_add_site(struct world_target *target, const char *function)
{
    assert(target->site_count < WORLD_SITES_MAX);
    struct world_site *site = &target->sites[target->site_count++];
    *site = (struct world_site){0};
    snprintf(site->function, sizeof site->function, "%s", function);
    snprintf(site->callee, sizeof site->callee, "runtime.newobject");
    return site;
}

struct world_goroutines *world_add_goroutines(struct world_target *target, const char *function)
{
    assert(target->goroutine_count < WORLD_SITES_MAX);
    struct world_goroutines *goroutines = &target->goroutines[target->goroutine_count++];
    *goroutines = (struct world_goroutines){0};
    snprintf(goroutines->function, sizeof goroutines->function, "%s", function);
    return goroutines;
}

/* ---- what a site holds at a time, as Go's sampler sees it ---- */

/* Samples among `bytes` of small objects by a Poisson law of mean bytes / period, by its normal
 * approximation; the same key always gives the same number. */
static double sampled(uint64_t key, double bytes, double period_bytes)
{
    double mean = bytes / period_bytes;
    double u = ((double)(lw_hash_u64(1, key) >> 11) + 0.5) * 0x1p-53;
    double v = ((double)(lw_hash_u64(2, key) >> 11) + 0.5) * 0x1p-53;
    double normal = sqrt(-2 * log(u)) * cos(2 * acos(-1) * v);
    double count = round(mean + normal * sqrt(mean));
    return count > 0 ? count * period_bytes : 0;
}

/* What is kept for ever is sampled once, when it is allocated: so minute by minute, and summed. */
static double leaked(const struct world_site *site, uint64_t key, double age_s, double period_bytes)
{
    double t = age_s - site->leak_after_s, sum = 0;
    for (double at = 0; at < t; at += 60) {
        double share = t - at < 60 ? (t - at) / 60 : 1;
        sum += sampled(lw_hash_u64(key, (uint64_t)(at / 60)), site->leak_bytes_per_s * 60,
                   period_bytes) *
               share;
    }
    return sum;
}

static double alive(const struct world_site *site, uint64_t key, double age_s, double period_bytes)
{
    double live = site->live_bytes;
    if (site->wave_period_s > 0)
        live += site->wave_bytes * sin(2 * acos(-1) * age_s / site->wave_period_s);
    /* What is alive turns over: minute by minute it is another sample of it. */
    return live > 0
               ? sampled(lw_hash_u64(key, 0x10000 + (uint64_t)(age_s / 60)), live, period_bytes)
               : 0;
}

/* The integral of the load 1 + (wave / live) sin(2 pi t / period) over the process' life: by
 * Little's law what is alive follows what is allocated. */
static double load_seconds(const struct world_site *site, double age_s)
{
    if (site->wave_period_s <= 0 || site->live_bytes <= 0)
        return age_s;
    double w = 2 * acos(-1) / site->wave_period_s;
    return age_s + site->wave_bytes / site->live_bytes * (1 - cos(w * age_s)) / w;
}

struct heap {
    double inuse_bytes;
    double alloc_bytes;
};

static struct heap heap_of(
    const struct world_target *target, const struct world_site *site, double age_s)
{
    uint64_t key = lw_hash_string(target->seed ^ (uint64_t)target->started.ns, site->function);
    double kept = leaked(site, key, age_s, target->period_bytes);
    struct heap h;
    /* Allocation only grows: what was kept, and the rest by its expectation. */
    h.alloc_bytes = site->start_bytes + site->live_bytes + site->wave_bytes + kept +
                    site->churn_bytes_per_s * load_seconds(site, age_s);
    if (site->cap_bytes > 0 && kept > site->cap_bytes)
        kept = site->cap_bytes;
    h.inuse_bytes = site->start_bytes + kept + alive(site, key, age_s, target->period_bytes);
    return h;
}

/* ---- the profile that says so ---- */

static void add_site(struct sketch *s, const struct world_target *target, size_t i, double age_s)
{
    const struct world_site *site = &target->sites[i];
    struct heap h = heap_of(target, site, age_s);
    uint64_t leaf = sketch_add_function(s, site->function, "/app/store.go", 0);
    uint64_t root = sketch_add_function(s, "main.main", "/app/main.go", 0);
    uint64_t stack[] = {
        sketch_add_location(s, LEAF_AT + 0x100 * i, leaf, 10 + (int64_t)i),
        sketch_add_location(s, ROOT_AT + 0x100 * i, root, 20),
        0,
    };
    struct profile_values values = {
        .alloc_objects = (int64_t)(h.alloc_bytes / OBJECT_BYTES),
        .alloc_bytes = (int64_t)h.alloc_bytes,
        .inuse_objects = (int64_t)(h.inuse_bytes / OBJECT_BYTES),
        .inuse_bytes = (int64_t)h.inuse_bytes,
    };
    sketch_add_sample(s, stack, values, (int64_t)OBJECT_BYTES);
}

static char *gzip(const unsigned char *raw, size_t raw_len, size_t *len)
{
    z_stream z = {.next_in = (Bytef *)raw, .avail_in = (uInt)raw_len};
    int rc = deflateInit2(&z, 1, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
    assert(rc == Z_OK);
    uLong most = deflateBound(&z, (uLong)raw_len);
    char *body = lw_new(most, 1);
    z.next_out = (Bytef *)body;
    z.avail_out = (uInt)most;
    rc = deflate(&z, Z_FINISH);
    assert(rc == Z_STREAM_END);
    *len = z.total_out;
    deflateEnd(&z);
    return body;
}

static char *pack(const struct sketch *s, size_t *len)
{
    size_t raw_len;
    unsigned char *raw = sketch_pack(s, &raw_len);
    char *body = gzip(raw, raw_len, len);
    free(raw);
    return body;
}

static char *goroutine_profile(const struct world_target *target, double age_s, size_t *len)
{
    struct sketch *s = LW_NEW(struct sketch);
    sketch_init(s);
    s->profile.n_sample_type = 0;
    sketch_add_type(s, "goroutine", "count");
    static const char runtime[] = "/go/src/runtime/proc.go";
    uint64_t park = sketch_add_function(s, "runtime.gopark", runtime, 0);
    uint64_t receive = sketch_add_function(s, "runtime.chanrecv", runtime, 0);
    park = sketch_add_location(s, PARK_AT, park, 400);
    receive = sketch_add_location(s, PARK_AT + 0x100, receive, 600);
    for (size_t i = 0; i < target->goroutine_count; i++) {
        const struct world_goroutines *g = &target->goroutines[i];
        uint64_t root = sketch_add_function(s, g->function, "/app/store.go", 0);
        uint64_t stack[] = {park, receive,
            sketch_add_location(s, PARK_AT + 0x1000 + 0x100 * i, root, 50 + (int64_t)i), 0};
        struct profile_values count = {
            .alloc_objects = (int64_t)(g->start + g->leak_per_s * age_s)};
        sketch_add_sample(s, stack, count, 0)->n_value = 1;
    }
    char *body = pack(s, len);
    free(s);
    return body;
}

static char *heap_profile(const struct world_target *target, double age_s, size_t *len)
{
    struct sketch *s = LW_NEW(struct sketch);
    sketch_init(s);
    s->profile.period = (int64_t)target->period_bytes;
    for (size_t i = 0; i < target->site_count; i++)
        add_site(s, target, i, age_s);
    char *body = pack(s, len);
    free(s);
    return body;
}

/* ---- what it says besides, as text ---- */

/* A process that holds half as much again as its heap, and 8 MiB besides. */
static void add_memstats(struct lw_strbuf *text, const struct world_target *target, double age_s)
{
    double live = 0;
    for (size_t i = 0; i < target->site_count; i++)
        live += heap_of(target, &target->sites[i], age_s).inuse_bytes;
    long long heap = (long long)(live * 1.5), stacks = 1 << 20, other = 7 << 20;
    lw_strbuf_addf(text,
        "\n# runtime.MemStats\n# Sys = %lld\n# HeapAlloc = %lld\n# HeapSys = %lld\n"
        "# HeapIdle = 0\n# HeapInuse = %lld\n# HeapReleased = 0\n# Stack = %lld / %lld\n"
        "# OtherSys = %lld\n# NextGC = %lld\n# GCCPUFraction = 0.01\n",
        heap + stacks + other, heap, heap, heap, stacks, stacks, other, heap);
}

static char *heap_text(const struct world_target *target, double age_s, size_t *len)
{
    struct lw_strbuf text;
    lw_strbuf_init(&text, 1 << 20);
    lw_strbuf_adds(&text, "heap profile: 1: 1024 [1: 1024] @ heap/1048576\n");
    for (uint64_t i = 0; i < target->site_count; i++)
        lw_strbuf_addf(&text,
            "1: 1024 [1: 1024] @ 0x470001 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64 " 0x48efc1\n",
            CALLEE_AT + 0x100 * i + 1, LEAF_AT + 0x100 * i + 1, ROOT_AT + 0x100 * i + 1);
    add_memstats(&text, target, age_s);
    return lw_strbuf_take(&text, len);
}

static char *symbol_text(const struct world_target *target, const char *query, size_t *len)
{
    struct lw_strbuf text;
    lw_strbuf_init(&text, 1 << 20);
    lw_strbuf_adds(&text, "num_symbols: 1\n");
    for (const char *at = query; at; at = strchr(at, '+')) {
        uint64_t address = strtoull(at + 1, NULL, 16);
        uint64_t i = (address - CALLEE_AT) / 0x100;
        assert(address >= CALLEE_AT && i < target->site_count);
        lw_strbuf_addf(&text, "0x%" PRIx64 " %s\n", address, target->sites[i].callee);
        at++;
    }
    return lw_strbuf_take(&text, len);
}

/* ---- the fetcher ---- */

struct world_fetch {
    struct loop_timer timer;
    struct world *world;
    struct scrape_request *request;
};

struct world_fetcher {
    struct scrape_fetcher base;
    struct world *world;
};

/* The target of http://ADDRESS/…, or NULL. */
static struct world_target *target_of(struct world *world, const char *url)
{
    const char *host = strstr(url, "//");
    char address[64];
    if (!host || sscanf(host, "//%63[^/]", address) != 1)
        return NULL;
    return world_find(world, address);
}

static void refuse(struct scrape_request *request, enum lw_code code, const char *why)
{
    struct lw_err err;
    lw_err_set(&err, code, "%s: %s", request->url, why);
    request->done(request, &err, NULL, 0);
}

static void hand_over(struct scrape_request *request, char *body, size_t len)
{
    struct lw_err ok;
    lw_err_clear(&ok);
    request->done(request, &ok, body, len);
}

static bool is_served(const char *url)
{
    const char *path = strrchr(url, '/') + 1;
    return strncmp(path, "heap", 4) == 0 || strncmp(path, "symbol?", 7) == 0 ||
           strcmp(path, "goroutine") == 0;
}

/* How old the process is that now runs. */
static double age_s(const struct loop *loop, struct world_target *target)
{
    int64_t age_ns = lw_mono_sub(loop_now(loop), target->started);
    if (target->life_ns > 0 && age_ns >= target->life_ns) {
        target->started = lw_mono_add(target->started, age_ns - age_ns % target->life_ns);
        age_ns %= target->life_ns;
    }
    if (target->gc_ns > 0)
        age_ns -= age_ns % target->gc_ns;
    return (double)age_ns / 1e9;
}

static bool is_lost(const struct loop *loop, const struct world_target *target)
{
    return target->state == WORLD_DOWN ||
           (target->state == WORLD_FLAKY &&
               lw_hash_u64(target->seed, (uint64_t)loop_now(loop).ns) % 3 == 0);
}

static void answer(void *ctx)
{
    struct world_fetch *fetch = ctx;
    struct scrape_request *request = fetch->request;
    struct world_target *target = target_of(fetch->world, request->url);
    struct loop *loop = fetch->world->loop;
    free(fetch);
    request->fetch = NULL;
    if (!target || is_lost(loop, target)) {
        refuse(request, LW_CONNECT, "connection refused");
        return;
    }
    if (target->state == WORLD_SLOW) {
        refuse(request, LW_TIMEOUT, "no answer");
        return;
    }
    if (target->state == WORLD_HTML) {
        static const char html[] = "<html>login</html>";
        hand_over(request, lw_strdup(html), sizeof html - 1);
        return;
    }
    if (!is_served(request->url)) {
        request->status = 404;
        refuse(request, LW_HTTP_STATUS, "Unknown profile");
        return;
    }
    size_t len;
    double age = age_s(loop, target);
    if (strstr(request->url, "/heap?debug=1")) {
        target->texts++;
        char *text = heap_text(target, age, &len);
        hand_over(request, text, len);
        return;
    }
    if (strstr(request->url, "/symbol?")) {
        char *text = symbol_text(target, strchr(request->url, '?'), &len);
        hand_over(request, text, len);
        return;
    }
    if (strstr(request->url, "/goroutine")) {
        char *goroutines = goroutine_profile(target, age, &len);
        hand_over(request, goroutines, len);
        return;
    }
    char *body = heap_profile(target, age, &len);
    hand_over(request, body, target->state == WORLD_TRUNCATED ? len / 2 : len);
}

static void start(struct scrape_fetcher *fetcher, struct scrape_request *request)
{
    struct world *world = ((struct world_fetcher *)fetcher)->world;
    struct world_target *target = target_of(world, request->url);
    struct world_fetch *fetch = LW_NEW(struct world_fetch);
    fetch->world = world;
    fetch->request = request;
    fetch->timer.fire = answer;
    fetch->timer.ctx = fetch;
    request->fetch = (struct scrape_fetch *)fetch;
    request->status = 0;
    bool slow = target && target->state == WORLD_SLOW;
    int64_t after_ns = slow ? request->timeout_ns : LATENCY_NS;
    loop_timer_arm(world->loop, &fetch->timer, lw_mono_add(loop_now(world->loop), after_ns));
}

static void cancel(struct scrape_fetcher *fetcher, struct scrape_request *request)
{
    struct world_fetch *fetch = (struct world_fetch *)request->fetch;
    if (!fetch)
        return;
    loop_timer_disarm(((struct world_fetcher *)fetcher)->world->loop, &fetch->timer);
    free(fetch);
    request->fetch = NULL;
}

static void end(struct scrape_fetcher *fetcher)
{
    free(fetcher);
}

struct scrape_fetcher *world_fetcher(struct world *world)
{
    struct world_fetcher *fetcher = LW_NEW(struct world_fetcher);
    fetcher->base = (struct scrape_fetcher){start, cancel, end};
    fetcher->world = world;
    return &fetcher->base;
}
