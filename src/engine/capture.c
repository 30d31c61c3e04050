/* A capture from the request to the incident: budget, fetching, then a worker that writes report
 * and evidence, then the catalogue. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "engine/captures.h"
#include "engine/incident.h"

#define URL_BYTES_MAX    ((size_t)2048)
#define REASON_BYTES_MAX 1000
#define AGAIN_NS         LW_NS_PER_S /* when the workers are busy */

/* One capture of one target: the fetcher's, then a worker's, then gone. */
struct run {
    struct loop_job job; /* first */
    struct engine *engine;
    uint64_t target_id;
    uint64_t process; /* the target's `restarts` */
    enum capture_trigger trigger;
    char *reason;                 /* owned */
    struct config *config;        /* a reference; owns request.job */
    struct capture *capture;      /* owned while it fetches */
    struct capture_source source; /* what it fetches by */
    struct capture_request *asked;
    struct scrape_request request;
    char *base; /* owned; the target's URL without "heap" */
    char *url;  /* owned; of the newest request */
    struct incident_work work;
    struct loop_timer again;
};

/* ---- the source of a capture: the fetcher of scrapes, with other paths and limits ---- */

static void fetched(
    struct scrape_request *request, const struct lw_err *err, char *body, size_t len)
{
    struct run *run = request->ctx;
    run->asked->done(run->asked, err, request->status, body, len);
}

static void source_start(struct capture_source *source, struct capture_request *asked)
{
    struct run *run = (struct run *)((char *)source - offsetof(struct run, source));
    struct scrape_fetcher *fetcher = run->engine->fetcher;
    struct lw_strbuf url;
    lw_strbuf_init(&url, URL_BYTES_MAX);
    lw_strbuf_addf(&url, "%s%s", run->base, asked->path);
    free(run->url);
    run->url = lw_strbuf_take(&url, NULL);
    run->asked = asked;
    run->request = (struct scrape_request){
        .url = run->url,
        .job = run->request.job,
        .timeout_ns = asked->timeout_ns,
        .limit_bytes = asked->limit_bytes,
        .done = fetched,
        .ctx = run,
    };
    fetcher->start(fetcher, &run->request);
}

static void source_cancel(struct capture_source *source, struct capture_request *asked)
{
    struct run *run = (struct run *)((char *)source - offsetof(struct run, source));
    (void)asked;
    run->engine->fetcher->cancel(run->engine->fetcher, &run->request);
}

/* ---- the end of a run ---- */

static void run_free(struct run *run)
{
    loop_timer_disarm(run->engine->loop, &run->again);
    capture_free(&run->capture);
    incident_work_fini(&run->work);
    config_unref(&run->config);
    free(run->reason);
    free(run->base);
    free(run->url);
    free(run);
}

static enum capture_outcome outcome_of(const struct capture_bundle *bundle)
{
    if (bundle->is_whole)
        return CAPTURE_WHOLE;
    return bundle->ok_count ? CAPTURE_PARTIAL : CAPTURE_NOTHING;
}

static void tell(const struct run *run)
{
    const struct evidence_incident *incident = run->work.incident;
    const struct capture_bundle *bundle = run->work.bundle;
    char id[LW_ID_TEXT_BYTES];
    lw_id_text(incident->id, id);
    if (incident->state == EVIDENCE_READY)
        lw_info("capture", "incident %s: %s; %zu of %d files, %zu bytes, %.1f s", id,
            incident->title, bundle->ok_count, CAPTURE_STEP_COUNT, bundle->bytes,
            (double)(incident->finished.ns - incident->opened.ns) / 1e9);
    else
        lw_warn("capture", "incident %s of %s/%s: %lld bytes of evidence are kept: %s", id,
            incident->job, incident->instance, (long long)incident->bytes, incident->why);
}

static void count(struct captures *captures, const struct run *run, size_t kept_bytes)
{
    captures->outcomes[outcome_of(run->work.bundle)]++;
    captures->incidents[run->trigger]++;
    capture_budget_end(
        captures->budget, run->target_id, kept_bytes, loop_wall_now(run->engine->loop));
}

/* The bundle has a look at the target's memory in it: the store need not ask for one of its own. */
static void learn_memory(const struct run *run)
{
    struct store *store = run->engine->store;
    const struct store_target *target = store_target_find(store, run->target_id);
    if (run->work.look && target && target->restarts == run->process)
        store_learn_memory(store, run->target_id, run->work.look);
}

