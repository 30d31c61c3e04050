/* A hash map from 64-bit ids to pointers: open addressing, linear probing, at most 3/4 full. The
 * ids are hashes already (base/hash.h), so they are mixed only a little. The map owns no values. */
#ifndef LW_BASE_MAP_H
#define LW_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lw_map_slot {
    uint64_t id;
    void *value; /* NULL: the slot is empty */
};

/* Zero-initialised is a valid empty map. */
struct lw_map {
    struct lw_map_slot *slots; /* owned */
    size_t size;               /* slots, a power of two or 0 */
    size_t count;
};

void lw_map_fini(struct lw_map *map);

/* The value under id, or NULL. */
void *lw_map_find(const struct lw_map *map, uint64_t id);

/* Puts a value (never NULL) under id, replacing what was there, which is returned (or NULL). */
void *lw_map_put(struct lw_map *map, uint64_t id, void *value);

/* Takes the value under id out; NULL if there was none. */
void *lw_map_remove(struct lw_map *map, uint64_t id);

/* Walks all entries in no order: start with *at = 0; false at the end. The map may not change
 * meanwhile. */
bool lw_map_next(const struct lw_map *map, size_t *at, uint64_t *id, void **value);

#endif
