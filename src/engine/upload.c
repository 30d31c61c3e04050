/* Copies of finished incidents on their way to object storage. The queue is what the manifests say
 * waits; here is only the one incident under way, file by file, each the job of a worker, the
 * manifest last: in the bucket, what has one is whole. An incident that breaks off, or a daemon
 * that is killed, begins with its first file again, which does no harm: the same bytes go under the
 * same keys. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/engine_priv.h"
#include "upload/upload.h"

#define MANIFEST "manifest.json"
#define AGAIN_NS LW_NS_PER_S /* when the workers are busy */

/* A file that needs more than its time-out would otherwise be sent, in part, for ever. */
#define SLOW_TRIES_MAX 4

/* One file, with a worker. */
struct step {
    struct loop_job job; /* first */
    struct upload *upload;
    struct config *config; /* a reference; NULL: nothing is under way */
    const char *file;      /* the incident's, or MANIFEST */
    struct lw_wall now;
    bool is_last_try; /* if it is slow once more */
    bool was_slow;    /* then the outcome is one of the others all the same */
    enum upload_outcome outcome;
    struct evidence_incident *changed; /* what the manifest says since; NULL: nothing new */
    struct lw_err err;
};

struct upload {
    struct engine *engine;
    struct upload_client *client;       /* owned; the step's while one is under way */
    struct evidence_incident *incident; /* owned; being copied, or NULL; never changed meanwhile */
    size_t next;                        /* file of it */
    unsigned slow_tries;                /* of that file */
    uint64_t last_id;                   /* of the one before */
    struct step step;
    struct loop_timer timer;
    atomic_bool stop;
    bool begin_anew;        /* the configuration changed while a file was under way */
    struct lw_wall applied; /* what was refused before is tried once more */
    unsigned failures;      /* in a row */
    uint64_t outcomes[UPLOAD_REFUSED + 1];
};

/* ---- on a worker: one file ---- */

static void make_key(const struct step *step, char key[UPLOAD_KEY_BYTES])
{
    const struct evidence_incident *incident = step->upload->incident;
    upload_key_make(
        &(struct upload_name){
            .prefix = step->config->upload.prefix,
            .job = incident->job,
            .instance = incident->instance,
            .opened = incident->opened,
            .incident_id = incident->id,
            .file = step->file,
        },
        key);
}

/* Whatever lies on the disk damaged must not pass for evidence in the bucket. */
static enum upload_outcome send_open(struct step *step, int fd, const char *expected_sha256)
{
    struct upload *upload = step->upload;
    char key[UPLOAD_KEY_BYTES], sha256[EVIDENCE_SHA256_BYTES];
    struct upload_object object = {
        .key = key,
        .content_type = evidence_name_content_type(step->file),
        .fd = fd,
        .sha256 = sha256,
    };
    if (evidence_file_hash(fd, sha256, &object.bytes, &step->err) < 0)
        return UPLOAD_RETRY;
    if (expected_sha256[0] && strcmp(sha256, expected_sha256) != 0) {
        lw_err_set(&step->err, LW_CORRUPT, "it has SHA-256 %s, the manifest says %s", sha256,
            expected_sha256);
        return UPLOAD_REFUSED;
    }
    make_key(step, key);
    return upload_put(upload->client, &step->config->upload, &object, &upload->stop, &step->err);
}

static enum upload_outcome send_file(struct step *step)
{
    struct upload *upload = step->upload;
    char sha256[EVIDENCE_SHA256_BYTES];
    enum upload_outcome outcome = UPLOAD_RETRY;
    int fd = evidence_file_open(
        upload->engine->evidence, upload->incident->id, step->file, sha256, &step->err);
    if (fd >= 0) {
        outcome = send_open(step, fd, sha256);
        close(fd);
    }
    if (outcome != UPLOAD_STORED)
        lw_err_prefix(&step->err, "%s", step->file);
    return outcome;
}