static void written(struct loop_job *job)
{
    struct run *run = (struct run *)job;
    struct engine *engine = run->engine;
    struct captures *captures = engine->captures;
    bool is_ready = run->work.incident->state == EVIDENCE_READY;
    count(captures, run, is_ready ? run->work.bundle->bytes : (size_t)run->work.incident->bytes);
    tell(run);
    struct watch *watch = lw_map_find(&captures->watches, run->target_id);
    if (watch) {
        watch->missing = run->work.bundle->missing;
        watch->process = run->process;
        watch->is_told = watch->is_told && is_ready;
        watch->is_short = watch->is_short && is_ready;
    }
    learn_memory(run);
    evidence_catalogue_put(engine->incidents, &run->work.incident);
    engine_upload_soon(engine);
    engine_evidence_thin(engine);
    lw_map_remove(&captures->runs, run->target_id);
    run_free(run);
}

static void write(struct loop_job *job)
{
    struct run *run = (struct run *)job;
    run->work.reason = run->reason;
    if (run->config->upload.present)
        run->work.incident->upload = EVIDENCE_UPLOAD_WAITING;
    incident_write(&run->work);
}

static void hand_over(void *ctx)
{
    struct run *run = ctx;
    struct loop *loop = run->engine->loop;
    struct lw_err busy;
    run->job = (struct loop_job){.run = write, .done = written};
    if (loop_job_submit(loop, &run->job, &busy) < 0)
        loop_timer_arm(loop, &run->again, lw_mono_add(loop_now(loop), AGAIN_NS));
}

/* ---- what was known when the bundle was whole ---- */

static void note_refusals(struct run *run)
{
    const struct capture_bundle *bundle = run->work.bundle;
    for (size_t i = 0; i < bundle->refused_count; i++) {
        struct capture_refusal refusal = {bundle->finished, run->trigger, bundle->refused[i]};
        capture_budget_note(run->engine->captures->budget, run->target_id, &refusal);
    }
}

static void fetched_all(void *ctx, struct capture_bundle *bundle)
{
    struct run *run = ctx;
    struct engine *engine = run->engine;
    capture_free(&run->capture);
    run->work.bundle = bundle;
    run->work.incident->finished = bundle->finished;
    note_refusals(run);
    /* What is known now is more than at the beginning; of a target that left, that must do. */
    const struct store_target *target = store_target_find(engine->store, run->target_id);
    if (target) {
        facts_free(&run->work.facts);
        run->work.facts = facts_new(engine->store, target);
    }
    hand_over(run);
}

/* ---- the beginning of a run ---- */

static enum evidence_trigger evidence_trigger_of(enum capture_trigger trigger)
{
    static const enum evidence_trigger same[] = {
        [CAPTURE_BY_VERDICT] = EVIDENCE_BY_VERDICT,
        [CAPTURE_BY_MEMORY] = EVIDENCE_BY_MEMORY,
        [CAPTURE_BY_WEBHOOK] = EVIDENCE_BY_WEBHOOK,
        [CAPTURE_BY_API] = EVIDENCE_BY_API,
    };
    return same[trigger];
}

static struct evidence_incident *incident_new(
    const struct store_target *target, const struct run *run, struct lw_wall now)
{
    struct evidence_incident *incident = LW_NEW(struct evidence_incident);
    incident->id = evidence_incident_id(target->id, now);
    incident->target_id = target->id;
    incident->job = lw_strdup(lw_labels_get(target->labels, "job"));
    incident->instance = lw_strdup(lw_labels_get(target->labels, "instance"));
    incident->state = EVIDENCE_COLLECTING;
    incident->trigger = evidence_trigger_of(run->trigger);
    incident->why = run->reason[0] ? lw_strdup(run->reason) : NULL;
    incident->opened = now;
    char title[REPORT_TITLE_BYTES];
    incident->title = lw_strdup(report_title(&run->work.facts->report, title));
    incident->rate = incident->rate_lo = incident->rate_hi = NAN;
    return incident;
}

static struct capture_vitals vitals_of(const struct store_target *target)
{
    return (struct capture_vitals){
        .heap_bytes = target->last_heap.ns ? target->total.inuse_bytes : -1,
        .gc_cpu_percent = -1,
        .goroutines = -1,
        .scrape_ns = target->last_duration_ns,
        .timeout_ns = target->timeout_ns,
    };
}

/* … and what the newest looks at its memory and goroutines told, which a capture asks for anew. */
static struct capture_vitals looked_at(const struct store_target *target)
{
    const struct store_memory_look *memory = &target->memory.newest;
    const struct store_goroutines *goroutines = &target->goroutines;
    struct capture_vitals vitals = vitals_of(target);
    if (memory->at.ns) {
        vitals.heap_bytes = memory->stats.heap_alloc;
        vitals.gc_cpu_percent = 100 * memory->stats.gc_cpu_fraction;
    }
    if (goroutines->at.ns)
        vitals.goroutines = goroutines->total;
    return vitals;
}

