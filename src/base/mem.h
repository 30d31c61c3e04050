/* Memory for our own, small, bounded needs: running out of it ends the process with a message.
 * Any size that a target, a file or a request can choose goes through a budget instead
 * (base/arena.h, the limit of base/strbuf.h), which returns an error. */
#ifndef LW_BASE_MEM_H
#define LW_BASE_MEM_H

#include <stddef.h>

/* Zeroed memory for `count` objects of `size` bytes, which the caller frees. Never NULL. */
void *lw_new(size_t count, size_t size);

/* realloc() to `count` objects of `size` bytes; the new part is not cleared. Never NULL. */
void *lw_renew(void *old, size_t count, size_t size);

/* A copy of s, or NULL for NULL; the caller frees it. */
char *lw_strdup(const char *s);
char *lw_strndup(const char *s, size_t len);

#define LW_NEW(type) ((type *)lw_new(1, sizeof(type)))

#endif
