#include "store/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "store/outlook.h"
#include "store/store_priv.h"

#define KAPPA_SPAN_NS (3600 * LW_NS_PER_S)
#define MINUTE_NS     (60 * LW_NS_PER_S)

const char *store_memory_part_word(int part)
{
    static const char *const words[] = {
#define STORE_MEMORY_WORD(name, word) word,
        STORE_MEMORY(STORE_MEMORY_WORD)
#undef STORE_MEMORY_WORD
    };
    return words[part];
}

static int64_t add(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

int64_t store_memory_part_bytes(const struct store_memory_look *look, int part)
{
    const struct profile_memstats *s = &look->stats;
    switch (part) {
    case STORE_MEMORY_RSS:
        return look->rss_bytes;
    case STORE_MEMORY_INUSE:
        return s->heap_inuse;
    case STORE_MEMORY_IDLE:
        return s->heap_idle > s->heap_released ? s->heap_idle - s->heap_released : 0;
    case STORE_MEMORY_STACKS:
        return s->stack_sys;
    case STORE_MEMORY_RUNTIME:
        return add(add(s->mspan_sys, s->mcache_sys), add(s->buck_hash_sys, s->gc_sys));
    default:
        return s->other_sys;
    }
}

int64_t store_memory_resident_bytes(const struct store_memory_look *look)
{
    return look->rss_bytes ? look->rss_bytes : profile_memstats_held_bytes(&look->stats);
}

/* A process without a cycle yet tells nothing; nor do images of before they were counted. */
double store_memory_gc_frequency(
    const struct store_memory_look *before, const struct store_memory_look *now)
{
    const struct profile_memstats *a = &before->stats, *b = &now->stats;
    int64_t span_ns = now->at.ns - before->at.ns;
    double cycles = (double)(b->num_gc - b->num_forced_gc) - (double)(a->num_gc - a->num_forced_gc);
    bool is_known = a->num_gc > 0 && b->num_gc >= a->num_gc && cycles >= 0 && span_ns > 0;
    return is_known ? cycles * MINUTE_NS / (double)span_ns : NAN;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double store_memory_kappa(const struct store_memory *memory)
{
    double ratios[STORE_MEMORY_PAST];
    size_t count = 0;
    for (size_t i = memory->past_count; i > 0; i--) {
        const struct store_memory_point *p = &memory->past[i - 1];
        if (memory->newest.at.ns - p->at.ns > KAPPA_SPAN_NS)
            break;
        if (p->live_bytes > 0 && p->resident_bytes > 0)
            ratios[count++] = (double)p->resident_bytes / (double)p->live_bytes;
    }
    if (count == 0)
        return 0;
    qsort(ratios, count, sizeof *ratios, by_value);
    return count % 2 ? ratios[count / 2] : (ratios[count / 2 - 1] + ratios[count / 2]) / 2;
}

bool store_learn_memory(
    struct store *store, uint64_t target_id, const struct store_memory_look *look)
{
    struct store_target *target = store_find(store, target_id);
    if (!target)
        return false;
    struct store_memory *memory = &target->memory;
    if (look->at.ns < memory->newest.at.ns)
        return true;
    double gc_frequency = store_memory_gc_frequency(&memory->newest, look);
    memory->newest = *look;
    if (memory->past_count == STORE_MEMORY_PAST) {
        memmove(memory->past, memory->past + 1, (STORE_MEMORY_PAST - 1) * sizeof *memory->past);
        memory->past_count--;
    }
    memory->past[memory->past_count++] = (struct store_memory_point){
        .at = look->at,
        .resident_bytes = store_memory_resident_bytes(look),
        .inuse_bytes = look->stats.heap_inuse,
        .live_bytes = target->total.inuse_bytes,
    };
    target->dirty = true;
    store_note_measure(
        store, target, GATE_RESIDENT, look->at, (double)store_memory_resident_bytes(look));
    store_note_measure(store, target, GATE_GC, look->at, look->stats.gc_cpu_fraction * 1e6);
    store_note_measure(store, target, GATE_GC_FREQUENCY, look->at, gc_frequency);
    outlook_update(store, target);
    return true;
}
