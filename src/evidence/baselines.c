#include "evidence/baselines.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/mem.h"
#include "evidence/durable.h"
#include "evidence/evidence_priv.h"

#define ENDING        ".pb.gz"
#define LAST_PREFIX   "last-"
#define NAME_BYTES    64
#define LISTED_MAX    256 /* of one target; there are about a dozen */
#define NS_DIGITS_MAX 19
#define HOUR_NS       (3600 * LW_NS_PER_S)
#define DAY_NS        (24 * HOUR_NS)

/* Where the spans of age end. */
static const int64_t span_ends_ns[] = {
    HOUR_NS, 6 * HOUR_NS, DAY_NS, 3 * DAY_NS, 7 * DAY_NS, INT64_MAX};
#define SPAN_COUNT (sizeof span_ends_ns / sizeof span_ends_ns[0])

struct entry {
    enum evidence_baseline_kind kind;
    struct lw_wall taken;
};

/* A target's directory, held by flock. */
struct folder {
    int dir;
    struct entry list[LISTED_MAX]; /* newest first once sorted */
    size_t count;
    int64_t bytes;
    bool sweeps; /* what is neither a baseline nor in the list is removed */
};

/* ---- names ---- */

static const char *name_of(const struct entry *entry, char name[NAME_BYTES])
{
    snprintf(name, NAME_BYTES, "%s%" PRId64 ENDING,
        entry->kind == EVIDENCE_BASELINE_LAST ? LAST_PREFIX : "", entry->taken.ns);
    return name;
}

/* Reads what name_of wrote; false for any other name. */
static bool entry_of(const char *name, struct entry *entry)
{
    size_t prefix = strncmp(name, LAST_PREFIX, strlen(LAST_PREFIX)) == 0 ? strlen(LAST_PREFIX) : 0;
    const char *digits = name + prefix;
    size_t len = strspn(digits, "0123456789");
    if (len == 0 || len > NS_DIGITS_MAX || strcmp(digits + len, ENDING) != 0)
        return false;
    errno = 0;
    *entry = (struct entry){
        .kind = prefix ? EVIDENCE_BASELINE_LAST : EVIDENCE_BASELINE_ROLLING,
        .taken = {strtoll(digits, NULL, 10)},
    };
    return errno == 0;
}

/* ---- a target's directory ---- */

