/* The store of evidence: a directory for each incident, rolling baselines for each target, and a
 * catalogue of it all in memory.
 *
 *   <storage.path>/incidents/<incident id>/manifest.json, heap.pb.gz, report.json, …
 *   <storage.path>/baselines/<target id>/<taken, ns>.pb.gz
 *   <storage.path>/incidents.db      an index of the manifests, rebuilt when missing or damaged
 *
 * The manifest is the truth about an incident: what it is, which files it has with their sizes and
 * SHA-256, what was refused or failed and why, who acknowledged, muted or pinned it. A directory is
 * written under a name that begins with a dot, each file synced, the manifest last, and then
 * renamed; whoever is killed meanwhile leaves what the next evidence_open sweeps. What was answered
 * as written has been synced together with its directory, so it survives kill -9 and a power cut.
 *
 * Functions that say "worker" block on the disk and touch nothing but their arguments and the
 * disk: they are run as jobs, several at once if need be (an incident that is changed is locked by
 * flock(2) on its directory). The catalogue belongs to the loop's thread. */
#ifndef LW_EVIDENCE_EVIDENCE_H
#define LW_EVIDENCE_EVIDENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/time.h"

#define EVIDENCE_FILES_MAX      32                  /* of one incident */
#define EVIDENCE_FILE_BYTES_MAX ((size_t)256 << 20) /* of one file */
#define EVIDENCE_INCIDENTS_MAX  10000               /* that retention leaves */
#define EVIDENCE_TEXT_BYTES_MAX 4096                /* of one text; longer ones are cut */
#define EVIDENCE_NAME_BYTES     48                  /* of a file's name with its NUL */
#define EVIDENCE_SHA256_BYTES   65                  /* 64 hex digits and a NUL */

/* ---- what an incident is ---- */

enum evidence_state {
    EVIDENCE_COLLECTING, /* only in the catalogue: nothing of it is on disk yet */
    EVIDENCE_READY,
    EVIDENCE_FAILED, /* on disk with what could be had, or, when nothing could be written, only in
                        the catalogue; `why` says what went wrong */
};

enum evidence_trigger {
    EVIDENCE_BY_VERDICT,
    EVIDENCE_BY_WEBHOOK,
    EVIDENCE_BY_API,
    EVIDENCE_BY_MEMORY,
};

/* What becomes of the copy in object storage. Those that wait are the queue: it lies in the
 * manifests, so that it is as durable as the incidents. */
enum evidence_upload {
    EVIDENCE_UPLOAD_NONE, /* nobody asked for one */
    EVIDENCE_UPLOAD_WAITING,
    EVIDENCE_UPLOAD_DONE,    /* at upload_at */
    EVIDENCE_UPLOAD_REFUSED, /* at upload_at; upload_why */
};

enum evidence_file_state {
    EVIDENCE_FILE_OK,
    EVIDENCE_FILE_REFUSED, /* a budget said no, or the target does not have it; `why` */
    EVIDENCE_FILE_FAILED,  /* tried in vain; `why` */
    EVIDENCE_FILE_REMOVED, /* it was there; retention took it; size and SHA-256 stay */
};

struct evidence_file {
    char name[EVIDENCE_NAME_BYTES]; /* "heap.pb.gz": see evidence_name_is_valid */
    enum evidence_file_state state;
    int64_t bytes;
    char sha256[EVIDENCE_SHA256_BYTES]; /* lower-case hex; "" when there never were bytes */
    struct lw_wall taken;
    char *why;        /* owned; NULL: nothing to say */
    uint64_t written; /* the revision that brought it: a later one has a name of its own on disk */
};

/* All texts are owned and may be NULL: not known. */
struct evidence_incident {
    uint64_t id;       /* evidence_incident_id */
    uint64_t revision; /* of the manifest; each change on disk adds one */
    uint64_t target_id;
    char *job;
    char *instance;
    enum evidence_state state;
    enum evidence_trigger trigger;
    char *why; /* of EVIDENCE_FAILED; or, when by API or webhook, the reason that was given */
    struct lw_wall opened;
    struct lw_wall finished;
    uint64_t subject; /* id of the site, hash of the type's name; 0: the total. What a mute mutes */
    char *title;      /* one line: type or function, growth */
    char *type;
    char *site; /* function of the responsible frame */
    char *verdict;
    char *pattern;
    double rate, rate_lo, rate_hi; /* bytes/s; NaN: not known */
    struct lw_wall onset_from, onset_to;
    bool pinned;                 /* by a user: retention never takes it */
    struct lw_wall acknowledged; /* 0: not */
    char *acknowledged_by;
    char *acknowledged_note;
    struct lw_wall muted_until; /* 0: not */
    char *mute_reason;
    enum evidence_upload upload;
    struct lw_wall upload_at;
    char *upload_why;
    int64_t bytes;               /* of all files that are there, without the manifest */
    struct evidence_file *files; /* owned */
    size_t file_count;           /* at most EVIDENCE_FILES_MAX */
};

