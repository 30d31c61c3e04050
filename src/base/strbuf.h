/* A growing byte buffer for building output, with a limit and a latched failure: append freely, ask
 * once at the end. */
#ifndef LW_BASE_STRBUF_H
#define LW_BASE_STRBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct lw_strbuf {
    char *data;   /* owned; NUL-terminated once anything was appended */
    size_t len;   /* bytes, without the NUL */
    size_t cap;   /* bytes allocated */
    size_t limit; /* most bytes it may hold */
    bool failed;  /* an append would have passed the limit; later appends do nothing */
};

void lw_strbuf_init(struct lw_strbuf *sb, size_t limit_bytes);
void lw_strbuf_fini(struct lw_strbuf *sb);

void lw_strbuf_add(struct lw_strbuf *sb, const void *bytes, size_t len);
void lw_strbuf_adds(struct lw_strbuf *sb, const char *s);
void lw_strbuf_addf(struct lw_strbuf *sb, const char *fmt, ...) LW_PRINTF(2, 3);

/* Little-endian integers and IEEE doubles, for what base/cursor.h reads. */
void lw_strbuf_add_u8(struct lw_strbuf *sb, uint8_t v);
void lw_strbuf_add_u32(struct lw_strbuf *sb, uint32_t v);
void lw_strbuf_add_u64(struct lw_strbuf *sb, uint64_t v);
void lw_strbuf_add_f32(struct lw_strbuf *sb, float v);
void lw_strbuf_add_f64(struct lw_strbuf *sb, double v);

/* Hands the bytes over (the caller frees them) and empties the buffer. NULL if it failed.
 * *len gets the length when len is not NULL. */
char *lw_strbuf_take(struct lw_strbuf *sb, size_t *len) LW_MUST_CHECK;

#endif
