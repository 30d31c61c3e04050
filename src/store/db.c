#include "store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

#define SCHEMA_VERSION  4
#define VERDICTS_KEPT   "10000"
#define BUSY_TIMEOUT_MS 5000
#define CACHE_KIB_EACH  "2048"
#define ROW_BYTES_MAX \
    (1 << 20) /* we write less than a fifth of it; SQLite refuses to read more \
               */
#define DB_PATH_BYTES   (STORE_PATH_BYTES - 64) /* room for ".damaged-…-wal" */
#define DIRECTORY_BYTES 3900                    /* longest --storage.path */
#define DIRECTORY_MODE  0750
#define FILE_MODE       0640

#define JOB_TABLE \
    "CREATE TABLE job(id INTEGER PRIMARY KEY, name TEXT NOT NULL, saved_ns INTEGER NOT NULL," \
    "  image BLOB NOT NULL) STRICT;"

#define USAGE_TABLE \
    "CREATE TABLE usage(id INTEGER PRIMARY KEY, name TEXT NOT NULL, saved_ns INTEGER NOT NULL," \
    "  image BLOB NOT NULL) STRICT;"

#define FATE_TABLE \
    "CREATE TABLE fate(build INTEGER NOT NULL, site INTEGER NOT NULL, finalizer_in TEXT NOT NULL," \
    "  cycle TEXT NOT NULL, kept_in TEXT NOT NULL, kept_bytes INTEGER NOT NULL," \
    "  PRIMARY KEY(build, site)) STRICT, WITHOUT ROWID;"

#define TO_THIS_SCHEMA "PRAGMA user_version = 4; COMMIT;"

/* 64-bit ids are stored as SQLite's signed integers, bit for bit. One transaction: a daemon that is
 * killed meanwhile leaves nothing that the next start would stumble over. */
