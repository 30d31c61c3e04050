#include "base/map.h"

#include <stdlib.h>

#include "base/mem.h"

static size_t home(const struct lw_map *map, uint64_t id)
{
    id ^= id >> 32;
    id *= 0x9e3779b97f4a7c15u; /* 2^64 over the golden ratio (Knuth, TAOCP 3, 6.4) */
    return (size_t)(id >> 32) & (map->size - 1);
}

/* The slot that holds id, or the empty one where it would go. */
static struct lw_map_slot *probe(const struct lw_map *map, uint64_t id)
{
    size_t i = home(map, id);
    while (map->slots[i].value && map->slots[i].id != id)
        i = (i + 1) & (map->size - 1);
    return &map->slots[i];
}

static void grow(struct lw_map *map)
{
    struct lw_map bigger = {.size = map->size ? map->size * 2 : 16, .count = map->count};
    bigger.slots = lw_new(bigger.size, sizeof *bigger.slots);
    for (size_t i = 0; i < map->size; i++) {
        if (map->slots[i].value)
            *probe(&bigger, map->slots[i].id) = map->slots[i];
    }
    free(map->slots);
    *map = bigger;
}

void lw_map_fini(struct lw_map *map)
{
    free(map->slots);
    *map = (struct lw_map){0};
}

void *lw_map_find(const struct lw_map *map, uint64_t id)
{
    return map->size ? probe(map, id)->value : NULL;
}

void *lw_map_put(struct lw_map *map, uint64_t id, void *value)
{
    if ((map->count + 1) * 4 > map->size * 3)
        grow(map);
    struct lw_map_slot *slot = probe(map, id);
    void *old = slot->value;
    if (!old)
        map->count++;
    slot->id = id;
    slot->value = value;
    return old;
}

void *lw_map_remove(struct lw_map *map, uint64_t id)
{
    if (!map->size)
        return NULL;
    struct lw_map_slot *hole = probe(map, id);
    void *old = hole->value;
    if (!old)
        return NULL;
    map->count--;
    hole->value = NULL;
    /* Close the gap: whatever follows in the run and could not be found any more moves into it. */
    size_t gap = (size_t)(hole - map->slots);
    for (size_t i = (gap + 1) & (map->size - 1); map->slots[i].value;
         i = (i + 1) & (map->size - 1)) {
        size_t want = home(map, map->slots[i].id);
        if (((i - want) & (map->size - 1)) >= ((i - gap) & (map->size - 1))) {
            map->slots[gap] = map->slots[i];
            map->slots[i].value = NULL;
            gap = i;
        }
    }
    return old;
}

bool lw_map_next(const struct lw_map *map, size_t *at, uint64_t *id, void **value)
{
    for (; *at < map->size; (*at)++) {
        if (map->slots[*at].value) {
            if (id)
                *id = map->slots[*at].id;
            *value = map->slots[*at].value;
            (*at)++;
            return true;
        }
    }
    return false;
}
