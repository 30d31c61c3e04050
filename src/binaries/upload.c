/* Uploads: what the client sends is gathered in memory and written by workers, so that a slow disk
 * holds up the client and not the loop. */
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "binaries/binaries.h"
#include "binaries/guard.h"
#include "binaries/priv.h"

#define UPLOADS_MAX       2 /* at a time */
#define FOLDER_BYTES_MAX  ((uint64_t)10 << 30)
#define BUFFER_BYTES      ((size_t)256 << 10) /* that are gathered before a worker writes them */
#define BUFFER_LIMIT      ((size_t)4 << 20)   /* what one piece may add to that */
#define TOKEN_BYTES_MAX   4096
#define INCOMING_PREFIX   ".incoming-"
#define BUILD_ID_SIZE     256
#define FOLDER_PASSES_MAX 10000

struct binaries_upload {
    struct loop_job job; /* one at a time */
    struct binaries *binaries;
    const struct binaries_receiver *receiver; /* NULL once the upload was freed */
    void *ctx;
    bool job_under_way;
    bool finishing;
    char *path; /* of the temporary file; NULL once it has its name */
    int fd;
    uint64_t limit_bytes;
    uint64_t bytes; /* taken so far */
    struct lw_strbuf buffer;
    /* what the job leaves */
    struct lw_err err;
    char build_id[BUILD_ID_SIZE];
    char *go_version;
    char *main;
    char *version;
};

/* ---- who may ---- */

/* Takes as long for a wrong token as for the right one, so that nobody finds it byte by byte. */
static bool is_same_secret(const char *given, const char *secret)
{
    size_t given_len = strlen(given), len = strlen(secret);
    unsigned differs = given_len != len;
    for (size_t i = 0; i < given_len; i++)
        differs |= (unsigned)((unsigned char)given[i] ^ (unsigned char)secret[i % len]);
    return !differs;
}

int binaries_upload_authorize(
    const struct binaries *binaries, const char *authorization, struct lw_err *err)
{
    const char *path = binaries->config->binaries.upload_token_file;
    if (!path)
        return lw_err_set(err, LW_FORBIDDEN,
            "uploads are off: set binaries.upload_token_file to a file with a token");
    if (!binaries->uploads)
        return lw_err_set(err, LW_FORBIDDEN, "uploads are off: there is no storage");
    char *token;
    if (lw_file_read(path, TOKEN_BYTES_MAX, &token, NULL, err) < 0)
        return lw_err_prefix(err, "the upload token");
    token[strcspn(token, "\r\n")] = '\0';
    static const char scheme[] = "Bearer ";
    int rc = 0;
    if (!token[0])
        rc = lw_err_set(
            err, LW_FORBIDDEN, "uploads are off: the file of binaries.upload_token_file is empty");
    else if (strncasecmp(authorization, scheme, strlen(scheme)) != 0)
        rc =
            lw_err_set(err, LW_UNAUTHORIZED, "uploads need the header Authorization: Bearer TOKEN");
    else if (!is_same_secret(authorization + strlen(scheme), token))
        rc = lw_err_set(
            err, LW_UNAUTHORIZED, "the token is not the one of binaries.upload_token_file");
    explicit_bzero(token, strlen(token));
    free(token);
    return rc;
}

/* ---- in a worker ---- */

static int write_buffer(struct binaries_upload *upload)
{
    size_t at = 0;
    while (at < upload->buffer.len) {
        ssize_t n = write(upload->fd, upload->buffer.data + at, upload->buffer.len - at);
        if (n < 0 && errno != EINTR)
            return lw_err_sys(&upload->err, LW_IO, errno, "cannot write %s", upload->path);
        at += n > 0 ? (size_t)n : 0;
    }
    lw_strbuf_fini(&upload->buffer);
    lw_strbuf_init(&upload->buffer, BUFFER_LIMIT);
    return 0;
}

static int take_build(struct binaries_upload *upload, const struct gotypes_build *build)
{
    const char *id = build->gnu_build_id[0] ? build->gnu_build_id : build->go_build_id;
    if (!id[0])
        return lw_err_set(&upload->err, LW_INVALID,
            "the program has neither a GNU nor a Go build id, by which it could be found");
    snprintf(upload->build_id, sizeof upload->build_id, "%s", id);
    upload->go_version = lw_strdup(build->go_version);
    upload->main = lw_strdup(build->main.path);
    upload->version = lw_strdup(build->main.version);
    return 0;
}