static const char schema[] =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE target(id INTEGER PRIMARY KEY, name TEXT NOT NULL, saved_ns INTEGER NOT NULL,"
    "  build INTEGER NOT NULL, image BLOB NOT NULL) STRICT;"
    "CREATE INDEX target_saved ON target(saved_ns);"
    "CREATE TABLE site(id INTEGER PRIMARY KEY, function TEXT NOT NULL, image BLOB NOT NULL) STRICT;"
    "CREATE TABLE series(target INTEGER NOT NULL, kind INTEGER NOT NULL, key INTEGER NOT NULL,"
    "  image BLOB NOT NULL, PRIMARY KEY(target, kind, key)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX series_key ON series(key);"
    "CREATE TABLE build(id INTEGER PRIMARY KEY, binary_id TEXT NOT NULL, source TEXT NOT NULL,"
    "  module TEXT NOT NULL, version TEXT NOT NULL, vcs_revision TEXT NOT NULL,"
    "  go_version TEXT NOT NULL) STRICT;"
    "CREATE TABLE typed(build INTEGER NOT NULL, site INTEGER NOT NULL, name TEXT NOT NULL,"
    "  kind TEXT NOT NULL, import_path TEXT NOT NULL, module TEXT NOT NULL, version TEXT NOT NULL,"
    "  unresolved TEXT NOT NULL, PRIMARY KEY(build, site)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE verdict(at_ns INTEGER NOT NULL, target INTEGER NOT NULL, key INTEGER NOT NULL,"
    "  was TEXT NOT NULL, became TEXT NOT NULL, rate REAL, rate_lo REAL, rate_hi REAL) STRICT;" JOB_TABLE
        USAGE_TABLE FATE_TABLE TO_THIS_SCHEMA;

/* What older schemas lacked. */
static const char from_schema_1[] =
    "BEGIN IMMEDIATE;" JOB_TABLE USAGE_TABLE FATE_TABLE TO_THIS_SCHEMA;
static const char from_schema_2[] = "BEGIN IMMEDIATE;" USAGE_TABLE FATE_TABLE TO_THIS_SCHEMA;
static const char from_schema_3[] = "BEGIN IMMEDIATE;" FATE_TABLE TO_THIS_SCHEMA;

/* Every statement there is, prepared once on the connection that uses it. X(name, SQL) */
#define READ_STATEMENTS(X) \
    X(READ_TARGET, "SELECT build, image FROM target WHERE id = ?1") \
    X(READ_SITES, "SELECT id, image FROM site WHERE id IN" \
                  " (SELECT key FROM series WHERE target = ?1 AND kind IN (1, 3))") \
    X(READ_JOB, "SELECT image FROM job WHERE id = ?1") \
    X(READ_USAGES, "SELECT image FROM usage ORDER BY saved_ns DESC LIMIT ?1") \
    X(READ_SERIES, "SELECT kind, key, image FROM series WHERE target = ?1") \
    X(READ_BUILD, "SELECT binary_id, source, module, version, vcs_revision, go_version FROM build" \
                  " WHERE id = ?1") \
    X(READ_TYPED, "SELECT name, kind, import_path, module, version, unresolved, site FROM typed" \
                  " WHERE build = ?1") \
    X(READ_FATES, "SELECT finalizer_in, cycle, kept_in, kept_bytes, site FROM fate" \
                  " WHERE build = ?1")
#define WRITE_STATEMENTS(X) \
    X(PUT_TARGET, "INSERT INTO target(id, name, saved_ns, build, image)" \
                  " VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT(id) DO" \
                  " UPDATE SET name = ?2, saved_ns = ?3, build = ?4, image = ?5") \
    X(PUT_SITE, "INSERT INTO site(id, function, image) VALUES(?1, ?2, ?3)" \
                " ON CONFLICT(id) DO UPDATE SET function = ?2, image = ?3") \
    X(CLEAR_SERIES, "DELETE FROM series WHERE target = ?1") \
    X(PUT_SERIES, "INSERT INTO series(target, kind, key, image) VALUES(?1, ?2, ?3, ?4)") \
    X(PUT_BUILD, "INSERT OR REPLACE INTO build VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)") \
    X(PUT_TYPED, "INSERT OR REPLACE INTO typed VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)") \
    X(PUT_FATE, "INSERT OR REPLACE INTO fate VALUES(?1, ?2, ?3, ?4, ?5, ?6)") \
    X(PUT_JOB, "INSERT OR REPLACE INTO job VALUES(?1, ?2, ?3, ?4)") \
    X(PUT_USAGE, "INSERT OR REPLACE INTO usage VALUES(?1, ?2, ?3, ?4)") \
    X(ADD_VERDICT, "INSERT INTO verdict VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)") \
    X(PRUNE_SERIES, "DELETE FROM series WHERE target IN" \
                    " (SELECT id FROM target WHERE saved_ns < ?1)") \
    X(PRUNE_TARGETS, "DELETE FROM target WHERE saved_ns < ?1") \
    X(PRUNE_SITES, \
        "DELETE FROM site WHERE id NOT IN (SELECT key FROM series WHERE kind IN (1, 3))") \
    X(PRUNE_TYPED, "DELETE FROM typed WHERE build NOT IN (SELECT build FROM target)") \
    X(PRUNE_FATES, "DELETE FROM fate WHERE build NOT IN (SELECT build FROM target)") \
    X(PRUNE_BUILDS, "DELETE FROM build WHERE id NOT IN (SELECT build FROM target)") \
    X(PRUNE_JOBS, "DELETE FROM job WHERE saved_ns < ?1") \
    X(PRUNE_USAGES, "DELETE FROM usage WHERE saved_ns < ?1") \
    X(PRUNE_VERDICTS, "DELETE FROM verdict WHERE rowid <=" \
                      " (SELECT max(rowid) FROM verdict) - " VERDICTS_KEPT)

enum statement {
#define STATEMENT_ENUM(name, sql) name,
    READ_STATEMENTS(STATEMENT_ENUM) WRITE_STATEMENTS(STATEMENT_ENUM)
#undef STATEMENT_ENUM
        STATEMENT_COUNT
};

#define FIRST_WRITE_STATEMENT PUT_TARGET

static const char *const statement_sql[STATEMENT_COUNT] = {
#define STATEMENT_SQL(name, sql) [name] = sql,
    READ_STATEMENTS(STATEMENT_SQL) WRITE_STATEMENTS(STATEMENT_SQL)
#undef STATEMENT_SQL
};

struct store_db {
    char path[DB_PATH_BYTES];
    int lock_fd;
    sqlite3 *reading;
    sqlite3 *writing;
    sqlite3_stmt *statements[STATEMENT_COUNT];
};

static enum lw_code code_of(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return LW_CORRUPT;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return LW_BUSY;
    case SQLITE_NOMEM:
        return LW_NO_MEMORY;
    default:
        return LW_IO;
    }
}