/* Ids of incidents sort by time: the seconds of `opened` in the upper half, a hash of the target
 * and the nanoseconds in the lower. */
uint64_t evidence_incident_id(uint64_t target_id, struct lw_wall opened);

struct evidence_incident *evidence_incident_copy(const struct evidence_incident *incident);
void evidence_incident_free(struct evidence_incident **incident);

/* For an incident of which nothing is on disk after all. */
void evidence_incident_forget_files(struct evidence_incident *incident);

/* NULL when it has no such file. */
const struct evidence_file *evidence_incident_file(
    const struct evidence_incident *incident, const char *name);

/* Whether it is muted at `now`. */
bool evidence_incident_is_muted(const struct evidence_incident *incident, struct lw_wall now);

const char *evidence_state_word(enum evidence_state state);
const char *evidence_trigger_word(enum evidence_trigger trigger);
const char *evidence_upload_word(enum evidence_upload upload);
const char *evidence_file_state_word(enum evidence_file_state state);

/* 1 to 47 of a-z, 0-9, '.' and '-', not beginning with '.', and not "manifest.json". */
bool evidence_name_is_valid(const char *name);

/* "application/json", …: never text/html, so that no browser runs what a target sent. */
const char *evidence_name_content_type(const char *name);

/* ---- opening ---- */

struct evidence;
struct evidence_catalogue;

/* Makes what is missing below storage_path (itself made by the store), sweeps what was left half
 * done, and fills the catalogue. Directories that do not hold what their manifest says (a missing
 * file, another size) are set aside as .damaged-… and counted in *damaged. Before the loop runs.
 * NULL: LW_IO. */
struct evidence *evidence_open(const char *storage_path, struct evidence_catalogue *catalogue,
    size_t *damaged, struct lw_err *err) LW_MUST_CHECK;
/* No job may be under way. Clears; NULL is a no-op. */
void evidence_close(struct evidence **evidence);

/* ---- writing an incident (worker; a draft is used by one job at a time) ---- */

struct evidence_draft;

/* Begins the directory of a new incident. NULL: LW_IO. */
struct evidence_draft *evidence_draft_new(
    const struct evidence *evidence, uint64_t incident_id, struct lw_err *err) LW_MUST_CHECK;

/* Adds a file, synced. Of `file` name, state, taken and why count (copied); bytes belong to
 * EVIDENCE_FILE_OK alone. LW_INVALID: a bad name, or a second file of that name, or too many or too
 * large. LW_IO (a full disk, say): the draft goes on with it as EVIDENCE_FILE_FAILED. */
int evidence_draft_add(struct evidence_draft *draft, const struct evidence_file *file,
    const void *bytes, size_t len, struct lw_err *err) LW_MUST_CHECK;

/* What became of a file that was added, or NULL. Borrowed until the next call. */
const struct evidence_file *evidence_draft_file(
    const struct evidence_draft *draft, const char *name);

/* How many files there is no room for, or that could not be written for another reason; *why is
 * that of the first, "" when there is none. Borrowed as above. */
size_t evidence_draft_lost(const struct evidence_draft *draft, const char **why);

/* Writes a file that was added anew, whatever became of it, for one that tells of others. Where the
 * disk has no room for it, others are given up, the last first. LW_NOT_FOUND, LW_IO. */
int evidence_draft_rewrite(struct evidence_draft *draft, const char *name, const void *bytes,
    size_t len, struct lw_err *err) LW_MUST_CHECK;

/* Writes the manifest. *incident is told its files, bytes and revision; its state must be ready or
 * failed. Where the disk has no room for the manifest, files are given up for it, the last first,
 * and the incident becomes failed with the reason. No file may be added after it; one that is
 * written anew makes it void. LW_IO: the incident is left without files. */
int evidence_draft_seal(struct evidence_draft *draft, struct evidence_incident *incident,
    struct lw_err *err) LW_MUST_CHECK;

