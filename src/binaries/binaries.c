/* The loop's side: who waits, what is remembered, one job after the other. */
#include "binaries/binaries.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "binaries/download.h"
#include "binaries/priv.h"

#define WAITING_MAX       1024
#define WAITING_BYTES_MAX ((size_t)64 << 20)
#define TARGETS_MAX       65536 /* that are remembered; more, and all are forgotten */
#define SEARCH_AGAIN_NS   (300 * LW_NS_PER_S)
#define RESCAN_NS         (30 * LW_NS_PER_S)
#define RETRY_NS          LW_NS_PER_S

/* What is remembered of a target: where its binary was found, or why it was not. */
struct target {
    uint64_t identity; /* of the request it was found for */
    bool under_way;
    char *path; /* where it was found; NULL: it was not */
    enum binaries_source source;
    char *reason; /* why it was not found; NULL: it was, or was not searched */
    enum lw_code code;
    struct lw_mono search_again;
};

const char *binaries_source_word(enum binaries_source source)
{
    static const char *const words[] = {
#define BINARIES_SOURCE_WORD(name, word) [name] = (word),
        BINARIES_SOURCES(BINARIES_SOURCE_WORD)
#undef BINARIES_SOURCE_WORD
    };
    return words[source];
}

/* ---- what is remembered ---- */

static void forget(struct target *target)
{
    free(target->path);
    free(target->reason);
    target->path = target->reason = NULL;
}

static void forget_failures(struct binaries *binaries)
{
    size_t at = 0;
    uint64_t id;
    void *value;
    while (lw_map_next(&binaries->targets, &at, &id, &value)) {
        struct target *target = value;
        free(target->reason);
        target->reason = NULL;
    }
}

static void forget_all(struct binaries *binaries)
{
    size_t at = 0;
    uint64_t id;
    void *value;
    while (lw_map_next(&binaries->targets, &at, &id, &value)) {
        forget(value);
        free(value);
    }
    lw_map_fini(&binaries->targets);
    binaries->targets = (struct lw_map){0};
}

static struct target *target_of(struct binaries *binaries, uint64_t id)
{
    struct target *target = lw_map_find(&binaries->targets, id);
    if (target)
        return target;
    if (binaries->targets.count >= TARGETS_MAX && !binaries->waiting && !binaries->lane_taken)
        forget_all(binaries);
    target = LW_NEW(struct target);
    lw_map_put(&binaries->targets, id, target);
    return target;
}

static void remember(
    struct binaries *binaries, struct target *target, const struct binaries_answer *answer)
{
    forget(target);
    if (answer->err.code == LW_OK) {
        target->path = lw_strdup(answer->path);
        target->source = answer->source;
    } else {
        target->code = answer->err.code;
        target->reason = lw_strdup(answer->err.msg);
        target->search_again = lw_mono_add(loop_now(binaries->loop), SEARCH_AGAIN_NS);
    }
}

/* ---- the lane ---- */

static void start_next(struct binaries *binaries);

static void lane_free(struct binaries *binaries)
{
    binaries->lane_taken = false;
    start_next(binaries);
}

/* Hands a job to the workers; when they have too much to do, the lane stays free for a second. */
static bool submit(struct binaries *binaries, struct loop_job *job)
{
    struct lw_err busy;
    if (loop_job_submit(binaries->loop, job, &busy) < 0) {
        loop_timer_arm(
            binaries->loop, &binaries->retry, lw_mono_add(loop_now(binaries->loop), RETRY_NS));
        return false;
    }
    binaries->lane_taken = true;
    return true;
}

static void retry(void *ctx)
{
    start_next(ctx);
}

/* ---- scanning ---- */

struct scan_job {
    struct loop_job job;
    struct binaries *binaries;
    struct config *config; /* a reference, for the list of folders */
    struct binaries_catalogue *catalogue;
};

static void run_scan(struct loop_job *job)
{
    struct scan_job *scan = (struct scan_job *)job;
    const struct binaries *binaries = scan->binaries;
    scan->catalogue = binaries_catalogue_scan(
        &scan->config->binaries.directories, binaries->uploads, binaries->catalogue);
}

/* Puts the entries that are binaries into the form in which they are shown. */
static void publish(struct binaries *binaries)
{
    const struct binaries_catalogue *catalogue = binaries->catalogue;
    free(binaries->files);
    binaries->files = lw_new(catalogue->count, sizeof *binaries->files);
    binaries->file_count = 0;
    for (size_t i = 0; i < catalogue->count; i++) {
        const struct binaries_entry *entry = &catalogue->entries[i];
        bool is_shown =
            entry->is_program && (entry->build_id[0] || entry->source == BINARIES_UPLOAD);
        if (!is_shown)
            continue;
        binaries->files[binaries->file_count++] = (struct binaries_file){
            .source = entry->source,
            .path = entry->path,
            .build_id = entry->build_id,
            .size_bytes = entry->key.size_bytes,
            .go_version = entry->go_version,
            .main = entry->main,
            .version = entry->version,
        };
    }
}

