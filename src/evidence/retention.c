/* What goes, and in which order: see evidence.h. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "evidence/baselines.h"
#include "evidence/durable.h"
#include "evidence/evidence_priv.h"
#include "evidence/incident.h"

#define GONE_AFTER_NS (7 * 24 * 3600 * LW_NS_PER_S) /* a target without newer baselines */

struct folder {
    uint64_t target_id;
    struct baselines_use use;
    bool is_gone; /* retention took it */
};

struct survey {
    const struct evidence *evidence;
    const struct evidence_limits *limits;
    struct lw_wall now;
    struct evidence_incident **incidents; /* owned, by rising id; NULL: taken or changed */
    size_t incident_count;
    struct folder *folders; /* owned, by rising time of their newest */
    size_t folder_count;
    size_t left; /* incidents that are still there */
    struct evidence_thinned *thinned;
};

/* ---- what there is ---- */

/* What was set aside as damaged is nobody's but the disk's: it goes by age alone. */
static void survey_damaged(const struct survey *survey, const char *name)
{
    struct stat st;
    struct lw_err next_time;
    int incidents = survey->evidence->incidents_dir;
    int64_t horizon_ns = survey->now.ns - survey->limits->max_age_ns;
    if (fstatat(incidents, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
        st.st_mtim.tv_sec * LW_NS_PER_S < horizon_ns &&
        durable_dir_remove(incidents, name, &next_time) < 0)
        lw_warn("evidence", "%s stays: %s", name, next_time.msg);
}

static bool survey_incident(void *ctx, const char *name)
{
    struct survey *survey = ctx;
    struct lw_err skipped; /* whoever reads it will say what is wrong with it */
    uint64_t id;
    if (strncmp(name, EVIDENCE_DAMAGED_PREFIX, strlen(EVIDENCE_DAMAGED_PREFIX)) == 0)
        survey_damaged(survey, name);
    if (lw_id_parse(name, &id) < 0)
        return true;
    int dir = durable_dir_open(survey->evidence->incidents_dir, name, &skipped);
    if (dir < 0)
        return true;
    struct evidence_incident *incident;
    if (evidence_manifest_read(dir, id, &incident, &skipped) == 0) {
        survey->incidents =
            lw_renew(survey->incidents, survey->incident_count + 1, sizeof *survey->incidents);
        survey->incidents[survey->incident_count++] = incident;
        survey->thinned->bytes += incident->bytes;
    }
    close(dir);
    return true;
}

static bool survey_folder(void *ctx, const char *name)
{
    struct survey *survey = ctx;
    struct lw_err skipped;
    struct folder folder = {0};
    if (lw_id_parse(name, &folder.target_id) == 0 &&
        baselines_measure(survey->evidence, folder.target_id, &folder.use, &skipped) == 0) {
        survey->folders =
            lw_renew(survey->folders, survey->folder_count + 1, sizeof *survey->folders);
        survey->folders[survey->folder_count++] = folder;
        survey->thinned->bytes += folder.use.bytes;
    }
    return true;
}

static int by_id(const void *a, const void *b)
{
    const struct evidence_incident *x = *(struct evidence_incident *const *)a;
    const struct evidence_incident *y = *(struct evidence_incident *const *)b;
    return (x->id > y->id) - (x->id < y->id);
}

static int by_time(const void *a, const void *b)
{
    const struct folder *x = a, *y = b;
    return (x->use.newest.ns > y->use.newest.ns) - (x->use.newest.ns < y->use.newest.ns);
}

static int take_stock(struct survey *survey, struct lw_err *err)
{
    const struct evidence *evidence = survey->evidence;
    if (durable_dir_walk(evidence->incidents_dir, survey_incident, survey, err) < 0 ||
        durable_dir_walk(evidence->baselines_dir, survey_folder, survey, err) < 0)
        return -1;
    if (survey->incident_count)
        qsort(survey->incidents, survey->incident_count, sizeof *survey->incidents, by_id);
    if (survey->folder_count)
        qsort(survey->folders, survey->folder_count, sizeof *survey->folders, by_time);
    survey->left = survey->incident_count;
    return 0;
}

static void survey_fini(struct survey *survey)
{
    for (size_t i = 0; i < survey->incident_count; i++)
        evidence_incident_free(&survey->incidents[i]);
    free(survey->incidents);
    free(survey->folders);
}

/* ---- taking ---- */

static bool are_too_many_bytes(const struct survey *survey)
{
    return survey->thinned->bytes > survey->limits->max_bytes;
}

static bool are_too_many(const struct survey *survey)
{
    return are_too_many_bytes(survey) || survey->left > EVIDENCE_INCIDENTS_MAX;
}

static void count_freed(struct survey *survey, int64_t bytes)
{
    survey->thinned->bytes -= bytes;
    survey->thinned->bytes_freed += bytes;
}

/* Whether what waits for its upload is still passed over. */
static bool is_kept_waiting(const struct survey *survey, const struct evidence_incident *incident)
{
    return survey->limits->keep_waiting && incident->upload == EVIDENCE_UPLOAD_WAITING;
}

static int take_incident(struct survey *survey, size_t i, struct lw_err *err)
{
    struct evidence_thinned *thinned = survey->thinned;
    struct evidence_incident *incident = survey->incidents[i];
    if (evidence_incident_remove(survey->evidence, incident->id, err) < 0)
        return err->code == LW_BUSY ? 0 : -1;
    thinned->removed =
        lw_renew(thinned->removed, thinned->removed_count + 1, sizeof *thinned->removed);
    thinned->removed[thinned->removed_count++] = incident->id;
    if (is_kept_waiting(survey, incident))
        lw_warn("evidence",
            "incident %016llx is removed before it was uploaded: evidence.max_bytes allows no more",
            (unsigned long long)incident->id);
    count_freed(survey, incident->bytes);
    survey->left--;
    evidence_incident_free(&survey->incidents[i]);
    return 0;
}

static int take_folder(struct survey *survey, struct folder *folder, struct lw_err *err)
{
    if (baselines_remove(survey->evidence, folder->target_id, err) < 0)
        return -1;
    folder->is_gone = true;
    count_freed(survey, folder->use.bytes);
    return 0;
}

/* What makes an incident worth having: profiles before, at and after it, and what was said. */
static bool has_value(const char *name)
{
    static const char *const kept[] = {
        "baseline.pb.gz", "heap.pb.gz", "heap-gc.pb.gz", "last.pb.gz", "report.json", "report.md"};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        if (strcmp(name, kept[i]) == 0)
            return true;
    }
    return false;
}

