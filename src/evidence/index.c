#include "evidence/index.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "evidence/manifest.h"

#define SCHEMA_VERSION  1
#define BUSY_TIMEOUT_MS 5000
#define PATH_BYTES      4096

static const char schema[] =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE incident(id INTEGER PRIMARY KEY, opened TEXT NOT NULL, job TEXT, instance TEXT,"
    "  title TEXT, inode INTEGER NOT NULL, size INTEGER NOT NULL, changed_ns INTEGER NOT NULL,"
    "  manifest TEXT NOT NULL) STRICT;"
    "PRAGMA user_version = 1;"
    "COMMIT;";

/* X(name, SQL) */
#define STATEMENTS(X) \
    X(FIND, "SELECT manifest FROM incident WHERE id = ?1 AND inode = ?2 AND size = ?3" \
            " AND changed_ns = ?4") \
    X(PUT, "INSERT OR REPLACE INTO incident VALUES(?1, ?5, ?6, ?7, ?8, ?2, ?3, ?4, ?9)") \
    X(REMOVE, "DELETE FROM incident WHERE id = ?1") \
    X(LIST, "SELECT id FROM incident")

enum statement {
#define STATEMENT_ENUM(name, sql) name,
    STATEMENTS(STATEMENT_ENUM)
#undef STATEMENT_ENUM
        STATEMENT_COUNT
};

static const char *const statement_sql[STATEMENT_COUNT] = {
#define STATEMENT_SQL(name, sql) [name] = sql,
    STATEMENTS(STATEMENT_SQL)
#undef STATEMENT_SQL
};

struct index {
    char path[PATH_BYTES];
    sqlite3 *db;
};

static int fail(struct index *index, const char *doing, struct lw_err *err)
{
    int rc = index->db ? sqlite3_extended_errcode(index->db) : SQLITE_NOMEM;
    enum lw_code code = (rc & 0xff) == SQLITE_BUSY ? LW_BUSY : LW_IO;
    return lw_err_set(err, code, "%s: cannot %s: %s (SQLite %d)", index->path, doing,
        index->db ? sqlite3_errmsg(index->db) : "no memory", rc);
}

static int execute(struct index *index, const char *sql, struct lw_err *err)
{
    if (sqlite3_exec(index->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return fail(index, "run a statement", err);
    return 0;
}

/* ---- opening ---- */

static bool first_is(struct index *index, const char *sql, const char *expected)
{
    sqlite3_stmt *statement = NULL;
    bool is_same = sqlite3_prepare_v2(index->db, sql, -1, &statement, NULL) == SQLITE_OK &&
                   sqlite3_step(statement) == SQLITE_ROW &&
                   strcmp((const char *)sqlite3_column_text(statement, 0), expected) == 0;
    sqlite3_finalize(statement);
    return is_same;
}

/* Whether what lies there is whole and ours; an empty file becomes so. */
static int check(struct index *index, struct lw_err *err)
{
    if (execute(index, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;", err) < 0)
        return -1;
    if (!first_is(index, "PRAGMA quick_check(1)", "ok"))
        return lw_err_set(err, LW_CORRUPT, "%s is damaged", index->path);
    if (first_is(index, "PRAGMA user_version", "0") && execute(index, schema, err) < 0)
        return -1;
    if (!first_is(index, "PRAGMA user_version", "1"))
        return lw_err_set(err, LW_CORRUPT, "%s is of another release", index->path);
    for (int i = 0; i < STATEMENT_COUNT; i++) {
        sqlite3_stmt *statement = NULL;
        int rc = sqlite3_prepare_v2(index->db, statement_sql[i], -1, &statement, NULL);
        sqlite3_finalize(statement);
        if (rc != SQLITE_OK)
            return fail(index, "prepare a statement", err);
    }
    return 0;
}

/* SQLite would make it readable for all. No connection is open yet. */
static int create_file(const char *path, struct lw_err *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0)
        return lw_err_sys(err, LW_IO, errno, "cannot make %s", path);
    close(fd);
    return 0;
}

static int connect(struct index *index, struct lw_err *err)
{
    if (create_file(index->path, err) < 0)
        return -1;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX;
    if (sqlite3_open_v2(index->path, &index->db, flags, NULL) != SQLITE_OK)
        return fail(index, "open it", err);
    sqlite3_busy_timeout(index->db, BUSY_TIMEOUT_MS);
    sqlite3_limit(index->db, SQLITE_LIMIT_LENGTH, (int)(2 * MANIFEST_BYTES_MAX));
    return check(index, err);
}

/* Nothing is lost with it: the manifests are all there. */
static void begin_anew(struct index *index, const struct lw_err *why)
{
    static const char *const parts[] = {"", "-wal", "-shm"};
    lw_warn(
        "evidence", "the index of the incidents is built anew from their manifests: %s", why->msg);
    sqlite3_close(index->db);
    index->db = NULL;
    for (int i = 0; i < 3; i++) {
        char path[PATH_BYTES + 8];
        snprintf(path, sizeof path, "%s%s", index->path, parts[i]);
        unlink(path);
    }
}

struct index *index_open(const char *dir, struct lw_err *err)
{
    struct index *index = LW_NEW(struct index);
    struct lw_err why;
    if (snprintf(index->path, sizeof index->path, "%s/incidents.db", dir) >= PATH_BYTES) {
        lw_err_set(err, LW_INVALID, "the storage path is too long: %.60s…", dir);
        goto fail;
    }
    if (connect(index, &why) == 0)
        return index;
    begin_anew(index, &why);
    if (connect(index, err) == 0)
        return index;
fail:
    index_close(&index);
    return NULL;
}

void index_close(struct index **index)
{
    if (!*index)
        return;
    sqlite3_close((*index)->db);
    free(*index);
    *index = NULL;
}

/* ---- rows ---- */

/* A statement with the key bound: the row's id and what its manifest looked like. Prepared anew
 * each time: threads cannot share one, and rows are few. */
static sqlite3_stmt *prepare(
    struct index *index, enum statement which, uint64_t id, const struct stat *manifest)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(index->db, statement_sql[which], -1, &statement, NULL) != SQLITE_OK)
        return NULL;
    sqlite3_bind_int64(statement, 1, (sqlite3_int64)id);
    if (manifest) {
        sqlite3_bind_int64(statement, 2, (sqlite3_int64)manifest->st_ino);
        sqlite3_bind_int64(statement, 3, manifest->st_size);
        sqlite3_bind_int64(
            statement, 4, manifest->st_mtim.tv_sec * LW_NS_PER_S + manifest->st_mtim.tv_nsec);
    }
    return statement;
}

char *index_find(struct index *index, uint64_t id, const struct stat *manifest, size_t *len)
{
    sqlite3_stmt *statement = prepare(index, FIND, id, manifest);
    char *text = NULL;
    if (statement && sqlite3_step(statement) == SQLITE_ROW) {
        const unsigned char *stored = sqlite3_column_text(statement, 0);
        *len = (size_t)sqlite3_column_bytes(statement, 0);
        text = stored ? lw_strndup((const char *)stored, *len) : NULL;
    }
    sqlite3_finalize(statement);
    return text;
}

static int finish(struct index *index, sqlite3_stmt *statement, struct lw_err *err)
{
    int rc =
        statement && sqlite3_step(statement) == SQLITE_DONE ? 0 : fail(index, "write a row", err);
    sqlite3_finalize(statement);
    return rc;
}

static void bind_text(sqlite3_stmt *statement, int at, const char *text)
{
    if (text)
        sqlite3_bind_text(statement, at, text, -1, SQLITE_TRANSIENT);
}

int index_put(struct index *index, const struct evidence_incident *incident,
    const struct stat *manifest, struct lw_err *err)
{
    char opened[LW_WALL_TEXT_BYTES];
    size_t len;
    sqlite3_stmt *statement = prepare(index, PUT, incident->id, manifest);
    if (!statement)
        return fail(index, "write a row", err);
    char *text = manifest_encode(incident, &len);
    bind_text(statement, 5, lw_wall_rfc3339(incident->opened, opened));
    bind_text(statement, 6, incident->job);
    bind_text(statement, 7, incident->instance);
    bind_text(statement, 8, incident->title);
    bind_text(statement, 9, text);
    free(text);
    return finish(index, statement, err);
}

int index_remove(struct index *index, uint64_t id, struct lw_err *err)
{
    return finish(index, prepare(index, REMOVE, id, NULL), err);
}

/* Deleting the row that a SELECT stands on is safe (sqlite.org/isolation.html). */
int index_purge(
    struct index *index, bool (*is_there)(void *ctx, uint64_t id), void *ctx, struct lw_err *err)
{
    sqlite3_stmt *list = NULL;
    int rc = 0, step = SQLITE_ERROR;
    if (sqlite3_prepare_v2(index->db, statement_sql[LIST], -1, &list, NULL) == SQLITE_OK) {
        while (rc == 0 && (step = sqlite3_step(list)) == SQLITE_ROW) {
            uint64_t id = (uint64_t)sqlite3_column_int64(list, 0);
            if (!is_there(ctx, id))
                rc = index_remove(index, id, err);
        }
    }
    if (rc == 0 && step != SQLITE_DONE)
        rc = fail(index, "list its rows", err);
    sqlite3_finalize(list);
    return rc;
}

int index_begin(struct index *index, struct lw_err *err)
{
    return execute(index, "BEGIN IMMEDIATE", err);
}

int index_commit(struct index *index, struct lw_err *err)
{
    return execute(index, "COMMIT", err);
}
