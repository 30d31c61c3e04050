/* The programs behind the targets: finds the binary that a target runs, makes sure that it is that
 * one, and asks it (gotypes/) for the types of allocation sites.
 *
 * Where is looked, in this order: the job's `binary`; for a target on this host the process that
 * listens at its port, then the file its profile names; the folders of `binaries.directories` and
 * what was uploaded, both by GNU build id; debuginfod. A file that is not the one that runs is
 * refused, never used, and the search goes on. The profile's build id decides that only where
 * nothing better does: a process that runs on while a newer build was put in its place shows the
 * id of that.
 *
 * Everything here is called on the loop. What blocks (files, /proc, name service, downloads) is
 * done by one worker job at a time, so that scrapes always find another worker. A file is mapped
 * and indexed once for all targets that run it. Nothing that a target says makes us open a file,
 * unless the target is on this host. */
#ifndef LW_BINARIES_BINARIES_H
#define LW_BINARIES_BINARIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/time.h"
#include "config/config.h"
#include "gotypes/gotypes.h"
#include "loop/loop.h"

struct binaries;

/* ---- asking ---- */

#define BINARIES_SITES_MAX 4096 /* of one request */
#define BINARIES_DEPTH_MAX 64   /* addresses that are used of a stack; the rest is cut */

/* An allocation site as the profile has it, without the runtime's own frames at the leaf. */
struct binaries_site {
    uint64_t id;
    const uint64_t *addresses; /* of the stack, leaf first, as in the profile */
    size_t depth;
    const char *leaf_function; /* of the innermost frame at addresses[0]; "" or "0x…": unknown */
    int64_t leaf_line;         /* the same; 0: unknown */
};

/* All of it is borrowed for the call. */
struct binaries_request {
    uint64_t target_id;
    const char *address;          /* "host:port" of the target */
    const struct config_job *job; /* that the target is of */
    uint64_t process;             /* any number that differs after the target's restart */
    struct {                      /* the profile's main mapping */
        uint64_t start, limit, offset;
        const char *file;     /* "" where unknown */
        const char *build_id; /* hex, "" where unknown */
    } mapping;
    const char *believed; /* binary_id of what told this process' types so far; "" none did */
    const struct binaries_site *sites;
    size_t site_count;
};

/* Where a binary was found. X(name, word) */
#define BINARIES_SOURCES(X) \
    X(BINARIES_CONFIG, "config")       /* the job's `binary` */ \
    X(BINARIES_PROC, "proc")           /* the process that listens, or the file it names */ \
    X(BINARIES_DIRECTORY, "directory") /* a folder, by build id */ \
    X(BINARIES_UPLOAD, "upload") \
    X(BINARIES_DEBUGINFOD, "debuginfod")

enum binaries_source {
#define BINARIES_SOURCE_ENUM(name, word) name,
    BINARIES_SOURCES(BINARIES_SOURCE_ENUM)
#undef BINARIES_SOURCE_ENUM
        BINARIES_SOURCE_COUNT
};

const char *binaries_source_word(enum binaries_source source);

/* What a site allocates; a site whose address is in no call of the binary is GOTYPES_OTHER and
 * unresolved. Strings are never NULL. */
struct binaries_type {
    uint64_t site_id;
    enum gotypes_kind kind;
    bool resolved;
    bool through_dictionary; /* the callers on the stack were needed */
    char *type;              /* "main.Entry"; "" when not resolved */
    char *import_path;       /* of the named type at the heart of it; "" for built-in ones */
    char *module;            /* that the import path belongs to; "" for std or none */
    char *version;           /* of that module */
    char *unresolved;        /* why there is no type; "" when resolved */
    /* What the code says of how objects and arrays of the site end, as gotypes_site has it; names
     * are cut at 512 bytes. "" where it says nothing. */
    char *finalizer_in;
    char *cycle;
    char *kept_in;
    uint64_t kept_bytes;
};

/* The build of a binary. Strings are never NULL, "" where unknown. */
struct binaries_build {
    char *main; /* path of the main module */
    char *version;
    char *vcs_revision;
    bool vcs_modified;
    char *go_version;
    char *gnu_build_id; /* lower-case hex */
};

struct binaries_answer {
    uint64_t target_id;
    uint64_t process; /* of the request: the target may have restarted meanwhile */
    /* LW_OK, or why there are no types; then only these two are set besides it. LW_NOT_FOUND: no
     * binary, says where was looked. LW_INVALID, LW_CORRUPT, LW_TOO_LARGE: one was found and
     * refused, says why. */
    struct lw_err err;
    bool disproved; /* the binary that was believed is one that was refused */
    char *refused;  /* the first file that was refused on the way to the one that fits; or NULL */
    enum binaries_source source;
    char *path;      /* for people: "/proc/4711/exe", "/srv/builds/checkout" */
    char *binary_id; /* the GNU build id, or else 16 hex digits, a hash of the whole content */
    struct binaries_build build;
    struct binaries_type *types; /* one for each site of the request, in its order */
    size_t count;
};