static int fail(struct store_db *db, sqlite3 *connection, const char *doing, struct lw_err *err)
{
    int rc = connection ? sqlite3_extended_errcode(connection) : SQLITE_NOMEM;
    return lw_err_set(err, code_of(rc), "%s: cannot %s: %s (SQLite %d)", db->path, doing,
        connection ? sqlite3_errmsg(connection) : "no memory", rc);
}

static int execute(struct store_db *db, sqlite3 *connection, const char *sql, struct lw_err *err)
{
    if (sqlite3_exec(connection, sql, NULL, NULL, NULL) != SQLITE_OK)
        return fail(db, connection, "run a statement", err);
    return 0;
}

/* ---- opening ---- */

/* The lock is a file of its own: SQLite's would only be noticed at the first write. */
static int take_lock(struct store_db *db, const char *dir, struct lw_err *err)
{
    char path[STORE_PATH_BYTES + 32];
    snprintf(path, sizeof path, "%s/leakwatchd.lock", dir);
    db->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
    if (db->lock_fd < 0)
        return lw_err_sys(err, LW_IO, errno,
            "cannot write to the storage directory %s (see --storage.path): %s", dir, path);
    if (flock(db->lock_fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno == EWOULDBLOCK)
            return lw_err_set(err, LW_BUSY,
                "the storage directory %s is in use by another leakwatchd: give this one its own "
                "--storage.path",
                dir);
        return lw_err_sys(err, LW_IO, errno, "cannot lock %s", path);
    }
    return 0;
}

static sqlite3 *connect(struct store_db *db, struct lw_err *err)
{
    sqlite3 *connection = NULL;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX;
    if (sqlite3_open_v2(db->path, &connection, flags, NULL) != SQLITE_OK) {
        fail(db, connection, "open it", err);
        sqlite3_close(connection);
        return NULL;
    }
    sqlite3_busy_timeout(connection, BUSY_TIMEOUT_MS);
    sqlite3_limit(connection, SQLITE_LIMIT_LENGTH, ROW_BYTES_MAX);
    if (execute(db, connection,
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
            "PRAGMA journal_size_limit = 16777216; PRAGMA cache_size = -" CACHE_KIB_EACH ";",
            err) < 0) {
        sqlite3_close(connection);
        return NULL;
    }
    return connection;
}

/* What a one-row pragma answers: as a number, and whether it is the word ok. */
static int ask(
    struct store_db *db, const char *sql, int64_t *number, bool *is_ok, struct lw_err *err)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(db->writing, sql, -1, &statement, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW) {
        const unsigned char *text = sqlite3_column_text(statement, 0);
        if (number)
            *number = sqlite3_column_int64(statement, 0);
        if (is_ok)
            *is_ok = text && strcmp((const char *)text, "ok") == 0;
    }
    sqlite3_finalize(statement);
    return rc == SQLITE_ROW ? 0 : fail(db, db->writing, "check it", err);
}

/* LW_CORRUPT when the file is not a whole SQLite database of ours. */
static int check_file(struct store_db *db, struct lw_err *err)
{
    int64_t version;
    bool whole;
    if (ask(db, "PRAGMA quick_check(1)", NULL, &whole, err) < 0)
        return -1;
    if (!whole)
        return lw_err_set(err, LW_CORRUPT, "%s: SQLite's quick_check found damage", db->path);
    if (ask(db, "PRAGMA user_version", &version, NULL, err) < 0)
        return -1;
    const char *const updates[] = {schema, from_schema_1, from_schema_2, from_schema_3};
    const char *update = version >= 0 && version < SCHEMA_VERSION ? updates[version] : NULL;
    if (update && execute(db, db->writing, update, err) < 0) {
        store_db_rollback(db);
        return -1;
    }
    if (version > SCHEMA_VERSION)
        return lw_err_set(err, LW_INVALID,
            "%s was written by a newer release (schema %lld, this one reads up to %d): use that "
            "release or another --storage.path",
            db->path, (long long)version, SCHEMA_VERSION);
    return 0;
}

