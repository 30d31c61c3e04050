/* An arena: many allocations, one free, and a cap that turns a hostile size into an error.
 * What it leaves out: freeing single objects, and alignment above 16 bytes. Each allocation of a
 * sanitizer build goes through malloc on its own, so that ASan still sees every overrun. */
#ifndef LW_BASE_ARENA_H
#define LW_BASE_ARENA_H

#include <stddef.h>

struct lw_arena;

/* cap_bytes: the most the arena will hand out in all, its own overhead included. */
struct lw_arena *lw_arena_new(size_t cap_bytes);

/* Frees the arena and everything taken from it; clears *arena; NULL is a no-op. */
void lw_arena_free(struct lw_arena **arena);

/* `bytes` of uninitialised memory aligned to 16, or NULL when the cap would be passed. */
void *lw_arena_alloc(struct lw_arena *arena, size_t bytes);

/* Zeroed memory for `count` objects; NULL when it would pass the cap or count * size overflows. */
void *lw_arena_new_array(struct lw_arena *arena, size_t count, size_t size);

/* A NUL-terminated copy of len bytes, or NULL when the cap would be passed. */
char *lw_arena_strndup(struct lw_arena *arena, const char *s, size_t len);

/* Bytes taken from the system so far. */
size_t lw_arena_used_bytes(const struct lw_arena *arena);

#endif
