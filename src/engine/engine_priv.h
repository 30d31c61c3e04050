/* The inside of the engine, shared by its files. */
#ifndef LW_ENGINE_ENGINE_PRIV_H
#define LW_ENGINE_ENGINE_PRIV_H

#include "alert/index.h"
#include "alert/seen.h"
#include "api/api.h"
#include "binaries/binaries.h"
#include "capture/budget.h"
#include "discovery/discovery.h"
#include "engine/engine.h"
#include "evidence/evidence.h"
#include "metrics/metrics.h"
#include "profile/profile.h"
#include "profile/reader.h"

#define ENGINE_SERVERS_MAX 8

/* Readers of profiles that are kept for the next scrape, up to PROFILE_READER_KEPT_BYTES each. */
#define ENGINE_READERS_MAX 4

struct engine {
    struct loop *loop;
    struct scrape_fetcher *fetcher; /* owned */
    struct config *config;          /* a reference */
    char *config_path;
    bool reload_successful;
    struct lw_wall reload_success_at;
    bool lifecycle;

    struct store *store;
    struct binaries *binaries; /* NULL while the engine is taken apart */
    struct discovery *discovery;
    struct scrape_pool *pool;

    size_t decode_bytes;     /* of bodies that workers have or wait for */
    struct lw_map decoding;  /* the jobs that do, by target: at most one each */
    uint64_t decode_refused; /* bodies dropped because of these */
    struct profile_reader *readers[ENGINE_READERS_MAX]; /* owned: those that no job has */
    size_t reader_count;

    struct kinds_round *kinds; /* the one round under way, or NULL */
    struct round *rounds;      /* those under way, each owned */

    struct loop_timer checkpoint;
    bool checkpoint_failing;
    bool store_begun_anew; /* its file was found damaged while running */
    uint64_t files_set_aside;

    struct captures *captures; /* owned; captures.h */
    struct api_captures capture_view;

    struct alert_index *alert_index; /* owned; of the targets as they are */
    struct alert_seen *alert_seen;   /* owned */
    struct api_webhook webhook;

    struct evidence *evidence;            /* NULL without --storage.path */
    struct evidence_catalogue *incidents; /* owned; also without evidence, then without files */
    struct loop_timer retention;
    bool retention_under_way;
    struct api_incidents api_incidents;
    struct api_profiles api_profiles;
    struct push *push;     /* owned */
    struct upload *upload; /* owned */

    struct http_router *router;
    struct http_server *servers[ENGINE_SERVERS_MAX];
    size_t server_count;
    struct api_view api;
    struct metrics_view metrics;
};

/* decode.c: a scrape's result on its way through a worker into the store */
void engine_scraped(void *ctx, struct scrape_result *result);
/* No job may have a reader any more. */
void engine_readers_free(struct engine *engine);

/* The job of that name in the running configuration, or NULL. */
const struct config_job *engine_job_find(const struct engine *engine, const char *name);

/* types.c: what binaries say of the sites of a target */
void engine_ask_types(
    struct engine *engine, const struct store_target *target, const struct profile *profile);
void engine_types_answered(void *ctx, const struct binaries_answer *answer);

/* kinds.c: where there is no binary, what the target itself says of its sites: the kind of
 * allocation. Starts a round when it is time for one. */
void engine_ask_kinds(
    struct engine *engine, const struct store_target *target, const struct profile *profile);
/* Ends the round under way; no further one may begin (engine->binaries is NULL). */
void engine_kinds_stop(struct engine *engine);

/* evidence.c: incidents and baselines; no job of theirs may be under way at the stop */
int engine_evidence_start(
    struct engine *engine, const char *storage_path, struct lw_err *err) LW_MUST_CHECK;
void engine_evidence_stop(struct engine *engine);
/* Lets retention look at once, unless it is at it: after something was written. Every ten minutes
 * it does so by itself. */
void engine_evidence_thin(struct engine *engine);

/* rounds.c: other looks at a target, at a slow cadence; each starts when it is time for one. */
void engine_ask_goroutines(
    struct engine *engine, const struct store_target *target, const struct profile *profile);
void engine_ask_memory(
    struct engine *engine, const struct store_target *target, const struct profile *profile);
/* Ends those under way; no further one may begin (engine->binaries is NULL). */
void engine_rounds_stop(struct engine *engine);

/* memory.c: what a text of heap?debug=1 says of a target's memory; borrowed. For a worker: asking
 * the host blocks. */
struct engine_memory_source {
    const char *address; /* "host:port" */
    uint64_t mapping_start, mapping_limit;
    struct lw_wall at;
    bool ask_host;
    const char *text;
    size_t len;
};
/* The caller frees it. NULL: LW_NOT_PROFILE. */
struct store_memory_look *engine_memory_read(
    const struct engine_memory_source *from, struct lw_err *err) LW_MUST_CHECK;

/* checkpoint.c: batches of the store on their way through a worker into the file */
void engine_checkpoint_start(struct engine *engine);
void engine_checkpoint_stop(struct engine *engine);

/* capture.c: bundles of profiles, and the incidents they become */
struct engine_capture_wish {
    uint64_t target_id;
    enum capture_trigger trigger;
    const char *reason; /* for people; borrowed; "" */
};

struct engine_capture_answer {
    enum {
        ENGINE_CAPTURE_ACCEPTED,  /* it has begun */
        ENGINE_CAPTURE_DUPLICATE, /* one of this target is under way */
        ENGINE_CAPTURE_REFUSED,   /* by the rule `why` */
        ENGINE_CAPTURE_UNKNOWN,   /* no such target; only why.text */
    } result;
    uint64_t incident_id; /* when accepted or duplicate: in the catalogue from now on */
    struct capture_judgement why;
};

/* Asks for a capture; takes no time and may be called from anywhere on the loop. */
void engine_capture_request(struct engine *engine, const struct engine_capture_wish *wish,
    struct engine_capture_answer *answer);

/* alerts.c: what Alertmanager says of our targets */
void engine_alerts_start(struct engine *engine);
void engine_alerts_stop(struct engine *engine);
/* The targets of the store are others now. */
void engine_alerts_set_targets(struct engine *engine);

/* push.c: our leaks on their way to the Alertmanagers */
void engine_push_start(struct engine *engine);
void engine_push_stop(struct engine *engine);
/* The configuration is another now. */
void engine_push_apply(struct engine *engine);
/* A leak began or ended: they are told soon. */
void engine_push_soon(struct engine *engine);
void engine_push_describe(const struct engine *engine, struct metrics_daemon *d);

/* upload.c: copies of finished incidents on their way to object storage */
void engine_upload_start(struct engine *engine);
/* Ends what is under way within a second; no further one begins. */
void engine_upload_stop(struct engine *engine);
/* After the last job has finished. */
void engine_upload_free(struct engine *engine);
/* The configuration is another now: what was refused is tried once more. */
void engine_upload_apply(struct engine *engine);
/* An incident was written that waits for it. */
void engine_upload_soon(struct engine *engine);
void engine_upload_describe(const struct engine *engine, struct metrics_daemon *d);

/* lifecycle.c: /-/healthy, /-/ready, /-/reload */
void engine_lifecycle_routes_add(struct engine *engine);

#endif
