/* Copies of files in object storage that speaks S3's protocol: under which key, and one PUT a file,
 * whose signature (AWS Signature Version 4) is libcurl's. Which files, and when, is decided
 * elsewhere. */
#ifndef LW_UPLOAD_UPLOAD_H
#define LW_UPLOAD_UPLOAD_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/err.h"
#include "base/time.h"
#include "config/config.h"

/* ---- keys ---- */

#define UPLOAD_KEY_BYTES 1025 /* S3's limit of 1024 and a NUL; ours stay well below */

/* What a key is made of. Job and instance may be any bytes. */
struct upload_name {
    const char *prefix; /* as configured; NULL: none */
    const char *job;
    const char *instance;
    struct lw_wall opened;
    uint64_t incident_id;
    const char *file;
};

/* "<prefix>/<job>/<instance>/YYYY/MM/DD/<incident>/<file>", the day in UTC. In job and instance
 * slashes, backslashes, control characters and what is not UTF-8 become '_', so do names that are
 * empty, "." or ".."; each is cut at 200 bytes. */
void upload_key_make(const struct upload_name *name, char key[UPLOAD_KEY_BYTES]);

/* "<endpoint>/<bucket>/<key>", in the key every byte outside of A-Za-z0-9-._~/ as %XX: the path is
 * signed as it is sent. The caller frees it. */
char *upload_url_make(const struct config_upload *config, const char *key);

/* ---- sending ---- */

enum upload_outcome {
    UPLOAD_STORED,
    UPLOAD_RETRY,   /* the same may go through later */
    UPLOAD_SLOW,    /* likewise, but the time-out came when some of the file was out */
    UPLOAD_REFUSED, /* it will not before somebody changes something */
};

/* Keeps the connection from one file to the next. Used by one thread at a time. */
struct upload_client;

struct upload_client *upload_client_new(void);
void upload_client_free(struct upload_client **client);

struct upload_object {
    const char *key;
    const char *content_type;
    int fd; /* read from its beginning by pread(2) */
    int64_t bytes;
    const char *sha256; /* of them, in lower-case hex */
};

/* Sends a file: for a worker, as it reads the disk and waits for the network, at most
 * config->timeout_ns or about a second after *stop became true. Unless it is stored, err says what
 * the matter is, without secrets. UPLOAD_RETRY: transport, 408, 429, 5xx, credentials that cannot
 * be read, memory, *stop (LW_CANCELLED). UPLOAD_SLOW: some of the file, and not all of it, went out
 * within the time-out (LW_TIMEOUT). UPLOAD_REFUSED: other answers (a redirect names the region
 * that is asked for), a file that is shorter than it should be (LW_CORRUPT). */
enum upload_outcome upload_put(struct upload_client *client, const struct config_upload *config,
    const struct upload_object *object, const atomic_bool *stop, struct lw_err *err) LW_MUST_CHECK;

/* How long to wait after so many failures in a row (from 1 on): a second, doubled each time up to
 * five minutes, of which up to a quarter is taken off by `seed`, so that daemons that lost the same
 * server do not come back together. */
int64_t upload_backoff_ns(unsigned failures, uint64_t seed);

#endif
