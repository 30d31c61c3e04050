#include "base/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *need(void *p, size_t bytes)
{
    if (!p) {
        fprintf(stderr, "leakwatchd: out of memory: %zu bytes could not be had\n", bytes);
        abort();
    }
    return p;
}

void *lw_new(size_t count, size_t size)
{
    return need(calloc(count ? count : 1, size ? size : 1), count * size);
}

void *lw_renew(void *old, size_t count, size_t size)
{
    return need(reallocarray(old, count ? count : 1, size ? size : 1), count * size);
}

char *lw_strdup(const char *s)
{
    return s ? lw_strndup(s, strlen(s)) : NULL;
}

char *lw_strndup(const char *s, size_t len)
{
    char *copy = lw_new(len + 1, 1);
    memcpy(copy, s, len);
    return copy;
}
