#include "evidence/sha256.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <unistd.h>

static void write_text(struct sha256_ctx *sha, char text[EVIDENCE_SHA256_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_digest(sha, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++) {
        text[2 * i] = digits[digest[i] >> 4];
        text[2 * i + 1] = digits[digest[i] & 15];
    }
    text[2 * sizeof digest] = '\0';
}

void sha256_bytes(const void *bytes, size_t len, char text[EVIDENCE_SHA256_BYTES])
{
    struct sha256_ctx sha;
    sha256_init(&sha);
    sha256_update(&sha, len, bytes);
    write_text(&sha, text);
}

int sha256_fd(int fd, char text[EVIDENCE_SHA256_BYTES], int64_t *bytes, struct lw_err *err)
{
    struct sha256_ctx sha;
    sha256_init(&sha);
    uint8_t chunk[16384];
    *bytes = 0;
    for (;;) { /* bounded by EVIDENCE_FILE_BYTES_MAX */
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return lw_err_sys(err, LW_IO, errno, "cannot read it");
        if (n == 0)
            break;
        *bytes += n;
        if (*bytes > (int64_t)EVIDENCE_FILE_BYTES_MAX)
            return lw_err_set(err, LW_TOO_LARGE,
                "it is larger than %zu bytes, the most a file of "
                "an incident has",
                EVIDENCE_FILE_BYTES_MAX);
        sha256_update(&sha, (size_t)n, chunk);
    }
    write_text(&sha, text);
    return 0;
}
