#include "engine/engine.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "engine/captures.h"
#include "store/db.h"
#include "trend/trend.h"
#include "web/web.h"

/* ---- discovery → store and scrape ---- */

static void targets_changed(void *ctx, const struct discovery_set *set)
{
    struct engine *engine = ctx;
    struct store_target_spec *kept = lw_new(set->count, sizeof *kept);
    struct scrape_spec *scraped = lw_new(set->count, sizeof *scraped);
    for (size_t i = 0; i < set->count; i++) {
        const struct discovery_target *t = &set->targets[i];
        kept[i] = (struct store_target_spec){
            .id = t->id,
            .labels = t->labels,
            .discovered = t->discovered,
            .job_name = t->job->job_name,
            .url = t->url,
            .interval_ns = t->job->scrape_interval_ns,
            .timeout_ns = t->job->scrape_timeout_ns,
            .memory_limit_bytes = t->job->memory_limit_bytes,
            .goroutine_interval_ns = t->job->goroutine_interval_ns,
        };
        scraped[i] =
            (struct scrape_spec){.id = t->id, .url = t->url, .job = t->job, .config = set->config};
    }
    store_set_targets(engine->store, kept, set->count, loop_wall_now(engine->loop));
    engine_alerts_set_targets(engine);
    engine_watches_sweep(engine);
    scrape_pool_set(engine->pool, scraped, set->count);
    free(kept);
    free(scraped);
    lw_info("discovery", "%zu targets", set->count);
}

/* ---- store → log ---- */

static void verdict_changed(void *ctx, const struct store_change *change)
{
    struct engine *engine = ctx;
    const struct trend_verdict *v = change->verdict;
    char where[512] = "the heap's total";
    if (change->row && change->row->site) {
        const struct store_site *site = change->row->site;
        const struct store_frame *f = &site->frames[site->responsible];
        snprintf(where, sizeof where, "site %016llx %.200s (%.200s:%lld)",
            (unsigned long long)site->id, f->function, f->file, (long long)f->line);
    } else if (change->row) {
        snprintf(where, sizeof where, "type %.400s", change->row->type->name);
    }
    bool serious = v->class == TREND_LEAK || change->from == TREND_LEAK;
    lw_log_line(serious ? LW_LOG_WARN : LW_LOG_DEBUG, __FILE__, __LINE__, "trend",
        "target %s: %s is %s (was %s), %+.0f bytes/s (95 %% interval %+.0f to %+.0f)",
        change->target->name, where, trend_class_word(v->class), trend_class_word(change->from),
        v->rate, v->rate_lo, v->rate_hi);
    if (serious)
        engine_push_soon(engine);
}

static void goroutines_changed(void *ctx, const struct store_change *change)
{
    (void)ctx;
    const struct trend_verdict *v = change->verdict;
    const struct store_site *site = change->row->site;
    bool serious = v->class == TREND_LEAK || change->from == TREND_LEAK;
    lw_log_line(serious ? LW_LOG_WARN : LW_LOG_DEBUG, __FILE__, __LINE__, "trend",
        "target %s: goroutines %016llx of %.200s (%s): %s (was %s), %lld now, %+.1f an hour",
        change->target->name, (unsigned long long)site->id,
        site->frames[site->responsible].function,
        profile_wait_word(store_goroutines_wait(change->row)), trend_class_word(v->class),
        trend_class_word(change->from), (long long)change->row->values.inuse_objects,
        v->rate * 3600);
}

/* ---- http ---- */

static struct metrics_daemon describe(void *ctx)
{
    const struct engine *engine = ctx;
    struct metrics_daemon d = {
        .reload_successful = engine->reload_successful,
        .reload_success_at = engine->reload_success_at,
        .scrapes_missed = scrape_pool_missed(engine->pool),
        .scrapes_refused = engine->decode_refused,
        .jobs_under_way = loop_jobs_under_way(engine->loop),
        .file_sd_failing = discovery_failing_files(engine->discovery),
        .store_files_set_aside = engine->files_set_aside,
    };
    for (size_t i = 0; i < engine->server_count; i++) {
        const struct http_stats *stats = http_server_stats(engine->servers[i]);
        d.http_connections += stats->connections;
        for (int c = 0; c < 6; c++)
            d.http_requests_by_class[c] += stats->requests_by_class[c];
    }
    engine_captures_describe(engine, &d);
    for (int fate = 0; fate < ALERT_FATE_COUNT; fate++)
        d.alerts_received[fate] = engine->webhook.alerts[fate];
    engine_push_describe(engine, &d);
    engine_upload_describe(engine, &d);
    return d;
}

static void error_page(void *ctx, const struct http_request *request, const struct lw_err *err,
    struct http_response *response)
{
    (void)ctx;
    if (request->path && strncmp(request->path, "/api/", 5) == 0)
        api_error(response, err);
    else
        http_response_text(response, lw_code_http_status(err->code), "%s\n", err->msg);
}

static void add_routes(struct engine *engine, const struct engine_options *options)
{
    engine->router = http_router_new(error_page, engine);
    engine->api = (struct api_view){
        .store = engine->store,
        .config = &engine->config,
        .version = options->version,
        .revision = options->revision,
    };
    engine->metrics = (struct metrics_view){
        .loop = engine->loop,
        .store = engine->store,
        .config = &engine->config,
        .version = options->version,
        .revision = options->revision,
        .daemon = describe,
        .daemon_ctx = engine,
    };
    api_routes_add(engine->router, &engine->api);
    api_binaries_routes_add(engine->router, engine->binaries);
    api_incidents_routes_add(engine->router, &engine->api_incidents);
    api_profiles_routes_add(engine->router, &engine->api_profiles);
    engine_captures_routes_add(engine);
    api_webhook_routes_add(engine->router, &engine->webhook);
    metrics_routes_add(engine->router, &engine->metrics);
    web_routes_add(engine->router);
    engine_lifecycle_routes_add(engine);
}