/* Only once this is on disk the incident does not wait any more. */
static void mark(struct step *step)
{
    const struct upload *upload = step->upload;
    bool is_stored = step->outcome == UPLOAD_STORED;
    struct evidence_change change = {
        .kind = is_stored ? EVIDENCE_UPLOADED : EVIDENCE_REFUSE_UPLOAD,
        .at = step->now,
        .text = is_stored ? NULL : step->err.msg,
    };
    struct lw_err err;
    if (evidence_incident_change(
            upload->engine->evidence, upload->incident->id, &change, &step->changed, &err) < 0) {
        step->outcome = UPLOAD_RETRY;
        step->err = err;
    }
}

/* What is slow is tried again, but not for ever. */
static void settle(struct step *step)
{
    step->was_slow = step->outcome == UPLOAD_SLOW;
    if (!step->was_slow)
        return;
    step->outcome = step->is_last_try ? UPLOAD_REFUSED : UPLOAD_RETRY;
    if (step->is_last_try)
        lw_err_prefix(&step->err, "tried %d times", SLOW_TRIES_MAX);
}

static void run(struct loop_job *job)
{
    struct step *step = (struct step *)job;
    step->outcome = send_file(step);
    settle(step);
    bool is_last = strcmp(step->file, MANIFEST) == 0;
    if (step->outcome == UPLOAD_REFUSED || (step->outcome == UPLOAD_STORED && is_last))
        mark(step);
}

/* ---- what is next ---- */

static bool is_due(const struct upload *upload, const struct evidence_incident *incident)
{
    bool was_refused_before =
        incident->upload == EVIDENCE_UPLOAD_REFUSED && incident->upload_at.ns < upload->applied.ns;
    return incident->state != EVIDENCE_COLLECTING &&
           (incident->upload == EVIDENCE_UPLOAD_WAITING || was_refused_before);
}

/* The oldest that came after the one before, or else the oldest of all: one that always fails
 * does not keep the others from their turn. */
static const struct evidence_incident *find_due(const struct upload *upload)
{
    const struct evidence_catalogue *catalogue = upload->engine->incidents;
    const struct evidence_incident *oldest = NULL;
    for (size_t i = evidence_catalogue_count(catalogue); i-- > 0;) {
        const struct evidence_incident *incident = evidence_catalogue_at(catalogue, i);
        if (!is_due(upload, incident))
            continue;
        if (incident->id > upload->last_id)
            return incident;
        if (!oldest)
            oldest = incident;
    }
    return oldest;
}

static const char *next_file(struct upload *upload)
{
    const struct evidence_incident *incident = upload->incident;
    while (upload->next < incident->file_count &&
           incident->files[upload->next].state != EVIDENCE_FILE_OK)
        upload->next++;
    return upload->next < incident->file_count ? incident->files[upload->next].name : MANIFEST;
}

static void leave(struct upload *upload)
{
    if (upload->incident)
        upload->last_id = upload->incident->id;
    evidence_incident_free(&upload->incident);
    upload->next = 0;
    upload->slow_tries = 0;
}

/* ---- from file to file ---- */

static void done(struct loop_job *job);

static void wait_ns(struct upload *upload, int64_t ns)
{
    struct loop *loop = upload->engine->loop;
    loop_timer_arm(loop, &upload->timer, lw_mono_add(loop_now(loop), ns));
}

static void go_on(struct upload *upload)
{
    struct engine *engine = upload->engine;
    struct step *step = &upload->step;
    struct lw_err busy;
    if (step->config || atomic_load(&upload->stop) || !engine->evidence ||
        !engine->config->upload.present)
        return;
    const struct evidence_incident *due = upload->incident ? NULL : find_due(upload);
    if (due)
        upload->incident = evidence_incident_copy(due);
    if (!upload->incident)
        return;
    *step = (struct step){
        .job = {.run = run, .done = done},
        .upload = upload,
        .config = config_ref(engine->config),
        .file = next_file(upload),
        .now = loop_wall_now(engine->loop),
        .is_last_try = upload->slow_tries + 1 >= SLOW_TRIES_MAX,
    };
    if (loop_job_submit(engine->loop, &step->job, &busy) < 0) {
        config_unref(&step->config);
        wait_ns(upload, AGAIN_NS);
    }
}

