#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#if defined(__has_feature) /* clang's way to say it; gcc defines __SANITIZE_ADDRESS__ */
#if __has_feature(address_sanitizer)
#define ONE_BLOCK_PER_ALLOCATION 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define ONE_BLOCK_PER_ALLOCATION 1
#elif !defined(ONE_BLOCK_PER_ALLOCATION)
#define ONE_BLOCK_PER_ALLOCATION 0
#endif

#define ALIGNMENT         ((size_t)16)
#define FIRST_BLOCK_BYTES ((size_t)16 << 10)
#define LAST_BLOCK_BYTES  ((size_t)1 << 20)

struct block {
    struct block *next;
    size_t size; /* bytes in data */
    _Alignas(16) unsigned char data[];
};

struct lw_arena {
    struct block *blocks; /* newest first; allocations come from the first */
    size_t left;          /* bytes free at the end of the first block */
    size_t used_bytes;
    size_t cap_bytes;
    size_t next_block_bytes;
};

struct lw_arena *lw_arena_new(size_t cap_bytes)
{
    struct lw_arena *arena = LW_NEW(struct lw_arena);
    arena->cap_bytes = cap_bytes;
    arena->next_block_bytes = FIRST_BLOCK_BYTES;
    return arena;
}

void lw_arena_free(struct lw_arena **arena)
{
    if (!*arena)
        return;
    struct block *block = (*arena)->blocks;
    while (block) {
        struct block *next = block->next;
        free(block);
        block = next;
    }
    free(*arena);
    *arena = NULL;
}

/* Makes a block of at least `bytes` the first one; false when that would pass the cap. */
static bool grow(struct lw_arena *arena, size_t bytes)
{
    size_t size = arena->next_block_bytes;
    size_t room = arena->cap_bytes - arena->used_bytes;
    if (size < bytes || ONE_BLOCK_PER_ALLOCATION)
        size = bytes;
    if (room < sizeof(struct block) || bytes > room - sizeof(struct block))
        return false;
    if (size > room - sizeof(struct block))
        size = bytes;
    struct block *block = malloc(sizeof *block + size);
    if (!block)
        return false;
    block->next = arena->blocks;
    block->size = size;
    arena->blocks = block;
    arena->left = size;
    arena->used_bytes += sizeof *block + size;
    if (arena->next_block_bytes < LAST_BLOCK_BYTES)
        arena->next_block_bytes *= 2;
    return true;
}

void *lw_arena_alloc(struct lw_arena *arena, size_t bytes)
{
    if (bytes > SIZE_MAX / 2)
        return NULL;
    if (bytes == 0)
        bytes = 1; /* an address of its own for each */
    size_t rounded = ONE_BLOCK_PER_ALLOCATION ? bytes : (bytes + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
    if (ONE_BLOCK_PER_ALLOCATION || arena->left < rounded) {
        if (!grow(arena, rounded))
            return NULL;
    }
    void *p = arena->blocks->data + (arena->blocks->size - arena->left);
    arena->left -= rounded;
    return p;
}

void *lw_arena_new_array(struct lw_arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        return NULL;
    void *p = lw_arena_alloc(arena, bytes);
    if (p)
        memset(p, 0, bytes);
    return p;
}

char *lw_arena_strndup(struct lw_arena *arena, const char *s, size_t len)
{
    if (len == SIZE_MAX)
        return NULL;
    char *copy = lw_arena_alloc(arena, len + 1);
    if (copy) {
        memcpy(copy, s, len);
        copy[len] = '\0';
    }
    return copy;
}

size_t lw_arena_used_bytes(const struct lw_arena *arena)
{
    return arena->used_bytes;
}