static void begin(struct run *run, const struct store_target *target)
{
    struct engine *engine = run->engine;
    const struct watch *watch = engine_watch_of(engine, target);
    struct capture_spec spec = {
        .loop = engine->loop,
        .source = &run->source,
        .config = &run->config->capture,
        .vitals = vitals_of(target),
        .missing = watch->process == target->restarts ? watch->missing : 0,
        .done = fetched_all,
        .ctx = run,
    };
    run->capture = capture_new(&spec);
}

static struct run *run_new(struct engine *engine, const struct engine_capture_wish *wish,
    const struct store_target *target, const struct config_job *job)
{
    struct run *run = LW_NEW(struct run);
    struct lw_wall now = loop_wall_now(engine->loop);
    run->engine = engine;
    run->target_id = target->id;
    run->process = target->restarts;
    run->trigger = wish->trigger;
    run->reason = lw_strndup(wish->reason, strnlen(wish->reason, REASON_BYTES_MAX));
    run->config = config_ref(engine->config);
    run->request.job = job;
    run->source = (struct capture_source){.start = source_start, .cancel = source_cancel};
    run->base = lw_strndup(target->url, strlen(target->url) - strlen("heap"));
    run->again = (struct loop_timer){.fire = hand_over, .ctx = run};
    run->work.evidence = engine->evidence;
    run->work.facts = facts_new(engine->store, target);
    run->work.incident = incident_new(target, run, now);
    run->work.address = lw_strdup(lw_labels_get(target->discovered, "__address__"));
    run->work.ask_host = engine->config->binaries.proc && !loop_is_virtual(engine->loop);
    run->work.limits = profile_limits_for((size_t)job->body_size_limit_bytes);
    return run;
}

static bool is_muted(const struct engine *engine, const struct store_target *target)
{
    struct evidence_incident like = {
        .job = (char *)lw_labels_get(target->labels, "job"),
        .target_id = target->id,
        .subject = facts_subject_of(target),
    };
    return evidence_catalogue_is_muted(engine->incidents, &like, loop_wall_now(engine->loop));
}

static struct capture_wish wish_of(
    const struct engine *engine, const struct store_target *target, enum capture_trigger trigger)
{
    return (struct capture_wish){
        .target_id = target->id,
        .trigger = trigger,
        .is_muted = capture_rule_binds(CAPTURE_RULE_MUTED, trigger) && is_muted(engine, target),
        .now = loop_wall_now(engine->loop),
    };
}

static void refuse_unknown(struct engine_capture_answer *answer, uint64_t target_id)
{
    char id[LW_ID_TEXT_BYTES];
    *answer = (struct engine_capture_answer){.result = ENGINE_CAPTURE_UNKNOWN};
    snprintf(answer->why.text, sizeof answer->why.text, "no target has the id %s",
        lw_id_text(target_id, id));
}

void engine_capture_request(struct engine *engine, const struct engine_capture_wish *wish,
    struct engine_capture_answer *answer)
{
    struct captures *captures = engine->captures;
    const struct store_target *target = store_target_find(engine->store, wish->target_id);
    const struct config_job *job = target ? engine_job_find(engine, target->job_name) : NULL;
    const struct run *other = lw_map_find(&captures->runs, wish->target_id);
    *answer = (struct engine_capture_answer){0};
    if (!job) {
        refuse_unknown(answer, wish->target_id);
        return;
    }
    if (other) {
        answer->result = ENGINE_CAPTURE_DUPLICATE;
        answer->incident_id = other->work.incident->id;
        return;
    }
    struct capture_wish asked = wish_of(engine, target, wish->trigger);
    if (!capture_budget_begin(captures->budget, &engine->config->capture, &asked, &answer->why)) {
        answer->result = ENGINE_CAPTURE_REFUSED;
        return;
    }
    struct run *run = run_new(engine, wish, target, job);
    lw_map_put(&captures->runs, target->id, run);
    answer->result = ENGINE_CAPTURE_ACCEPTED;
    answer->incident_id = run->work.incident->id;
    struct evidence_incident *shown = evidence_incident_copy(run->work.incident);
    evidence_catalogue_put(engine->incidents, &shown);
    lw_info("capture", "target %s: capture by %s%s%s", target->name,
        capture_trigger_word(wish->trigger), run->reason[0] ? ": " : "", run->reason);
    begin(run, target);
}