/* Seals the draft, if that was not done, and gives the directory its name. Frees the draft in
 * either case; a failure (LW_IO) leaves no debris, and the incident without files. */
int evidence_draft_finish(struct evidence_draft **draft, struct evidence_incident *incident,
    struct lw_err *err) LW_MUST_CHECK;

/* Gives the draft up and removes its directory. Clears; NULL is a no-op. */
void evidence_draft_free(struct evidence_draft **draft);

/* ---- later (worker) ---- */

/* Writes a file of a finished incident anew, or adds one. The new bytes lie beside the old ones
 * until the manifest names them, so whoever reads sees the old file or the new one, whole. *changed
 * is the incident as it is now (the caller's). LW_NOT_FOUND, LW_INVALID, LW_IO. */
int evidence_incident_add(const struct evidence *evidence, uint64_t id,
    const struct evidence_file *file, const void *bytes, size_t len,
    struct evidence_incident **changed, struct lw_err *err) LW_MUST_CHECK;

enum evidence_change_kind {
    EVIDENCE_ACKNOWLEDGE, /* at, by, text: the note */
    EVIDENCE_MUTE,        /* until, text: the reason */
    EVIDENCE_UNMUTE,
    EVIDENCE_PIN,
    EVIDENCE_UNPIN,
    EVIDENCE_UPLOADED,      /* at */
    EVIDENCE_REFUSE_UPLOAD, /* at, text: why */
};

struct evidence_change {
    enum evidence_change_kind kind;
    struct lw_wall at;
    struct lw_wall until;
    const char *by;
    const char *text;
};

/* LW_NOT_FOUND, LW_IO. *changed as above. */
int evidence_incident_change(const struct evidence *evidence, uint64_t id,
    const struct evidence_change *change, struct evidence_incident **changed,
    struct lw_err *err) LW_MUST_CHECK;

/* ---- reading (any thread; blocks on the disk) ---- */

/* Opens a file of an incident for reading, and tells the SHA-256 it should have; the caller closes
 * the descriptor. "manifest.json" too, whose SHA-256 is "". -1: LW_NOT_FOUND, LW_IO. */
int evidence_file_open(const struct evidence *evidence, uint64_t id, const char *name,
    char sha256[EVIDENCE_SHA256_BYTES], struct lw_err *err) LW_MUST_CHECK;

/* The SHA-256 of what an open file holds from where it stands to its end, in lower-case hex, and
 * how many bytes that is. LW_IO, LW_TOO_LARGE (EVIDENCE_FILE_BYTES_MAX). */
int evidence_file_hash(
    int fd, char sha256[EVIDENCE_SHA256_BYTES], int64_t *bytes, struct lw_err *err) LW_MUST_CHECK;

struct evidence_wanted {
    uint64_t id;
    const char *name;
    size_t limit_bytes; /* a larger one is LW_TOO_LARGE before anything of it is read */
};

/* The bytes of a file, NUL-terminated; the caller frees them. */
int evidence_file_read(const struct evidence *evidence, const struct evidence_wanted *wanted,
    char **bytes, size_t *len, struct lw_err *err) LW_MUST_CHECK;

/* Reads the manifest and all files and compares sizes and SHA-256. LW_CORRUPT names the file;
 * LW_NOT_FOUND, LW_IO. Worker. */
int evidence_verify(const struct evidence *evidence, uint64_t id, struct lw_err *err) LW_MUST_CHECK;

/* ---- the catalogue (loop's thread) ---- */

struct evidence_catalogue *evidence_catalogue_new(void);
void evidence_catalogue_free(struct evidence_catalogue **catalogue);

/* Takes an incident (clears *incident), new or in place of the one with its id. Jobs may end in
 * another order than they changed the disk, so an older revision never replaces a newer one. */
void evidence_catalogue_put(
    struct evidence_catalogue *catalogue, struct evidence_incident **incident);
void evidence_catalogue_remove(struct evidence_catalogue *catalogue, uint64_t id);

size_t evidence_catalogue_count(const struct evidence_catalogue *catalogue);
/* index 0 is the newest by `opened`. Borrowed until the next put or remove. */
const struct evidence_incident *evidence_catalogue_at(
    const struct evidence_catalogue *catalogue, size_t index);
const struct evidence_incident *evidence_catalogue_find(
    const struct evidence_catalogue *catalogue, uint64_t id);
/* The newest of a target, or NULL. */
const struct evidence_incident *evidence_catalogue_newest(
    const struct evidence_catalogue *catalogue, uint64_t target_id);