/* Reads the build of what came. Whatever is wrong with it is the sender's fault. */
static int check_program(struct binaries_upload *upload)
{
    struct binaries_image image;
    if (!upload->bytes)
        return lw_err_set(&upload->err, LW_INVALID, "the body is empty: send the binary itself");
    if (binaries_image_open(&image, upload->path, &upload->err) < 0)
        return -1;
    binaries_guard_begin(image.bytes, image.len);
    struct gotypes *index = gotypes_new(image.bytes, image.len, &upload->err);
    int rc = index ? take_build(upload, gotypes_build(index)) : -1;
    gotypes_free(&index);
    bool whole = binaries_guard_end();
    binaries_image_close(&image);
    if (!whole)
        return lw_err_set(&upload->err, LW_IO, "%s changed while it was read", upload->path);
    if (rc < 0)
        upload->err.code = LW_INVALID;
    return rc;
}

/* The name in the folder: a GNU build id as it is; Go's has slashes, so its hash. */
static void name_of(const char *build_id, char *name, size_t size)
{
    char hash[LW_ID_TEXT_BYTES];
    if (binaries_build_id_is_valid(build_id))
        snprintf(name, size, "%s", build_id);
    else
        snprintf(name, size, "go-%s", lw_id_text(lw_hash_string(0, build_id), hash));
}

/* Removes the oldest file of the folder if all together are too large. */
static bool prune_one(int folder_fd, DIR *folder, const char *kept)
{
    uint64_t sum = 0;
    char oldest[256] = "";
    struct timespec oldest_at = {0};
    struct dirent *entry;
    rewinddir(folder);
    while ((entry = readdir(folder))) {
        struct stat status;
        if (entry->d_name[0] == '.' || fstatat(folder_fd, entry->d_name, &status, 0) < 0)
            continue;
        sum += (uint64_t)status.st_size;
        bool is_older = !oldest[0] || status.st_mtim.tv_sec < oldest_at.tv_sec ||
                        (status.st_mtim.tv_sec == oldest_at.tv_sec &&
                            status.st_mtim.tv_nsec < oldest_at.tv_nsec);
        if (strcmp(entry->d_name, kept) != 0 && is_older) {
            snprintf(oldest, sizeof oldest, "%s", entry->d_name);
            oldest_at = status.st_mtim;
        }
    }
    return sum > FOLDER_BYTES_MAX && oldest[0] && unlinkat(folder_fd, oldest, 0) == 0;
}

/* Gives the file its name, in a way that a power cut leaves either none of it or all. */
static int put_in_place(struct binaries_upload *upload)
{
    struct lw_err *err = &upload->err;
    const char *folder_path = upload->binaries->uploads;
    char name[BUILD_ID_SIZE];
    name_of(upload->build_id, name, sizeof name);
    if (fsync(upload->fd) < 0)
        return lw_err_sys(err, LW_IO, errno, "cannot sync %s", upload->path);
    DIR *folder = opendir(folder_path);
    if (!folder)
        return lw_err_sys(err, LW_IO, errno, "cannot open %s", folder_path);
    int rc = 0;
    if (renameat(AT_FDCWD, upload->path, dirfd(folder), name) < 0)
        rc = lw_err_sys(err, LW_IO, errno, "cannot rename %s to %s", upload->path, name);
    else if (fsync(dirfd(folder)) < 0)
        rc = lw_err_sys(err, LW_IO, errno, "cannot sync %s", folder_path);
    if (rc == 0) {
        free(upload->path);
        upload->path = NULL;
    }
    for (int i = 0; rc == 0 && i < FOLDER_PASSES_MAX && prune_one(dirfd(folder), folder, name); i++)
        continue;
    closedir(folder);
    return rc;
}

static void run(struct loop_job *job)
{
    struct binaries_upload *upload = (struct binaries_upload *)job;
    lw_err_clear(&upload->err);
    if (write_buffer(upload) == 0 && upload->finishing && check_program(upload) == 0)
        (void)put_in_place(upload); /* the error is the upload's */
}

/* ---- on the loop ---- */

static void free_upload(struct binaries_upload *upload)
{
    upload->binaries->uploads_under_way--;
    close(upload->fd);
    if (upload->path)
        unlink(upload->path);
    lw_strbuf_fini(&upload->buffer);
    free(upload->path);
    free(upload->go_version);
    free(upload->main);
    free(upload->version);
    free(upload);
}

static void finished(struct binaries_upload *upload)
{
    struct binaries_stored stored = {
        .build_id = upload->build_id,
        .go_version = upload->go_version,
        .main = upload->main,
        .version = upload->version,
        .size_bytes = upload->bytes,
    };
    bool failed = upload->err.code != LW_OK;
    upload->receiver->finished(upload->ctx, failed ? NULL : &stored, &upload->err);
}

