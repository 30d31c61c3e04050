#include "binaries/image.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/time.h"

struct binaries_key binaries_key_of(const struct stat *status)
{
    return (struct binaries_key){
        .device = status->st_dev,
        .inode = status->st_ino,
        .size_bytes = (uint64_t)status->st_size,
        .modified_ns = status->st_mtim.tv_sec * LW_NS_PER_S + status->st_mtim.tv_nsec,
    };
}

bool binaries_key_equal(const struct binaries_key *a, const struct binaries_key *b)
{
    return a->device == b->device && a->inode == b->inode && a->size_bytes == b->size_bytes &&
           a->modified_ns == b->modified_ns;
}

static int map(struct binaries_image *image, const char *path, struct lw_err *err)
{
    struct stat status;
    if (fstat(image->fd, &status) < 0)
        return lw_err_sys(err, LW_IO, errno, "cannot read %s", path);
    if (!S_ISREG(status.st_mode))
        return lw_err_set(err, LW_INVALID, "%s is not a regular file", path);
    if (status.st_size == 0)
        return lw_err_set(err, LW_INVALID, "%s is empty", path);
    if ((uint64_t)status.st_size > BINARIES_IMAGE_BYTES_MAX)
        return lw_err_set(err, LW_TOO_LARGE, "%s has %lld bytes, at most %llu are read", path,
            (long long)status.st_size, (unsigned long long)BINARIES_IMAGE_BYTES_MAX);
    image->key = binaries_key_of(&status);
    image->len = (size_t)status.st_size;
    void *bytes = mmap(NULL, image->len, PROT_READ, MAP_PRIVATE, image->fd, 0);
    if (bytes == MAP_FAILED)
        return lw_err_sys(err, LW_IO, errno, "cannot map %s", path);
    image->bytes = bytes;
    return 0;
}

int binaries_image_open(struct binaries_image *image, const char *path, struct lw_err *err)
{
    *image = (struct binaries_image){0};
    image->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (image->fd < 0)
        return lw_err_sys(err, LW_IO, errno, "cannot open %s", path);
    if (map(image, path, err) == 0)
        return 0;
    binaries_image_close(image);
    return -1;
}

void binaries_image_close(struct binaries_image *image)
{
    if (image->bytes)
        munmap((void *)image->bytes, image->len);
    if (image->fd >= 0)
        close(image->fd);
    *image = (struct binaries_image){.fd = -1};
}

bool binaries_image_is_intact(const struct binaries_image *image)
{
    struct stat status;
    if (fstat(image->fd, &status) < 0)
        return false;
    struct binaries_key key = binaries_key_of(&status);
    return binaries_key_equal(&key, &image->key);
}
