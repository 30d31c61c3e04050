#include "binaries/cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/mem.h"
#include "binaries/guard.h"

/* Bounds of what is kept. An index takes a fraction of its file, whose pages are the kernel's. */
#define FILES_MAX      64
#define FILE_BYTES_MAX ((uint64_t)2 << 30)
#define READ_BYTES     ((size_t)256 << 10)

struct binaries_cache {
    struct binaries_binary *files[FILES_MAX]; /* owned */
    size_t count;
    uint64_t clock;
};

struct binaries_cache *binaries_cache_new(void)
{
    return LW_NEW(struct binaries_cache);
}

static void free_binary(struct binaries_binary *binary)
{
    gotypes_free(&binary->index);
    binaries_image_close(&binary->image);
    free(binary);
}

static void drop_at(struct binaries_cache *cache, size_t i)
{
    free_binary(cache->files[i]);
    cache->files[i] = cache->files[--cache->count];
}

void binaries_cache_free(struct binaries_cache **cache)
{
    if (!*cache)
        return;
    while ((*cache)->count)
        drop_at(*cache, (*cache)->count - 1);
    free(*cache);
    *cache = NULL;
}

void binaries_cache_drop(struct binaries_cache *cache, const struct binaries_binary *binary)
{
    for (size_t i = 0; i < cache->count; i++) {
        if (cache->files[i] == binary) {
            drop_at(cache, i);
            return;
        }
    }
}

/* Lets the least recently used go until there is room for one file more. */
static void make_room(struct binaries_cache *cache, uint64_t bytes)
{
    for (;;) {
        uint64_t sum = bytes;
        size_t oldest = 0;
        for (size_t i = 0; i < cache->count; i++) {
            sum += cache->files[i]->image.len;
            if (cache->files[i]->used < cache->files[oldest]->used)
                oldest = i;
        }
        if (!cache->count || (cache->count < FILES_MAX && sum <= FILE_BYTES_MAX))
            return;
        drop_at(cache, oldest);
    }
}

static struct binaries_binary *find(struct binaries_cache *cache, const struct binaries_key *key)
{
    for (size_t i = 0; i < cache->count; i++) {
        if (binaries_key_equal(&cache->files[i]->image.key, key))
            return cache->files[i];
    }
    return NULL;
}

/* Reads until the buffer is full or the file at its end, so that a hash never depends on how the
 * bytes came in. */
static size_t read_full(int fd, char *buffer, off_t offset)
{
    size_t len = 0;
    ssize_t n = 1;
    while (len < READ_BYTES && n > 0) {
        n = pread(fd, buffer + len, READ_BYTES - len, offset + (off_t)len);
        if (n > 0)
            len += (size_t)n;
    }
    return len;
}

/* The hash of a file without a GNU build id. Read, not walked in the mapping: a whole binary would
 * otherwise count as memory of ours. */
static int hash_content(const struct binaries_image *image, uint64_t *hash, struct lw_err *err)
{
    char *buffer = lw_new(READ_BYTES, 1);
    size_t at = 0, n = 1;
    *hash = 0;
    while (at < image->len && n > 0) {
        n = read_full(image->fd, buffer, (off_t)at);
        *hash = lw_hash_bytes(*hash, buffer, n);
        at += n;
    }
    free(buffer);
    if (at != image->len)
        return lw_err_set(err, LW_CORRUPT, "cannot be read to its end");
    return 0;
}

/* What the binary is known by. Not Go's own build id: builds that are made to be reproducible often
 * have a fixed one. */
static int identify(struct binaries_binary *binary, struct lw_err *err)
{
    const char *gnu = gotypes_build(binary->index)->gnu_build_id;
    if (gnu[0]) {
        snprintf(binary->id, sizeof binary->id, "%s", gnu);
        return 0;
    }
    uint64_t hash;
    if (hash_content(&binary->image, &hash, err) < 0)
        return -1;
    char text[LW_ID_TEXT_BYTES];
    snprintf(binary->id, sizeof binary->id, "%s", lw_id_text(hash, text));
    return 0;
}

static int index_image(struct binaries_binary *binary, struct lw_err *err)
{
    binaries_guard_begin(binary->image.bytes, binary->image.len);
    binary->index = gotypes_new(binary->image.bytes, binary->image.len, err);
    bool whole = binaries_guard_end();
    if (!whole || !binaries_image_is_intact(&binary->image))
        return lw_err_set(err, LW_CORRUPT, "the file changed while it was read");
    if (!binary->index)
        return -1;
    return identify(binary, err);
}

const struct binaries_binary *binaries_cache_get(
    struct binaries_cache *cache, const char *path, struct lw_err *err)
{
    struct binaries_image image;
    if (binaries_image_open(&image, path, err) < 0)
        return NULL;
    struct binaries_binary *binary = find(cache, &image.key);
    if (binary) {
        binaries_image_close(&image);
    } else {
        make_room(cache, image.len);
        binary = LW_NEW(struct binaries_binary);
        binary->image = image;
        if (index_image(binary, err) < 0) {
            lw_err_prefix(err, "%s", path);
            free_binary(binary);
            return NULL;
        }
        cache->files[cache->count++] = binary;
    }
    binary->used = ++cache->clock;
    return binary;
}