static int prepare(struct store_db *db, struct lw_err *err)
{
    for (int i = 0; i < STATEMENT_COUNT; i++) {
        sqlite3 *connection = i < FIRST_WRITE_STATEMENT ? db->reading : db->writing;
        if (sqlite3_prepare_v3(connection, statement_sql[i], -1, SQLITE_PREPARE_PERSISTENT,
                &db->statements[i], NULL) != SQLITE_OK) {
            fail(db, connection, "prepare a statement", err);
            /* A table that is missing or of another shape is a damaged file, whatever SQLite says.
             */
            if (err && err->code == LW_IO)
                err->code = LW_CORRUPT;
            return -1;
        }
    }
    return 0;
}

static void disconnect(struct store_db *db)
{
    for (int i = 0; i < STATEMENT_COUNT; i++) {
        sqlite3_finalize(db->statements[i]);
        db->statements[i] = NULL;
    }
    sqlite3_close(db->reading);
    sqlite3_close(db->writing);
    db->reading = db->writing = NULL;
}

/* SQLite would make it readable for all, and its log and index are made like it. To be called while
 * no connection is open: closing a file lets go of the process's locks on it. */
static int create_file(const char *path, struct lw_err *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
    if (fd < 0)
        return lw_err_sys(err, LW_IO, errno, "cannot make %s", path);
    close(fd);
    return 0;
}

static int open_file(struct store_db *db, struct lw_err *err)
{
    if (create_file(db->path, err) < 0)
        return -1;
    db->writing = connect(db, err);
    if (!db->writing || check_file(db, err) < 0)
        return -1;
    db->reading = connect(db, err);
    if (!db->reading)
        return -1;
    return prepare(db, err);
}

/* Renames the file, its log and its index: all three make up what may still be rescued. */
static int put_aside(
    struct store_db *db, struct lw_wall now, char set_aside[STORE_PATH_BYTES], struct lw_err *err)
{
    static const char *const parts[] = {"", "-wal", "-shm"};
    for (int i = 0; i < 3; i++) {
        char from[DB_PATH_BYTES + 8], to[STORE_PATH_BYTES];
        snprintf(from, sizeof from, "%s%s", db->path, parts[i]);
        snprintf(to, sizeof to, "%s.damaged-%lld%s", db->path, (long long)(now.ns / LW_NS_PER_S),
            parts[i]);
        if (rename(from, to) < 0 && (i == 0 || errno != ENOENT))
            return lw_err_sys(err, LW_IO, errno, "cannot set %s aside as %s", from, to);
        if (i == 0)
            snprintf(set_aside, STORE_PATH_BYTES, "%s", to);
    }
    return 0;
}

/* Makes the directory and those above it, as mkdir -p. */
static int make_directory(const char *dir, struct lw_err *err)
{
    char path[STORE_PATH_BYTES];
    if (snprintf(path, sizeof path, "%s", dir) > DIRECTORY_BYTES)
        return lw_err_set(err, LW_INVALID, "the storage path is longer than %d bytes: %.60s…",
            DIRECTORY_BYTES, dir);
    for (char *slash = path + 1;; slash++) {
        slash = strchr(slash, '/');
        if (slash)
            *slash = '\0';
        if (mkdir(path, DIRECTORY_MODE) < 0 && errno != EEXIST && errno != EISDIR)
            return lw_err_sys(err, LW_IO, errno,
                "cannot make the storage directory %s (see --storage.path): %s", dir, path);
        if (!slash)
            return 0;
        *slash = '/';
    }
}

int store_db_begin_anew(
    struct store_db *db, struct lw_wall now, char set_aside[STORE_PATH_BYTES], struct lw_err *err)
{
    set_aside[0] = '\0';
    disconnect(db);
    return put_aside(db, now, set_aside, err) < 0 ? -1 : open_file(db, err);
}