int engine_listen(struct engine *engine, const char *address, struct lw_err *err)
{
    if (engine->server_count == ENGINE_SERVERS_MAX)
        return lw_err_set(err, LW_INVALID, "more than %d listen addresses", ENGINE_SERVERS_MAX);
    struct http_server *server = http_server_new(engine->loop, engine->router, address, err);
    if (!server)
        return -1;
    engine->servers[engine->server_count++] = server;
    /* ":9746" is shown as a host one can open. */
    const char *colon = strrchr(address, ':');
    int host_len = colon ? (int)(colon - address) : 0;
    lw_info("web", "listening on http://%.*s:%d", host_len ? host_len : 9,
        host_len ? address : "localhost", http_server_port(server));
    return 0;
}

/* ---- start and stop: two mirrored lists ---- */

static int open_store(struct engine *engine, const char *storage_path, struct lw_err *err)
{
    struct lw_wall now = loop_wall_now(engine->loop);
    struct store_db *db = NULL;
    if (storage_path) {
        char set_aside[STORE_PATH_BYTES];
        db = store_db_open(storage_path, now, set_aside, err);
        if (!db)
            return -1;
        if (set_aside[0]) {
            engine->files_set_aside++;
            lw_error("store", "the store's file was damaged; it is now %s and history begins anew",
                set_aside);
        }
    }
    struct store_options options = {
        .sites_per_target = (size_t)engine->config->trend.sites_per_target, .now = now};
    trend_config_init(&options.trend, (double)engine->config->trend.base_block_ns / 1e9);
    engine->store = store_new(&options, db);
    store_set_retention(engine->store, engine->config->storage.retention_ns);
    store_set_build_label(engine->store, engine->config->gate.build_label);
    store_on_change(engine->store, verdict_changed, engine);
    store_on_goroutines_change(engine->store, goroutines_changed);
    return 0;
}

struct engine *engine_new(const struct engine_options *options, struct lw_err *err)
{
    struct engine *engine = LW_NEW(struct engine);
    engine->loop = options->loop;
    engine->fetcher = options->fetcher;
    engine->lifecycle = options->lifecycle;
    engine->config_path = lw_strdup(options->config_path);
    engine->config = config_load(options->config_path, err);
    if (!engine->config && err)
        err->code = LW_INVALID; /* one that cannot be read is no better than one that is wrong */
    if (!engine->config || open_store(engine, options->storage_path, err) < 0 ||
        engine_evidence_start(engine, options->storage_path, err) < 0)
        goto fail;
    engine->binaries = binaries_new(
        engine->loop, engine->config, options->storage_path, engine_types_answered, engine, err);
    if (!engine->binaries)
        goto fail;
    engine_captures_start(engine);
    engine->reload_successful = true;
    engine->reload_success_at = loop_wall_now(engine->loop);
    engine->pool = scrape_pool_new(engine->loop, engine->fetcher, engine_scraped, engine);
    engine->discovery = discovery_new(engine->loop, targets_changed, engine);
    engine_alerts_start(engine);
    engine_push_start(engine);
    engine_upload_start(engine);
    add_routes(engine, options);
    discovery_apply(engine->discovery, engine->config);
    engine_checkpoint_start(engine);
    return engine;
fail:
    engine_free(&engine);
    return NULL;
}

void engine_free(struct engine **engine)
{
    struct engine *e = *engine;
    if (!e)
        return;
    for (size_t i = 0; i < e->server_count; i++)
        http_server_free(&e->servers[i]);
    discovery_free(&e->discovery);
    scrape_pool_free(&e->pool);
    /* Freeing it waits for all jobs, and a profile that is decoded meanwhile must not ask it. */
    struct binaries *binaries = e->binaries;
    e->binaries = NULL;
    engine_kinds_stop(e);
    engine_rounds_stop(e);
    engine_captures_stop(e);
    engine_upload_stop(e);
    binaries_free(&binaries);
    engine_push_stop(e);
    if (e->store)
        engine_checkpoint_stop(e);
    engine_readers_free(e);
    engine_captures_free(e);
    engine_upload_free(e);
    engine_evidence_stop(e);
    http_router_free(&e->router);
    engine_alerts_stop(e);
    store_free(&e->store);
    config_unref(&e->config);
    if (e->fetcher)
        e->fetcher->free(e->fetcher);
    free(e->config_path);
    free(e);
    *engine = NULL;
}

static int reload(struct engine *engine, struct lw_err *err)
{
    struct config *next = config_load(engine->config_path, err);
    if (!next)
        return -1;
    if (config_check_reload(engine->config, next, err) < 0) {
        config_unref(&next);
        return -1;
    }
    config_unref(&engine->config);
    engine->config = next;
    store_set_sites_per_target(engine->store, (size_t)next->trend.sites_per_target);
    store_set_retention(engine->store, next->storage.retention_ns);
    store_set_build_label(engine->store, next->gate.build_label);
    binaries_apply(engine->binaries, next);
    engine_push_apply(engine);
    engine_upload_apply(engine);
    discovery_apply(engine->discovery, next);
    return 0;
}

int engine_reload(struct engine *engine, struct lw_err *err)
{
    engine->reload_successful = reload(engine, err) == 0;
    if (!engine->reload_successful)
        return -1;
    engine->reload_success_at = loop_wall_now(engine->loop);
    lw_info("config", "read %s", engine->config_path);
    return 0;
}

const struct store *engine_store(const struct engine *engine)
{
    return engine->store;
}

struct http_router *engine_router(struct engine *engine)
{
    return engine->router;
}
