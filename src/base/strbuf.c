#include "base/strbuf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void lw_strbuf_init(struct lw_strbuf *sb, size_t limit_bytes)
{
    *sb = (struct lw_strbuf){.limit = limit_bytes};
}

void lw_strbuf_fini(struct lw_strbuf *sb)
{
    free(sb->data);
    *sb = (struct lw_strbuf){.limit = sb->limit};
}

/* Room for `more` bytes and the NUL; false, and the failure latched, past the limit. */
static bool reserve(struct lw_strbuf *sb, size_t more)
{
    if (sb->failed)
        return false;
    if (more > sb->limit || sb->len > sb->limit - more) {
        sb->failed = true;
        return false;
    }
    size_t want = sb->len + more + 1;
    if (want > sb->cap) {
        size_t cap = sb->cap ? sb->cap : 64;
        while (cap < want)
            cap *= 2;
        sb->data = lw_renew(sb->data, cap, 1);
        sb->cap = cap;
    }
    return true;
}

void lw_strbuf_add(struct lw_strbuf *sb, const void *bytes, size_t len)
{
    if (!reserve(sb, len))
        return;
    if (len)
        memcpy(sb->data + sb->len, bytes, len);
    sb->len += len;
    sb->data[sb->len] = '\0';
}

void lw_strbuf_adds(struct lw_strbuf *sb, const char *s)
{
    lw_strbuf_add(sb, s, strlen(s));
}

void lw_strbuf_addf(struct lw_strbuf *sb, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0) {
        sb->failed = true;
    } else if (reserve(sb, (size_t)n)) {
        vsnprintf(sb->data + sb->len, (size_t)n + 1, fmt, again);
        sb->len += (size_t)n;
    }
    va_end(again);
}

void lw_strbuf_add_u8(struct lw_strbuf *sb, uint8_t v)
{
    lw_strbuf_add(sb, &v, 1);
}

void lw_strbuf_add_u32(struct lw_strbuf *sb, uint32_t v)
{
    unsigned char b[4];
    for (int i = 0; i < 4; i++)
        b[i] = (unsigned char)(v >> (8 * i));
    lw_strbuf_add(sb, b, sizeof b);
}

void lw_strbuf_add_u64(struct lw_strbuf *sb, uint64_t v)
{
    lw_strbuf_add_u32(sb, (uint32_t)v);
    lw_strbuf_add_u32(sb, (uint32_t)(v >> 32));
}

void lw_strbuf_add_f32(struct lw_strbuf *sb, float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    lw_strbuf_add_u32(sb, bits);
}

void lw_strbuf_add_f64(struct lw_strbuf *sb, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    lw_strbuf_add_u64(sb, bits);
}

char *lw_strbuf_take(struct lw_strbuf *sb, size_t *len)
{
    char *data = NULL;
    if (!sb->failed) {
        (void)reserve(sb, 0);
        data = sb->data;
        data[sb->len] = '\0';
        if (len)
            *len = sb->len;
        sb->data = NULL;
    }
    lw_strbuf_fini(sb);
    return data;
}