struct store_db *store_db_open(
    const char *dir, struct lw_wall now, char set_aside[STORE_PATH_BYTES], struct lw_err *err)
{
    set_aside[0] = '\0';
    if (make_directory(dir, err) < 0)
        return NULL;
    struct store_db *db = LW_NEW(struct store_db);
    snprintf(db->path, sizeof db->path, "%.3900s/leakwatchd.db", dir);
    db->lock_fd = -1;
    struct lw_err why;
    if (take_lock(db, dir, err) < 0)
        goto fail;
    if (open_file(db, &why) == 0)
        return db;
    if (why.code != LW_CORRUPT) {
        *err = why;
        goto fail;
    }
    if (store_db_begin_anew(db, now, set_aside, err) == 0)
        return db;
fail:
    store_db_close(&db);
    return NULL;
}

void store_db_close(struct store_db **db)
{
    if (!*db)
        return;
    disconnect(*db);
    if ((*db)->lock_fd >= 0)
        close((*db)->lock_fd);
    free(*db);
    *db = NULL;
}

/* ---- reading ---- */

/* A text column; never NULL. */
static const char *text(sqlite3_stmt *s, int column)
{
    const unsigned char *t = sqlite3_column_text(s, column);
    return t ? (const char *)t : "";
}

static uint64_t id(sqlite3_stmt *s, int column)
{
    return (uint64_t)sqlite3_column_int64(s, column);
}

/* A row whose last column is an image. */
static void tell_image(enum statement which, sqlite3_stmt *s, const struct store_db_reader *reader)
{
    int last = sqlite3_column_count(s) - 1;
    const void *image = sqlite3_column_blob(s, last);
    size_t len = (size_t)sqlite3_column_bytes(s, last);
    if (which == READ_TARGET)
        reader->target(reader->ctx, id(s, 0), image, len);
    else if (which == READ_SITES)
        reader->site(reader->ctx, id(s, 0), image, len);
    else if (which == READ_JOB)
        reader->job(reader->ctx, image, len);
    else if (which == READ_USAGES)
        reader->usage(reader->ctx, image, len);
    else
        reader->series(reader->ctx, (enum store_db_kind)id(s, 0), id(s, 1), image, len);
}

static void tell_row(enum statement which, sqlite3_stmt *s, const struct store_db_reader *reader)
{
    if (which == READ_BUILD) {
        struct store_build_spec build = {
            text(s, 0), text(s, 1), text(s, 2), text(s, 3), text(s, 4), text(s, 5)};
        reader->build(reader->ctx, &build);
    } else if (which == READ_TYPED) {
        struct store_type_spec type = {.site_id = id(s, 6),
            .name = text(s, 0),
            .kind = text(s, 1),
            .import_path = text(s, 2),
            .module = text(s, 3),
            .version = text(s, 4),
            .unresolved = text(s, 5)};
        reader->typed(reader->ctx, &type);
    } else if (which == READ_FATES) {
        struct store_fate fate = {
            (char *)text(s, 0), (char *)text(s, 1), (char *)text(s, 2), id(s, 3)};
        reader->fate(reader->ctx, id(s, 4), &fate);
    } else {
        tell_image(which, s, reader);
    }
}

static int read_rows(struct store_db *db, enum statement which, uint64_t id,
    const struct store_db_reader *reader, struct lw_err *err)
{
    sqlite3_stmt *s = db->statements[which];
    int rc = sqlite3_bind_int64(s, 1, (int64_t)id);
    for (int rows = 0; rc == SQLITE_OK && rows < STORE_DB_ROWS_MAX; rows++) {
        int step = sqlite3_step(s);
        if (step == SQLITE_DONE)
            break;
        if (step == SQLITE_ROW)
            tell_row(which, s, reader);
        else
            rc = step;
    }
    if (rc != SQLITE_OK)
        fail(db, db->reading, "read from it", err);
    sqlite3_reset(s);
    return rc == SQLITE_OK ? 0 : -1;
}

int store_db_read_target(struct store_db *db, uint64_t target_id,
    const struct store_db_reader *reader, struct lw_err *err)
{
    if (read_rows(db, READ_TARGET, target_id, reader, err) < 0)
        return -1;
    return read_rows(db, READ_SITES, target_id, reader, err);
}

