/* A file, mapped to be read. Private to binaries/. */
#ifndef LW_BINARIES_IMAGE_H
#define LW_BINARIES_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/err.h"

#define BINARIES_IMAGE_BYTES_MAX ((uint64_t)4 << 30)

/* Which file, and which content of it: a file that is written over keeps its inode, but not its
 * time. (ctime is left out: unlinking a file that runs on would change it.) */
struct binaries_key {
    uint64_t device;
    uint64_t inode;
    uint64_t size_bytes;
    int64_t modified_ns;
};

struct binaries_key binaries_key_of(const struct stat *status);
bool binaries_key_equal(const struct binaries_key *a, const struct binaries_key *b);

/* Mapped privately: the bytes are the file's own pages, so a change of the file shows through. Who
 * reads them does so under binaries_guard_begin/end and believes nothing unless
 * binaries_image_is_intact() afterwards. */
struct binaries_image {
    int fd; /* owned; to ask the file whether it is still the same */
    const void *bytes;
    size_t len;
    struct binaries_key key;
};

/* Regular files only, which opening cannot block on; of 1 byte to 4 GiB. Errors: LW_IO (err->sys
 * tells ENOENT from the rest), LW_INVALID, LW_TOO_LARGE. */
int binaries_image_open(
    struct binaries_image *image, const char *path, struct lw_err *err) LW_MUST_CHECK;
void binaries_image_close(struct binaries_image *image);

/* Whether the file has neither changed nor shrunk since it was opened. */
bool binaries_image_is_intact(const struct binaries_image *image);

#endif