/* Only edges are logged: each incident that is refused, and the first failure of a row and its end.
 */
static void tell(const struct upload *upload)
{
    const struct step *step = &upload->step;
    char id[LW_ID_TEXT_BYTES];
    lw_id_text(upload->incident->id, id);
    if (step->outcome == UPLOAD_REFUSED)
        lw_warn("upload", "incident %s is not uploaded: %s", id, step->err.msg);
    else if (step->outcome == UPLOAD_RETRY && !upload->failures && step->err.code != LW_CANCELLED)
        lw_warn("upload", "incident %s waits: %s", id, step->err.msg);
    else if (step->outcome == UPLOAD_STORED && upload->failures)
        lw_info("upload", "incidents are uploaded again, after %u failures", upload->failures);
}

/* Where in the queue to go on. A file that was slow has its turn again before others, so that it is
 * known how often that was. */
static void move_on(struct upload *upload)
{
    const struct step *step = &upload->step;
    bool is_slow = step->was_slow && step->outcome == UPLOAD_RETRY;
    bool is_over = step->outcome != UPLOAD_STORED || step->changed;
    if (is_over)
        upload->outcomes[step->outcome]++;
    else
        upload->next++;
    upload->slow_tries = is_slow ? upload->slow_tries + 1 : 0;
    if ((is_over && !is_slow) || upload->begin_anew)
        leave(upload);
    upload->begin_anew = false;
}

static void done(struct loop_job *job)
{
    struct step *step = (struct step *)job;
    struct upload *upload = step->upload;
    tell(upload);
    config_unref(&step->config);
    upload->failures = step->outcome == UPLOAD_RETRY ? upload->failures + 1 : 0;
    move_on(upload);
    if (step->changed)
        evidence_catalogue_put(upload->engine->incidents, &step->changed);
    if (step->outcome == UPLOAD_RETRY)
        wait_ns(upload, upload_backoff_ns(upload->failures, upload->last_id));
    else
        go_on(upload);
}

static void fire(void *ctx)
{
    go_on(ctx);
}

/* ---- what the rest of the engine asks for ---- */

void engine_upload_soon(struct engine *engine)
{
    /* After a failure the timer is armed, and the wait holds for the new one, too. */
    if (!engine->upload->failures)
        wait_ns(engine->upload, 0);
}

void engine_upload_apply(struct engine *engine)
{
    struct upload *upload = engine->upload;
    upload->applied = loop_wall_now(engine->loop);
    upload->failures = 0;
    upload->begin_anew = upload->step.config != NULL;
    if (!upload->begin_anew)
        leave(upload);
    wait_ns(upload, 0);
}

void engine_upload_describe(const struct engine *engine, struct metrics_daemon *d)
{
    const struct evidence_catalogue *catalogue = engine->incidents;
    const struct upload *upload = engine->upload;
    d->uploads_stored = upload->outcomes[UPLOAD_STORED];
    d->uploads_retried = upload->outcomes[UPLOAD_RETRY];
    d->uploads_refused = upload->outcomes[UPLOAD_REFUSED];
    for (size_t i = 0; i < evidence_catalogue_count(catalogue); i++)
        d->upload_queue += is_due(upload, evidence_catalogue_at(catalogue, i));
}

void engine_upload_start(struct engine *engine)
{
    struct upload *upload = LW_NEW(struct upload);
    upload->engine = engine;
    upload->client = upload_client_new();
    upload->timer = (struct loop_timer){.fire = fire, .ctx = upload};
    engine->upload = upload;
    engine_upload_apply(engine);
}

void engine_upload_stop(struct engine *engine)
{
    if (!engine->upload)
        return;
    atomic_store(&engine->upload->stop, true);
    loop_timer_disarm(engine->loop, &engine->upload->timer);
}

void engine_upload_free(struct engine *engine)
{
    struct upload *upload = engine->upload;
    if (!upload)
        return;
    loop_timer_disarm(engine->loop, &upload->timer); /* what was under way may have armed it */
    evidence_incident_free(&upload->incident);
    upload_client_free(&upload->client);
    free(upload);
    engine->upload = NULL;
}