/* Called on the loop once for each request that binaries_ask took; the answer is borrowed. It may
 * ask again. */
typedef void binaries_answered(void *ctx, const struct binaries_answer *answer);

/* storage_path: uploads live in <storage_path>/binaries, made here; NULL: no uploads. On a virtual
 * loop neither /proc nor the network is asked. NULL on error (LW_IO). */
struct binaries *binaries_new(struct loop *loop, struct config *config, const char *storage_path,
    binaries_answered *answered, void *ctx, struct lw_err *err) LW_MUST_CHECK;

/* Takes up a configuration (keeps a reference); what was not found is searched again. */
void binaries_apply(struct binaries *binaries, struct config *config);

/* Copies what it needs and hands it to a worker. 0: answered() will be called, never within this
 * call. -1 with LW_BUSY: a request of this target is under way, or too many are; ask at a later
 * scrape. -1 with another code: the search failed lately, and err is its result again. That is
 * remembered for 5 minutes, until the target's mapping, build id or process changes, until a file
 * comes to a folder or is uploaded, or until a reload. */
int binaries_ask(struct binaries *binaries, const struct binaries_request *request,
    struct lw_err *err) LW_MUST_CHECK;

/* Whether binaries_ask would take it, for which request->sites need not be there yet: 0, or -1 with
 * its errors. */
int binaries_may_ask(struct binaries *binaries, const struct binaries_request *request,
    struct lw_err *err) LW_MUST_CHECK;

/* Waits for all jobs of the loop (the owners of other jobs must still be alive); no answered() is
 * called any more. Uploads must have been freed. Clears *binaries; NULL is a no-op. */
void binaries_free(struct binaries **binaries);

/* ---- what is there ---- */

/* A file of a folder or an upload. */
struct binaries_file {
    enum binaries_source source; /* BINARIES_DIRECTORY or BINARIES_UPLOAD */
    const char *path;
    const char *build_id; /* GNU, lower-case hex; "" for an upload that has only Go's */
    uint64_t size_bytes;
    const char *go_version; /* "" where unknown, as the two below */
    const char *main;
    const char *version;
};

/* The files of the last scan, sorted by path; borrowed until the loop runs again. */
const struct binaries_file *binaries_files(const struct binaries *binaries, size_t *count);

/* ---- uploads ---- */

/* Whether a client with this Authorization header ("" for none) may upload. The token file is read
 * anew. LW_FORBIDDEN: uploads are off (no upload_token_file, or nowhere to put them);
 * LW_UNAUTHORIZED: another token, or none; LW_IO: the token file cannot be read. */
int binaries_upload_authorize(
    const struct binaries *binaries, const char *authorization, struct lw_err *err) LW_MUST_CHECK;

struct binaries_upload;

/* What an upload became; borrowed for the call of finished(). */
struct binaries_stored {
    const char *build_id; /* GNU, or else Go's */
    const char *go_version;
    const char *main;
    const char *version;
    uint64_t size_bytes;
};

/* Whom an upload calls back, on the loop, never within a call of the upload's functions. */
struct binaries_receiver {
    void (*writable)(void *ctx); /* after binaries_upload_write said full */
    /* Once, after binaries_upload_finish, or earlier with an error: stored is NULL and err says
     * why: LW_INVALID (not a Go program of the kind that is read, or without a build id), LW_IO,
     * LW_BUSY. The upload is then only to be freed. */
    void (*finished)(void *ctx, const struct binaries_stored *stored, const struct lw_err *err);
};

/* Begins to receive a binary into a temporary file, which nothing lists. announced_bytes: of the
 * whole, or 0 when the client did not say. Errors: LW_FORBIDDEN, LW_TOO_LARGE (the limit is
 * binaries.upload_size_limit), LW_BUSY (two are under way), LW_IO. The receiver is borrowed. */
struct binaries_upload *binaries_upload_begin(struct binaries *binaries, uint64_t announced_bytes,
    const struct binaries_receiver *receiver, void *ctx, struct lw_err *err) LW_MUST_CHECK;

/* Takes a piece of the body. *full: give no more before writable() was called. Errors:
 * LW_TOO_LARGE, LW_BUSY; the upload is then only to be freed. */
int binaries_upload_write(struct binaries_upload *upload, const void *bytes, size_t len, bool *full,
    struct lw_err *err) LW_MUST_CHECK;

/* All was written: a worker checks it, syncs it to disk and puts it in its place, replacing a
 * former upload of the same build id; the oldest uploads go when all together pass 10 GB.
 * finished() follows. Errors: LW_BUSY. */
int binaries_upload_finish(struct binaries_upload *upload, struct lw_err *err) LW_MUST_CHECK;

/* Ends the upload; one that did not finish leaves nothing behind. No callback follows. Clears
 * *upload; NULL is a no-op. */
void binaries_upload_free(struct binaries_upload **upload);

#endif