static void done_scan(struct loop_job *job)
{
    struct scan_job *scan = (struct scan_job *)job;
    struct binaries *binaries = scan->binaries;
    struct binaries_catalogue *before = binaries->catalogue;
    if (scan->catalogue->is_cut && !(before && before->is_cut))
        lw_warn("binaries",
            "the folders of binaries.directories hold more than %d files, or more than %d folders "
            "deep: the rest is not searched",
            BINARIES_FILES_MAX, BINARIES_DEPTH_FOLDERS);
    if (binaries_catalogue_has_new(scan->catalogue, before))
        forget_failures(binaries);
    binaries->catalogue = scan->catalogue;
    publish(binaries);
    binaries_catalogue_free(&before);
    config_unref(&scan->config);
    free(scan);
    lane_free(binaries);
}

static void start_scan(struct binaries *binaries)
{
    struct scan_job *scan = LW_NEW(struct scan_job);
    scan->job.run = run_scan;
    scan->job.done = done_scan;
    scan->binaries = binaries;
    scan->config = config_ref(binaries->config);
    if (submit(binaries, &scan->job)) {
        binaries->scan_wanted = false;
        return;
    }
    config_unref(&scan->config);
    free(scan);
}

/* Looking again is cheap: of what was there before, only names and times are read. It is done by
 * the clock, because a network's folder does not tell of changes. */
static void arm_rescan(struct binaries *binaries)
{
    if (binaries->config->binaries.directories.count)
        loop_timer_arm(
            binaries->loop, &binaries->rescan, lw_mono_add(loop_now(binaries->loop), RESCAN_NS));
    else
        loop_timer_disarm(binaries->loop, &binaries->rescan);
}

static void rescan(void *ctx)
{
    struct binaries *binaries = ctx;
    arm_rescan(binaries);
    binaries_scan(binaries);
}

void binaries_scan(struct binaries *binaries)
{
    binaries->scan_wanted = true;
    start_next(binaries);
}

const struct binaries_file *binaries_files(const struct binaries *binaries, size_t *count)
{
    *count = binaries->file_count;
    return binaries->files;
}

/* ---- asking ---- */

struct ask_job {
    struct loop_job job;
    struct binaries *binaries;
    struct binaries_ask *ask; /* owned */
    struct config *config;    /* a reference */
    struct binaries_places places;
    struct binaries_answer answer;
};

static void run_ask(struct loop_job *job)
{
    struct ask_job *a = (struct ask_job *)job;
    binaries_ask_run(a->ask, &a->places, &a->answer);
}

static void done_ask(struct loop_job *job)
{
    struct ask_job *a = (struct ask_job *)job;
    struct binaries *binaries = a->binaries;
    struct target *target = target_of(binaries, a->answer.target_id);
    target->under_way = false;
    remember(binaries, target, &a->answer);
    if (!atomic_load(&binaries->stop))
        binaries->answered(binaries->ctx, &a->answer);
    binaries_answer_fini(&a->answer);
    binaries_ask_free(&a->ask);
    config_unref(&a->config);
    free(a);
    lane_free(binaries);
}

static void start_ask(struct binaries *binaries)
{
    struct binaries_ask *ask = binaries->first;
    const struct config_binaries *options = &binaries->config->binaries;
    bool is_real = !loop_is_virtual(binaries->loop);
    struct ask_job *a = LW_NEW(struct ask_job);
    a->job.run = run_ask;
    a->job.done = done_ask;
    a->binaries = binaries;
    a->ask = ask;
    a->config = config_ref(binaries->config);
    a->places = (struct binaries_places){
        .cache = binaries->cache,
        .catalogue = binaries->catalogue,
        .directories = &options->directories,
        .proc = options->proc && is_real,
        .debuginfod = options->debuginfod && is_real,
        .stop = &binaries->stop,
    };
    if (!submit(binaries, &a->job)) {
        config_unref(&a->config);
        free(a);
        return;
    }
    binaries->first = ask->next;
    if (!binaries->first)
        binaries->end = &binaries->first;
    binaries->waiting--;
    binaries->waiting_bytes -= lw_arena_used_bytes(ask->memory);
}

static void start_next(struct binaries *binaries)
{
    if (binaries->lane_taken || atomic_load(&binaries->stop))
        return;
    if (binaries->scan_wanted)
        start_scan(binaries);
    else if (binaries->first)
        start_ask(binaries);
}

