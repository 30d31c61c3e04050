#include "base/cursor.h"

#include <string.h>

const unsigned char *lw_cursor_bytes(struct lw_cursor *c, size_t len)
{
    if (c->failed || len > lw_cursor_left(c)) {
        c->failed = true;
        return NULL;
    }
    const unsigned char *p = c->at;
    c->at += len;
    return p;
}

static uint64_t little_endian(struct lw_cursor *c, size_t bytes)
{
    const unsigned char *p = lw_cursor_bytes(c, bytes);
    uint64_t v = 0;
    for (size_t i = 0; p && i < bytes; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

uint8_t lw_cursor_u8(struct lw_cursor *c)
{
    return (uint8_t)little_endian(c, 1);
}

uint32_t lw_cursor_u32(struct lw_cursor *c)
{
    return (uint32_t)little_endian(c, 4);
}

uint64_t lw_cursor_u64(struct lw_cursor *c)
{
    return little_endian(c, 8);
}

float lw_cursor_f32(struct lw_cursor *c)
{
    uint32_t bits = lw_cursor_u32(c);
    float v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

double lw_cursor_f64(struct lw_cursor *c)
{
    uint64_t bits = lw_cursor_u64(c);
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}