static void done(struct loop_job *job)
{
    struct binaries_upload *upload = (struct binaries_upload *)job;
    upload->job_under_way = false;
    if (upload->finishing && upload->err.code == LW_OK)
        binaries_scan(upload->binaries);
    if (!upload->receiver)
        free_upload(upload);
    else if (upload->finishing || upload->err.code != LW_OK)
        finished(upload);
    else
        upload->receiver->writable(upload->ctx);
}

static int submit(struct binaries_upload *upload, struct lw_err *err)
{
    assert(!upload->job_under_way);
    upload->job.run = run;
    upload->job.done = done;
    if (loop_job_submit(upload->binaries->loop, &upload->job, err) < 0)
        return -1;
    upload->job_under_way = true;
    return 0;
}

static int check_begin(
    const struct binaries *binaries, uint64_t announced_bytes, struct lw_err *err)
{
    uint64_t limit = (uint64_t)binaries->config->binaries.upload_size_limit_bytes;
    if (!binaries->uploads)
        return lw_err_set(err, LW_FORBIDDEN, "uploads are off: there is no storage");
    if (announced_bytes > limit)
        return lw_err_set(err, LW_TOO_LARGE,
            "a binary of %llu bytes is above binaries.upload_size_limit, %llu bytes",
            (unsigned long long)announced_bytes, (unsigned long long)limit);
    if (binaries->uploads_under_way >= UPLOADS_MAX)
        return lw_err_set(
            err, LW_BUSY, "%d uploads are under way: try again in a while", UPLOADS_MAX);
    return 0;
}

struct binaries_upload *binaries_upload_begin(struct binaries *binaries, uint64_t announced_bytes,
    const struct binaries_receiver *receiver, void *ctx, struct lw_err *err)
{
    if (check_begin(binaries, announced_bytes, err) < 0)
        return NULL;
    struct lw_strbuf path;
    lw_strbuf_init(&path, 4096 + 64);
    lw_strbuf_addf(&path, "%s/" INCOMING_PREFIX "XXXXXX", binaries->uploads);
    int fd = mkostemp(path.data, O_CLOEXEC);
    if (fd < 0) {
        lw_err_sys(err, LW_IO, errno, "cannot make a file in %s", binaries->uploads);
        lw_strbuf_fini(&path);
        return NULL;
    }
    struct binaries_upload *upload = LW_NEW(struct binaries_upload);
    upload->binaries = binaries;
    upload->receiver = receiver;
    upload->ctx = ctx;
    upload->path = lw_strbuf_take(&path, NULL);
    upload->fd = fd;
    upload->limit_bytes = (uint64_t)binaries->config->binaries.upload_size_limit_bytes;
    lw_strbuf_init(&upload->buffer, BUFFER_LIMIT);
    binaries->uploads_under_way++;
    return upload;
}

int binaries_upload_write(
    struct binaries_upload *upload, const void *bytes, size_t len, bool *full, struct lw_err *err)
{
    assert(!upload->job_under_way);
    *full = false;
    if (len > upload->limit_bytes - upload->bytes)
        return lw_err_set(err, LW_TOO_LARGE,
            "the binary is larger than binaries.upload_size_limit, %llu bytes",
            (unsigned long long)upload->limit_bytes);
    upload->bytes += len;
    lw_strbuf_add(&upload->buffer, bytes, len);
    if (upload->buffer.failed)
        return lw_err_set(err, LW_TOO_LARGE, "a piece of %zu bytes is too large", len);
    if (upload->buffer.len < BUFFER_BYTES)
        return 0;
    *full = true;
    return submit(upload, err);
}

int binaries_upload_finish(struct binaries_upload *upload, struct lw_err *err)
{
    upload->finishing = true;
    return submit(upload, err);
}

void binaries_upload_free(struct binaries_upload **upload)
{
    struct binaries_upload *u = *upload;
    *upload = NULL;
    if (!u)
        return;
    u->receiver = NULL;
    if (!u->job_under_way)
        free_upload(u);
}

void binaries_uploads_clean(const char *folder)
{
    DIR *list = opendir(folder);
    struct dirent *entry;
    while (list && (entry = readdir(list))) {
        if (strncmp(entry->d_name, INCOMING_PREFIX, strlen(INCOMING_PREFIX)) == 0)
            unlinkat(dirfd(list), entry->d_name, 0);
    }
    if (list)
        closedir(list);
}
