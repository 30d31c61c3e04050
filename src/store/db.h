/* The SQLite file of a store: what the tables are and how rows get in and out. Opened by
 * the engine, used by store/ alone.
 *
 * Two connections: one for reading on the loop's thread, one for writing on a worker; WAL lets both
 * work at once. synchronous=NORMAL: a commit survives kill -9 at once and a power cut up to the
 * last checkpoint of the log; the file is never torn. */
#ifndef LW_STORE_DB_H
#define LW_STORE_DB_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/time.h"
#include "store/store.h"

#define STORE_PATH_BYTES 4096

/* Opens (makes) dir/leakwatchd.db. A file that is damaged is renamed to …damaged-<unix time>, with
 * its log, and a new one begun: *set_aside then holds the new name, else "". Errors: LW_IO (names
 * the directory and what is wrong), LW_BUSY (another daemon has it), LW_INVALID (written by a newer
 * release: left as it is). */
struct store_db *store_db_open(const char *dir, struct lw_wall now,
    char set_aside[STORE_PATH_BYTES], struct lw_err *err) LW_MUST_CHECK;
void store_db_close(struct store_db **db);

/* Begins a new file in the place of one that a write found damaged (LW_CORRUPT), which is renamed
 * as above. On the loop's thread, while no worker writes; takes as long as a few syncs. Without
 * success every call from then on fails. */
int store_db_begin_anew(struct store_db *db, struct lw_wall now, char set_aside[STORE_PATH_BYTES],
    struct lw_err *err) LW_MUST_CHECK;

/* ---- reading (loop's thread) ---- */

/* Of goroutines the key 0 is the total of the target. */
enum store_db_kind {
    STORE_DB_TOTAL = 0,
    STORE_DB_SITE = 1,
    STORE_DB_TYPE = 2,
    STORE_DB_GOROUTINES = 3
};

/* What is told of rows that are read; everything is borrowed for the call. build_id 0: none. */
struct store_db_reader {
    void *ctx;
    void (*target)(void *ctx, uint64_t build_id, const void *image, size_t len);
    void (*site)(void *ctx, uint64_t site_id, const void *image, size_t len);
    void (*job)(void *ctx, const void *image, size_t len);
    void (*usage)(void *ctx, const void *image, size_t len);
    void (*build)(void *ctx, const struct store_build_spec *build);
    void (*typed)(void *ctx, const struct store_type_spec *type);
    void (*fate)(void *ctx, uint64_t site_id, const struct store_fate *fate);
    void (*series)(void *ctx, enum store_db_kind kind, uint64_t key, const void *image, size_t len);
};

/* Each tells nothing when the file has nothing, and at most STORE_DB_ROWS_MAX rows of a kind. */
#define STORE_DB_ROWS_MAX 200000
/* target(), then site() for each site that a series of the target is of. */
int store_db_read_target(struct store_db *db, uint64_t target_id,
    const struct store_db_reader *reader, struct lw_err *err) LW_MUST_CHECK;
/* job(), once. */
int store_db_read_job(struct store_db *db, uint64_t job_id, const struct store_db_reader *reader,
    struct lw_err *err) LW_MUST_CHECK;
/* usage() for each, at most `max`, what was written last first. */
int store_db_read_usages(struct store_db *db, uint64_t max, const struct store_db_reader *reader,
    struct lw_err *err) LW_MUST_CHECK;
/* build(), then typed() for each of its sites, and fate() for those that have one. */
int store_db_read_build(struct store_db *db, uint64_t build_id,
    const struct store_db_reader *reader, struct lw_err *err) LW_MUST_CHECK;
int store_db_read_series(struct store_db *db, uint64_t target_id,
    const struct store_db_reader *reader, struct lw_err *err) LW_MUST_CHECK;

/* ---- writing (a worker) ---- */

int store_db_begin(struct store_db *db, struct lw_err *err) LW_MUST_CHECK;
int store_db_commit(struct store_db *db, struct lw_err *err) LW_MUST_CHECK;
void store_db_rollback(struct store_db *db);

/* Bytes of a row and the text that makes it readable to a person with the sqlite3 shell; borrowed.
 */
struct store_db_image {
    const char *name; /* a target's job/instance, a site's function; series have none */
    const void *bytes;
    size_t len;
};

struct store_db_target {
    struct lw_wall saved;
    uint64_t build_id; /* 0: not known */
};
int store_db_put_target(struct store_db *db, uint64_t id, const struct store_db_target *row,
    const struct store_db_image *image, struct lw_err *err) LW_MUST_CHECK;
int store_db_put_site(struct store_db *db, uint64_t id, const struct store_db_image *image,
    struct lw_err *err) LW_MUST_CHECK;
/* Removes all series of a target, before those it still has are put again. */
int store_db_clear_series(
    struct store_db *db, uint64_t target_id, struct lw_err *err) LW_MUST_CHECK;
struct store_db_series {
    uint64_t target_id;
    enum store_db_kind kind;
    uint64_t key; /* of the site or type; 0 for the total */
};
int store_db_put_series(struct store_db *db, const struct store_db_series *row,
    const struct store_db_image *image, struct lw_err *err) LW_MUST_CHECK;
int store_db_put_build(struct store_db *db, uint64_t id, const struct store_build_spec *build,
    struct lw_err *err) LW_MUST_CHECK;
int store_db_put_usage(struct store_db *db, uint64_t id, struct lw_wall saved,
    const struct store_db_image *image, struct lw_err *err) LW_MUST_CHECK;
int store_db_put_job(struct store_db *db, uint64_t id, struct lw_wall saved,
    const struct store_db_image *image, struct lw_err *err) LW_MUST_CHECK;
int store_db_put_typed(struct store_db *db, uint64_t build_id, const struct store_type_spec *type,
    struct lw_err *err) LW_MUST_CHECK;
int store_db_put_fate(struct store_db *db, uint64_t build_id, uint64_t site_id,
    const struct store_fate *fate, struct lw_err *err) LW_MUST_CHECK;

struct store_db_verdict {
    struct lw_wall at;
    uint64_t target_id;
    uint64_t row_id; /* of a site or type; 0: the total */
    const char *from;
    const char *to;
    double rate, rate_lo, rate_hi;
};
int store_db_add_verdict(
    struct store_db *db, const struct store_db_verdict *verdict, struct lw_err *err) LW_MUST_CHECK;

/* Lets go of targets, jobs and usages last written before `horizon`, of sites no series refers to,
 * of builds no target runs, and of all but the newest 10,000 changes of verdicts. */
int store_db_prune(struct store_db *db, struct lw_wall horizon, struct lw_err *err) LW_MUST_CHECK;

#endif