static bool has_companions(const struct evidence_incident *incident)
{
    for (size_t i = 0; i < incident->file_count; i++) {
        if (incident->files[i].state == EVIDENCE_FILE_OK && !has_value(incident->files[i].name))
            return true;
    }
    return false;
}

/* Says in the manifest what will go, and then lets it go: a kill in between leaves files that no
 * manifest names. */
static int thin_held(struct survey *survey, struct evidence_held *held, struct lw_err *err)
{
    char stored[EVIDENCE_FILES_MAX][INCIDENT_STORED_BYTES];
    size_t count = 0;
    for (size_t i = 0; i < held->incident->file_count; i++) {
        struct evidence_file *file = &held->incident->files[i];
        if (file->state != EVIDENCE_FILE_OK || has_value(file->name))
            continue;
        incident_stored_name(file, stored[count++]);
        file->state = EVIDENCE_FILE_REMOVED;
        free(file->why);
        file->why = lw_strdup("removed to stay within evidence.max_bytes");
    }
    int64_t bytes = held->incident->bytes;
    held->incident->bytes = incident_bytes(held->incident);
    if (evidence_held_write(survey->evidence, held, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (durable_file_remove(held->dir, stored[i], err) < 0)
            return -1;
    }
    count_freed(survey, bytes - held->incident->bytes);
    return 0;
}

static int take_companions(struct survey *survey, size_t i, struct lw_err *err)
{
    struct evidence_thinned *thinned = survey->thinned;
    struct evidence_held held;
    if (evidence_hold(survey->evidence, survey->incidents[i]->id, &held, err) < 0)
        return -1;
    int rc = held.incident->pinned ? 0 : thin_held(survey, &held, err); /* pinned meanwhile */
    if (rc == 0) {
        evidence_incident_free(&survey->incidents[i]);
        survey->incidents[i] = evidence_incident_copy(held.incident);
        thinned->changed =
            lw_renew(thinned->changed, thinned->changed_count + 1, sizeof *thinned->changed);
        thinned->changed[thinned->changed_count++] = held.incident;
        held.incident = NULL;
    }
    evidence_release(&held);
    return rc;
}

/* ---- the passes, in the order of evidence.h ---- */

static int by_age(struct survey *survey, struct lw_err *err)
{
    int64_t horizon_ns = survey->now.ns - survey->limits->max_age_ns;
    for (size_t i = 0; i < survey->incident_count; i++) {
        const struct evidence_incident *incident = survey->incidents[i];
        if (!incident->pinned && !is_kept_waiting(survey, incident) &&
            incident->finished.ns < horizon_ns && take_incident(survey, i, err) < 0)
            return -1;
    }
    for (size_t i = 0; i < survey->folder_count; i++) {
        if (survey->folders[i].use.newest.ns < horizon_ns &&
            take_folder(survey, &survey->folders[i], err) < 0)
            return -1;
    }
    return 0;
}

static int companions(struct survey *survey, struct lw_err *err)
{
    for (size_t i = 0; i < survey->incident_count && are_too_many_bytes(survey); i++) {
        const struct evidence_incident *incident = survey->incidents[i];
        if (incident && !incident->pinned && !is_kept_waiting(survey, incident) &&
            has_companions(incident) && take_companions(survey, i, err) < 0)
            return -1;
    }
    return 0;
}

static int baselines_of_gone(struct survey *survey, struct lw_err *err)
{
    for (size_t i = 0; i < survey->folder_count && are_too_many_bytes(survey); i++) {
        struct folder *folder = &survey->folders[i];
        if (!folder->is_gone && folder->use.newest.ns < survey->now.ns - GONE_AFTER_NS &&
            take_folder(survey, folder, err) < 0)
            return -1;
    }
    return 0;
}

static bool is_acknowledged(const struct survey *survey, const struct evidence_incident *incident)
{
    return incident->acknowledged.ns && !is_kept_waiting(survey, incident);
}

static bool is_not_awaited(const struct survey *survey, const struct evidence_incident *incident)
{
    return !is_kept_waiting(survey, incident);
}

static int whole_incidents(struct survey *survey,
    bool (*may_go)(const struct survey *survey, const struct evidence_incident *incident),
    struct lw_err *err)
{
    for (size_t i = 0; i < survey->incident_count && are_too_many(survey); i++) {
        const struct evidence_incident *incident = survey->incidents[i];
        if (incident && !incident->pinned && may_go(survey, incident) &&
            take_incident(survey, i, err) < 0)
            return -1;
    }
    return 0;
}

int evidence_retention_run(const struct evidence *evidence, const struct evidence_limits *limits,
    struct lw_wall now, struct evidence_thinned *thinned, struct lw_err *err)
{
    *thinned = (struct evidence_thinned){0};
    struct survey survey = {.evidence = evidence, .limits = limits, .now = now, .thinned = thinned};
    int rc = take_stock(&survey, err);
    if (rc == 0)
        rc = by_age(&survey, err);
    if (rc == 0)
        rc = companions(&survey, err);
    if (rc == 0)
        rc = baselines_of_gone(&survey, err);
    if (rc == 0)
        rc = whole_incidents(&survey, is_acknowledged, err);
    if (rc == 0)
        rc = whole_incidents(&survey, is_not_awaited, err);
    if (rc == 0)
        rc = whole_incidents(&survey, is_kept_waiting, err);
    survey_fini(&survey);
    return rc;
}

void evidence_thinned_fini(struct evidence_thinned *thinned)
{
    for (size_t i = 0; i < thinned->changed_count; i++)
        evidence_incident_free(&thinned->changed[i]);
    free(thinned->changed);
    free(thinned->removed);
    *thinned = (struct evidence_thinned){0};
}
