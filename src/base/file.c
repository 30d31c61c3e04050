#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strbuf.h"

int lw_file_read(const char *path, size_t limit_bytes, char **data, size_t *len, struct lw_err *err)
{
    struct lw_strbuf text;
    lw_strbuf_init(&text, limit_bytes);
    int rc = -1;
    /* O_NONBLOCK: opening a fifo must not hang the caller; it has no effect on a regular file. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return lw_err_sys(err, LW_IO, errno, "cannot open %s", path);
    struct stat st;
    if (fstat(fd, &st) < 0) {
        lw_err_sys(err, LW_IO, errno, "cannot stat %s", path);
        goto out;
    }
    if (!S_ISREG(st.st_mode)) {
        lw_err_set(err, LW_IO, "%s is not a regular file", path);
        goto out;
    }
    char chunk[16384];
    for (;;) { /* bounded by the limit of text */
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            lw_err_sys(err, LW_IO, errno, "cannot read %s", path);
            goto out;
        }
        if (n == 0)
            break;
        lw_strbuf_add(&text, chunk, (size_t)n);
        if (text.failed) {
            lw_err_set(err, LW_TOO_LARGE, "%s is larger than %zu bytes", path, limit_bytes);
            goto out;
        }
    }
    *data = lw_strbuf_take(&text, len);
    rc = 0;
out:
    lw_strbuf_fini(&text);
    close(fd);
    return rc;
}
