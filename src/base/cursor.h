/* A bounds-checked reader of foreign bytes. A read past the end gives zero and latches `failed`;
 * read freely, ask lw_cursor_ok() before believing any of it. */
#ifndef LW_BASE_CURSOR_H
#define LW_BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lw_cursor {
    const unsigned char *at; /* borrowed */
    const unsigned char *end;
    bool failed;
};

static inline struct lw_cursor lw_cursor_on(const void *bytes, size_t len)
{
    const unsigned char *p = bytes;
    return (struct lw_cursor){.at = p, .end = p ? p + len : p};
}

static inline size_t lw_cursor_left(const struct lw_cursor *c)
{
    return (size_t)(c->end - c->at);
}

static inline bool lw_cursor_ok(const struct lw_cursor *c)
{
    return !c->failed;
}

/* The next len bytes, borrowed, or NULL. */
const unsigned char *lw_cursor_bytes(struct lw_cursor *c, size_t len);

/* Little-endian, as base/strbuf.h writes them. */
uint8_t lw_cursor_u8(struct lw_cursor *c);
uint32_t lw_cursor_u32(struct lw_cursor *c);
uint64_t lw_cursor_u64(struct lw_cursor *c);
float lw_cursor_f32(struct lw_cursor *c);
double lw_cursor_f64(struct lw_cursor *c);

#endif