/* Whether it makes sense to ask now; if not, err says what binaries_ask returns. */
static int check_target(const struct binaries *binaries, const struct target *target,
    uint64_t identity, struct lw_err *err)
{
    if (target->under_way)
        return lw_err_set(err, LW_BUSY, "a search for this target's binary is under way");
    if (target->reason && target->identity == identity &&
        lw_mono_sub(target->search_again, loop_now(binaries->loop)) > 0)
        return lw_err_set(err, target->code, "%s", target->reason);
    if (binaries->waiting >= WAITING_MAX || binaries->waiting_bytes >= WAITING_BYTES_MAX)
        return lw_err_set(err, LW_BUSY, "%zu searches for binaries wait, at most %d may",
            binaries->waiting, WAITING_MAX);
    return 0;
}

static void enqueue(struct binaries *binaries, struct binaries_ask *ask, struct target *target)
{
    if (target->path && target->identity == ask->identity) {
        ask->hint = lw_arena_strndup(ask->memory, target->path, strlen(target->path));
        ask->hint_source = target->source;
    }
    target->identity = ask->identity;
    target->under_way = true;
    *binaries->end = ask;
    binaries->end = &ask->next;
    binaries->waiting++;
    binaries->waiting_bytes += lw_arena_used_bytes(ask->memory);
    start_next(binaries);
}

int binaries_may_ask(
    struct binaries *binaries, const struct binaries_request *request, struct lw_err *err)
{
    const struct target *target = target_of(binaries, request->target_id);
    return check_target(binaries, target, binaries_request_identity(request), err);
}

int binaries_ask(
    struct binaries *binaries, const struct binaries_request *request, struct lw_err *err)
{
    struct target *target = target_of(binaries, request->target_id);
    if (check_target(binaries, target, binaries_request_identity(request), err) < 0)
        return -1;
    struct binaries_ask *ask = binaries_ask_new(request, err);
    if (!ask)
        return -1;
    enqueue(binaries, ask, target);
    return 0;
}

/* ---- start and stop ---- */

static int make_uploads(struct binaries *binaries, const char *storage_path, struct lw_err *err)
{
    struct lw_strbuf path;
    lw_strbuf_init(&path, 4096);
    lw_strbuf_addf(&path, "%s/binaries", storage_path);
    binaries->uploads = lw_strbuf_take(&path, NULL);
    if (!binaries->uploads)
        return lw_err_set(err, LW_INVALID, "the path %.100s… is too long", storage_path);
    if (mkdir(binaries->uploads, 0700) < 0 && errno != EEXIST)
        return lw_err_sys(err, LW_IO, errno, "cannot make %s", binaries->uploads);
    binaries_uploads_clean(binaries->uploads);
    return 0;
}

struct binaries *binaries_new(struct loop *loop, struct config *config, const char *storage_path,
    binaries_answered *answered, void *ctx, struct lw_err *err)
{
    struct binaries *binaries = LW_NEW(struct binaries);
    binaries->loop = loop;
    binaries->answered = answered;
    binaries->ctx = ctx;
    binaries->end = &binaries->first;
    binaries->rescan = (struct loop_timer){.fire = rescan, .ctx = binaries};
    binaries->retry = (struct loop_timer){.fire = retry, .ctx = binaries};
    binaries->cache = binaries_cache_new();
    if (storage_path && make_uploads(binaries, storage_path, err) < 0) {
        binaries_free(&binaries);
        return NULL;
    }
    if (storage_path)
        binaries_download_init(storage_path);
    binaries_apply(binaries, config);
    return binaries;
}

void binaries_apply(struct binaries *binaries, struct config *config)
{
    struct config *before = binaries->config;
    binaries->config = config_ref(config);
    config_unref(&before);
    forget_failures(binaries);
    arm_rescan(binaries);
    binaries_scan(binaries);
}

void binaries_free(struct binaries **binaries)
{
    struct binaries *b = *binaries;
    if (!b)
        return;
    atomic_store(&b->stop, true);
    loop_timer_disarm(b->loop, &b->rescan);
    loop_timer_disarm(b->loop, &b->retry);
    loop_jobs_finish(b->loop);
    while (b->first) {
        struct binaries_ask *ask = b->first;
        b->first = ask->next;
        binaries_ask_free(&ask);
    }
    forget_all(b);
    free(b->files);
    binaries_catalogue_free(&b->catalogue);
    binaries_cache_free(&b->cache);
    config_unref(&b->config);
    free(b->uploads);
    free(b);
    *binaries = NULL;
}