/* Whether a leak is muted at `now`: an incident of the same job and the same subject is (all
 * replicas of a job share a leak), or, with subject 0, one of the same target's total. */
bool evidence_catalogue_is_muted(const struct evidence_catalogue *catalogue,
    const struct evidence_incident *like, struct lw_wall now);

/* Of all incidents in it. */
int64_t evidence_catalogue_bytes(const struct evidence_catalogue *catalogue);

/* ---- baselines (worker) ----
 *
 * Of each target the newest profile is kept, and per span of age (to 1 h, 6 h, 1 d, 3 d, 7 d,
 * beyond) the newest and the oldest: the oldest so that something of that age is always there, the
 * newest so that something follows when the oldest grows out of its span. At most
 * EVIDENCE_BASELINES_MAX. */

#define EVIDENCE_BASELINES_MAX 13 /* two in each of six spans, and the last before a restart */

enum evidence_baseline_kind {
    EVIDENCE_BASELINE_ROLLING,
    EVIDENCE_BASELINE_LAST, /* the last good one before the target vanished or restarted: one a
                               target */
};

struct evidence_baseline {
    enum evidence_baseline_kind kind;
    struct lw_wall taken;
    char *bytes; /* owned, gzip as scraped; NULL where only the time was asked for */
    size_t len;
};
void evidence_baseline_fini(struct evidence_baseline *baseline);

/* Writes one (its bytes are only read) and thins the target's. LW_IO, LW_TOO_LARGE. */
int evidence_baseline_put(const struct evidence *evidence, uint64_t target_id,
    const struct evidence_baseline *baseline, struct lw_err *err) LW_MUST_CHECK;

/* Makes the newest rolling one the last good one, when nobody has the body any more. */
int evidence_baseline_keep_last(
    const struct evidence *evidence, uint64_t target_id, struct lw_err *err) LW_MUST_CHECK;

/* The newest one taken before t; rolling or last. LW_NOT_FOUND: there is none. */
int evidence_baseline_before(const struct evidence *evidence, uint64_t target_id, struct lw_wall t,
    struct evidence_baseline *found, struct lw_err *err) LW_MUST_CHECK;

/* The oldest rolling one taken at t or later. LW_NOT_FOUND: there is none. */
int evidence_baseline_since(const struct evidence *evidence, uint64_t target_id, struct lw_wall t,
    struct evidence_baseline *found, struct lw_err *err) LW_MUST_CHECK;

/* The last good one before the target vanished or restarted. LW_NOT_FOUND. */
int evidence_baseline_last(const struct evidence *evidence, uint64_t target_id,
    struct evidence_baseline *found, struct lw_err *err) LW_MUST_CHECK;

/* ---- retention (worker) ----
 *
 * What has value: of each incident the onset's baseline, the heap at its peak (the capture), the
 * one after a forced GC, the last before a restart, and the report. These stay as long as the
 * incident. What goes, in this order:
 *   1. by age: incidents that finished more than max_age ago and that no user pinned, and baselines
 *      of targets that had none newer than that;
 *   2. while there is more than max_bytes, oldest first: the other files (traces, CPU profiles,
 *      dumps of goroutines, …) of incidents no user pinned; then the baselines of targets whose
 *      newest is older than a week; then whole incidents somebody acknowledged; then others.
 *      The newest incident of all goes last, and only if it alone is too much.
 * With keep_waiting, incidents whose upload waits are passed over by all of this, files and all,
 * and go only when the rest was not enough for max_bytes.
 * What a user pinned never goes, even if it alone is more than max_bytes. */

struct evidence_limits {
    int64_t max_bytes;
    int64_t max_age_ns;
    bool keep_waiting; /* what is to be uploaded yet; for whoever does upload */
};

struct evidence_thinned {
    uint64_t *removed; /* owned: ids of incidents that are gone */
    size_t removed_count;
    struct evidence_incident **changed; /* owned: those that lost files, for the catalogue */
    size_t changed_count;
    int64_t bytes_freed;
    int64_t bytes; /* that are left: incidents and baselines */
};

/* What was thinned until an error stands in *thinned, too. */
int evidence_retention_run(const struct evidence *evidence, const struct evidence_limits *limits,
    struct lw_wall now, struct evidence_thinned *thinned, struct lw_err *err) LW_MUST_CHECK;
void evidence_thinned_fini(struct evidence_thinned *thinned);

#endif
