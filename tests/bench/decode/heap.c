#include "heap.h"

#include <malloc.h>
#include <stdlib.h>

static size_t allocations, live, peak;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);
void __real_free(void *p);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t size);
void __wrap_free(void *p);

static void *count(void *p)
{
    allocations++;
    live += malloc_usable_size(p);
    peak = live > peak ? live : peak;
    return p;
}

void *__wrap_malloc(size_t size)
{
    return count(__real_malloc(size));
}

void *__wrap_calloc(size_t n, size_t size)
{
    return count(__real_calloc(n, size));
}

void *__wrap_realloc(void *p, size_t size)
{
    size_t before = malloc_usable_size(p);
    p = __real_realloc(p, size);
    live -= p ? before : 0;
    return count(p);
}

/* What a shared library allocated and we free was never counted: then nothing is taken off. */
void __wrap_free(void *p)
{
    size_t bytes = malloc_usable_size(p);
    live -= bytes < live ? bytes : live;
    __real_free(p);
}

size_t heap_allocations(void)
{
    return allocations;
}

size_t heap_begin(void)
{
    return peak = live;
}

size_t heap_peak(void)
{
    return peak;
}