int store_db_read_job(
    struct store_db *db, uint64_t job_id, const struct store_db_reader *reader, struct lw_err *err)
{
    return read_rows(db, READ_JOB, job_id, reader, err);
}

int store_db_read_usages(
    struct store_db *db, uint64_t max, const struct store_db_reader *reader, struct lw_err *err)
{
    return read_rows(db, READ_USAGES, max, reader, err);
}

int store_db_read_build(struct store_db *db, uint64_t build_id,
    const struct store_db_reader *reader, struct lw_err *err)
{
    if (read_rows(db, READ_BUILD, build_id, reader, err) < 0)
        return -1;
    if (read_rows(db, READ_TYPED, build_id, reader, err) < 0)
        return -1;
    return read_rows(db, READ_FATES, build_id, reader, err);
}

int store_db_read_series(struct store_db *db, uint64_t target_id,
    const struct store_db_reader *reader, struct lw_err *err)
{
    return read_rows(db, READ_SERIES, target_id, reader, err);
}

/* ---- writing ---- */

/* Runs a bound statement that answers no rows. */
static int run(struct store_db *db, enum statement which, struct lw_err *err)
{
    sqlite3_stmt *s = db->statements[which];
    int rc = sqlite3_step(s);
    int result = rc == SQLITE_DONE ? 0 : fail(db, db->writing, "write to it", err);
    sqlite3_reset(s);
    sqlite3_clear_bindings(s);
    return result;
}

int store_db_begin(struct store_db *db, struct lw_err *err)
{
    return execute(db, db->writing, "BEGIN IMMEDIATE", err);
}

int store_db_commit(struct store_db *db, struct lw_err *err)
{
    return execute(db, db->writing, "COMMIT", err);
}

void store_db_rollback(struct store_db *db)
{
    /* Fails when SQLite rolled back by itself, as it does on a full disk. */
    sqlite3_exec(db->writing, "ROLLBACK", NULL, NULL, NULL);
}

int store_db_put_target(struct store_db *db, uint64_t id, const struct store_db_target *row,
    const struct store_db_image *image, struct lw_err *err)
{
    sqlite3_stmt *s = db->statements[PUT_TARGET];
    sqlite3_bind_int64(s, 1, (int64_t)id);
    sqlite3_bind_text(s, 2, image->name, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 3, row->saved.ns);
    sqlite3_bind_int64(s, 4, (int64_t)row->build_id);
    sqlite3_bind_blob64(s, 5, image->bytes, image->len, SQLITE_STATIC);
    return run(db, PUT_TARGET, err);
}

int store_db_put_site(
    struct store_db *db, uint64_t id, const struct store_db_image *image, struct lw_err *err)
{
    sqlite3_stmt *s = db->statements[PUT_SITE];
    sqlite3_bind_int64(s, 1, (int64_t)id);
    sqlite3_bind_text(s, 2, image->name, -1, SQLITE_STATIC);
    sqlite3_bind_blob64(s, 3, image->bytes, image->len, SQLITE_STATIC);
    return run(db, PUT_SITE, err);
}

int store_db_clear_series(struct store_db *db, uint64_t target_id, struct lw_err *err)
{
    sqlite3_bind_int64(db->statements[CLEAR_SERIES], 1, (int64_t)target_id);
    return run(db, CLEAR_SERIES, err);
}

int store_db_put_series(struct store_db *db, const struct store_db_series *row,
    const struct store_db_image *image, struct lw_err *err)
{
    sqlite3_stmt *s = db->statements[PUT_SERIES];
    sqlite3_bind_int64(s, 1, (int64_t)row->target_id);
    sqlite3_bind_int64(s, 2, row->kind);
    sqlite3_bind_int64(s, 3, (int64_t)row->key);
    sqlite3_bind_blob64(s, 4, image->bytes, image->len, SQLITE_STATIC);
    return run(db, PUT_SERIES, err);
}

static void bind_texts(sqlite3_stmt *s, int from, const char *const *texts, int count)
{
    for (int i = 0; i < count; i++)
        sqlite3_bind_text(s, from + i, texts[i], -1, SQLITE_STATIC);
}