/* ---- what is shown and asked from outside ---- */

static bool asked_by_api(void *ctx, uint64_t target_id, const char *reason, uint64_t *incident_id,
    struct capture_judgement *why)
{
    struct engine_capture_answer answer;
    engine_capture_request(
        ctx, &(struct engine_capture_wish){target_id, CAPTURE_BY_API, reason}, &answer);
    *incident_id = answer.incident_id;
    *why = answer.why;
    return answer.incident_id != 0;
}

static void judge(void *ctx, uint64_t target_id, struct capture_judgement rules[CAPTURE_RULE_COUNT])
{
    const struct engine *engine = ctx;
    const struct store_target *target = store_target_find(engine->store, target_id);
    const struct config_capture *config = &engine->config->capture;
    struct capture_wish wish = wish_of(engine, target, CAPTURE_BY_VERDICT);
    struct capture_vitals vitals = looked_at(target);
    capture_budget_judge(engine->captures->budget, config, &wish, rules);
    for (int i = CAPTURE_START_RULES; i < CAPTURE_RULE_COUNT; i++)
        rules[i] = capture_rule_judge((enum capture_rule)i, config, &vitals);
}

static size_t refusals(
    void *ctx, uint64_t target_id, struct capture_refusal list[CAPTURE_REFUSALS_MAX])
{
    const struct engine *engine = ctx;
    return capture_budget_refusals(engine->captures->budget, target_id, list);
}

void engine_captures_routes_add(struct engine *engine)
{
    engine->capture_view = (struct api_captures){
        .view = &engine->api,
        .request = asked_by_api,
        .judge = judge,
        .refusals = refusals,
        .ctx = engine,
    };
    api_captures_routes_add(engine->router, &engine->capture_view);
}

void engine_captures_describe(const struct engine *engine, struct metrics_daemon *d)
{
    const struct captures *captures = engine->captures;
    d->captures_whole = captures->outcomes[CAPTURE_WHOLE];
    d->captures_partial = captures->outcomes[CAPTURE_PARTIAL];
    d->captures_failed = captures->outcomes[CAPTURE_NOTHING];
    d->captures_under_way = capture_budget_under_way(captures->budget);
    d->evidence_bytes = evidence_catalogue_bytes(engine->incidents);
    d->baselines_failed = captures->baselines_failed;
    for (int i = 0; i < CAPTURE_TRIGGER_COUNT; i++)
        d->incidents[i] = captures->incidents[i];
    for (int i = 0; i < CAPTURE_RULE_COUNT; i++)
        d->capture_refusals[i] = capture_budget_refused(captures->budget, (enum capture_rule)i);
}

/* ---- start and stop ---- */

/* A restart is no way around cooldowns and bytes of a day: the evidence tells what was captured. */
static void remember_captures(struct engine *engine)
{
    for (size_t i = evidence_catalogue_count(engine->incidents); i-- > 0;) {
        const struct evidence_incident *old = evidence_catalogue_at(engine->incidents, i);
        size_t kept_bytes = old->bytes > 0 ? (size_t)old->bytes : 0;
        struct lw_wall now = loop_wall_now(engine->loop); /* the clock may have been set back */
        struct lw_wall ended = old->finished.ns < now.ns ? old->finished : now;
        capture_budget_remember(engine->captures->budget, old->target_id, kept_bytes, ended);
    }
}

void engine_captures_start(struct engine *engine)
{
    engine->captures = LW_NEW(struct captures);
    engine->captures->budget = capture_budget_new();
    remember_captures(engine);
}

void engine_captures_stop(struct engine *engine)
{
    if (!engine->captures)
        return;
    size_t at = 0;
    uint64_t id;
    void *value;
    while (lw_map_next(&engine->captures->runs, &at, &id, &value)) {
        struct run *run = value;
        capture_free(&run->capture);
        loop_timer_disarm(engine->loop, &run->again);
    }
}

void engine_captures_free(struct engine *engine)
{
    struct captures *captures = engine->captures;
    if (!captures)
        return;
    size_t at = 0;
    uint64_t id;
    void *value;
    while (lw_map_next(&captures->runs, &at, &id, &value))
        run_free(value); /* one whose capture was cancelled */
    lw_map_fini(&captures->runs);
    at = 0;
    while (lw_map_next(&captures->watches, &at, &id, &value)) {
        free(((struct watch *)value)->last);
        free(value);
    }
    lw_map_fini(&captures->watches);
    capture_budget_free(&captures->budget);
    free(captures);
    engine->captures = NULL;
}