static bool list_entry(void *ctx, const char *name)
{
    struct folder *folder = ctx;
    struct entry entry;
    struct stat st;
    struct lw_err next_time;
    if (entry_of(name, &entry) && folder->count < LISTED_MAX &&
        fstatat(folder->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        folder->list[folder->count++] = entry;
        folder->bytes += st.st_size;
    } else if (folder->sweeps && durable_file_remove(folder->dir, name, &next_time) < 0) {
        lw_err_clear(&next_time);
    }
    return true;
}

static int newest_first(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    return (x->taken.ns < y->taken.ns) - (x->taken.ns > y->taken.ns);
}

static int open_folder(struct folder *folder, struct lw_err *err)
{
    if (flock(folder->dir, LOCK_EX) < 0)
        return lw_err_sys(err, LW_IO, errno, "cannot lock the baselines");
    if (durable_dir_walk(folder->dir, list_entry, folder, err) < 0)
        return -1;
    qsort(folder->list, folder->count, sizeof *folder->list, newest_first);
    return 0;
}

/* Lists what a target has. LW_NOT_FOUND when it has no directory. The caller closes folder->dir
 * (which may be -1). */
static int read_folder(
    const struct evidence *evidence, uint64_t target_id, struct folder *folder, struct lw_err *err)
{
    char name[LW_ID_TEXT_BYTES];
    *folder = (struct folder){
        .dir = durable_dir_open(evidence->baselines_dir, lw_id_text(target_id, name), err)};
    return folder->dir < 0 ? -1 : open_folder(folder, err);
}

/* As read_folder, for writing: makes the directory, and sweeps it. */
static int make_folder(
    const struct evidence *evidence, uint64_t target_id, struct folder *folder, struct lw_err *err)
{
    char name[LW_ID_TEXT_BYTES];
    *folder = (struct folder){.sweeps = true,
        .dir = durable_dir_make(evidence->baselines_dir, lw_id_text(target_id, name), err)};
    if (folder->dir < 0 || open_folder(folder, err) < 0)
        return -1;
    return durable_dir_sync(evidence->baselines_dir, err);
}

static void close_folder(struct folder *folder)
{
    if (folder->dir >= 0)
        close(folder->dir);
}

/* ---- thinning ---- */

static size_t span_of(int64_t age_ns)
{
    size_t span = 0;
    while (age_ns >= span_ends_ns[span] && span < SPAN_COUNT - 1)
        span++;
    return span;
}

/* Whether the i-th of the list, newest first, is the newest or the oldest rolling one of its span;
 * of the last span, which has no end, the newest alone. */
static bool is_kept(const struct folder *folder, size_t i, struct lw_wall now)
{
    const struct entry *entry = &folder->list[i];
    size_t span = span_of(now.ns - entry->taken.ns);
    bool has_newer = false, has_older = false;
    for (size_t k = 0; k < folder->count; k++) {
        const struct entry *other = &folder->list[k];
        if (k == i || other->kind != entry->kind)
            continue;
        if (entry->kind == EVIDENCE_BASELINE_ROLLING && span_of(now.ns - other->taken.ns) != span)
            continue;
        has_newer = has_newer || k < i;
        has_older = has_older || k > i;
    }
    bool is_only_newest = entry->kind == EVIDENCE_BASELINE_LAST || span == SPAN_COUNT - 1;
    return !has_newer || (!has_older && !is_only_newest);
}

static int thin(const struct folder *folder, struct lw_err *err)
{
    struct lw_wall now = folder->count ? folder->list[0].taken : (struct lw_wall){0};
    for (size_t i = 0; i < folder->count; i++) {
        char name[NAME_BYTES];
        if (!is_kept(folder, i, now) &&
            durable_file_remove(folder->dir, name_of(&folder->list[i], name), err) < 0)
            return -1;
    }
    return 0;
}

/* ---- in and out ---- */

void evidence_baseline_fini(struct evidence_baseline *baseline)
{
    free(baseline->bytes);
    *baseline = (struct evidence_baseline){0};
}

static void insert(struct folder *folder, const struct entry *entry)
{
    for (size_t i = 0; i < folder->count; i++) {
        if (folder->list[i].kind == entry->kind && folder->list[i].taken.ns == entry->taken.ns)
            return; /* written again */
    }
    if (folder->count == LISTED_MAX)
        folder->count--; /* the oldest is thinned when it is listed again */
    folder->list[folder->count++] = *entry;
    qsort(folder->list, folder->count, sizeof *folder->list, newest_first);
}

int evidence_baseline_put(const struct evidence *evidence, uint64_t target_id,
    const struct evidence_baseline *baseline, struct lw_err *err)
{
    struct entry entry = {.kind = baseline->kind, .taken = baseline->taken};
    char name[NAME_BYTES], target[LW_ID_TEXT_BYTES];
    struct folder folder;
    if (baseline->len > EVIDENCE_FILE_BYTES_MAX || baseline->taken.ns < 0)
        return lw_err_set(err, LW_TOO_LARGE,
            "a baseline of %zu bytes is larger than the limit of %zu", baseline->len,
            EVIDENCE_FILE_BYTES_MAX);
    int rc = make_folder(evidence, target_id, &folder, err);
    if (rc == 0)
        rc = durable_file_replace(
            folder.dir, name_of(&entry, name), baseline->bytes, baseline->len, err);
    if (rc == 0) {
        insert(&folder, &entry);
        rc = thin(&folder, err);
    }
    close_folder(&folder);
    return rc < 0 ? lw_err_prefix(err, "the baseline of %s", lw_id_text(target_id, target)) : 0;
}

static int read_entry(const struct folder *folder, const struct entry *entry,
    struct evidence_baseline *found, struct lw_err *err)
{
    char name[NAME_BYTES];
    int fd = evidence_bytes_open(folder->dir, name_of(entry, name), err);
    if (fd < 0)
        return -1;
    found->kind = entry->kind;
    found->taken = entry->taken;
    return evidence_bytes_take(fd, EVIDENCE_FILE_BYTES_MAX, &found->bytes, &found->len, err);
}

/* The newest of a target before `t`, of one kind or, with -1, of any. */
static int find(const struct evidence *evidence, uint64_t target_id, struct lw_wall t, int kind,
    struct evidence_baseline *found, struct lw_err *err)
{
    struct folder folder;
    *found = (struct evidence_baseline){0};
    int rc = read_folder(evidence, target_id, &folder, err);
    const struct entry *entry = NULL;
    for (size_t i = 0; rc == 0 && !entry && i < folder.count; i++) {
        if (folder.list[i].taken.ns < t.ns && (kind < 0 || (int)folder.list[i].kind == kind))
            entry = &folder.list[i];
    }
    if (entry)
        rc = read_entry(&folder, entry, found, err);
    else if (rc == 0)
        rc = lw_err_set(err, LW_NOT_FOUND, "the target has no such baseline");
    close_folder(&folder);
    return rc;
}

int evidence_baseline_before(const struct evidence *evidence, uint64_t target_id, struct lw_wall t,
    struct evidence_baseline *found, struct lw_err *err)
{
    return find(evidence, target_id, t, -1, found, err);
}

int evidence_baseline_since(const struct evidence *evidence, uint64_t target_id, struct lw_wall t,
    struct evidence_baseline *found, struct lw_err *err)
{
    struct folder folder;
    *found = (struct evidence_baseline){0};
    int rc = read_folder(evidence, target_id, &folder, err);
    const struct entry *entry = NULL;
    for (size_t i = 0; rc == 0 && i < folder.count && folder.list[i].taken.ns >= t.ns; i++) {
        if (folder.list[i].kind == EVIDENCE_BASELINE_ROLLING)
            entry = &folder.list[i];
    }
    if (entry)
        rc = read_entry(&folder, entry, found, err);
    else if (rc == 0)
        rc = lw_err_set(err, LW_NOT_FOUND, "the target has no such baseline");
    close_folder(&folder);
    return rc;
}

int evidence_baseline_last(const struct evidence *evidence, uint64_t target_id,
    struct evidence_baseline *found, struct lw_err *err)
{
    struct lw_wall end_of_time = {INT64_MAX};
    return find(evidence, target_id, end_of_time, EVIDENCE_BASELINE_LAST, found, err);
}

int evidence_baseline_keep_last(
    const struct evidence *evidence, uint64_t target_id, struct lw_err *err)
{
    struct evidence_baseline newest;
    struct lw_wall end_of_time = {INT64_MAX};
    if (find(evidence, target_id, end_of_time, EVIDENCE_BASELINE_ROLLING, &newest, err) < 0)
        return -1;
    newest.kind = EVIDENCE_BASELINE_LAST;
    int rc = evidence_baseline_put(evidence, target_id, &newest, err);
    evidence_baseline_fini(&newest);
    return rc;
}

/* ---- retention ---- */

int baselines_measure(const struct evidence *evidence, uint64_t target_id,
    struct baselines_use *use, struct lw_err *err)
{
    struct folder folder;
    int rc = read_folder(evidence, target_id, &folder, err);
    *use = (struct baselines_use){.bytes = folder.bytes};
    if (folder.count)
        use->newest = folder.list[0].taken;
    close_folder(&folder);
    return rc;
}

int baselines_remove(const struct evidence *evidence, uint64_t target_id, struct lw_err *err)
{
    char name[LW_ID_TEXT_BYTES];
    return durable_dir_remove(evidence->baselines_dir, lw_id_text(target_id, name), err);
}