int store_db_put_build(
    struct store_db *db, uint64_t id, const struct store_build_spec *build, struct lw_err *err)
{
    sqlite3_stmt *s = db->statements[PUT_BUILD];
    const char *texts[] = {build->binary_id, build->source, build->module, build->version,
        build->vcs_revision, build->go_version};
    sqlite3_bind_int64(s, 1, (int64_t)id);
    bind_texts(s, 2, texts, 6);
    return run(db, PUT_BUILD, err);
}

static int put_named(struct store_db *db, enum statement which, uint64_t id, struct lw_wall saved,
    const struct store_db_image *image, struct lw_err *err)
{
    sqlite3_stmt *s = db->statements[which];
    sqlite3_bind_int64(s, 1, (int64_t)id);
    sqlite3_bind_text(s, 2, image->name, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 3, saved.ns);
    sqlite3_bind_blob64(s, 4, image->bytes, image->len, SQLITE_STATIC);
    return run(db, which, err);
}

int store_db_put_job(struct store_db *db, uint64_t id, struct lw_wall saved,
    const struct store_db_image *image, struct lw_err *err)
{
    return put_named(db, PUT_JOB, id, saved, image, err);
}

int store_db_put_usage(struct store_db *db, uint64_t id, struct lw_wall saved,
    const struct store_db_image *image, struct lw_err *err)
{
    return put_named(db, PUT_USAGE, id, saved, image, err);
}

int store_db_put_typed(
    struct store_db *db, uint64_t build_id, const struct store_type_spec *type, struct lw_err *err)
{
    sqlite3_stmt *s = db->statements[PUT_TYPED];
    const char *texts[] = {
        type->name, type->kind, type->import_path, type->module, type->version, type->unresolved};
    sqlite3_bind_int64(s, 1, (int64_t)build_id);
    sqlite3_bind_int64(s, 2, (int64_t)type->site_id);
    bind_texts(s, 3, texts, 6);
    return run(db, PUT_TYPED, err);
}

int store_db_put_fate(struct store_db *db, uint64_t build_id, uint64_t site_id,
    const struct store_fate *fate, struct lw_err *err)
{
    sqlite3_stmt *s = db->statements[PUT_FATE];
    const char *texts[] = {fate->finalizer_in, fate->cycle, fate->kept_in};
    sqlite3_bind_int64(s, 1, (int64_t)build_id);
    sqlite3_bind_int64(s, 2, (int64_t)site_id);
    bind_texts(s, 3, texts, 3);
    sqlite3_bind_int64(s, 6, (int64_t)fate->kept_bytes);
    return run(db, PUT_FATE, err);
}

int store_db_add_verdict(
    struct store_db *db, const struct store_db_verdict *verdict, struct lw_err *err)
{
    sqlite3_stmt *s = db->statements[ADD_VERDICT];
    sqlite3_bind_int64(s, 1, verdict->at.ns);
    sqlite3_bind_int64(s, 2, (int64_t)verdict->target_id);
    sqlite3_bind_int64(s, 3, (int64_t)verdict->row_id);
    sqlite3_bind_text(s, 4, verdict->from, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 5, verdict->to, -1, SQLITE_STATIC);
    sqlite3_bind_double(s, 6, verdict->rate);
    sqlite3_bind_double(s, 7, verdict->rate_lo);
    sqlite3_bind_double(s, 8, verdict->rate_hi);
    return run(db, ADD_VERDICT, err);
}

int store_db_prune(struct store_db *db, struct lw_wall horizon, struct lw_err *err)
{
    static const enum statement old[] = {PRUNE_SERIES, PRUNE_TARGETS, PRUNE_JOBS, PRUNE_USAGES};
    for (size_t i = 0; i < sizeof old / sizeof *old; i++) {
        sqlite3_bind_int64(db->statements[old[i]], 1, horizon.ns);
        if (run(db, old[i], err) < 0)
            return -1;
    }
    static const enum statement orphans[] = {PRUNE_SITES, PRUNE_TYPED, PRUNE_FATES, PRUNE_BUILDS};
    for (size_t i = 0; i < sizeof orphans / sizeof *orphans; i++) {
        if (run(db, orphans[i], err) < 0)
            return -1;
    }
    return run(db, PRUNE_VERDICTS, err);
}
